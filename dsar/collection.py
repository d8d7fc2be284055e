"""Collecting what is held about a person: every source answers Found or Failed for itself.

Our own store is read through the gate alone, under the purpose `dsar_fulfilment`: the officer's
role decides field by field, and the reading is recorded. Free text is analysed before it is kept.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Protocol

from consent import ledger
from consent.collecting.store import of_persons as collected_of
from consent.types import EVERY, ConsentEvent
from dsar.case import WithheldItem
from dsar.connected.sources import connected_sources
from dsar.found import Failed, Found, FoundRecord, FoundValue
from dsar.mentions import MentionSource, mention_edges
from dsar.places import places_in
from dsar.reads import PURPOSE, Query, words_of
from dsar.redaction import OWN_FIELDS, folded, own_words
from dsar.shown import Titles, collected_words, notice_titles
from dsar.types import THIRD_PERSON
from governance.connectors.types import Connector
from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, Lang, RowId
from governance.core.terms import Treatment as Shown
from governance.customers.catalogue import CatalogueField, catalogue
from governance.customers.ports import Ports
from governance.customers.upkeep.merges import circle
from governance.gateway.reading import read
from governance.gateway.types import ReadRequest, RowView
from governance.i18n.catalogue import text
from governance.i18n.countries import country_names
from governance.identity.credentials.types import Passkey
from governance.identity.persons.store import of_persons
from governance.registers.provisions.service import opened
from governance.registers.provisions.store import of_person
from governance.registers.provisions.types import ProvidedPerson, Provision
from policies.actions import Action
from policies.actors import may
from policies.masking import Span
from policies.types import Label

INTERNAL: Final = frozenset(
    {
        *("id", "subject_id", "company_id", "version", "problems"),
        *("household_id", "inquiry_id", "purchase_id"),
    }
)
OWN_RECIPIENT: Final[Mapping[str, str]] = MappingProxyType(
    {"purchase.recipient_name": "person.name", "purchase.recipient_address": "person.address"}
)  # a parcel to oneself names no third person
CODED: Final = frozenset({"kind", "evidence"})
CONSENT_FIELDS: Final = (
    *("purpose", "channel", "recipient_class", "kind", "occurred_at", "notice", "notice_version"),
    *("evidence", "guardian", "valid_until"),
)


class ConsentClosedError(GovernanceError):
    """The role may not read choices; the source counts as failed."""

    code, status = "consent_closed", 403


class RegisterClosedError(GovernanceError):
    """The role may not read provision records; the source counts as failed."""

    code, status = "register_closed", 403


class ReaderLimitedError(GovernanceError):
    """The role or the person's state does not open every field; the source counts as failed."""

    code, status = "reader_limited", 403


class Source(Protocol):
    """One place that may hold data about a person."""

    @property
    def name(self) -> str:
        """The source's name, never reused."""
        ...

    def find(self, query: Query) -> Found | Failed:
        """Everything that it holds about the person; fails or raises when it cannot answer."""
        ...


def gather(sources: Iterable[Source], query: Query) -> tuple[Found | Failed, ...]:
    """The answer of every source, whatever the others did."""
    answers: list[Found | Failed] = []
    for source in sources:
        try:
            answers.append(source.find(query))
        except GovernanceError as error:
            answers.append(Failed(source=source.name, code=error.code))
        except Exception as error:  # noqa: BLE001 # a connector is foreign code: its failure is a result
            answers.append(Failed(source=source.name, code=type(error).__name__))
    return tuple(answers)


class OwnValues:
    """The person's own names, numbers and addresses, read once for all sources of a query."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._last: tuple[Query, frozenset[tuple[FieldId, str]]] | None = None

    def values(self, query: Query) -> frozenset[tuple[FieldId, str]]:
        """Field and value of everything by which the person may be named in a text."""
        if self._last is None or self._last[0] is not query:
            rows = [
                row
                for table in ("person", "deal")
                for row in rows_of(self._ports, table, query, OWN_FIELDS)
            ]
            self._last = query, frozenset(_values(rows))
        return self._last[1]

    def __repr__(self) -> str:
        return "OwnValues(...)"


def rows_of(
    ports: Ports, table: str, query: Query, fields: frozenset[FieldId]
) -> tuple[RowView, ...]:
    """The person's rows of one table as the gate shows them to this principal."""
    request = ReadRequest(
        subject=query.subject,
        purpose=PURPOSE,
        tables=(table,),
        fields=frozenset(name for name in fields if name.startswith(f"{table}.")),
        request_id=query.request,
    )
    return read(ports, query.principal, request, at=query.at).rows


