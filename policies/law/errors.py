"""What the law feature refuses; texts stand in the catalogue domain ``law``."""

from typing import ClassVar

from governance.core.errors import GovernanceError


class LawError(GovernanceError):
    """A question about the law that cannot be answered as asked."""

    code, status = "law_error", 400
    exit_code: ClassVar[int] = 2

    @property
    def text_key(self) -> str:
        """Catalogue key in the domain ``law``."""
        return f"law.error.{self.code}"


class LawSchemaError(LawError):
    """A law file is not of the schema; carries `file` and `path`."""

    code, status = "law_schema", 422


class LawFileError(LawError):
    """A law file cannot be read; carries its name."""

    code, status = "law_file", 422


class LawYamlError(LawSchemaError):
    """The text is not YAML at all."""

    code = "law_schema_yaml"


class UnknownKeyError(LawSchemaError):
    """A key that the schema does not know."""

    code = "law_schema_unknown_key"


class MissingKeyError(LawSchemaError):
    """A key that the schema demands is absent."""

    code = "law_schema_missing_key"


class WrongTypeError(LawSchemaError):
    """A value of another type than the schema demands."""

    code = "law_schema_wrong_type"


class BadValueError(LawSchemaError):
    """A value outside what the schema allows."""

    code = "law_schema_bad_value"


class UnknownReferenceError(LawSchemaError):
    """A name that points at nothing."""

    code = "law_schema_unknown_reference"


class DuplicateIdError(LawSchemaError):
    """Two entries of one id are valid on the same day, or a key stands twice."""

    code = "law_schema_duplicate"


class UnknownSwitchError(LawError):
    """The law files know no rule set of this name; nothing was started."""

    code, status = "law_unknown_switch", 422


class LawCasesError(LawError):
    """Date cases of a law file come out otherwise than the file says."""

    code, status, exit_code = "law_cases", 422, 1


class UnknownLawIdError(LawError):
    """No rule, obligation, keeping duty or amendment of this id on this day."""

    code, status = "law_unknown_id", 404


class UnknownCalendarError(LawError):
    """The name is no calendar, country code or IANA zone."""

    code = "law_unknown_calendar"


class CalendarMismatchError(LawError):
    """The rule's closed days are another authority's than this calendar's."""

    code = "law_calendar_mismatch"


class CalendarYearError(LawError):
    """The calendar holds no closed days for this year."""

    code = "law_calendar_year"


class UnknownEventError(LawError):
    """The rule counts from no event of this name."""

    code = "law_unknown_event"


class DuplicateEventError(LawError):
    """One event was given under two of its names."""

    code = "law_duplicate_event"


class MissingEventError(LawError):
    """An event without which nothing can be counted is absent."""

    code = "law_missing_event"


class EventOrderError(LawError):
    """One event stands before another that must come first."""

    code = "law_event_order"


class ImpossibleDateError(LawError):
    """The text is no date or time, or counting leaves the calendar."""

    code = "law_impossible_date"


class NaiveInstantError(LawError):
    """A local time without its offset from UTC fixes no instant."""

    code = "law_naive_instant"


class InstantNeededError(LawError):
    """A period in hours was given a day instead of an instant."""

    code = "law_instant_needed"


class PauseNotAllowedError(LawError):
    """The rule knows no pause on this ground."""

    code = "law_pause_not_allowed"
