"""The review of access rights: nobody decides about themselves, what is taken is gone, a second
person closes, and what was closed is what the report tells."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update

from audit.actions import EventCode
from audit.models import EVENTS
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.terms import ActorId, Lang, PurposeId, RowId
from governance.http.principal import Principal, PrincipalKind
from governance.identity import service as identity
from governance.identity.access import rules, service
from governance.identity.access.models import AccessReviewLineRow
from governance.identity.access.store import LINE
from governance.identity.access.types import (
    Decision,
    Holding,
    Mark,
    OwnRowError,
    Review,
    ReviewClosedError,
    ReviewOpenError,
    ReviewUndecidedError,
    ReviewUnknownError,
    Row,
    RowChangedError,
    RowDecidedError,
    SecondCloserError,
    Sheet,
    Verdict,
)
from governance.identity.accounts import NewClient, add_client
from governance.identity.lifecycle import end_staff, put_roles
from governance.identity.store import client_by_id, staff_by_id
from governance.identity.types import AccountState, Limits
from governance.reports.rendering import ReportFormat, shape
from governance.reports.service import ground_of, make
from governance.reports.types import Period, ReportId
from policies.api import ActionForbiddenError
from tests.installation import AT, create, staff

LATER = AT + timedelta(days=120)
FIRST, SECOND = staff("privacy_officer", name="first"), staff("privacy_approver", name="second")
OPERATOR, AUDITOR = staff("it_operator", name="op"), staff("auditor", name="aud")
FREE = Limits()
WHY = "配置換えのため"


@pytest.fixture
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    """Two reviewers, an operator, three others and a system."""
    made = create(tmp_path_factory.mktemp("access"))
    for login, roles in (
        ("first", ["privacy_officer"]),
        ("second", ["privacy_approver"]),
        ("op", ["it_operator"]),
        ("hanako", ["support", "marketing"]),
        ("jiro", ["sales"]),
        ("goro", ["support"]),
    ):
        made.database.write(
            partial(add_staff, wiring=made, login=login, display_name="架空", roles=roles, at=AT)
        )
    new = NewClient(
        name="mailer",
        role="mail_sender",
        purposes=frozenset({PurposeId("mail_marketing"), PurposeId("order_fulfilment")}),
    )
    made.database.write(lambda tx: add_client(tx, made.ports, OPERATOR, new, at=AT))
    yield made
    made.close()


class Desk:
    """What reviewers do with one installation."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring

    def start(self, by: Principal = FIRST, *, at: datetime = LATER) -> Review:
        begin = partial(service.start, ports=self.wiring.ports, principal=by, limits=FREE)
        return self.wiring.database.write(partial(begin, within=30, idle=90, at=at))

    def sheet(self, review: str) -> Sheet:
        with self.wiring.database.read() as tx:
            return service.sheet(tx, self.wiring.ports, AUDITOR, FREE, review, at=LATER)

    def seen(self, review: str, account: str) -> str:
        lines = self.sheet(review).lines
        return next(one.holding.fingerprint for one in lines if one.row.account == account)

    def decide(
        self,
        review: str,
        *accounts: str,
        by: Principal = FIRST,
        verdict: Verdict = Verdict.KEEP,
        taken: tuple[str, ...] = (),
        reason: str = WHY,
        seen: str = "",
    ) -> int:
        decisions = [
            Decision(
                account=ActorId(one),
                verdict=verdict,
                seen=seen or self.seen(review, one),
                taken=frozenset(taken),
                reason=reason,
            )
            for one in accounts
        ]
        settle = partial(service.decide, ports=self.wiring.ports, principal=by, limits=FREE)
        return self.wiring.database.write(
            partial(settle, review=review, decisions=decisions, at=LATER)
        )

    def close(self, review: str, by: Principal = SECOND) -> Review:
        end = partial(service.close, ports=self.wiring.ports, principal=by, limits=FREE)
        return self.wiring.database.write(partial(end, review=review, at=LATER))

    def waiting(self, review: str) -> list[str]:
        return [one.row.account for one in self.sheet(review).lines if not one.settled]

    def events(self, code: EventCode) -> list[str]:
        with self.wiring.database.read() as tx:
            mine = select(EVENTS.c.object_id).where(EVENTS.c.action == code.value)
            return list(tx.execute(mine.order_by(EVENTS.c.id)).scalars())


@pytest.fixture
def desk(wiring: Wiring) -> Desk:
    return Desk(wiring)