class StoreSource:
    """One table of the customer store, read through the gate."""

    def __init__(self, ports: Ports, table: str, own: "OwnValues") -> None:
        self.name = table
        self._own = own
        self._ports = ports
        self._fields: Mapping[FieldId, CatalogueField] = {
            entry.id: entry
            for entry in catalogue().table(table).fields
            if entry.column not in INTERNAL
        }

    def find(self, query: Query) -> Found:
        """The person's rows of this table, third persons left out."""
        own = self._own.values(query)
        rows = rows_of(self._ports, self.name, query, frozenset(self._fields))
        withheld: list[WithheldItem] = []
        grounds = tuple(THIRD_PERSON[law] for law in sorted(query.laws))
        records = []
        for row in rows:
            kept, left = self._split(row, own)
            withheld += [WithheldItem(field=name, row=row.row, grounds=grounds) for name in left]
            records.append((row.row, kept))
        words = own_words(value for _, value in own)
        texts = {
            (name, value): value
            for _, kept in records
            for name, value in kept
            if self._fields[name].free_text
        }
        places = places_in(self._ports, texts, own=words)
        table = catalogue().table(self.name)
        return Found(
            source=self.name,
            label=Label(ja=table.label_ja, en=table.label_en),
            records=tuple(
                FoundRecord(
                    row=row,
                    values=tuple(
                        FoundValue(
                            name=name,
                            label=Label(
                                ja=self._fields[name].label_ja, en=self._fields[name].label_en
                            ),
                            text=words_of(name, value),
                            others=places.get((name, value), ()),
                        )
                        for name, value in kept
                    ),
                )
                for row, kept in records
            ),
            withheld=tuple(withheld),
        )

    def _split(
        self, row: RowView, own: frozenset[tuple[FieldId, str]]
    ) -> tuple[tuple[tuple[FieldId, str], ...], tuple[FieldId, ...]]:
        """Values that are the person's, and fields that name a third person."""
        kept: list[tuple[FieldId, str]] = []
        left: list[FieldId] = []
        for view in row.fields:
            value = view.shown.value
            if view.decision.treatment is not Shown.CLEAR:
                raise ReaderLimitedError(field=view.field)  # fails closed: no incomplete answer
            if not value:
                continue
            foreign = self._fields[view.field].third_person and not _is_own(view.field, value, own)
            if foreign:
                left.append(view.field)
            else:
                kept.append((view.field, value))
        return tuple(kept), tuple(left)


def _values(rows: Iterable[RowView]) -> tuple[tuple[FieldId, str], ...]:
    return tuple(
        (view.field, view.shown.value) for row in rows for view in row.fields if view.shown.value
    )


def _is_own(name: FieldId, value: str, own: frozenset[tuple[FieldId, str]]) -> bool:
    """Whether the value of a third person's field is the person's own."""
    like = OWN_RECIPIENT.get(name)
    return any(owned == like and folded(known) == folded(value) for owned, known in own)


class ConsentSource:
    """The person's choices with the notices that were shown."""

    name = "consent"

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def find(self, query: Query) -> Found:
        """Every event of the ledger about the person, oldest first."""
        _require(self._ports, query, Action.CONSENT_READ, ConsentClosedError)
        with self._ports.database.read() as tx:
            events = ledger.full_history(tx, query.subject)
            titles = notice_titles(tx, ((one.notice, one.notice_version) for one in events))
        return _found(self.name, ((str(one.seq), self._event(one, titles)) for one in events))

    def _event(self, event: ConsentEvent, titles: Titles) -> dict[str, str]:
        said: dict[str, str] = {}
        for column in CONSENT_FIELDS:
            value = getattr(event, column)
            if value is None or value is False:
                continue
            if column == "notice":
                value = titles.get((value, event.notice_version or ""), value)
            if value == EVERY:
                value = _both("dsar.consent.every")
            elif column in CODED:
                value = _both(f"dsar.consent.{column}.{value}")
            elif column == "purpose" and (known := self._ports.policies.current.purpose(value)):
                value = f"{known.label.ja} / {known.label.en}"
            said[column] = str(value)
        return said


