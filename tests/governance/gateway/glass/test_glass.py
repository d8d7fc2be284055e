"""Emergency access: it lifts ACTOR alone, for one employee, for a while, and is reviewed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from audit.actions import STRICT, EventCode
from audit.alarms.types import Rule
from audit.alarms.watching import alarms
from audit.models import EVENTS
from consent.types import EventKind
from governance.app.wiring import Wiring
from governance.core.terms import SubjectId, Treatment
from governance.customers.search.filling import follow
from governance.customers.store import set_state
from governance.customers.subjects import SubjectState
from governance.gateway.glass import service, store
from governance.gateway.glass.types import (
    Glass,
    GlassClosedError,
    GlassFormError,
    GlassOpenError,
    GlassRequest,
    GlassReviewError,
    GlassSignInError,
    GlassUnknownError,
    Verdict,
)
from governance.gateway.reading import read
from governance.gateway.search_types import SearchRefusedError, SearchRequest
from governance.gateway.searching import search
from governance.gateway.types import ReadAnswer, ReadRequest, UnknownPersonError
from governance.http.principal import Principal, PrincipalKind
from governance.identity.service import open_session
from governance.jobs.outbox import backlog
from policies.api import ActionForbiddenError
from policies.reasons import ReasonCode
from tests.governance.gateway.bulk.town import say
from tests.installation import (
    AT,
    create,
    customer,
    data_bytes,
    events,
    import_file,
    register,
    staff,
    subjects,
    write_file,
)

REASON = "本人の生命に関わる連絡のため（架空の理由）"
APPROVER = staff("privacy_approver", name="hanako")
LATER = AT + timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One customer and a support employee who has just signed in."""

    wiring: Wiring
    person: SubjectId
    support: Principal

    def open(
        self,
        *,
        principal: Principal | None = None,
        purpose: str = "order_support",
        everybody: bool = False,
        minutes: int = 15,
        reason: str = REASON,
        at: datetime = AT,
    ) -> Glass:
        wanted = GlassRequest(
            purpose=purpose,
            subject=None if everybody else self.person,
            minutes=minutes,
            reason=reason,
        )
        terms = service.terms_of(self.wiring.settings)
        return service.open_glass(
            self.wiring.ports, principal or self.support, wanted, terms, at=at
        )

    def read(
        self, *, purpose: str = "order_support", at: datetime = AT, by: Principal | None = None
    ) -> ReadAnswer:
        request = ReadRequest(subject=self.person, purpose=purpose)
        return read(self.wiring.ports, by or self.support, request, at=at)

    def review(self, glass: Glass, *, by: Principal = APPROVER, at: datetime = LATER) -> Glass:
        return service.review_glass(
            self.wiring.ports, by, glass.id, Verdict.JUSTIFIED, "記録と照合した", at=at
        )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    wiring = create(tmp_path)
    yield settled(wiring, tmp_path)
    wiring.close()


@pytest.fixture
def desk_on_each(installation: Wiring, tmp_path: Path) -> Desk:
    return settled(installation, tmp_path)


def settled(wiring: Wiring, folder: Path) -> Desk:
    import_file(wiring, write_file(folder, register([customer(1, 性別="女")])))
    return Desk(wiring=wiring, person=subjects(wiring)[0], support=signed_in(wiring, "support"))


def signed_in(wiring: Wiring, role: str, *, at: datetime = AT) -> Principal:
    """The employee with a session of that moment."""
    found = staff(role)
    session, _ = wiring.database.write(
        lambda tx: open_session(
            tx, actor=found.id, kind=PrincipalKind.STAFF, lasting=timedelta(hours=8), at=at
        )
    )
    return replace(found, session=session.id)


def shown(answer: ReadAnswer, column: str) -> tuple[Treatment, str | None, str | None]:
    (row,) = answer.rows
    view = row.get(column)
    assert view is not None
    return view.decision.treatment, view.shown.value, view.decision.rule_id


