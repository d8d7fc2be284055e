"""A plan: who is due under which rule, with a hash over all of it; pure."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from governance.core.terms import ActorId, RowId, SubjectId
from retention.types import Action, Decision, DecisionKind, RowKeep

DIGEST_TAG = "sekisho/retention-plan/1"
DUE = DecisionKind.DUE

Counts = Mapping[tuple[DecisionKind, str], int]  # decision and rule -> persons
Json = str | int | None | list["Json"] | dict[str, "Json"]


class Ground(StrEnum):
    """Why the plan was made."""

    SCHEDULE = "schedule"
    REQUEST = "request"  # the person asked (APPI 35, GDPR 17)
    RELEASE = "release"  # what a hold alone kept of an erased person, after its release
    RESTORE = "restore"  # done before, and an older database was put back since


class SecondPerson(StrEnum):
    """Why a second principal must agree."""

    SHARE = "share"
    TABLE = "table"  # of the rows of one table
    MEDIAN = "median"
    REQUEST = "request"


class ItemState(StrEnum):
    """What became of one item of a plan."""

    PLANNED = "planned"
    ERASED = "erased"
    SKIPPED = "skipped"


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    DONE = "done"
    RESIDUE = "residue"  # the check after the run found rows; nobody calls it done


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepLine:
    """What one duty keeps of one person."""

    duty: str
    rows: int
    fields: tuple[str, ...]
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One person who is due or needs a look."""

    id: RowId
    subject: SubjectId
    decision: DecisionKind
    rule: str
    basis: date | None
    due_on: date | None
    ledger_until: date | None
    fence: int
    keeps: tuple[KeepLine, ...] = ()
    state: ItemState = ItemState.PLANNED
    skipped_because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartItem:
    """Rows of one person that a line of the schedule takes, or would but for what keeps them."""

    id: RowId
    subject: SubjectId
    rule: str
    table: str
    action: Action
    decision: DecisionKind  # due, kept
    rows: int
    due_on: date  # of the earliest
    fence: int
    digest: str  # over the rows and which of their fields go
    row_ids: tuple[RowId, ...] = ()  # exactly what a run takes
    kept_because: str | None = None  # held, few
    state: ItemState = ItemState.PLANNED
    skipped_because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One dry run, which is also what a run carries out."""

    id: RowId
    ground: Ground
    schedule_name: str
    schedule_version: int
    schedule_digest: str
    cutoff: date
    persons: int
    counts: Counts
    items: tuple[Item, ...] = field(repr=False)
    digest: str
    second_person: tuple[SecondPerson, ...]
    shares: str = "{}"  # of each table: rows that go, and how many there were (thresholds.py)
    made_by: ActorId
    made_at: datetime
    parts: tuple[PartItem, ...] = field(default=(), repr=False)

    def rows_of(self, table: str) -> int:
        """Rows of a table that lines of the schedule take while their persons stay."""
        return sum(p.rows for p in self.parts if p.table == table and p.decision is DUE)

    def count(self, kind: DecisionKind) -> int:
        """Persons with this decision."""
        return sum(number for (found, _), number in self.counts.items() if found is kind)


def keep_lines(keeps: Mapping[RowId, RowKeep]) -> tuple[KeepLine, ...]:
    """What each duty keeps, over all rows of a person."""
    rows: dict[str, set[RowId]] = defaultdict(set)
    fields: dict[str, set[str]] = defaultdict(set)
    until: dict[str, date] = {}
    for row, kept in keeps.items():
        for name, keep in kept.fields.items():
            rows[keep.duty].add(row)
            fields[keep.duty].add(name)
            until[keep.duty] = max(keep.until, until.get(keep.duty, keep.until))
    return tuple(
        KeepLine(duty=duty, rows=len(rows[duty]), fields=tuple(sorted(fields[duty])), until=end)
        for duty, end in sorted(until.items())
    )


def digest_of(
    *,
    ground: Ground,
    schedule_digest: str,
    cutoff: date,
    persons: int,
    counts: Counts,
    items: Iterable[Item],
    parts: Iterable[PartItem] = (),
) -> str:
    """SHA-256 over everything that the plan says, item by item in the order of their ids."""
    head: dict[str, Json] = {
        "tag": DIGEST_TAG,
        "ground": ground.value,
        "schedule": schedule_digest,
        "cutoff": cutoff.isoformat(),
        "persons": persons,
        "counts": counts_json(counts),
    }
    hashed = sha256(canonical(head))
    for item in sorted(items, key=lambda one: one.id):
        hashed.update(b"\n" + canonical(_covered(item)))
    for part in sorted(parts, key=lambda one: one.id):
        hashed.update(b"\n" + canonical(part_json(part)))
    return hashed.hexdigest()


def _covered(item: Item) -> dict[str, Json]:
    line = decision_json(item, id_=item.subject)
    return line | {"item": item.id, "fence": item.fence, "keeps": keeps_json(item.keeps)}


def part_json(part: PartItem) -> dict[str, Json]:
    """One line of a plan about rows; what became of it since is not part of it."""
    return {
        "part": part.id,
        "id": part.subject,
        "rule": part.rule,
        "table": part.table,
        "action": part.action.value,
        "decision": part.decision.value,
        "rows": part.rows,
        "due_on": part.due_on.isoformat(),
        "fence": part.fence,
        "sha256": part.digest,
        "kept_because": part.kept_because,
    }


def canonical(value: Json) -> bytes:
    """One spelling of a JSON value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def counts_json(counts: Counts) -> dict[str, Json]:
    """Counts by `decision/rule`."""
    return {f"{kind.value}/{rule}": n for (kind, rule), n in sorted(counts.items())}


def counts_of(text: str) -> dict[tuple[DecisionKind, str], int]:
    """The counts that `counts_json` wrote."""
    found = {}
    for key, number in json.loads(text).items():
        kind, _, rule = key.partition("/")
        found[DecisionKind(kind), rule] = int(number)
    return found


def keeps_json(keeps: Sequence[KeepLine]) -> list[Json]:
    """What duties keep, as JSON."""
    return [
        {
            "duty": line.duty,
            "rows": line.rows,
            "fields": list(line.fields),
            "until": line.until.isoformat(),
        }
        for line in keeps
    ]


@lru_cache(maxsize=1_024)  # the same few for nearly everybody
def keeps_of(text: str) -> tuple[KeepLine, ...]:
    """The lines that `keeps_json` wrote."""
    return tuple(
        KeepLine(
            duty=line["duty"],
            rows=line["rows"],
            fields=tuple(line["fields"]),
            until=date.fromisoformat(line["until"]),
        )
        for line in json.loads(text)
    )


def decision_json(found: Item | Decision, *, id_: str) -> dict[str, Json]:
    """One person's line of `retention plan`: id, decision, rule, basis, due_on, ledger_until."""
    kind = found.decision if isinstance(found, Item) else found.kind
    return {
        "id": id_,
        "decision": kind.value,
        "rule": found.rule,
        "basis": _iso(found.basis),
        "due_on": _iso(found.due_on),
        "ledger_until": _iso(found.ledger_until),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def counted(kinds: Iterable[tuple[DecisionKind, str]]) -> Counter[tuple[DecisionKind, str]]:
    """How many persons each decision and rule has."""
    return Counter(kinds)
