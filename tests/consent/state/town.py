"""A small installation and the same world in the reference model; each act happens in both."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, insert, update

from consent import ledger
from consent.client.lease import boottime
from consent.deciding import Found, by_database, by_memory
from consent.gates import UseRequest
from consent.state.live import LiveState
from consent.types import (
    ChangeClass,
    ConsentEvent,
    EventKind,
    NoticeVersion,
)
from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import ActorId, Law, NoticeId, PurposeId, SubjectId
from governance.customers.changes import counter
from governance.customers.store import LAW, SUBJECT, NewSubject, add_subjects, set_state
from governance.customers.subjects import AgeBand, SubjectKind, SubjectState
from governance.customers.upkeep.merges import Merge, MergeState, Standing, end, enter
from governance.db.engine import Database, sqlite_url
from governance.db.migrate import upgrade
from policies.purposes import (
    Basis,
    Channel,
    Minors,
    Provision,
    PurposeRecord,
    Signal,
    SignalOverride,
)
from policies.snapshot import PolicyHolder, PolicySnapshot, default_snapshot
from tests.consent.reference.model import Person, Union, World
from tests.installation import empty_tables, system

START = datetime(2026, 10, 1, 3, 0, tzinfo=UTC)
NOTICE = NoticeId("offers")
CONSENT = MappingProxyType({Law.APPI: Basis.CONSENT, Law.GDPR: Basis.CONSENT})
TWO = frozenset({Channel.APP, Channel.EMAIL})
AGES = {10: AgeBand.UNDER_13, 17: AgeBand.FROM_16, 40: AgeBand.ADULT, None: AgeBand.UNKNOWN}


def _purposes() -> Mapping[PurposeId, PurposeRecord]:
    known = default_snapshot().purposes
    plain = replace(
        known[PurposeId("mail_marketing")],
        basis=CONSENT,
        notice=NOTICE,
        channels=TWO,
        recipients=("internal", "third_party:*"),
        countries=frozenset({"*"}),
        expires_months=None,
        inactivity_months=None,
        signals=frozenset(),
        direct_marketing=False,
        minors=Minors.ALLOWED,
    )
    made = {
        "mail_marketing": {"expires_months": 12, "signals": frozenset({Signal.GPC})},
        "phone_marketing": {"inactivity_months": 6, "minors": Minors.GUARDIAN, "notice": None},
        "postal_marketing": {
            "basis": MappingProxyType({Law.APPI: Basis.OPT_OUT, Law.GDPR: Basis.CONSENT}),
            "direct_marketing": True,
            "channels": frozenset(),
        },
        "order_fulfilment": {
            "basis": MappingProxyType({Law.APPI: Basis.WITHIN_PURPOSE}),
            "duties": ("tax",),
        },
        "location_use": {
            "basis": MappingProxyType(dict.fromkeys((Law.APPI, Law.GDPR), Basis.LEGAL_OBLIGATION)),
            "duties": ("tax",),
        },
        "ad_matching": {
            "provisions": frozenset({Provision.THIRD_PARTY}),
            "signals": frozenset({Signal.GPC}),
            "signal_override": SignalOverride.EXPLICIT,
            "minors": Minors.REFUSED,
        },
    }
    return MappingProxyType(
        {PurposeId(n): replace(plain, id=PurposeId(n), **more) for n, more in made.items()}  # type: ignore[arg-type] # named fields of the record
    )


PURPOSES = _purposes()
Use = tuple[str, str | None, str]  # purpose, channel, recipient
SHOP = system("shop", *(set(PURPOSES) - {"location_use"}))
USES = [
    (purpose.id, channel, recipient)
    for purpose in PURPOSES.values()
    for channel in (None, *sorted(purpose.channels))
    for recipient in ("internal", "third_party:*")
]


def policy() -> PolicySnapshot:
    """The shipped policy with purposes of every sort."""
    return replace(default_snapshot(), purposes=PURPOSES, codes=MappingProxyType({}))


class Held:
    """A lease that lasts."""

    def holds_until(self) -> float | None:
        return boottime() + 60


@dataclass
class Town:
    """The two worlds, and the present of both."""

    database: Database
    live: LiveState
    policies: PolicyHolder
    at: datetime = START
    names: list[SubjectId] = field(default_factory=list)
    world: World = field(
        default_factory=lambda: World(
            purposes={str(name): one for name, one in PURPOSES.items()},
            granted=frozenset(SHOP.purposes),
        )
    )
    merges: list[Merge] = field(default_factory=list)

    def comes(self, laws: frozenset[Law], age: int | None) -> SubjectId:
        """A person is registered."""
        name, day = new_subject_id(), self.at.date()
        person = NewSubject(
            id=name,
            kind=SubjectKind.CUSTOMER,
            laws=dict.fromkeys(laws, "test"),
            age_band=AGES[age],
        )
        self.database.write(lambda tx: add_subjects(tx, [person], at=self.at))
        self.world.persons[name] = Person(laws=[(law, day, None) for law in laws], age=age)
        self.names.append(name)
        return name

    def says(self, n: int, purpose: str, kind: EventKind, **more: Any) -> None:
        """A choice enters the ledger."""
        known = PURPOSES.get(PurposeId(purpose))
        plain = ConsentEvent(
            seq=0,
            subject=self.names[n],
            purpose=purpose,
            kind=kind,
            occurred_at=self.at,
            notice=known.notice if known else None,
        )
        event = replace(plain, **more)
        kept = {f: getattr(event, f) for f in event.__slots__ if f != "seq"}
        new = ledger.NewEvent(id=new_row_id(), **kept)
        seq = self.database.write(lambda tx: ledger.append(tx, [new], at=self.at))
        self.world.events.append(replace(event, seq=seq))

    def becomes(self, n: int, state: SubjectState, kept_by_law: str | None = None) -> None:
        """The person's state is another."""
        name = self.names[n]
        self.database.write(lambda tx: set_state(tx, name, state, kept_by_law=kept_by_law))
        person = self.world.persons[name]
        person.state, person.kept_by_law = state.value, kept_by_law

    def learns(self, n: int, **facts: Any) -> None:
        """Age, guardian or last act are known anew."""
        name = self.names[n]
        columns = {k: v for k, v in facts.items() if k != "age"}
        if "age" in facts:
            columns["birth_band"] = AGES[facts["age"]].value

        def change(tx: Connection) -> None:
            tx.execute(update(SUBJECT).where(SUBJECT.c.id == name).values(**columns))
            counter.note(tx, [name])

        self.database.write(change)
        for fact, value in facts.items():
            setattr(self.world.persons[name], fact, value)

    def under(self, n: int, law: Law, first: date, last: date | None) -> None:
        """A law applies on these days too."""
        name, row = self.names[n], new_row_id()
        values = {"id": row, "subject_id": name, "law": law.value, "evidence": "test"}

        def add(tx: Connection) -> None:
            tx.execute(insert(LAW).values(**values, valid_from=first, valid_to=last))
            counter.note(tx, [name])

        self.database.write(add)
        self.world.persons[name].laws.append((law, first, last))

    def publishes(self, change: ChangeClass) -> None:
        """The notice has another version."""
        order = len(self.world.notices) + 1
        version = NoticeVersion(
            notice=NOTICE,
            version=f"{order}.0",
            published_on=self.at.date(),
            change=change,
            text_hash="0" * 64,
            order=order,
        )
        self.database.write(
            lambda tx: ledger.publish_notice(tx, version, text_ja="架空", text_en="invented")
        )
        self.world.notices.append(version)

    def merge(self, a: int, b: int) -> None:
        """Two pseudonyms are one person from now on."""
        survivor, absorbed = self.names[a], self.names[b]
        if survivor == absorbed or {self.world.standing(n) for n in (survivor, absorbed)} != {
            survivor,
            absorbed,
        }:
            return  # only two who stand for themselves are merged

        def unite(tx: Connection) -> Merge:
            merge = Merge(
                id=new_row_id(),
                survivor=survivor,
                absorbed=absorbed,
                state=MergeState.MERGED,
                consent_seq=ledger.head(tx),
                undone_seq=None,
                left=new_row_id(),
                right=new_row_id(),
                before=Standing(state="active", restricted_at=None, band=None, guardian=False),
                merged_by=ActorId("u:test"),
                merged_at=self.at,
            )
            enter(tx, merge)
            counter.note(tx, (survivor, absorbed))
            return merge

        merge = self.database.write(unite)
        self.merges.append(merge)
        self.world.unions.append(Union(survivor, absorbed, since=merge.consent_seq))

    def undo(self, which: int) -> None:
        """A merge was a mistake."""
        standing = [n for n, union in enumerate(self.world.unions) if union.undone is None]
        if not standing:
            return
        n = standing[which % len(standing)]
        merge, union = self.merges[n], self.world.unions[n]

        def part(tx: Connection) -> int:
            seq = ledger.head(tx)
            end(tx, merge.id, by=ActorId("u:test"), seq=seq, at=self.at)
            counter.note(tx, (merge.survivor, merge.absorbed))
            return seq

        union.undone = self.database.write(part)

    def passes(self, time: timedelta) -> None:
        """Time goes by."""
        self.at += time

    def by_memory(self, name: SubjectId, use: Use) -> Found | None:
        """What the state says."""
        state = self.live.exact(self.at)
        assert state is not None
        return by_memory(state, self.live.kinds, SHOP, self.question(name, use))

    def by_database(self, asked: list[tuple[SubjectId, Use]]) -> list[Found]:
        """What the database says, of all at once."""
        questions = [self.question(name, use) for name, use in asked]
        with self.database.read() as tx:
            return by_database(
                tx, self.policies.current, self.live.kinds, SHOP, questions, at=self.at
            )

    def question(self, name: SubjectId, use: Use) -> UseRequest:
        purpose, channel, recipient = use
        return UseRequest(
            subject=name,
            purpose=purpose,
            channel=channel,
            recipient=None if recipient == "internal" else recipient,
        )


@contextmanager
def town(url: str | None = None) -> Iterator[Town]:
    """A new installation of nobody."""
    with tempfile.TemporaryDirectory() as folder:
        if url is None:
            path = Path(folder) / "town.db"
            path.write_bytes(empty_tables())
            url = sqlite_url(path)
        database = Database.open(url)
        try:
            upgrade(database)
            policies = PolicyHolder(policy())
            live = LiveState(database, policies, Held())
            yield Town(database=database, live=live, policies=policies)
        finally:
            database.close()