def test_a_review_lists_every_account_with_what_it_opens(desk: Desk) -> None:
    review = desk.start()
    assert review.quarter == rules.quarter_of(LATER)
    lines = {one.row.account: one for one in desk.sheet(review.id).lines}
    assert set(lines) == {
        "u:first", "u:second", "u:op", "u:hanako", "u:jiro", "u:goro", "svc:mailer"
    }  # fmt: skip
    hanako = lines[ActorId("u:hanako")].holding
    assert {"order_support", "mail_marketing"} <= hanako.opens
    assert hanako.personal
    assert Mark.NEVER in hanako.marks
    assert not lines[ActorId("u:op")].holding.opens
    mailer = lines[ActorId("svc:mailer")].holding
    assert mailer.opens == mailer.claims == {"mail_marketing", "order_fulfilment"}
    with pytest.raises(ReviewOpenError):
        desk.start()
    with pytest.raises(ActionForbiddenError):  # the operator gives roles, and reviews none
        desk.start(OPERATOR)


def test_what_a_reviewer_takes_away_is_gone_at_once(desk: Desk) -> None:
    review, wiring = desk.start().id, desk.wiring
    enter = partial(
        identity.open_session, actor=ActorId("u:hanako"), kind=PrincipalKind.STAFF,
        lasting=timedelta(days=300), at=LATER,
    )  # fmt: skip
    _, secret = wiring.database.write(enter)
    desk.decide(review, "u:hanako", verdict=Verdict.REMOVE, taken=("marketing",))
    desk.decide(review, "u:goro", verdict=Verdict.END)
    desk.decide(review, "svc:mailer", verdict=Verdict.REMOVE, taken=("mail_marketing",))
    with wiring.database.read() as tx:
        hanako, goro = staff_by_id(tx, ActorId("u:hanako")), staff_by_id(tx, ActorId("u:goro"))
        mailer = client_by_id(tx, ActorId("svc:mailer"))
        found, _ = identity.principal_by_session(tx, secret, at=LATER, lang=Lang.JA)
    assert hanako is not None
    assert hanako.roles == {"support"}
    assert found.kind is PrincipalKind.ANONYMOUS
    assert goro is not None
    assert goro.state is AccountState.ENDED
    assert mailer is not None
    assert mailer.purposes == {"order_fulfilment"}
    assert desk.events(EventCode.ACCESS_REVIEWED) == ["u:hanako", "u:goro", "svc:mailer"]
    kept = {one.row.account: one for one in desk.sheet(review).lines}["u:hanako"]
    assert kept.holding.roles == {"support", "marketing"}  # what the decision was about
    assert kept.reason == WHY


def test_nobody_decides_about_themselves_or_unseen_or_twice(desk: Desk) -> None:
    review = desk.start().id
    with pytest.raises(OwnRowError):
        desk.decide(review, "u:first")
    with pytest.raises(OwnRowError):  # all or none
        desk.decide(review, "u:jiro", "u:first")
    assert "u:jiro" in desk.waiting(review)
    seen = desk.seen(review, "u:jiro")

    def further(tx: Connection) -> None:
        jiro = staff_by_id(tx, ActorId("u:jiro"))
        assert jiro is not None
        put_roles(tx, desk.wiring.ports, OPERATOR, jiro, ["sales", "support"], at=LATER)

    desk.wiring.database.write(further)
    with pytest.raises(RowChangedError):  # another hand gave a role in between
        desk.decide(review, "u:jiro", seen=seen)
    desk.decide(review, "u:jiro")
    with pytest.raises(RowDecidedError):
        desk.decide(review, "u:jiro")
    desk.decide(review, "u:jiro", verdict=Verdict.END)  # a kept one may still be ended
    with pytest.raises(RowDecidedError):
        desk.decide(review, "u:jiro", verdict=Verdict.END)
    for unknown in ("u:nobody", "svc:x", ""):
        with pytest.raises(ReviewUnknownError):
            desk.decide(review, unknown, seen="x")
    for by in (OPERATOR, AUDITOR, staff("support", name="x")):
        with pytest.raises(ActionForbiddenError):
            desk.decide(review, "u:hanako", by=by)


@pytest.mark.parametrize(
    ("verdict", "taken", "reason", "field"),
    [
        (Verdict.KEEP, (), "", "reason"),  # it is marked
        (Verdict.END, (), "", "reason"),
        (Verdict.REMOVE, ("support",), "短い", "reason"),
        (Verdict.REMOVE, (), WHY, "taken"),
        (Verdict.REMOVE, ("privacy_officer",), WHY, "taken"),
        (Verdict.KEEP, ("support",), WHY, "taken"),
        (Verdict.GONE, (), WHY, "verdict"),
        (Verdict.END, (), "x" * 2_001, "reason"),
    ],
)
def test_a_decision_of_another_form_is_refused(
    verdict: Verdict, taken: tuple[str, ...], reason: str, field: str
) -> None:
    holding = Holding(
        account=ActorId("u:x"), system=False, name="x", state=AccountState.ACTIVE,
        roles=frozenset({"support"}), marks=(Mark.DORMANT,),
    )  # fmt: skip
    said = Decision(
        account=holding.account, verdict=verdict, seen="", taken=frozenset(taken), reason=reason
    )
    assert rules.fault(said, holding) == field


