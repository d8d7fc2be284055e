"""Connected systems (連携先): what one is asked about a person, and the only answers that it gives.

A connector never raises for what goes wrong outside: it answers Failed, and the others go on.
Nothing here prints a value by which a person is known, nor one that was found.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, assert_never

from governance.core.terms import RequestId, RowId, SubjectId
from policies.types import Label


class ConnectorKind(StrEnum):
    """Kinds of connected systems."""

    DATABASE = "database"  # any database with an SQLAlchemy address
    FOLDER = "folder"  # files whose names carry the customer number
    MANUAL = "manual"  # a colleague is asked by mail and answers in the console


class KeyKind(StrEnum):
    """By what an outside system may know a person."""

    CUSTOMER = "customer"  # 顧客番号
    EMAIL = "email"
    PHONE = "phone"


class Reason(StrEnum):
    """Why a connected system gave no answer; told to the officer in words."""

    UNREACHABLE = "unreachable"  # no connection, or it broke
    TIMEOUT = "timeout"
    REFUSED = "refused"  # credentials or rights
    SECRET = "secret"  # noqa: S105 # the reference to the credentials leads nowhere
    DRIVER = "driver"  # the program for this kind of database is not installed
    SHAPE = "shape"  # a declared table, column or folder is missing or of another kind
    TOO_MANY = "too_many"  # more rows or files than the limit; nothing is cut off
    TOO_LARGE = "too_large"
    AMBIGUOUS = "ambiguous"  # it may be another person's: for an officer's review
    KEY_FORM = "key_form"  # the customer number cannot be compared with this column
    UNSAFE = "unsafe"  # a link, or a name that leads out of the folder
    UNREADABLE = "unreadable"
    REFERENCED = "referenced"  # another of its tables still needs the rows; nothing was changed
    CHANGED = "changed"  # rows moved while they were erased; nothing was changed
    CANNOT = "cannot"  # the colleague answered that it cannot be done, with a reason
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonKeys:
    """The opened values by which outside systems may know one person."""

    subject: SubjectId
    customers: tuple[str, ...] = field(default=(), repr=False)
    emails: tuple[str, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    shared: frozenset[KeyKind] = frozenset()  # some such value is another person's too

    def of(self, kind: KeyKind) -> tuple[str, ...]:
        """The person's values of this kind."""
        match kind:
            case KeyKind.CUSTOMER:
                return self.customers
            case KeyKind.EMAIL:
                return self.emails
            case KeyKind.PHONE:
                return self.phones
            case _:
                assert_never(kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """For which request, on which key, at what time; the same key is the same question."""

    key: str  # no value of a person: a second call with it has the first one's outcome
    at: datetime
    request: RequestId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideValue:
    """One value of a record of an outside system."""

    name: str  # `table.column`, as declared
    label: Label
    text: str = field(repr=False)
    free_text: bool = False  # searched for third persons before anybody gets it
    third_person: bool = False  # names somebody else: left out


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideFile:
    """A file that no machine reads: an officer looks at it before anybody gets it."""

    stands_for: str  # the name of its value in the record
    suffix: str  # of its name, without the dot; small letters and digits alone
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideRecord:
    """One record about the person."""

    values: tuple[OutsideValue, ...] = field(repr=False)
    file: OutsideFile | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The system answered; no records means that it holds nothing of the person."""

    records: tuple[OutsideRecord, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No answer, or nothing was erased; falsy. Asking again may help."""

    reason: Reason
    place: str = ""  # table, column or folder as declared; never a value

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A colleague was asked and has not answered; falsy."""

    task: RowId
    due: date

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptItem:
    """Records that stay in the outside system: on which ground and until when."""

    place: str  # table or column as declared
    label: Label
    records: int
    ground: Label
    until: date | None  # None: no end could be told, an officer reviews it


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """Nothing of the person is left in the system; zero records means that it held nothing."""

    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What could go is gone; the items stay for the grounds they name."""

    erased: int
    items: tuple[KeptItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the system could be asked now; truth is that."""

    ok: bool
    reason: Reason | None = None
    place: str = ""

    def __bool__(self) -> bool:
        return self.ok


Answer = Found | Failed | Pending
Erasure = Erased | Kept | Pending | Failed


class Connector(Protocol):
    """One connected system."""

    @property
    def name(self) -> str:
        """The declared name, never reused."""
        ...

    @property
    def label(self) -> Label:
        """What people call it."""
        ...

    @property
    def kind(self) -> ConnectorKind:
        """Of which kind it is."""
        ...

    def find(self, person: PersonKeys, asking: Asking) -> Answer:
        """Everything that the system holds about the person; nothing is changed there."""
        ...

    def erase(self, person: PersonKeys, asking: Asking) -> Erasure:
        """The person's data is gone there as declared; again under the key: the same outcome."""
        ...

    def health(self, *, at: datetime) -> Health:
        """Whether it answers and has the declared shape; no person is looked up."""
        ...
