"""What is done to a log, by someone who owns the database and may hold the signing key."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import Connection, select, update

from audit import sequencer
from audit.actions import EventCode
from audit.decisions.marks import Mark
from audit.key_changes import key_ref
from audit.leaf import COLUMNS, leaf_of
from audit.models import CHECKPOINTS, EVENTS, LEAVES, STATE, TILES
from audit.note import Checkpoint, sign_checkpoint
from audit.sequencer import LogKeys, Turn
from audit.tiles import grown
from audit.tree import Frontier
from governance.crypto.signing import Ed25519Signer, MlDsa44Signer
from tests.audit.bench import NOW, Bench, draft, part, unguarded
from tests.audit.decisions.book import decision, recorder


def edit_event(bench: Bench) -> None:
    bench.run("UPDATE audit_event SET outcome = 'deny' WHERE id = :id", id=event_at(bench, 4))


def delete_event(bench: Bench) -> None:
    bench.run("DELETE FROM audit_event WHERE id = :id", id=event_at(bench, 1))


def event_at(bench: Bench, seq: int) -> str:
    with bench.db.read() as tx:
        query = select(LEAVES.c.event_id).where(LEAVES.c.seq == seq)
        return str(tx.execute(query).scalar_one())


def swap_events(bench: Bench) -> None:
    for one, other in ((2, 50), (3, 2), (50, 3)):
        bench.run("UPDATE audit_leaf SET seq = :other WHERE seq = :one", one=one, other=other)


def rewrite_without_key(bench: Bench) -> None:
    """Event, leaf, tile and edge agree again; only what was signed does not."""
    rewrite(bench, sign=False)


def rewrite_with_key(bench: Bench) -> None:
    rewrite(bench, sign=True)


def rewrite(bench: Bench, *, sign: bool) -> None:
    with unguarded(bench.db) as tx:
        event_id = tx.execute(select(LEAVES.c.event_id).where(LEAVES.c.seq == 1)).scalar_one()
        tx.execute(update(EVENTS).where(EVENTS.c.id == event_id).values(outcome="permit"))
        rebuild(tx, relabel(tx), bench.keys, sign=sign)


def rebuild(tx: Connection, leaves: list[bytes], keys: LogKeys, *, sign: bool) -> None:
    """Tiles, edge and, with the key, the checkpoint are those of these leaves."""
    tx.execute(TILES.delete())
    for tile in grown(0, leaves, {}):
        row = {"level": tile.level, "n": tile.n, "width": tile.width, "hashes": tile.hashes}
        tx.execute(TILES.insert().values(row))
    frontier = Frontier().extended(leaves)
    tx.execute(update(STATE).values(frontier=frontier.to_bytes()))
    if sign:
        sign_again(tx, keys, frontier)


def relabel(tx: Connection) -> list[bytes]:
    columns = [LEAVES.c.recorded_at if c == "recorded_at" else EVENTS.c[c] for c in COLUMNS]
    query = select(LEAVES.c.seq, *columns).join(EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    leaves: list[bytes] = []
    for seq, *values in tx.execute(query.order_by(LEAVES.c.seq)).all():
        leaves.append(leaf_of(values))
        tx.execute(update(LEAVES).where(LEAVES.c.seq == seq).values(leaf=leaves[-1]))
    return leaves


def sign_again(tx: Connection, keys: LogKeys, frontier: Frontier) -> None:
    head = Checkpoint(origin=keys.origin, size=frontier.size, root=frontier.root())
    note = sign_checkpoint(head, ed25519=keys.ed25519, mldsa44=keys.mldsa44, at=NOW)
    tx.execute(CHECKPOINTS.delete())
    row = {"size": head.size, "root": head.root, "note": note, "signed_at": NOW}
    tx.execute(CHECKPOINTS.insert().values(row))


def insert_row(bench: Bench) -> None:
    late = bench.add()[0]
    bench.run("UPDATE audit_leaf SET seq = seq + 100 WHERE seq >= 3")
    bench.run("UPDATE audit_leaf SET seq = seq - 99 WHERE seq >= 100")
    with unguarded(bench.db) as tx:
        row = {"seq": 3, "event_id": late, "recorded_at": NOW, "leaf": b"\0" * 32}
        tx.execute(LEAVES.insert().values(row))


def truncate_tail(bench: Bench) -> None:
    bench.run("DELETE FROM audit_leaf WHERE seq >= 5")


def restore_old(bench: Bench) -> None:
    """As a backup from before the second batch: everything in it agrees."""
    with unguarded(bench.db) as tx:
        late = select(LEAVES.c.event_id).where(LEAVES.c.seq >= 4)
        ids = tx.execute(late).scalars().all()
        tx.execute(LEAVES.delete().where(LEAVES.c.seq >= 4))
        tx.execute(EVENTS.delete().where(EVENTS.c.id.in_(ids)))
        tx.execute(CHECKPOINTS.delete().where(CHECKPOINTS.c.size > 4))
        leaves = tx.execute(select(LEAVES.c.leaf).order_by(LEAVES.c.seq)).scalars().all()
        tx.execute(update(TILES).values(width=4, hashes=b"".join(leaves)))
        edge = Frontier().extended(leaves)
        tx.execute(update(STATE).values(size=4, frontier=edge.to_bytes()))


def delete_waiting(bench: Bench) -> None:
    waiting = bench.add()[0]
    bench.run("DELETE FROM audit_event WHERE id = :id", id=waiting)


def hide_waiting(bench: Bench) -> None:
    bench.add()
    bench.run("DELETE FROM audit_pending")


def destroy_secretly(bench: Bench) -> None:
    bench.run("UPDATE audit_part SET salt = NULL, payload = NULL WHERE ord = 1")


def destroy_under_another_erasure(bench: Bench) -> None:
    bench.erase()
    bench.sequence(20)
    bench.run(
        "UPDATE audit_part SET salt = NULL, payload = NULL, destroyed_by = ("
        "SELECT id FROM audit_event WHERE action = 'erasure.executed') WHERE ord = 1"
    )


def erase_then_forget_it(bench: Bench) -> None:
    """The erasing event is removed before it gets its place."""
    erasure = bench.erase()
    bench.run("DELETE FROM audit_pending")
    bench.run("DELETE FROM audit_event WHERE id = :id", id=erasure)


def run(statement: str, **values: int) -> Callable[[Bench], None]:
    return lambda bench: bench.run(statement, **values)


def truncate_and_sign(bench: Bench) -> None:
    """The tail is gone and everything that is left agrees, under the log's own key."""
    restore_old(bench)
    with unguarded(bench.db) as tx:
        leaves = tx.execute(select(LEAVES.c.leaf).order_by(LEAVES.c.seq)).scalars().all()
        sign_again(tx, bench.keys, Frontier().extended(leaves))


