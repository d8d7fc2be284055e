"""Tokens that are listed and lead nowhere yet: a death there, a row that goes or changes there."""

import pytest
from sqlalchemy import Connection, func, select

from governance.core.terms import FieldId, RowId
from governance.customers.postings import Posting
from governance.customers.search import looking
from governance.customers.search.filling import Filler
from governance.customers.search_plan import index_names
from governance.customers.store import TABLES
from governance.customers.tokens import (
    ENTRY,
    POSTING,
    Due,
    count_behind,
    drop_tokens,
    known_indexes,
    packed,
    split,
)
from tests.governance.custody.world import World

PERSONS = 3


class Dying(Filler):
    """A process that ends when all is listed and nothing leads anywhere."""

    def _post(self, postings: list[Posting]) -> None:
        raise KeyboardInterrupt(len(postings))


class Late(Filler):
    """A process beside which a row's tokens are dropped at that moment."""

    gone: RowId

    def _post(self, postings: list[Posting]) -> None:
        self._database.write(lambda tx: drop_tokens(tx, [self.gone]))
        super()._post(postings)


def listed(tx: Connection) -> set[tuple[int, bytes, bytes]]:
    found = tx.execute(select(ENTRY.c.index_id, ENTRY.c.row_key, ENTRY.c.tokens))
    return {(n, t, bytes(key)) for n, key, joined in found for t in split(bytes(joined))}


def leading(tx: Connection) -> set[tuple[int, bytes, bytes]]:
    found = tx.execute(select(POSTING.c.index_id, POSTING.c.token, POSTING.c.row_key))
    return {(n, bytes(token), bytes(key)) for n, token, key in found}


def persons(world: World) -> list[RowId]:
    with world.by.ports.database.read() as tx:
        table = TABLES["person"]
        return [RowId(row) for row in tx.execute(select(table.c.id)).scalars()]


def test_what_a_dead_job_had_listed_leads_to_its_rows(world: World) -> None:
    world.settle(PERSONS)
    ports = world.by.ports
    with pytest.raises(KeyboardInterrupt):
        Dying(ports.database, ports.vault).due()
    with ports.database.read() as tx:
        assert {due for _, _, due in looking.rows_due(tx, limit=9)} == {Due.POSTINGS}
        assert listed(tx) > leading(tx)
        assert count_behind(tx) == PERSONS  # a search says that it may miss them
    world.fill()
    with ports.database.read() as tx:
        assert listed(tx) == leading(tx)
        assert count_behind(tx) == 0


def test_a_row_that_went_meanwhile_is_found_by_nothing(world: World) -> None:
    world.settle(PERSONS)
    ports = world.by.ports
    late = Late(ports.database, ports.vault)
    late.gone = persons(world)[0]
    late.due()
    with ports.database.read() as tx:
        assert packed(late.gone) not in {key for _, _, key in leading(tx)}
        assert len({key for _, _, key in leading(tx)}) == PERSONS - 1
        assert listed(tx) == leading(tx)


def test_a_row_that_lost_an_index_meanwhile_still_owes_it(world: World) -> None:
    world.settle(PERSONS)
    ports, name = world.by.ports, FieldId("person.name")

    class Changed(Filler):
        def _post(self, postings: list[Posting]) -> None:
            names = index_names(name)
            self._database.write(lambda tx: drop_tokens(tx, [persons(world)[0]], names=names))
            super()._post(postings)

    Changed(ports.database, ports.vault).due()
    with ports.database.read() as tx:
        assert count_behind(tx) == 1
    world.fill()
    with ports.database.read() as tx:
        assert count_behind(tx) == 0
        numbers = [n for (of, _), n in known_indexes(tx).numbers.items() if of in index_names(name)]
        mine = select(func.count(ENTRY.c.row_key.distinct())).where(ENTRY.c.index_id.in_(numbers))
        assert tx.execute(mine).scalar_one() == PERSONS
        assert listed(tx) == leading(tx)
