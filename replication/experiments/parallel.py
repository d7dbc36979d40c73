"""The former place of `replication.threads`."""

from replication.threads import map_in_threads

__all__ = ["map_in_threads"]
