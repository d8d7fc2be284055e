"""Collecting over connected systems: none hides another, none is missing unseen."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from audit.models import EVENTS
from dsar import fulfilment
from dsar.case import Case, SourceState
from dsar.collection import every_source
from dsar.connected.sources import source_of
from dsar.connected.tasks import NewAnswer, answer_task, task_with_case, waiting
from dsar.connected.without import WithoutReason, go_without
from dsar.correspondence.types import Template
from dsar.errors import RequestNotAllowedError, RequestStepError
from dsar.found import Found, from_bytes, to_bytes
from dsar.package import members_of
from dsar.report import disclosed
from dsar.results import newest_package
from dsar.review.rules import Where
from dsar.review.service import accept_all, withhold
from dsar.types import Event, Ground, Outcome, Refusal, RequestKind
from governance.connectors import types as outside
from governance.connectors.database import DatabaseConnector
from governance.connectors.erasing import Memory
from governance.connectors.errors import TaskAnsweredError, TaskAnswerError, TaskUnknownError
from governance.connectors.manual import ManualConnector
from governance.connectors.reading import read_connectors
from governance.connectors.specs import DatabaseSpec, ManualSpec
from governance.connectors.tasks import Task, TaskAnswer
from governance.core.terms import FieldId, Lang, RequestId
from governance.customers.post import unsealed
from governance.http.principal import Principal
from governance.jobs.outbox import OUTBOX, OutboxMessage
from governance.outbound.mail import Mail, compose
from governance.pii.redaction import Placeholders
from policies.types import Label
from tests.dsar.cases import GRANTED
from tests.dsar.corresponding import words as letter_words
from tests.dsar.world import EMAIL, NAME, NOW, OFFICER, SUBJECT, SUPPORT, World
from tests.installation import MANAGER
from tests.outside import SHOP, TABLES, Outside

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ARCHIVE = ManualSpec(
    name="archive",
    label=Label(ja="書庫", en="Archive"),
    mail="archive@example.com",
    lang=Lang.JA,
    days=7,
    remind=3,
)


@dataclass
class Asked:
    """A system that counts its questions and answers what it is told to."""

    name: str
    answer: outside.Answer | Exception
    times: int = 0
    label: Label = field(default_factory=lambda: Label(ja="架空の店", en="Invented shop"))
    kind: outside.ConnectorKind = outside.ConnectorKind.DATABASE

    def find(self, _person: outside.PersonKeys, _asking: outside.Asking) -> outside.Answer:
        self.times += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def erase(self, person: outside.PersonKeys, asking: outside.Asking) -> outside.Erasure:
        raise NotImplementedError

    def health(self, *, at: object) -> outside.Health:
        raise NotImplementedError


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    monkeypatch.setitem(os.environ, "SHOP_DB", url)
    made = Outside(url=url, engine=create_engine(url, poolclass=NullPool))
    for statement in TABLES.split(";"):
        made.run(statement)
    made.member(1, member_no="C-00042", mail=EMAIL, friend="佐藤花子",
                memo="山田太郎様。佐藤花子様（電話 080-1111-2222）のご紹介")  # fmt: skip
    made.member(2, member_no="C-00043", mail="hanako@example.com", memo="別人のメモ")
    yield made
    made.engine.dispose()


@pytest.fixture
def connected(world: World, shop: Outside, tmp_path: Path) -> DatabaseConnector:
    path = tmp_path / "connectors.yaml"
    path.write_text(SHOP, encoding="utf-8")
    (spec,) = read_connectors(path)
    assert isinstance(spec, DatabaseSpec)
    assert shop.url
    return DatabaseConnector(spec=spec, memory=Memory(database=world.ports.database))


def begun(world: World) -> Case:
    return world.step(world.proved(world.receive()), Event.START)


def collect(world: World, case: Case, *connectors: outside.Connector) -> Case:
    sources = every_source(world.ports, connectors)
    return fulfilment.collect(world.ports, OFFICER, case.id, sources=sources, at=world.tick())


def state(case: Case, connector: str) -> SourceState:
    return next(one for one in case.sources if one.source == source_of(connector))


def found(world: World, case: Case, connector: str) -> Found:
    every = fulfilment.findings(world.ports, case)
    return next(one for one in every if one.source == source_of(connector))


def without(world: World, case: Case, connector: str, *, by: Principal = OFFICER) -> Case:
    at = world.tick()
    return world.write(
        lambda tx: go_without(
            *(tx, world.ports, by, case.id, source_of(connector)),
            WithoutReason.OUT_OF_ORDER,
            label=Label(ja="架空の店", en="Invented shop"),
            at=at,
        )
    )


def test_outside_rows_are_found_and_others_are_left_out(
    world: World, connected: DatabaseConnector
) -> None:
    case = collect(world, begun(world), connected)
    part = found(world, case, "shop")
    said = {
        str(value.name): value.shown(Placeholders(Lang.JA))
        for record in part.records
        for value in record.values
    }
    assert said["shop.members.name"] == "山田太郎"
    memo = said["shop.members.memo"]
    assert "山田太郎" in memo
    for other in ("佐藤花子", "080-1111-2222", "別人", "hanako"):
        assert other not in str(said)
    assert [item.field for item in part.withheld] == ["shop.members.friend"]
    assert from_bytes(to_bytes(part)) == part
    _, left = disclosed([part], GRANTED, [RequestKind.DISCLOSURE])
    assert [(line.label.ja, line.label.en) for line in left] == [
        (f"{part.label.ja}: 会員・紹介者", f"{part.label.en}: Members: Introduced by")
    ]
    assert state(case, "shop").left_out >= 2


def test_failing_system_hides_no_other_and_is_asked_again_alone(
    world: World, connected: DatabaseConnector
) -> None:
    down = Asked("down", outside.Failed(reason=outside.Reason.UNREACHABLE))
    broken = Asked("broken", RuntimeError("taro.yamada@example.com"))
    good = Asked("good", outside.Found())
    case = collect(world, begun(world), down, broken, good, connected)
    assert (state(case, "down").code, state(case, "broken").code) == ("unreachable", "RuntimeError")
    assert state(case, "good").found
    assert state(case, "shop").records == 1
    with pytest.raises(RequestStepError) as refused:
        world.step(case, Event.FINISH_COLLECTING)
    assert refused.value.params["reason"] == Refusal.SOURCES_MISSING.value
    down.answer = broken.answer = outside.Found()
    case = collect(world, case, down, broken, good, connected)
    assert (good.times, down.times, broken.times) == (1, 2, 2)
    world.step(case, Event.FINISH_COLLECTING)


def test_each_question_is_on_record_without_a_value(
    world: World, connected: DatabaseConnector
) -> None:
    down = Asked("down", outside.Failed(reason=outside.Reason.TIMEOUT))
    collect(world, begun(world), down, connected)
    with world.ports.database.read() as tx:
        rows = tx.execute(select(EVENTS).where(EVENTS.c.action == "connector.called")).all()
    told = {row.refs.split(",")[1]: (row.outcome, row.reasons, row.counts) for row in rows}
    assert told["connector:down"][:2] == ("failed", "find,timeout")
    assert told["connector:shop"][0] == "done"
    assert EMAIL not in str(rows)


def test_officer_goes_on_without_a_system_and_the_person_is_told(world: World) -> None:
    down = Asked("down", outside.Failed(reason=outside.Reason.UNREACHABLE))
    case = collect(world, begun(world), down)
    with pytest.raises(RequestNotAllowedError):
        without(world, case, "down", by=SUPPORT)
    case = without(world, case, "down")
    assert state(case, "down").without
    case = collect(world, case, down)  # asked again, and the officer's word stands
    assert state(case, "down").without
    case = accept_all(world.desk(world.step(case, Event.FINISH_COLLECTING)))
    for outcome in (Outcome.GRANT, Outcome.NOT_HELD):
        with pytest.raises(RequestStepError) as refused:
            world.decide(case, outcome)
        assert refused.value.params["reason"] == Refusal.OUTCOME_MISMATCH.value
    decided = world.decide(case)
    assert decided.case.decision is not None
    assert decided.case.decision.outcome is Outcome.PARTIAL
    (record,) = found(world, case, "down").records
    assert "含まれていません" in record.values[0].text
    assert "not included" in record.values[0].text


def test_answer_that_comes_after_all_takes_the_place_of_the_officers_word(world: World) -> None:
    down = Asked("down", outside.Failed(reason=outside.Reason.UNREACHABLE))
    case = without(world, collect(world, begun(world), down), "down")
    down.answer = outside.Found()
    case = collect(world, case, down)
    assert state(case, "down").found
    assert not state(case, "down").without


def test_system_that_answered_cannot_be_left_out(world: World) -> None:
    case = collect(world, begun(world), Asked("good", outside.Found()))
    for name in ("good", "nobody"):
        with pytest.raises(RequestStepError):
            without(world, case, name)


@pytest.fixture
def archive(world: World) -> ManualConnector:
    return ManualConnector(spec=ARCHIVE, ports=world.ports, origin="https://sekisho.example.com")


def mails(world: World) -> list[str]:
    """What the colleague is sent, as mails."""
    with world.ports.database.read() as tx:
        rows = tx.execute(select(OUTBOX).where(OUTBOX.c.idem_key.like("connector/%"))).all()
    sent = []
    for row in rows:
        message = unsealed(
            world.ports.vault,
            OutboxMessage(id=row.id, idem_key=row.idem_key, target=row.target, kind=row.kind,
                          attempt=1, payload=row.payload),
        )  # fmt: skip
        assert isinstance(message, Mail)
        mail = compose(message, sender="no-reply@example.com", at=row.created_at)
        sent.append(f"{mail['To']}\n{mail['Subject']}\n{mail.get_content()}")
    return sent


def task_of(world: World) -> Task:
    with world.ports.database.read() as tx:
        (task,) = waiting(tx, world.ports, MANAGER)
    return task


def say(world: World, task: Task, answer: TaskAnswer, **more: object) -> None:
    new = NewAnswer(answer=answer, **more)  # type: ignore[arg-type] # as the test says
    answer_task(world.ports, MANAGER, task.id, new, at=world.tick())


def test_colleague_is_asked_once_and_the_case_waits_for_the_answer(
    world: World, archive: ManualConnector
) -> None:
    case = collect(world, begun(world), archive)
    assert state(case, "archive").code == "pending"
    case = collect(world, case, archive)
    (mail,) = mails(world)
    task = task_of(world)
    assert task.id in mail
    assert f"https://sekisho.example.com/console/connectors/tasks/{task.id}" in mail
    for value in (NAME, EMAIL, "C-00042", SUBJECT, "山田"):
        assert value not in mail
    with pytest.raises(RequestStepError):
        world.step(case, Event.FINISH_COLLECTING)
    say(world, task, TaskAnswer.NOTHING)
    case = collect(world, case, archive)
    assert state(case, "archive").found
    world.step(case, Event.FINISH_COLLECTING)


def test_attached_export_is_read_as_records_and_others_are_replaced(
    world: World, archive: ManualConnector
) -> None:
    case = collect(world, begun(world), archive)
    export = "箱,メモ\nA-1,佐藤花子様（電話 080-1111-2222）\nA-2,マイナンバー 123456789018\n"
    say(world, task_of(world), TaskAnswer.FOUND, export=export)
    case = collect(world, case, archive)
    part = found(world, case, "archive")
    shown = [v.shown(Placeholders(Lang.JA)) for record in part.records for v in record.values]
    assert len(part.records) == 2
    assert shown[0] == "A-1"
    for other in ("佐藤花子", "080-1111-2222", "123456789018"):
        assert other not in str(shown)


def test_colleague_who_cannot_is_asked_anew_by_the_next_try(
    world: World, archive: ManualConnector
) -> None:
    case = collect(world, begun(world), archive)
    say(world, task_of(world), TaskAnswer.CANNOT, reason="書庫が閉鎖中")
    case = collect(world, case, archive)
    assert state(case, "archive").code == "cannot"
    case = collect(world, case, archive)
    assert state(case, "archive").code == "pending"
    assert task_of(world).attempt == 2
    assert len(mails(world)) == 2


NOT_WHOLE: tuple[tuple[TaskAnswer, dict[str, object]], ...] = (
    (TaskAnswer.ERASED, {"records": 1}),  # nobody asked for that
    (TaskAnswer.FOUND, {}),
    (TaskAnswer.FOUND, {"export": " \n"}),
    (TaskAnswer.NOTHING, {"export": "x"}),
    (TaskAnswer.CANNOT, {}),
    (TaskAnswer.CANNOT, {"reason": "x" * 2_001}),
    (TaskAnswer.NOTHING, {"records": 3}),
    (TaskAnswer.FOUND, {"export": "x" * 5_000_001}),
)


def test_answer_that_is_not_whole_changes_nothing(world: World, archive: ManualConnector) -> None:
    collect(world, begun(world), archive)
    for answer, more in NOT_WHOLE:
        with pytest.raises(TaskAnswerError):
            say(world, task_of(world), answer, **more)
        assert task_of(world).open


def test_first_answer_stands_and_strangers_know_of_no_task(
    world: World, archive: ManualConnector
) -> None:
    collect(world, begun(world), archive)
    task = task_of(world)
    with pytest.raises(TaskUnknownError), world.ports.database.read() as tx:
        task_with_case(tx, world.ports, SUPPORT, task.id)
    say(world, task, TaskAnswer.NOTHING)
    with pytest.raises(TaskAnsweredError):
        say(world, task, TaskAnswer.CANNOT, reason="x")


def test_reminder_goes_out_once_for_its_time(world: World, archive: ManualConnector) -> None:
    collect(world, begun(world), archive)
    task = task_of(world)
    at = world.tick()
    for _ in range(2):
        world.write(lambda tx: archive.remind(tx, task, at=at))
    assert len(mails(world)) == 2
    assert task_of(world).reminders == 1
    assert archive.health(at=at)


Erasing = Callable[[TaskAnswer, dict[str, object]], outside.Erasure]


@pytest.fixture
def erased(world: World, archive: ManualConnector) -> Erasing:
    def run(answer: TaskAnswer, more: dict[str, object]) -> outside.Erasure:
        asking = outside.Asking(key="e1", at=world.tick(), request=RequestId(begun(world).id))
        keys = outside.PersonKeys(subject=SUBJECT)
        assert isinstance(archive.erase(keys, asking), outside.Pending)
        say(world, task_of(world), answer, **more)
        first = archive.erase(keys, asking)
        assert archive.erase(keys, asking) == first
        return first

    return run


def test_erasure_by_hand_has_the_outcome_that_the_colleague_says(erased: Erasing) -> None:
    done = erased(TaskAnswer.ERASED, {"records": 3})
    assert done == outside.Erased(records=3)


def test_what_a_colleague_keeps_names_its_ground(erased: Erasing) -> None:
    done = erased(TaskAnswer.KEPT, {"records": 2, "reason": "商法19条"})
    assert isinstance(done, outside.Kept)
    assert (done.items[0].records, done.items[0].ground.ja) == (2, "商法19条")


def test_erasure_that_cannot_be_done_is_failed(erased: Erasing) -> None:
    done = erased(TaskAnswer.CANNOT, {"reason": "保存媒体の故障"})
    assert done == outside.Failed(reason=outside.Reason.CANNOT)


def test_who_could_not_erase_and_now_can_says_so_without_being_asked_anew(
    world: World, archive: ManualConnector
) -> None:
    asking = outside.Asking(key="e1", at=world.tick(), request=RequestId(begun(world).id))
    keys = outside.PersonKeys(subject=SUBJECT)
    assert isinstance(archive.erase(keys, asking), outside.Pending)
    task = task_of(world)
    say(world, task, TaskAnswer.CANNOT, reason="保存媒体の故障")
    for _ in range(3):
        assert archive.erase(keys, asking) == outside.Failed(reason=outside.Reason.CANNOT)
    say(world, task, TaskAnswer.ERASED, records=2)
    assert archive.erase(keys, asking) == outside.Erased(records=2)
    assert len(mails(world)) == 1
    with pytest.raises(TaskAnsweredError):
        say(world, task, TaskAnswer.NOTHING)


def test_manual_erasure_without_a_request_fails_closed(archive: ManualConnector) -> None:
    asking = outside.Asking(key="e2", at=NOW)
    assert not archive.erase(outside.PersonKeys(subject=SUBJECT), asking)


def test_the_letter_names_a_column_that_an_officer_left_out_in_words(
    world: World, connected: DatabaseConnector
) -> None:
    case = world.step(collect(world, begun(world), connected), Event.FINISH_COLLECTING)
    where = Where(source=source_of("shop"), name=FieldId("shop.members.memo"))
    withhold(world.desk(case), where, [Ground.APPI_33_2_2])
    case = accept_all(world.desk(case))
    case = world.deliver(
        world.build(world.step(world.approve(world.decide(case)), Event.EXECUTE))
    ).case
    assert case.decision is not None
    assert [item.label for item in case.decision.items] == [
        Label(ja="通販サイト: 会員・備考", en="Online shop: Members: Memo")
    ]
    said = letter_words(world, case, Template.PARTIAL)
    assert "会員・備考" in said
    assert "33条2項2号" in said
    assert "shop.members" not in said


def test_package_holds_the_systems_data_and_says_what_is_missing(
    world: World, connected: DatabaseConnector
) -> None:
    down = Asked("down", outside.Failed(reason=outside.Reason.UNREACHABLE))
    case = without(world, collect(world, begun(world), connected, down), "down")
    case = accept_all(world.desk(world.step(case, Event.FINISH_COLLECTING)))
    case = world.build(world.step(world.approve(world.decide(case)), Event.EXECUTE))
    with world.ports.database.read() as tx:
        package = newest_package(tx, case.id)
    assert package is not None
    assert package.content is not None
    members = members_of(world.ports.vault.open_part(package.id, package.content))
    whole = "\n".join(content.decode("utf-8", "replace") for content in members.values())
    for words in ("会員・備考", "shop.members.memo", "含まれていません", "not included"):
        assert words in whole
    for other in ("佐藤花子", "080-1111-2222", "別人のメモ"):
        assert other not in whole
