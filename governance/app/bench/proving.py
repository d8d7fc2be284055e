"""Proofs out of tiles, and recomputing a whole log in memory by two processes."""

import multiprocessing
import random
import time
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing.connection import Connection
from struct import Struct

from audit.leaf import EPOCH, MICROSECOND, encode
from audit.proofs import inclusion_proof, root_at, verify_inclusion
from audit.tiles import TileNodes, grown
from audit.tree import leaf_hash, node_hash, root_of
from governance.app.bench.figure import Figure, best_of_each

EVENTS = 1_000_000
ROUNDS = 2  # of each kind, in turn; the best counts
VERIFY_LIMIT = 1.5  # seconds for a million events on two cores
TREE = 200_000  # leaves of the tree that is proved from
PROOFS = 2_000
PROOF_LIMIT = 40.0  # microseconds
MICRO = 1_000_000
NUMBER = Struct(">q")
MARK = 0x1122334455667788  # a number that stands nowhere else in an entry


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Seconds for recomputing a log, microseconds for one proof."""
    return (_verify(rows or EVENTS), _prove(min(rows or TREE, TREE)))


def _verify(events: int) -> Figure:
    left = 1 << ((events - 1).bit_length() - 1)  # where RFC 6962 splits the tree
    context = multiprocessing.get_context("spawn")
    ends = [context.Pipe() for _ in range(2)]
    parts = ((0, left), (left, events))
    workers = [
        context.Process(target=_worker, args=(end, *part), daemon=True)
        for (_, end), part in zip(ends, parts, strict=True)
    ]
    for worker, (_, end) in zip(workers, ends, strict=True):
        worker.start()
        end.close()  # a worker that dies ends the wait for it
    pipes = [pipe for pipe, _ in ends]
    for pipe in pipes:
        pipe.recv()  # the entries are in memory
    floor = min(_timed(pipes, "hash") for _ in range(ROUNDS))
    took = min(_timed(pipes, "tree") for _ in range(ROUNDS))
    for pipe in pipes:
        pipe.send("end")
    for worker in workers:
        worker.join()
    limit = VERIFY_LIMIT * events / EVENTS
    return Figure(
        figure=f"verifying {events:,} events in memory, two processes",
        value=took,
        unit="s",
        baseline="SHA-256 over the same entries without a tree, two processes",
        baseline_value=floor,
        target=f"<= {limit:g} s",
        met=took <= limit,
    )


def _timed(pipes: list[Connection], work: str) -> float:
    """Seconds until the root over both halves is known."""
    start = time.perf_counter()
    for pipe in pipes:
        pipe.send(work)
    node_hash(*(pipe.recv() for pipe in pipes))
    return time.perf_counter() - start


def _worker(pipe: Connection, first: int, last: int) -> None:
    """Answers with the root over its share of the entries, as often as it is asked."""
    entries = _entries(first, last)
    pipe.send("ready")
    while (work := pipe.recv()) != "end":
        if work == "hash":
            for entry in entries:
                sha256(entry).digest()
            pipe.send(b"")
        else:
            pipe.send(root_of([leaf_hash(entry) for entry in entries]))


def _entries(first: int, last: int) -> list[bytes]:
    """Events as their leaves cover them, which differ in id, time and number."""
    person, id_form = "00000000-0000-4000-8000-000000000000", "01932c00-0000-7000-8000-{:012d}"
    at = datetime(2026, 10, 1, tzinfo=UTC)
    micros = (at - EPOCH) // MICROSECOND
    whole = encode(
        (id_form.format(0), at, at, "u:bench", None, "decision.made", "person",
         person, person, "order_support", "permit", "permit", "2026.1", 1, None, None, None, None,
         None, "01932c00-0000-7000-8000-00000000ffff", MARK, None, None),
        version=1,
    )  # fmt: skip
    head, middle = whole.split(id_form.format(0).encode())
    moment, number = NUMBER.pack(micros), NUMBER.pack(MARK)
    before, between, rest = middle.split(moment)
    upto, after = rest.split(number)
    made = []
    for n in range(first, last):
        time_of = NUMBER.pack(micros + n * 1_000)
        made.append(
            b"".join(
                (head, id_form.format(n).encode(), before, time_of, between, time_of, upto,
                 NUMBER.pack(n), after)
            )
        )  # fmt: skip
    return made


def _prove(leaves: int) -> Figure:
    hashes = [sha256(n.to_bytes(8, "big")).digest() for n in range(leaves)]
    tiles = {(tile.level, tile.n): tile.hashes for tile in grown(0, hashes, {})}
    nodes = TileNodes(lambda level, n: tiles[level, n])
    root = root_at(leaves, nodes)
    chosen = random.Random(1)  # noqa: S311 # places to prove, no secret
    places = [chosen.randrange(leaves) for _ in range(PROOFS)]
    proofs = [inclusion_proof(place, leaves, nodes) for place in places]

    def check() -> None:
        for place, proof in zip(places, proofs, strict=True):
            verify_inclusion(hashes[place], index=place, size=leaves, proof=proof, root=root)

    best = best_of_each(
        {
            "prove": lambda: [inclusion_proof(place, leaves, nodes) for place in places],
            "check": check,
        }
    )
    value = best["prove"] / PROOFS * MICRO
    return Figure(
        figure=f"inclusion proof in a tree of {leaves:,}, tiles in memory",
        value=value,
        unit="us",
        baseline="checking the same proof",
        baseline_value=best["check"] / PROOFS * MICRO,
        target=f"<= {PROOF_LIMIT:g} us",
        met=value <= PROOF_LIMIT,
    )