class ProvisionSource:
    """The records of who got the person's data from us, and whom we got it from (APPI 33(5))."""

    name = "provision"

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def find(self, query: Query) -> Found:
        """Every record about the person, oldest first, with the other side as it was."""
        _require(self._ports, query, Action.REGISTER_READ, RegisterClosedError)
        with self._ports.database.read() as tx:
            records = of_person(tx, circle(tx, query.subject))
        return _found(
            self.name, ((person.id, self._record(record, person)) for record, person in records)
        )

    def _record(self, record: Provision, person: ProvidedPerson) -> dict[str, str]:
        shown = opened(self._ports.vault, record)
        fields = [catalogue().fields[FieldId(name)] for name in record.fields]
        return {
            "direction": _both(f"dsar.provision.direction.{record.direction.value}"),
            "provided_on": person.provided_on.isoformat(),
            "party": shown.party.name,
            "party_address": shown.party.address,
            "representative": shown.party.representative,
            "items": "、".join(f"{one.label_ja} / {one.label_en}" for one in fields),
            "ground": _both(f"dsar.provision.ground.{record.recorded.ground.value}"),
            "country": country_names(record.country or ""),
            "acquisition": shown.acquisition,
            "keep_until": record.keeping.until.isoformat(),
        }


class CollectionSource:
    """Where the person's data came in, and which notices were shown to them (APPI 21(2))."""

    name = "collection"

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def find(self, query: Query) -> Found:
        """Every coming in, oldest first; items by their names alone."""
        _require(self._ports, query, Action.CONSENT_READ, ConsentClosedError)
        with self._ports.database.read() as tx:
            rows = collected_of(tx, circle(tx, query.subject))
            told = [(row.id, collected_words(tx, row)) for row in rows]
        return _found(self.name, told)


class PasskeySource:
    """The person's passkeys in the portal: the name they gave, since when, and when last used."""

    name = "passkey"

    def __init__(self, ports: Ports, own: "OwnValues") -> None:
        self._ports = ports
        self._own = own

    def find(self, query: Query) -> Found:
        """Every passkey, oldest first, with others left out of the names."""
        _require(self._ports, query, Action.DSAR_READ, ReaderLimitedError)
        with self._ports.database.read() as tx:
            held = of_persons(tx, self._ports.vault, circle(tx, query.subject))
        own = own_words(value for _, value in self._own.values(query))
        names = places_in(self._ports, {one.id: one.name for one in held}, own=own)
        said = ((one.id, _passkey(one)) for one in held)
        return _found(
            self.name, said, others={(row, "name"): found for row, found in names.items()}
        )


def _passkey(one: Passkey) -> dict[str, str]:
    used = "" if one.used_at is None else one.used_at.isoformat()
    return {"name": one.name, "added_at": one.added_at.isoformat(), "used_at": used}


def _require(ports: Ports, query: Query, action: Action, refusal: type[GovernanceError]) -> None:
    """Raises the refusal unless who collects may do so."""
    policy = ports.policies.current
    if not may(query.principal, action, policy):
        raise refusal


def _found(
    name: str,
    records: Iterable[tuple[str, Mapping[str, str]]],
    *,
    others: Mapping[tuple[str, str], tuple[Span, ...]] = MappingProxyType({}),
) -> Found:
    """What a source beside the catalogue found; the words of its columns are its own."""
    return Found(
        source=name,
        label=_label(f"dsar.source.{name}"),
        records=tuple(
            FoundRecord(
                row=RowId(row),
                values=tuple(
                    FoundValue(
                        name=FieldId(f"{name}.{column}"),
                        label=_label(f"dsar.{name}.{column}"),
                        text=value,
                        others=others.get((row, column), ()),
                    )
                    for column, value in said.items()
                    if value
                ),
            )
            for row, said in records
        ),
    )


def _both(key: str) -> str:
    return f"{text(key, Lang.JA)} / {text(key, Lang.EN)}"


def _label(key: str) -> Label:
    return Label(ja=text(key, Lang.JA), en=text(key, Lang.EN))


def every_source(ports: Ports, connectors: Iterable[Connector] = ()) -> tuple[Source, ...]:
    """Every source: tables of the store, mentions, ledgers, records, and connected systems."""
    own = OwnValues(ports)
    tables: tuple[Source, ...] = tuple(
        StoreSource(ports, table, own) for table in catalogue().tables
    )
    mentions: tuple[Source, ...] = tuple(MentionSource(ports, edge) for edge in mention_edges())
    beside = (
        ConsentSource(ports),
        CollectionSource(ports),
        ProvisionSource(ports),
        PasskeySource(ports, own),
    )
    return (*tables, *mentions, *beside, *connected_sources(ports, connectors, own))
