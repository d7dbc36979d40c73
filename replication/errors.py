"""The errors a user can meet, each with the exit code that the command returns.

Every message says what was given, what is allowed and what to do.
"""


class ReplicationError(Exception):
    """Base of all errors that are reported to the user without a traceback."""

    exit_code = 1


class UsageError(ReplicationError, ValueError):
    """An argument, a field or a file is invalid."""

    exit_code = 2


class DataError(ReplicationError):
    """Stored or given data are damaged, of a newer schema, or not fit to be compared."""

    exit_code = 65


class ReportError(DataError):
    """A report cannot be made: a number is missing, a sentence untrue, a reference dangling."""


class WorkerError(ReplicationError):
    """A worker process or a cluster failed for good."""

    exit_code = 70


class StorageError(ReplicationError, OSError):
    """A folder or file cannot be read or written."""

    exit_code = 74