def test_it_opens_what_no_rule_opens_and_shows_what_a_rule_masks(desk_on_each: Desk) -> None:
    desk = desk_on_each
    assert shown(desk.read(), "sex")[0] is Treatment.WITHHELD
    assert shown(desk.read(), "email")[0] is Treatment.MASKED
    glass = desk.open()
    answer = desk.read()
    assert answer.glass == glass.id
    assert shown(answer, "sex") == (Treatment.CLEAR, "female", glass.rule_id)
    assert shown(answer, "email") == (Treatment.CLEAR, "person1@example.com", glass.rule_id)
    assert shown(answer, "name")[2] != glass.rule_id  # the rule itself answers where it can


def test_it_ends_by_itself_and_by_hand(desk: Desk) -> None:
    glass = desk.open(minutes=10)
    before = AT + timedelta(minutes=10) - timedelta(microseconds=1)
    assert shown(desk.read(at=before), "sex")[0] is Treatment.CLEAR
    assert shown(desk.read(at=glass.ends_at), "sex")[0] is Treatment.WITHHELD
    ended = service.end_glass(desk.wiring.ports, desk.support, glass.id, at=before)
    assert ended.ended_at == before
    assert shown(desk.read(at=before), "sex")[0] is Treatment.WITHHELD


def test_it_is_for_one_employee_one_purpose_and_one_person(desk: Desk) -> None:
    desk.open()
    other = replace(desk.support, id=staff("support", name="jiro").id)
    assert shown(desk.read(by=other), "sex")[0] is Treatment.WITHHELD
    assert shown(desk.read(purpose="health_consultation"), "sex")[1] is None
    import_file(desk.wiring, write_file(desk.wiring.settings.data_dir, register([customer(2)])))
    stranger = next(one for one in subjects(desk.wiring) if one != desk.person)
    request = ReadRequest(subject=stranger, purpose="order_support")
    answer = read(desk.wiring.ports, desk.support, request, at=AT)
    assert answer.glass is None


def test_it_never_lifts_purpose_or_subject(desk: Desk) -> None:
    desk.open()
    answer = desk.read()
    codes = {v.decision.code for row in answer.rows for v in row.fields if v.shown.value is None}
    assert ReasonCode.ACTOR_NO_RULE not in codes  # what stays shut, PURPOSE shuts
    desk.wiring.database.write(lambda tx: set_state(tx, desk.person, SubjectState.RESTRICTED))
    restricted = desk.read()
    assert all(view.shown.value is None for row in restricted.rows for view in row.fields)


def test_a_refused_choice_stays_refused(desk: Desk) -> None:
    desk.open(purpose="health_consultation")
    say(desk.wiring, desk.person, EventKind.REFUSED, "health_consultation")
    answer = desk.read(purpose="health_consultation")
    assert all(view.shown.value is None for row in answer.rows for view in row.fields)


