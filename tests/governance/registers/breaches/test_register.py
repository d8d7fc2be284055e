"""The register of breaches: who records, describes, reports and closes, and what nobody changes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import NoReturn

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from audit.models import EVENTS
from governance.app.wiring import Wiring
from governance.approvals import ties
from governance.approvals.bonds import TieKind
from governance.core.errors import UnavailableError
from governance.core.ids import new_row_id
from governance.core.terms import RowId
from governance.db.engine import Database
from governance.http.principal import Principal
from governance.registers.breaches import service, store
from governance.registers.breaches.paper import naming
from governance.registers.breaches.service import Standing
from governance.registers.breaches.types import (
    Breach,
    BreachAboutError,
    BreachClosedError,
    BreachDutyError,
    BreachFormError,
    BreachKind,
    BreachNoteError,
    BreachReportableError,
    BreachSamePersonError,
    BreachUnknownError,
    BreachUnreportedError,
    Ground,
    Outcome,
    Topic,
)
from policies.api import ActionForbiddenError
from tests.installation import AT, create, staff

ONE, TWO = staff("privacy_officer", name="one"), staff("privacy_officer", name="two")
AUDITOR, SUPPORT = staff("auditor", name="aud"), staff("support", name="sup")
SECRET = "架空 花子さんの申告による"


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    made = create(tmp_path_factory.mktemp("breaches"))
    yield made
    made.close()


class Desk:
    """What officers do with one register."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring

    def record(self, about: str, *grounds: Ground, by: Principal = ONE) -> RowId:
        enter = partial(service.record, ports=self.wiring.ports, principal=by, about=about)
        enter = partial(enter, kind=BreachKind.LEAK, grounds=grounds, aware_at=AT, at=AT)
        return self.wiring.database.write(enter).id

    def note(self, breach: str, topic: Topic, words: str, *, by: Principal = ONE) -> None:
        work = partial(service.note, ports=self.wiring.ports, principal=by, breach=breach)
        self.wiring.database.write(partial(work, topic=topic, words=words, at=AT))

    def report(self, breach: str, rule: str) -> Standing:
        work = partial(service.report, ports=self.wiring.ports, principal=ONE, breach=breach)
        return self.wiring.database.write(partial(work, rule=rule, at=AT))

    def weigh(self, breach: str, *grounds: Ground) -> Standing:
        work = partial(service.weigh, ports=self.wiring.ports, principal=ONE, breach=breach)
        return self.wiring.database.write(partial(work, grounds=grounds, at=AT))

    def close(self, breach: str, outcome: Outcome, *, by: Principal = TWO) -> Breach:
        work = partial(service.close, ports=self.wiring.ports, principal=by, breach=breach)
        return self.wiring.database.write(partial(work, outcome=outcome, at=AT))

    def told(self, breach: str) -> list[tuple[str, str]]:
        with self.wiring.database.read() as tx:
            mine = select(EVENTS.c.action, EVENTS.c.reasons).where(EVENTS.c.object_id == breach)
            return [(row.action, row.reasons) for row in tx.execute(mine.order_by(EVENTS.c.id))]


@pytest.fixture
def desk(wiring: Wiring) -> Desk:
    return Desk(wiring)


def test_the_reports_follow_the_grounds_and_all_are_owed_before_it_ends_as_reported(
    desk: Desk,
) -> None:
    found = desk.record("mail-1")
    assert desk.record("mail-1") == found  # the same open matter is one record
    with pytest.raises(BreachDutyError):
        desk.report(found, "appi_sokuho")  # no ground: the GDPR alone may ask
    weighed = desk.weigh(found, Ground.MANY, Ground.SPECIAL_CARE)
    assert [one.rule for one in weighed.duties if one.owed] == [
        *("appi_sokuho", "appi_kakuho_30", "appi_persons", "gdpr_72h"),
    ]
    desk.weigh(found, Ground.SPECIAL_CARE, Ground.MANY)  # the same again is no change
    for rule in ("appi_sokuho", "appi_sokuho", "appi_kakuho_30", "gdpr_72h"):
        desk.report(found, rule)
    with pytest.raises(BreachUnreportedError):
        desk.close(found, Outcome.REPORTED)  # the persons were not told
    with pytest.raises(BreachReportableError):
        desk.close(found, Outcome.NOT_REPORTABLE)  # its grounds stand
    desk.report(found, "appi_persons")
    assert desk.close(found, Outcome.REPORTED).closed_by == TWO.id
    assert [action for action, _ in desk.told(found)] == [
        "breach.recorded", "breach.weighed", *["breach.reported"] * 4, "breach.closed",
    ]  # fmt: skip


