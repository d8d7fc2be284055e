"""Refusals of bringing the product up."""

from governance.core.errors import GovernanceError


class PortInUseError(GovernanceError):
    """Another program listens on the port, or this user may not use it."""

    code, status, exit_code = "port_in_use", 503, 3


class PackageOwnerError(GovernanceError):
    """One of our six package names belongs to somebody else in this environment."""

    code, status, exit_code = "package_owner", 503, 3
