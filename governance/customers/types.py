"""Words of the customer store's pure half: kinds of files, fields, problems; normalised values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class SourceKind(StrEnum):
    """What one row of a source file tells about."""

    CUSTOMERS = "customers"
    COMPANIES = "companies"
    PURCHASES = "purchases"
    INQUIRIES = "inquiries"
    DEALS = "deals"
    CONSENTS = "consents"
    OPTIN = "optin"
    VENDORS = "vendors"
    CONTACTS = "contacts"
    RELATIONS = "relations"
    HOUSEHOLDS = "households"
    SUBSCRIPTIONS = "subscriptions"
    MESSAGES = "messages"
    PERMISSIONS = "permissions"
    PREFERENCES = "preferences"
    TAGS = "tags"


class FieldKind(StrEnum):
    """How the text of a cell is read; one normaliser each."""

    TEXT = "text"
    NOTE = "note"
    NAME = "name"
    KANA = "kana"
    COMPANY_NAME = "company_name"
    PHONE = "phone"
    EMAIL = "email"
    POSTAL = "postal"
    ADDRESS = "address"
    BIRTH_DATE = "birth_date"
    DATE = "date"
    INSTANT = "instant"
    SEX = "sex"
    BOOLEAN = "boolean"
    MONEY = "money"
    NUMBER = "number"
    PERSON_ID = "person_id"
    COMPANY_ID = "company_id"
    CORPORATE_NUMBER = "corporate_number"
    CODE = "code"
    CHOICE = "choice"  # one word of a closed list


class ProblemKind(StrEnum):
    """What is wrong with a cell or a row; the name is API and never reused."""

    COLUMN_COUNT_LONG = "COLUMN_COUNT_LONG"
    COLUMN_COUNT_SHORT = "COLUMN_COUNT_SHORT"
    CONTROL_CHAR = "CONTROL_CHAR"
    CORPORATE_NUMBER_INVALID = "CORPORATE_NUMBER_INVALID"
    DATE_AMBIGUOUS = "DATE_AMBIGUOUS"
    DATE_FUTURE = "DATE_FUTURE"
    DATE_IMPOSSIBLE = "DATE_IMPOSSIBLE"
    DATE_ORDER = "DATE_ORDER"
    DATE_PARTIAL = "DATE_PARTIAL"
    DATE_UNPARSEABLE = "DATE_UNPARSEABLE"
    DUPLICATE_ID = "DUPLICATE_ID"
    EMAIL_RFC_DOTS = "EMAIL_RFC_DOTS"
    EMAIL_SYNTAX = "EMAIL_SYNTAX"
    ERA_INVALID = "ERA_INVALID"
    EXCEL_SERIAL = "EXCEL_SERIAL"
    FORMULA_INJECTION = "FORMULA_INJECTION"
    FORMULA_LEADING = "FORMULA_LEADING"
    KANA_INVALID = "KANA_INVALID"
    LEADING_ZERO_LOST = "LEADING_ZERO_LOST"
    LOSSY_CHAR = "LOSSY_CHAR"
    MISSING_REQUIRED = "MISSING_REQUIRED"
    MULTI_VALUE = "MULTI_VALUE"
    NO_OFFSET = "NO_OFFSET"
    NUMBER_INVALID = "NUMBER_INVALID"
    OVERLONG = "OVERLONG"
    PHONE_DIGITS = "PHONE_DIGITS"
    PLACEHOLDER = "PLACEHOLDER"
    POSTAL_DIGITS = "POSTAL_DIGITS"
    POSTAL_PREF_MISMATCH = "POSTAL_PREF_MISMATCH"
    VALUE_UNKNOWN = "VALUE_UNKNOWN"
    CONFLICT_KEPT = "CONFLICT_KEPT"
    CUSTOMER_UNKNOWN = "CUSTOMER_UNKNOWN"
    COMPANY_UNKNOWN = "COMPANY_UNKNOWN"
    PURCHASE_UNKNOWN = "PURCHASE_UNKNOWN"
    INQUIRY_UNKNOWN = "INQUIRY_UNKNOWN"
    WORD_UNDECLARED = "WORD_UNDECLARED"
    DUPLICATE_EVIDENCE = "DUPLICATE_EVIDENCE"
    HIDDEN_SHEET = "HIDDEN_SHEET"
    OTHER_SHEET = "OTHER_SHEET"
    MINOR_WITHOUT_GUARDIAN = "MINOR_WITHOUT_GUARDIAN"
    NOTICE_NOT_YET_PUBLISHED = "NOTICE_NOT_YET_PUBLISHED"
    NOTICE_VERSION_MISSING = "NOTICE_VERSION_MISSING"
    PRE_TICKED = "PRE_TICKED"
    PURPOSE_UNKNOWN = "PURPOSE_UNKNOWN"
    NUMBER_MASKED = "NUMBER_MASKED"
    SPECIAL_CARE_NO_GROUND = "SPECIAL_CARE_NO_GROUND"
    SUPPRESSED = "SUPPRESSED"
    OPTED_OUT = "OPTED_OUT"  # taken in; the person's objection to marketing stands for the row too


class Severity(StrEnum):
    """What a problem means for the row: told, value left out, or row left out."""

    NOTICE = "notice"  # the value is kept as recovered
    ERROR = "error"  # the value is left out or must be corrected by a person
    REFUSED = "refused"  # the row cannot be read


NOTICES = frozenset(
    {
        ProblemKind.EMAIL_RFC_DOTS,
        ProblemKind.EXCEL_SERIAL,
        ProblemKind.FORMULA_LEADING,
        ProblemKind.LEADING_ZERO_LOST,
        ProblemKind.MULTI_VALUE,
        ProblemKind.NO_OFFSET,
        ProblemKind.OPTED_OUT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """One cell as read: its canonical text or none, what was wrong, the form it was met in."""

    value: str | None = field(default=None, repr=False)
    problems: tuple[ProblemKind, ...] = ()
    dirt: str | None = None


NOTHING = Normalised()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding about a row of a file; names row and column, never the value."""

    kind: ProblemKind
    row: int
    column: str | None = None  # header as written in the file
    params: tuple[tuple[str, int], ...] = ()  # counts and row numbers only

    @property
    def severity(self) -> Severity:
        """Whether the value is kept, left out, or the whole row is refused."""
        if self.kind in NOTICES:
            return Severity.NOTICE
        shifted = dict(self.params).get("shifted", 0)
        return Severity.REFUSED if shifted else Severity.ERROR

    @property
    def text_key(self) -> str:
        """Catalogue key of the sentence for people."""
        return f"customers.problem.{self.kind.value.lower()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One record of a source file; the number is the one that people see."""

    number: int
    cells: tuple[str, ...] = field(repr=False)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedRow:
    """One record with canonical values by column name."""

    number: int
    values: Mapping[str, str | None] = field(repr=False)
    problems: tuple[Problem, ...] = ()
    refused: bool = False  # shifted cells: the values are not trusted
    changed: int = 0  # cells whose canonical form differs from what was written
    hints: Mapping[str, str] = field(default_factory=dict, repr=False)  # for matching only

    def get(self, column: str) -> str | None:
        """The canonical value of a column; none when absent or not recoverable."""
        return self.values.get(column)