def test_a_second_person_closes_when_all_is_decided_and_nothing_changes_after(desk: Desk) -> None:
    review, wiring = desk.start().id, desk.wiring
    with pytest.raises(ReviewUndecidedError):
        desk.close(review)
    desk.decide(review, "u:hanako", "u:jiro", "svc:mailer", "u:op", "u:second")
    wiring.database.write(lambda tx: end_staff(tx, wiring.ports, OPERATOR, "goro", at=LATER))
    assert desk.waiting(review) == ["u:first"]
    desk.decide(review, "u:first", by=SECOND)  # whom the first could not decide about
    with pytest.raises(SecondCloserError):
        desk.close(review, FIRST)
    closed = desk.close(review)
    assert closed.digest is not None
    with pytest.raises(ReviewClosedError):
        desk.close(review)
    with pytest.raises(ReviewClosedError):
        desk.decide(review, "u:hanako", verdict=Verdict.END)
    assert [one.row.verdict for one in desk.sheet(review).lines].count(Verdict.GONE) == 1
    assert desk.events(EventCode.ACCESS_REVIEW_CLOSED) == [review]
    with pytest.raises(ReviewOpenError):  # one a quarter
        desk.start(at=LATER + timedelta(days=1))
    told = report(wiring)
    assert closed.digest in told
    assert "hanako" in told
    assert "不一致" not in told
    # fails closed: a row that the database's owner changed behind everybody's back is told
    wiring.database.write(past_the_wall)
    assert "不一致" in report(wiring)


def past_the_wall(tx: Connection) -> None:
    tx.exec_driver_sql("DROP TRIGGER access_review_line_shut_update")
    tx.execute(update(LINE).where(LINE.c.account == "u:op").values(verdict="end"))


def report(wiring: Wiring) -> str:
    """R13 as its reader sees it, in Japanese; English is made as well."""
    ground = replace(ground_of(wiring), clock=lambda: LATER)
    day = LATER.date()
    period = Period(first=day - timedelta(days=150), last=day)
    told = ""
    for lang in (Lang.EN, Lang.JA):
        made, _ = make(ground, AUDITOR, ReportId.R13, period, form=ReportFormat.JSON, lang=lang)
        told = json.dumps(shape(made), ensure_ascii=False)
    return told


def test_whoever_decided_about_others_does_not_close(desk: Desk) -> None:
    review = desk.start().id
    desk.decide(review, "u:hanako", "u:jiro", "u:goro", "svc:mailer", "u:second")
    desk.decide(review, "u:op", "u:first", by=SECOND)
    with pytest.raises(SecondCloserError):
        desk.close(review)
    third = staff("privacy_approver", name="third")
    assert desk.close(review, third).closed_by == third.id


ACTORS = st.sampled_from([ActorId(f"u:{name}") for name in "abcde"])


@given(ACTORS, ACTORS, st.dictionaries(ACTORS, ACTORS, max_size=5))
def test_who_closes_never_judged_alone(
    starter: ActorId, closer: ActorId, decided: dict[ActorId, ActorId]
) -> None:
    """Whatever was decided: each row that the closer may close was looked at by another person,
    or is that of a reviewer, who could not decide it."""
    review = Review(
        id=RowId("r"), quarter="2026Q4", since=AT, started_at=AT, started_by=starter,
        due_on=date(2026, 12, 1), dormant_days=90,
    )  # fmt: skip
    rows = [
        Row(
            id=RowId(account),
            review=review.id,
            account=account,
            verdict=Verdict.KEEP,
            decided_by=by,
        )
        for account, by in decided.items()
    ]
    if rules.may_close(review, rows, closer):
        others = {starter, *decided.values()} - {closer}
        assert closer != starter
        assert all(by != closer or account in others for account, by in decided.items())


@pytest.mark.parametrize(
    ("at", "quarter", "first"),
    [
        ("2026-09-30T14:59:59+00:00", "2026Q3", "2026-07-01"),
        ("2026-09-30T15:00:00+00:00", "2026Q4", "2026-10-01"),
        ("2026-12-31T15:00:00+00:00", "2027Q1", "2027-01-01"),
    ],
)
def test_a_quarter_begins_at_midnight_in_japan(at: str, quarter: str, first: str) -> None:
    moment = datetime.fromisoformat(at)
    assert rules.quarter_of(moment) == quarter
    assert rules.quarter_start(moment) == datetime.fromisoformat(f"{first}T00:00:00+09:00")


def test_the_table_of_lines_names_no_person() -> None:
    assert not {"subject_id", "name", "login"} & set(AccessReviewLineRow.model_fields)