def show_another_view(bench: Bench) -> None:
    """The same size with another last event, signed: what a second auditor is shown."""
    with unguarded(bench.db) as tx:
        late = tx.execute(select(LEAVES.c.event_id).where(LEAVES.c.seq == 6)).scalar_one()
        tx.execute(update(EVENTS).where(EVENTS.c.id == late).values(purpose="mail_marketing"))
        rebuild(tx, relabel(tx), bench.keys, sign=True)
    bench.keys.anchor.unlink()


def delete_before_sequencing(bench: Bench) -> None:
    """A waiting event and its mark are gone before the sequencer saw them."""
    lost = bench.add(count=70)[0]
    bench.run("DELETE FROM audit_pending WHERE event_id = :id", id=lost)
    bench.run("DELETE FROM audit_event WHERE id = :id", id=lost)
    bench.sequence(20)


def sequence_twice(bench: Bench) -> None:
    """Two processes sequence the same events, each believing that it is the one."""
    bench.add(count=3)
    bench.sequence(19, limit=1)
    other = bench.second()
    assert other.sequence(20).held
    for one in (bench, other, bench):
        one.sequence(20, turn=Turn.STRICT, limit=2)


def set_the_clock_back(bench: Bench) -> None:
    bench.add()
    bench.sequence(100)
    bench.add()
    bench.sequence(10)


def lose_the_key(bench: Bench) -> Bench:
    """The old key cannot sign its successor any more; the new one signs alone."""
    fresh = another_key(bench)
    fresh.add(action=EventCode.LOG_KEY_CHANGED, refs=tuple(map(key_ref, fresh.keys.verifier_keys)))
    fresh.sequence(30)
    return fresh


def change_the_key(bench: Bench) -> Bench:
    """The old key signs the event that announces the new one."""
    fresh = another_key(bench)
    bench.add(action=EventCode.LOG_KEY_CHANGED, refs=tuple(map(key_ref, fresh.keys.verifier_keys)))
    bench.sequence(30)
    fresh.add()
    fresh.sequence(40)
    return fresh


def another_key(bench: Bench) -> Bench:
    keys = replace(
        bench.keys,
        ed25519=Ed25519Signer.from_seed(b"\2" * 32),
        mldsa44=MlDsa44Signer.from_seed(b"\3" * 32),
    )
    return replace(bench, keys=keys)


def shred_lawfully(bench: Bench) -> None:
    bench.erase()
    bench.sequence(20)


def roll_back(bench: Bench) -> None:
    """A transaction that fails after its event was inserted."""

    def fails(tx: Connection) -> None:
        bench.log.append(tx, draft(), [part()])
        raise ZeroDivisionError

    with suppress(ZeroDivisionError):
        bench.db.write(fails)
    bench.add()
    bench.sequence(20)


def die_while_placing(bench: Bench) -> None:
    """The sequencer dies in the middle of a batch; the next one places it anew."""
    bench.add(part(), count=3)

    def dies(*_: object, **__: object) -> None:
        raise KeyError

    with pytest.MonkeyPatch.context() as patch, suppress(KeyError):
        patch.setattr(sequencer, "_move_state", dies)
        bench.sequence(20)
    assert bench.verify().size == 7
    bench.sequence(20)


def decide(bench: Bench) -> None:
    """Three recorded decisions stand in the tree."""
    with recorder(bench, bench.keys.anchor.parent) as open_:
        for _ in range(3):
            open_.record(decision())
    bench.sequence(20)


def edit_decision(bench: Bench) -> None:
    decide(bench)
    bench.run("UPDATE audit_decision SET outcome = 'deny' WHERE n = 2")


def die_with_decisions(bench: Bench) -> None:
    """The process is killed with two decisions in its queue; the next one starts."""
    decide(bench)
    dead = Mark(bench.keys.anchor.parent, bench.log.process_id)
    dead.note(5)
    dead.close(settled=False)
    with recorder(bench.second(), bench.keys.anchor.parent) as heir:
        heir.tell_lost()
    bench.sequence(40)
