"""An older database put back has again what was said in matters since, and their conditions."""

import stat

import pytest
from sqlalchemy import Table, delete, func, select

from audit.actions import EventCode
from governance.core.terms import FieldId
from governance.customers.holds.reading import SCOPE, standing_scopes
from governance.customers.holds.types import Comparison, Condition, ScopeKind
from governance.customers.store import HOLD
from governance.keys.errors import KeyDestroyedError
from governance.keys.vault import FieldVault
from retention.holds import copies, store
from retention.holds.copies import bring_back, folder_of, keep_all
from retention.holds.store import ACT, MATTER
from retention.holds.types import ActKind
from retention.reapplying import do_again, outstanding
from tests.installation import events
from tests.retention.holds.conftest import SUIT, Court
from tests.retention.town import NOW, OFFICER

GONE = Condition(field=FieldId("person.withdrawn_on"), test=Comparison.TO, value="2016-12-31")


@pytest.fixture
def suit(court: Court) -> Court:
    """A matter that holds one person by name and others by a condition."""
    court.town.settle("one")
    court.town.settle("two")
    court.place("one")
    court.place(kind=ScopeKind.QUERY, conditions=(GONE,))
    return court


def older(court: Court) -> None:
    """The database is one of before the matter."""

    def forget(tx: object) -> None:
        for table in (HOLD, SCOPE, ACT, MATTER):
            tx.execute(delete(table))  # type: ignore[attr-defined] # a connection

    with court.town.ports.database.read() as tx:
        walls = tx.execute(select(func.count()).select_from(HOLD)).scalar_one()
    assert walls
    court.town.ports.database.write(forget)


def restored(court: Court) -> int:
    ports = court.town.ports
    with ports.database.read() as tx:
        found = outstanding(tx, ports)
    do_again(ports, OFFICER, found, clock=lambda: NOW)
    return bring_back(ports, OFFICER, at=NOW)


def test_names_reasons_and_conditions_come_back_with_the_holds(suit: Court) -> None:
    older(suit)
    assert restored(suit) == 1
    ports = suit.town.ports
    with ports.database.read() as tx:
        said = store.particulars_of(tx, ports.vault, SUIT)
        acts = store.acts_of(tx, ports.vault, SUIT)
        scopes = standing_scopes(tx, matter=SUIT)
        told = [str(one.reasons) for one in events(tx, EventCode.HOLD_PLACED)]
    assert said is not None
    assert (said.name, said.counsel) == ("架空商事 対 架空", "架空法律事務所")
    assert [act.reason for act in acts if act.kind is ActKind.PLACED] == ["訴状の送達"]
    assert [scope.conditions for scope in scopes] == [(GONE,)]
    assert "restore,particulars" in told
    assert restored(suit) == 0, "twice equals once"


def put_back(court: Court, table: Table, rows: list[dict[str, object]]) -> None:
    court.town.ports.database.write(lambda tx: tx.execute(table.insert(), rows))


def test_what_was_released_since_stays_released(suit: Court) -> None:
    ports = suit.town.ports
    with ports.database.read() as tx:
        rows = {t: tx.execute(select(t)).mappings().all() for t in (MATTER, ACT, SCOPE, HOLD)}
    suit.release()
    keep_all(ports)
    assert list(folder_of(ports).iterdir()) == []
    older(suit)
    for table, found in rows.items():
        put_back(suit, table, [dict(row) for row in found])
    restored(suit)
    with ports.database.read() as tx:
        assert standing_scopes(tx, matter=SUIT) == ()
        assert store.matter_of(tx, SUIT).closed_at is not None
        assert store.lines_of(tx, SUIT) == ()


def test_the_file_is_sealed_and_for_its_owner_alone(suit: Court) -> None:
    (path,) = folder_of(suit.town.ports).iterdir()
    content = path.read_bytes()
    for said in ("架空商事", "訴状", "withdrawn_on"):
        assert said.encode() not in content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keep_all(suit.town.ports) == 0, "nothing changed since"


def test_a_file_that_was_changed_is_not_believed(suit: Court) -> None:
    (path,) = folder_of(suit.town.ports).iterdir()
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    older(suit)
    assert restored(suit) == 0
    with suit.town.ports.database.read() as tx:
        assert store.matter_of(tx, SUIT).persons == 1, "the hold itself is back"
        assert store.particulars_of(tx, suit.town.ports.vault, SUIT) is None


def test_words_under_keys_that_ended_close_no_page_and_come_back(
    suit: Court, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = suit.town.ports
    with ports.database.read() as tx:
        before = {bytes(row) for row in tx.execute(select(MATTER.c.particulars)).scalars()}
        before |= {bytes(r) for r in tx.execute(select(ACT.c.reason)).scalars() if r is not None}
    real = FieldVault.open_blob

    def ended(self: FieldVault, kind: str, row_id: str, sealed: bytes) -> bytes:
        if bytes(sealed) in before:
            raise KeyDestroyedError
        return real(self, kind, row_id, sealed)

    monkeypatch.setattr(FieldVault, "open_blob", ended)
    with ports.database.read() as tx:
        assert store.particulars_of(tx, ports.vault, SUIT) is None
        assert {act.reason for act in store.acts_of(tx, ports.vault, SUIT)} == {""}
    (path,) = folder_of(ports).iterdir()
    known = path.read_bytes()
    monkeypatch.setattr(copies, "_marked", lambda _path: None)
    assert keep_all(ports) == 0
    assert path.read_bytes() == known, "a file is not replaced by one that knows less"
    assert bring_back(ports, OFFICER, at=NOW) == 1
    with ports.database.read() as tx:
        said = store.particulars_of(tx, ports.vault, SUIT)
        reasons = {act.reason for act in store.acts_of(tx, ports.vault, SUIT)}
    assert said is not None
    assert said.name == "架空商事 対 架空"
    assert "訴状の送達" in reasons


def test_a_disk_that_refuses_does_not_undo_the_hold(
    court: Court, monkeypatch: pytest.MonkeyPatch
) -> None:
    court.town.settle("one")

    def full(*_: object) -> bool:
        raise OSError

    monkeypatch.setattr(copies, "_keep", full)
    assert court.place("one").persons == 1
    monkeypatch.undo()
    assert keep_all(court.town.ports) == 1
