"""Refusals of provisioning, in the words of RFC 7644, 3.12."""

from governance.core.errors import GovernanceError


class ScimRefusedError(GovernanceError):
    """The request changed nothing; `kind` is the `scimType`, `told` the status of the answer."""

    code, status = "scim_refused", 400

    def __init__(self, told: int, kind: str = "") -> None:
        super().__init__(kind=kind or "-", told=told)
        self.told, self.kind = told, kind
