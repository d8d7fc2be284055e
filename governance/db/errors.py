"""Refusals of the database layer."""

from governance.core.errors import GovernanceError, UnavailableError


class DatabaseBusyError(UnavailableError):
    """Another writer held the database longer than we wait; nothing was changed."""

    code = "database_busy"


class DatabaseUnreachableError(UnavailableError):
    """The database file or server cannot be opened."""

    code = "database_unreachable"


class DatabaseSignInError(UnavailableError):
    """The server knows another password or certificate than the files of ours say."""

    code = "database_sign_in"


class DatabaseClosedError(UnavailableError):
    """The database was closed while work was waiting; that work did not run."""

    code = "database_closed"


class LookEndedError(UnavailableError):
    """A query or look lasted longer than it may (`read_seconds`); nothing was changed."""

    code = "look_ended"


class NestedWriteError(GovernanceError):
    """A write began inside a write; the outer transaction owns the change."""

    code, status = "nested_write", 500


class UnsafeDatabaseError(GovernanceError):
    """The engine refused a setting that erasure or durability rests on."""

    code, status, exit_code = "unsafe_database", 503, 3


class SchemaNewerError(GovernanceError):
    """The database was written by a newer Sekisho."""

    code, status, exit_code = "schema_newer", 503, 3


class SchemaOlderError(GovernanceError):
    """The database has an older schema; `sekisho init` upgrades it."""

    code, status, exit_code = "schema_older", 503, 3