def test_what_is_written_is_sealed_kept_and_in_no_log(desk: Desk, wiring: Wiring) -> None:
    found = desk.record("mail-2", Ground.MANY)
    desk.note(found, Topic.CAUSE, f"  {SECRET}  ")
    desk.note(found, Topic.CAUSE, "原因は調査中")
    for words in ("", "   ", "x" * 4_001):
        with pytest.raises(BreachNoteError):
            desk.note(found, Topic.CAUSE, words)
    with wiring.database.read() as tx:
        kept = service.notes(tx, wiring.ports, AUDITOR, found)
        raw = tx.execute(select(store.NOTE.c.content)).scalars().all()
        with pytest.raises(ActionForbiddenError):
            service.notes(tx, wiring.ports, SUPPORT, found)
        with pytest.raises(BreachUnknownError):
            service.notes(tx, wiring.ports, AUDITOR, "nothing")
    assert [one.words for one in kept] == [SECRET, "原因は調査中"]
    assert SECRET not in repr(kept)
    assert all(SECRET.encode() not in one for one in raw)
    assert SECRET not in str(desk.told(found))


def test_without_a_ground_it_may_end_as_not_reportable(desk: Desk) -> None:
    found = desk.record("mail-9", Ground.MANY)
    desk.weigh(found)
    assert desk.close(found, Outcome.NOT_REPORTABLE).outcome is Outcome.NOT_REPORTABLE


def test_who_may_read_writes_nothing_and_who_recorded_closes_nothing(
    desk: Desk, wiring: Wiring
) -> None:
    found = desk.record("mail-3")
    for by in (AUDITOR, SUPPORT):
        with pytest.raises(ActionForbiddenError):
            desk.record("mail-4", by=by)
        with pytest.raises(ActionForbiddenError):
            desk.note(found, Topic.OUTLINE, "x", by=by)
        with pytest.raises(ActionForbiddenError):
            desk.close(found, Outcome.DRILL, by=by)
    puppet = staff("privacy_officer", name="puppet")
    tie = partial(ties.note, holder=puppet.id, giver=ONE.id, kind=TieKind.ACCOUNT, at=AT)
    wiring.database.write(tie)
    for by in (ONE, puppet):  # fails closed: an account that the recorder made is no second person
        with pytest.raises(BreachSamePersonError):
            desk.close(found, Outcome.DRILL, by=by)
    desk.close(found, Outcome.DRILL)
    for late in (
        lambda: desk.close(found, Outcome.DRILL),
        lambda: desk.note(found, Topic.OUTLINE, "x"),
        lambda: desk.report(found, "gdpr_72h"),
        lambda: desk.weigh(found, Ground.MANY),
    ):
        with pytest.raises(BreachClosedError):
            late()
    with pytest.raises(BreachAboutError):
        desk.record("架空 花子")
    enter = partial(service.record, ports=wiring.ports, principal=ONE, about="x", grounds=())
    with pytest.raises(BreachFormError):
        wiring.database.write(
            partial(enter, kind=BreachKind.LOSS, aware_at=AT + timedelta(1), at=AT)
        )


def test_no_statement_changes_a_closed_record(database: Database) -> None:
    made = Breach(
        id=new_row_id(), kind=BreachKind.LEAK, about="x", grounds=frozenset({Ground.MANY}),
        aware_at=AT, recorded_by=ONE.id, recorded_at=AT,
    )  # fmt: skip
    database.write(partial(store.add, breach=made))
    add = partial(store.add_report, breach=made.id, by=ONE.id, at=AT)
    assert [database.write(partial(add, rule="gdpr_72h")) for _ in range(2)] == [True, False]
    close = partial(store.close, breach=made.id, outcome=Outcome.DRILL, by=TWO.id, at=AT)
    database.write(close)
    row = {"id": new_row_id(), "topic": "cause", "content": b"x", "noted_by": "u:x"}
    changes = (
        update(store.BREACH).values(outcome="reported"),
        update(store.BREACH).values(outcome=None, closed_by=None, closed_at=None),
        update(store.REPORT).values(reported_at=AT - timedelta(days=9)),
        store.REPORT.delete(),
        insert(store.REPORT).values(
            breach_id=made.id, rule="appi_sokuho", reported_at=AT, reported_by="u:x"
        ),
        insert(store.NOTE).values(**row, breach_id=made.id, noted_at=AT),
        store.BREACH.delete(),
    )
    for change in changes:
        with pytest.raises(IntegrityError):
            database.write(lambda tx, change=change: tx.execute(change))
    with database.read() as tx:
        assert store.by_id(tx, made.id).outcome is Outcome.DRILL
        assert set(store.reports(tx, made.id)) == {"gdpr_72h"}


def test_items_that_may_name_somebody_are_told_and_all_where_nobody_can_tell(
    desk: Desk, wiring: Wiring
) -> None:
    found = desk.record("mail-9", Ground.MANY)
    desk.note(found, Topic.CAUSE, SECRET)
    desk.note(found, Topic.HARM, "なし")
    named = replace(wiring.ports, analyse=lambda texts, _: [[1] * (SECRET in one) for one in texts])

    def silent(_texts: object, _lang: object) -> NoReturn:
        raise UnavailableError

    assert naming(named, ONE, found) == (Topic.CAUSE,)
    assert naming(replace(named, analyse=silent), ONE, found) == (Topic.CAUSE, Topic.HARM)
