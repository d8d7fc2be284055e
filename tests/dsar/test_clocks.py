"""Days of requests: the law's where it names a number, ours where it does not."""

from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo

import pytest

from dsar.case import Case, ClockEntry, Evidence, Transition
from dsar.clocks import answer_by, dates_of, pauses_of
from dsar.identity.rules import sufficient
from dsar.rules import advance, applied
from dsar.types import (
    ClockKind,
    Event,
    EvidenceKind,
    ExtensionGround,
    HoldGround,
    Requester,
    RequestKind,
)
from governance.core.clock import JST
from governance.core.terms import Law
from tests.dsar.cases import DESK, NOW, OFFICER, case_of, later, ready


def walk(case: Case, *steps: tuple[Event, int]) -> Case:
    for event, days in steps:
        told = ExtensionGround.NUMBER.value if event is Event.EXTEND else None
        answer = advance(case, event, actor=OFFICER, at=later(days), ground=told)
        assert isinstance(answer, Transition)
        case = applied(case, answer, actor=OFFICER)
    return case


def test_gdpr_month_runs_from_arrival_not_from_triage() -> None:
    case = walk(ready(case_of(RequestKind.ACCESS, calendar="DE")), (Event.TRIAGE, 5))
    dates = dates_of(case, case.tracks[0], at=later(5))
    assert (dates.rule, dates.nominal, dates.legal) == (
        *("gdpr_1m", date(2026, 12, 25)),
        date(2026, 12, 28),  # Christmas, then a weekend
    )


def test_identity_doubt_stops_the_gdpr_clock_until_answered() -> None:
    case = walk(
        ready(case_of(RequestKind.ACCESS, calendar="DE")),
        *((Event.TRIAGE, 1), (Event.ASK_IDENTITY, 2), (Event.CONFIRM_IDENTITY, 12)),
    )
    (pause,) = pauses_of(case.tracks[0].clocks)
    assert (pause.asked, pause.answered) == (later(2), later(12))
    assert dates_of(case, case.tracks[0], at=later(12)).nominal == date(2027, 1, 4)


def test_extension_gives_three_months_from_arrival() -> None:
    case = walk(
        ready(case_of(RequestKind.ACCESS, calendar="DE")),
        *((Event.TRIAGE, 0), (Event.START, 0), (Event.EXTEND, 20)),
    )
    dates = dates_of(case, case.tracks[0], at=later(20))
    assert (dates.rule, dates.nominal) == ("gdpr_ext_3m", date(2027, 2, 25))
    assert dates.act_by == date(2027, 2, 25)


def test_appi_names_no_day_until_complete_and_then_only_our_target() -> None:
    case = ready(case_of(RequestKind.DISCLOSURE))
    dates = dates_of(case, case.tracks[0], at=NOW)
    assert (dates.act_by, dates.legal, dates.suit_from) == (None, None, date(2026, 12, 9))
    case = walk(case, (Event.START, 3))
    dates = dates_of(case, case.tracks[0], at=later(3))
    assert (dates.legal, dates.policy_due) == (None, date(2026, 12, 12))
    assert "14" in dates.reason_ja


def test_both_laws_are_answered_by_the_earlier_day() -> None:
    case = ready(case_of(RequestKind.DISCLOSURE, RequestKind.ACCESS, calendar="DE"))
    assert answer_by(case, at=NOW) == date(2026, 12, 28)
    case = walk(case, (Event.TRIAGE, 0), (Event.START, 1))
    assert answer_by(case, at=later(1)) == date(2026, 12, 10)


def test_arrival_late_in_the_evening_counts_by_the_day_in_japan() -> None:
    evening = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)  # 01:00 on the 26th in Japan
    case = case_of(RequestKind.DISCLOSURE, at=evening)
    assert dates_of(case, case.tracks[0], at=evening).suit_from == date(2026, 12, 10)


@pytest.mark.parametrize("zone", [UTC, JST])
def test_a_day_does_not_move_with_the_offset_in_which_its_moment_is_written(zone: tzinfo) -> None:
    midnight = datetime(2026, 11, 16, 15, tzinfo=UTC).astimezone(zone)  # the 17th in Japan
    case = case_of(RequestKind.ACCESS, at=midnight)
    assert dates_of(case, case.tracks[0], at=midnight).act_by == date(2026, 12, 17)


def piece(kind: EvidenceKind, *, days: int | None = None, accepted: bool = True) -> Evidence:
    return Evidence(kind=kind, accepted=accepted, at=NOW, by=DESK.id, contact_days=days)


SESSION, PAPER = piece(EvidenceKind.PORTAL_SESSION), piece(EvidenceKind.DOCUMENT)
OLD, NEW = piece(EvidenceKind.EMAIL_CODE, days=30), piece(EvidenceKind.EMAIL_CODE, days=29)
SMS = piece(EvidenceKind.SMS_CODE, days=400)
AUTHORITY = piece(EvidenceKind.AGENT_AUTHORITY)


