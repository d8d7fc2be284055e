"""Who acts: a frozen fact that the sign-in middleware leaves on the request."""

from dataclasses import dataclass, field
from enum import StrEnum

from governance.core.terms import ActorId, Lang, PurposeId, RowId, SubjectId


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
    name: str = field(
        default="", repr=False, compare=False
    )  # of an employee, as colleagues write it
    roles: frozenset[str] = frozenset()
    purposes: frozenset[PurposeId] = frozenset()  # a system may claim only these
    scopes: frozenset[str] | None = None  # actions that a token leaves of its system's; None: all
    session: str | None = None  # id of the server-side session, never its secret
    lang: Lang = Lang.JA
    os_user: str | None = None  # the operating-system user behind a command line
    network: str | None = None  # /24 or /48 of the caller
    stale: bool = False  # the proof of who this is lies too far back for a grave act
    single: bool = False  # proved by one factor where two are demanded: roles do not count
    untrained: bool = False  # the training ended: roles that open personal data do not count
    mailed: bool = False  # a person, proved by a code to the e-mail address on record alone
    acts_for: SubjectId | None = None  # the child whom a person acts for (法定代理人)
    by_relation: RowId | None = None  # the row of the register that gives the right to

    @property
    def person(self) -> SubjectId | None:
        """Whose own pages these are: the child's, who is acted for, or the person's; else None."""
        kind, _, subject = self.id.partition(":")
        if self.kind is not PrincipalKind.PERSON or kind != "p" or not subject:
            return None
        return self.acts_for or SubjectId(subject)


ANONYMOUS = Principal(id=ActorId("anonymous"), kind=PrincipalKind.ANONYMOUS)
