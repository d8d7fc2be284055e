"""Questions that cannot be answered: typed, in both languages, without the value."""

from datetime import date, datetime

import pytest

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.i18n.catalogue import domain, error_text
from policies.law import errors
from policies.law.answers import due_json, law_show
from policies.law.calendars import NO_CALENDAR
from policies.law.due import due
from policies.law.events import Pause
from policies.law.in_force import rule_set

ASKED = [
    ("no_such", {"received": "2026-01-01"}, None, errors.UnknownLawIdError),
    ("gdpr_1m", {"recieved": "2026-01-01"}, None, errors.UnknownEventError),
    ("gdpr_1m", {}, None, errors.MissingEventError),
    ("gdpr_1m", {"extension_notice": "2026-01-01"}, None, errors.MissingEventError),
    (
        "gdpr_1m",
        {"received": "2026-01-01", "request_received": "2026-01-02"},
        None,
        errors.DuplicateEventError,
    ),
    ("gdpr_1m", {"received": "2026-02-30"}, None, errors.ImpossibleDateError),
    ("gdpr_1m", {"received": "2026-2-3"}, None, errors.ImpossibleDateError),
    ("gdpr_1m", {"received": "20260203"}, None, errors.ImpossibleDateError),
    ("gdpr_1m", {"received": "2026-W05-2"}, None, errors.ImpossibleDateError),
    ("gdpr_1m", {"received": "tomorrow"}, None, errors.ImpossibleDateError),
    ("gdpr_1m", {"received": ""}, None, errors.ImpossibleDateError),
    ("gdpr_1m", {"received": "9999-12-31"}, None, errors.ImpossibleDateError),
    ("rec_3y", {"created": "9999-12-31"}, None, errors.ImpossibleDateError),
    ("appi_kakuho_30", {"known": "9999-12-31"}, None, errors.ImpossibleDateError),
    ("gdpr_72h", {"aware": "2026-04-03T25:20+02:00"}, None, errors.ImpossibleDateError),
    ("gdpr_72h", {"aware": "9999-12-31T10:20+02:00"}, None, errors.ImpossibleDateError),
    ("gdpr_72h", {"aware": "2026-04-03T10:20"}, None, errors.NaiveInstantError),
    ("gdpr_72h", {"aware": "2026-04-03"}, None, errors.InstantNeededError),
    (
        "gdpr_72h",
        {"aware": "2026-04-03T10:20Z", "id_asked": "2026-04-04"},
        None,
        errors.UnknownEventError,
    ),
    (
        "appi_kakuho_30",
        {"known": "2026-04-03", "extension_notice": "2026-04-04"},
        None,
        errors.UnknownEventError,
    ),
    ("gdpr_1m", {"received": "2026-02-03"}, "XX", errors.UnknownCalendarError),
    ("gdpr_1m", {"received": "2026-02-03"}, "jp_admin", errors.CalendarMismatchError),
    ("gdpr_1m", {"received": "2026-02-03"}, "US", errors.CalendarMismatchError),
    ("appi_kakuho_30", {"known": "2026-02-03"}, "DE", errors.CalendarMismatchError),
    ("gdpr_1m", {"received": "2150-02-03"}, "DE", errors.CalendarYearError),
    (
        "gdpr_1m",
        {"received": "2026-02-03", "id_asked": "2026-02-01"},
        "DE",
        errors.EventOrderError,
    ),
    (
        "gdpr_1m",
        {"received": "2026-02-03", "id_asked": "2026-02-05", "id_answered": "2026-02-04"},
        "DE",
        errors.EventOrderError,
    ),
    (
        "gdpr_1m",
        {"received": "2026-02-03", "id_answered": "2026-02-04"},
        "DE",
        errors.MissingEventError,
    ),
    ("continuous", {"event": "2026-02-03"}, None, errors.UnknownEventError),
    ("RET-KAISHA", {}, None, errors.MissingEventError),
    ("RET-KAISHA", {"created": "2026-02-03"}, None, errors.UnknownEventError),
    (
        "RET-KAISHA",
        {"start": "2026-02-03", "start_longer": "2026-02-03"},
        None,
        errors.DuplicateEventError,
    ),
]


@pytest.mark.parametrize(("rule", "events", "calendar", "error"), ASKED)
def test_refusal_is_typed_and_says_why_in_both_languages(
    rule: str,
    events: dict[str, str],
    calendar: str | None,
    error: type[GovernanceError],
) -> None:
    with pytest.raises(error) as caught:
        due_json(rule, events, calendar=calendar)
    for lang in Lang:
        sentence = error_text(caught.value, lang)
        assert "{" not in sentence
        assert not any(when in sentence for when in events.values() if when)


def test_a_pause_that_the_rule_does_not_know_is_refused() -> None:
    rule = rule_set(date(2026, 1, 1)).rule("gdpr_1m")
    pause = Pause(ground="fee_payment", asked=date(2026, 1, 2))
    with pytest.raises(errors.PauseNotAllowedError):
        due(rule, {"received": date(2026, 1, 1)}, calendar=NO_CALENDAR, pauses=[pause])


def test_a_naive_instant_is_refused_by_the_rule_too() -> None:
    rule = rule_set(date(2026, 1, 1)).rule("gdpr_1m")
    naive = datetime(2026, 1, 1, 9, 0)  # noqa: DTZ001 - the case
    with pytest.raises(errors.NaiveInstantError):
        due(rule, {"received": naive}, calendar=NO_CALENDAR)


def test_showing_an_unknown_id_is_not_found() -> None:
    with pytest.raises(errors.UnknownLawIdError) as caught:
        law_show("GDPR-99")
    assert caught.value.status == 404


def test_every_error_of_the_law_has_a_text_in_both_languages() -> None:
    for lang in Lang:
        texts = domain("law", lang)
        for error in vars(errors).values():
            if isinstance(error, type) and issubclass(error, errors.LawError):
                assert f"law.error.{error.code}" in texts


def test_both_catalogues_hold_the_same_keys() -> None:
    assert domain("law", Lang.JA).keys() == domain("law", Lang.EN).keys()