@pytest.mark.parametrize(
    ("evidence", "kind", "requester", "expected"),
    [
        ((), RequestKind.OBJECTION, Requester.SELF, False),
        ((SESSION,), RequestKind.OBJECTION, Requester.SELF, True),
        ((SESSION,), RequestKind.ACCESS, Requester.SELF, False),
        ((SESSION, OLD), RequestKind.ACCESS, Requester.SELF, True),
        ((SESSION, NEW), RequestKind.ACCESS, Requester.SELF, False),
        ((OLD, SMS), RequestKind.ACCESS, Requester.SELF, False),
        ((PAPER, SMS), RequestKind.DISCLOSURE, Requester.SELF, True),
        ((SESSION, PAPER), RequestKind.DISCLOSURE, Requester.MANDATED_AGENT, False),
        ((SESSION, PAPER, AUTHORITY), RequestKind.DISCLOSURE, Requester.MANDATED_AGENT, True),
        ((AUTHORITY,), RequestKind.OBJECTION, Requester.STATUTORY_AGENT, False),
        (
            (SESSION, piece(EvidenceKind.DOCUMENT, accepted=False)),
            RequestKind.ACCESS,
            Requester.SELF,
            False,
        ),
    ],
)
def test_identity_needs_two_families_for_a_grave_right(
    evidence: tuple[Evidence, ...], kind: RequestKind, requester: Requester, *, expected: bool
) -> None:
    assert sufficient(evidence, kind, requester=requester, at=NOW) is expected


def resting(case: Case, ground: HoldGround, *, since: int, until: int) -> Case:
    answer = advance(
        case, Event.HOLD, actor=OFFICER, at=later(since), ground=ground.value,
        until=later(until).date(),
    )  # fmt: skip
    assert isinstance(answer, Transition)
    return applied(case, answer, actor=OFFICER)


def test_hold_on_a_ground_of_the_law_stops_our_own_clock_and_not_the_month() -> None:
    both = ready(case_of(RequestKind.DISCLOSURE, RequestKind.ACCESS, calendar="DE"))
    case = walk(both, (Event.TRIAGE, 0), (Event.START, 1))
    month = dates_of(case, case.tracks[1], at=later(1)).legal
    case = resting(case, HoldGround.DATA_SPECIFICATION, since=3, until=20)
    case = walk(case, (Event.RELEASE, 8))
    appi, gdpr = case.tracks
    (pause,) = pauses_of(appi.clocks)
    assert (pause.asked, pause.answered) == (later(3), later(8))
    assert dates_of(case, appi, at=later(8)).policy_due == date(2026, 12, 15)  # 10th + 5 days
    assert pauses_of(gdpr.clocks) == ()
    assert dates_of(case, gdpr, at=later(8)).legal == month


def test_hold_that_is_no_pause_of_the_law_moves_no_day() -> None:
    case = walk(ready(case_of(RequestKind.DISCLOSURE)), (Event.START, 0))
    before = dates_of(case, case.tracks[0], at=later(0)).policy_due
    case = resting(case, HoldGround.LEGAL_DISPUTE, since=2, until=30)
    assert dates_of(case, case.tracks[0], at=later(20)).policy_due == before


def test_forgotten_hold_stops_the_clock_no_longer_than_its_own_last_day() -> None:
    case = walk(ready(case_of(RequestKind.DISCLOSURE)), (Event.START, 0))
    case = resting(case, HoldGround.FEE_PAYMENT, since=2, until=6)
    for asked, expected in ((4, 11), (6, 13), (7, 13), (60, 13)):
        dates = dates_of(case, case.tracks[0], at=later(asked))
        assert dates.policy_due == date(2026, 12, expected), asked
    case = walk(case, (Event.RELEASE, 40))
    assert dates_of(case, case.tracks[0], at=later(40)).policy_due == date(2026, 12, 13)


def test_hold_before_the_request_is_complete_stops_nothing() -> None:
    case = resting(ready(case_of()), HoldGround.IDENTITY, since=0, until=9)
    assert pauses_of(case.tracks[0].clocks) == ()


def test_answered_law_no_longer_sets_the_day() -> None:
    case = ready(case_of(RequestKind.DISCLOSURE, RequestKind.ACCESS, calendar="DE"))
    appi, gdpr = walk(case, (Event.TRIAGE, 0), (Event.START, 1)).tracks
    stop = ClockEntry(law=Law.APPI, rule="appi_chitai", kind=ClockKind.STOP, at=later(2))
    told = replace(case, tracks=(replace(appi, clocks=(*appi.clocks, stop)), gdpr))
    assert answer_by(told, at=later(2)) == date(2026, 12, 28)
    assert answer_by(replace(told, tracks=told.tracks[:1]), at=later(2)) is None  # none is late
