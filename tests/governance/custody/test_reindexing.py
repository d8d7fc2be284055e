"""An index is rotated while it is read and written; every row is found at every moment."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from audit.models import EVENTS
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, FieldId
from governance.custody import reindexing
from governance.custody.errors import KeyTaskHeldElsewhereError
from governance.custody.reindex_runs import Reindexing, ReindexState
from governance.customers import tokens
from governance.customers.search.filling import follow
from governance.customers.store import SUPPRESSION, TABLES
from governance.customers.tokens import ENTRY, INDEX, POSTING, count_behind
from governance.gateway.intake.tokens import Indexer
from governance.gateway.search_types import SearchRequest
from governance.gateway.searching import search
from governance.jobs.runner import Worker
from governance.keys.errors import IndexUnknownError
from tests.installation import AT, MANAGER, create, customer, import_file, register, write_file

NAME, EMAIL = FieldId("person.name"), FieldId("person.email")
OFFICER = ActorId("u:officer")
ROWS = 7


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def wiring(
    request: pytest.FixtureRequest, new_database: Callable[..., str], tmp_path: Path
) -> Iterator[Wiring]:
    url = new_database("upgraded") if request.param == "postgres" else None
    made = create(tmp_path, url=url)
    people = [customer(n, 氏名=f"架空　次郎{n}号") for n in range(1, ROWS + 1)]
    import_file(made, write_file(tmp_path, register(people)))
    follow(made.database, made.vault)
    yield made
    made.close()


def worker(*, steps: int | None = None, owner: str = "w1") -> Worker:
    left = steps

    def stopping() -> bool:
        nonlocal left
        if left is None:
            return False
        left -= 1
        return left < 0

    return Worker(owner=owner, clock=lambda: AT, pause=lambda _: None, stopping=stopping)


def begin(wiring: Wiring, field: FieldId = NAME) -> Reindexing:
    return reindexing.start_reindex(wiring.ports, field, actor=OFFICER, at=AT)


def seen(wiring: Wiring, text: str) -> int:
    request = SearchRequest(text=text, purpose="data_quality", limit=50)
    return len(search(wiring.ports, MANAGER, request, at=AT).hits)


def numbers(wiring: Wiring, *, dropped: bool) -> list[int]:
    with wiring.database.read() as tx:
        return list(tx.execute(select(INDEX.c.id).where(INDEX.c.dropped == dropped)).scalars())


def test_every_row_is_found_at_every_step_and_nothing_of_the_old_index_is_left(
    wiring: Wiring, tmp_path: Path
) -> None:
    run = begin(wiring)
    assert begin(wiring).id == run.id
    filler = reindexing.filler_of(wiring.ports, run)
    states, extra = [run.state], 0
    while not run.finished:
        run = reindexing.step(wiring.ports, run.id, filler=filler, limit=2)
        states.append(run.state)
        if run.state is not states[-2] and extra < 3:  # written while the rotation runs
            extra += 1
            late = customer(100 + extra, 氏名=f"架空　次郎{100 + extra}号")
            import_file(wiring, write_file(tmp_path, register([late]), name=f"{extra}.csv"))
            follow(wiring.database, wiring.vault)
        assert seen(wiring, "架空 次郎1号") >= 1
        assert seen(wiring, "次郎") == ROWS + extra
        assert seen(wiring, "架空") == ROWS + extra
    assert list(dict.fromkeys(states)) == list(ReindexState)
    assert run.done >= ROWS
    assert run.dropped > 0
    gone = numbers(wiring, dropped=True)
    assert len(gone) == 3  # whole values, beginnings, parts
    with wiring.database.read() as tx:
        for table in (POSTING, ENTRY):
            left = select(func.count()).select_from(table).where(table.c.index_id.in_(gone))
            assert tx.execute(left).scalar_one() == 0
        assert count_behind(tx) == 0
        event = tx.execute(select(EVENTS).where(EVENTS.c.id == run.event)).one()
    assert (event.action, event.object_id) == ("key.rotated", NAME)
    live = {version for name, version in wiring.vault.indexes.live_keys() if name == NAME}
    assert live == {2}


def test_a_killed_rotation_goes_on_where_it_stopped(wiring: Wiring) -> None:
    run = begin(wiring)
    for _ in range(60):
        run = reindexing.drive(wiring.ports, run.id, worker=worker(steps=1))
        assert seen(wiring, "次郎") == ROWS
        if run.finished:
            break
    assert run.finished
    again = reindexing.drive(wiring.ports, run.id, worker=worker())
    assert (again.done, again.dropped) == (run.done, run.dropped)


def test_a_second_process_does_not_drive_the_same_rotation(wiring: Wiring) -> None:
    run = begin(wiring)
    held = reindexing._claimed(wiring.ports, run, worker())  # the first process
    assert held is not None
    with pytest.raises(KeyTaskHeldElsewhereError):
        reindexing.drive(wiring.ports, run.id, worker=worker(owner="w2"))


def test_tokens_made_before_the_rotation_began_are_completed(
    wiring: Wiring, tmp_path: Path
) -> None:
    """A batch that looked at the keys before the rotation and commits after its pass."""
    indexer = Indexer(wiring.vault, ["person"])
    run = begin(wiring)
    with wiring.database.read() as tx:
        person = TABLES["person"]
        row, subject = tx.execute(select(person.c.id, person.c.subject_id).limit(1)).one()
    late = indexer.row_tokens("person", row, subject, {NAME: "架空 三郎"})
    wiring.database.write(partial(tokens.add_tokens, rows=late))
    with wiring.database.read() as tx:
        assert count_behind(tx) == 1
    assert reindexing.drive(wiring.ports, run.id, worker=worker()).finished
    with wiring.database.read() as tx:
        assert count_behind(tx) == 0


def test_a_key_that_the_suppression_list_needs_stays_until_it_is_needed_no_more(
    wiring: Wiring,
) -> None:
    indexer = Indexer(wiring.vault, ["person"])
    ((version, token),) = indexer.of(EMAIL, "gone@example.com")
    entry = {
        "id": new_row_id(), "field": EMAIL, "version": version, "token": token,
        "rule": "R", "placed_at": AT, "ends_on": None,
    }  # fmt: skip
    wiring.database.write(lambda tx: tx.execute(insert(SUPPRESSION).values(**entry)))
    run = begin(wiring, EMAIL)
    assert reindexing.drive(wiring.ports, run.id, worker=worker()).finished
    indexer.look()
    assert token in [made for _, made in indexer.of(EMAIL, "gone@example.com")]
    assert reindexing.tidy(wiring.ports) == 0
    wiring.database.write(lambda tx: tx.execute(SUPPRESSION.delete()))
    assert reindexing.tidy(wiring.ports) == 1
    assert (EMAIL, version) not in wiring.vault.indexes.live_keys()
    assert seen(wiring, "person1@example.com") == 1


def test_a_field_without_an_index_cannot_be_rotated(wiring: Wiring) -> None:
    for field in ("person.sex", "person.no_such"):
        with pytest.raises(IndexUnknownError):
            begin(wiring, FieldId(field))
