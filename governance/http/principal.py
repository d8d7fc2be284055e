"""Who acts: a frozen fact that the sign-in middleware leaves on the request."""

from dataclasses import dataclass
from enum import StrEnum

from governance.core.terms import ActorId, Lang, PurposeId


class PrincipalKind(StrEnum):
    """Kinds of actors; each signs in its own way."""

    STAFF = "staff"
    SYSTEM = "system"
    PERSON = "person"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """One authenticated actor with its roles at this moment."""

    id: ActorId  # "u:..." staff, "svc:..." system, "p:<subject>" person, "anonymous"
    kind: PrincipalKind
    roles: frozenset[str] = frozenset()
    purposes: frozenset[PurposeId] = frozenset()  # a system may claim only these
    scopes: frozenset[str] | None = None  # actions that a token leaves of its system's; None: all
    session: str | None = None  # id of the server-side session, never its secret
    lang: Lang = Lang.JA
    os_user: str | None = None  # the operating-system user behind a command line
    network: str | None = None  # /24 or /48 of the caller
    stale: bool = False  # the proof of who this is lies too far back for a grave act
    untrained: bool = False  # the training ended: roles that open personal data do not count


ANONYMOUS = Principal(id=ActorId("anonymous"), kind=PrincipalKind.ANONYMOUS)
