"""The former name of `changes`."""

from replication.simulator.changes import (
    compute_changes,
    compute_errors,
    compute_gradients,
    list_connections,
    reconstruct,
)

__all__ = [
    "compute_changes",
    "compute_errors",
    "compute_gradients",
    "list_connections",
    "reconstruct",
]