def test_what_is_forbidden_stays_forbidden(desk: Desk) -> None:
    operator = replace(signed_in(desk.wiring, "it_operator"), roles=frozenset({"it_operator"}))
    with pytest.raises(ActionForbiddenError):
        desk.open(principal=operator)


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"purpose": "mail_marketing"}, GlassClosedError),
        ({"purpose": "world_peace"}, GlassClosedError),
        ({"purpose": ""}, GlassClosedError),
        ({"reason": "短い"}, GlassFormError),
        ({"reason": " " * 50}, GlassFormError),
        ({"reason": "あ" * 2_001}, GlassFormError),
        ({"minutes": 0}, GlassFormError),
        ({"minutes": 31}, GlassFormError),
        ({"at": AT + timedelta(minutes=16)}, GlassSignInError),
    ],
)
def test_it_opens_only_within_its_terms(
    desk: Desk, facts: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        desk.open(**facts)  # type: ignore[arg-type] # named facts
    with desk.wiring.database.read() as tx:
        assert store.listed(tx, unreviewed=False, limit=5) == ()
        assert not events(tx, "actor.break_glass")


def test_without_a_session_or_the_role_nothing_opens(desk: Desk) -> None:
    with pytest.raises(GlassSignInError):
        desk.open(principal=staff("support"))
    for role in ("data_manager", "auditor", "privacy_approver"):
        with pytest.raises(ActionForbiddenError):
            desk.open(principal=signed_in(desk.wiring, role))


def test_one_of_whom_nothing_is_known_is_unknown(desk: Desk) -> None:
    terms = service.terms_of(desk.wiring.settings)
    wanted = GlassRequest(
        purpose="order_support", subject=SubjectId("0" * 36), minutes=5, reason=REASON
    )
    with pytest.raises(UnknownPersonError):
        service.open_glass(desk.wiring.ports, desk.support, wanted, terms, at=AT)


def test_the_same_access_is_not_opened_twice(desk: Desk) -> None:
    desk.open()
    with pytest.raises(GlassOpenError):
        desk.open()
    desk.open(everybody=True)


def test_the_officer_hears_at_once_and_the_log_is_strict(desk: Desk) -> None:
    glass = desk.open()
    assert {EventCode.BREAK_GLASS, EventCode.BREAK_GLASS_REVIEWED} <= STRICT
    with desk.wiring.database.read() as tx:
        (event,) = events(tx, "actor.break_glass")
        assert (event.object_id, event.subject) == (glass.id, desk.person)
        assert backlog(tx).pending == 1
        (alarm,) = alarms(tx, limit=5)
        assert (alarm.rule, alarm.actor) == (Rule.GLASS, desk.support.id)
    assert "架空の理由".encode() not in data_bytes(desk.wiring)


def test_what_was_seen_names_the_access_in_the_log(desk: Desk) -> None:
    glass = desk.open()
    answer = desk.read()
    with desk.wiring.database.read() as tx:
        wanted = select(EVENTS.c.refs).where(EVENTS.c.id == answer.decision_id)
        assert tx.execute(wanted).scalar() == f"glass:{glass.id}"


def test_a_search_is_lifted_by_an_access_for_whoever_is_looked_for(desk: Desk) -> None:
    follow(desk.wiring.database, desk.wiring.vault)
    request = SearchRequest(purpose="order_support", values={"address": "千代田区"})
    desk.open()
    with pytest.raises(SearchRefusedError):
        search(desk.wiring.ports, desk.support, request, at=AT)
    glass = desk.open(everybody=True)
    found = search(desk.wiring.ports, desk.support, request, at=AT)
    assert [hit.subject for hit in found.hits] == [desk.person]
    assert found.glass is not None
    assert found.glass.id == glass.id


def test_the_review_is_another_persons_once_it_has_ended(desk: Desk) -> None:
    glass = desk.open(minutes=10)
    with pytest.raises(GlassReviewError):
        desk.review(glass, at=AT)  # it is open
    with pytest.raises(ActionForbiddenError):
        desk.review(glass, by=desk.support)
    own = replace(APPROVER, id=desk.support.id)
    with pytest.raises(GlassReviewError):
        desk.review(glass, by=own)
    done = desk.review(glass)
    assert (done.verdict, done.reviewed_by) == (Verdict.JUSTIFIED, APPROVER.id)
    with pytest.raises(GlassReviewError):
        desk.review(glass)
    with desk.wiring.database.read() as tx:
        ports = desk.wiring.ports
        _, reason, comment = service.show(tx, ports, APPROVER, glass.id)
        assert (reason, comment) == (REASON, "記録と照合した")
        assert service.listing(tx, ports, APPROVER, unreviewed=True) == ()
        with pytest.raises(GlassUnknownError):
            service.show(tx, ports, APPROVER, "none")
        with pytest.raises(GlassUnknownError):
            service.show(tx, ports, staff("support", name="jiro"), glass.id)


def test_one_sees_ones_own_and_who_reviews_sees_all(desk: Desk) -> None:
    desk.open()
    with desk.wiring.database.read() as tx:
        ports = desk.wiring.ports
        assert len(service.listing(tx, ports, desk.support)) == 1
        assert len(service.listing(tx, ports, APPROVER)) == 1
        assert service.listing(tx, ports, staff("support", name="jiro")) == ()
        with pytest.raises(ActionForbiddenError):
            service.listing(tx, ports, staff("sales"))


def test_a_late_review_is_counted(desk: Desk) -> None:
    glass = desk.open(minutes=10)
    with desk.wiring.database.read() as tx:
        assert store.overdue(tx, on=glass.review_due) == 0
        assert store.overdue(tx, on=glass.review_due + timedelta(days=1)) == 1
    desk.review(glass)
    with desk.wiring.database.read() as tx:
        assert store.overdue(tx, on=glass.review_due + timedelta(days=1)) == 0
