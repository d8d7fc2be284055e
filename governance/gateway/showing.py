"""What an answer shows: decided rows, opened as far as they may be, masked, texts blacked out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from consent.types import SubjectDecision
from governance.core.clock import JST
from governance.core.terms import FieldId, Lang, Treatment
from governance.crypto.revealed import Revealed
from governance.customers.catalogue import Storage, catalogue
from governance.customers.ports import Ports
from governance.customers.store import Record
from governance.gateway.data_tokens import DataTokens
from governance.gateway.glass.types import LIFTED
from governance.gateway.types import FieldDecision, FieldView, RowView
from governance.i18n.catalogue import text
from governance.keys.vault import Reading
from governance.pii.types import Entity
from governance.registers.passage import INSIDE, Passage
from policies.masking import Masking, MaskMethod, Span, Tokens, mask
from policies.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What the gates said and the rows that the answer needs, still sealed."""

    policy: PolicySnapshot
    consent_seq: int
    mark: tuple[int, int] | None  # the person's last event and fence: what the decisions rest on
    rows: tuple[Record, ...]
    decisions: Mapping[FieldId, FieldDecision]
    passage: Passage = INSIDE  # to whom it goes
    gate: SubjectDecision | None = None  # what the third gate said of that passage

    @property
    def shown(self) -> frozenset[FieldId]:
        """Fields that are opened, in clear or to be masked."""
        return frozenset(
            name
            for name, decision in self.decisions.items()
            if decision.treatment is not Treatment.WITHHELD
        )

    @property
    def glass(self) -> str | None:
        """The emergency access that opens something of it."""
        rules = (decision.rule_id or "" for decision in self.decisions.values())
        found = (rule.removeprefix(LIFTED) for rule in rules if rule.startswith(LIFTED))
        return next(found, None)

    @property
    def closed(self) -> bool:
        """Whether nothing at all may be shown."""
        return not self.shown


def open_prepared(
    ports: Ports,
    prepared: Sequence[Prepared],
    *,
    lang: Lang,
    keys: Reading | None = None,
    tokens: Tokens | None = None,
    at: datetime,
) -> list[tuple[RowView, ...]]:
    """The rows of each with every shown value opened and masked; nothing else is unsealed.

    With `keys` the caller has looked at the key store already; `tokens` are a data set's own.
    """
    tokens = tokens or DataTokens()
    pairs = [(one, row, shown) for one in prepared for shown in (one.shown,) for row in one.rows]
    sealed = [
        (row.id, {name: cell for name, cell in row.sealed.items() if name in shown})
        for _, row, shown in pairs
    ]
    opened = (keys or ports.vault).open_rows(sealed)
    plain = [
        (one, row, _plain(row, values.reveal(), shown))
        for (one, row, shown), values in zip(pairs, opened, strict=True)
    ]
    spans = _spans(ports, [(one, values) for one, _, values in plain])
    day = at.astimezone(JST).date()
    views: dict[int, list[RowView]] = {id(one): [] for one in prepared}
    names = {entity.value: text(f"gateway.span.{entity.value}", lang) for entity in Entity}
    for one, row, values in plain:
        view = _row_view(row, values, one.decisions, spans, tokens, names=names, on=day)
        views[id(one)].append(view)
    return [tuple(views[id(one)]) for one in prepared]


def _plain(
    row: Record, opened: Mapping[FieldId, object], shown: frozenset[FieldId]
) -> dict[FieldId, str | None]:
    """Every shown field of a row as text."""
    values: dict[FieldId, str | None] = {}
    for field in catalogue().table(row.table).fields:
        if field.id not in shown:
            continue
        clear = field.storage is Storage.CLEAR
        value = row.clear[field.column] if clear else opened.get(field.id)
        values[field.id] = None if value is None else str(value)
    return values


def _spans(
    ports: Ports, rows: Sequence[tuple[Prepared, Mapping[FieldId, str | None]]]
) -> dict[str, tuple[Span, ...]]:
    """What must be blacked out in each text that is shown redacted."""
    texts = sorted(
        {
            value
            for prepared, values in rows
            for name, value in values.items()
            if value and prepared.decisions[name].method is MaskMethod.REDACT
        }
    )
    if not texts:
        return {}
    found = ports.analyse(texts, Lang.JA)
    return {
        words: tuple(
            Span(start=span.start, end=span.end, label=span.entity.value) for span in spans
        )
        for words, spans in zip(texts, found, strict=True)
    }


def _row_view(
    row: Record,
    values: Mapping[FieldId, str | None],
    decisions: Mapping[FieldId, FieldDecision],
    spans: Mapping[str, tuple[Span, ...]],
    tokens: Tokens,
    *,
    names: Mapping[str, str],
    on: date,
) -> RowView:
    views = []
    for field in catalogue().table(row.table).fields:
        if field.id not in decisions:
            continue
        decision = decisions[field.id]
        value = values.get(field.id)
        if value is not None and decision.method is not None:
            masking = Masking(method=decision.method, keep=decision.keep)
            found = spans.get(value)
            value = mask(value, masking, on=on, spans=found, names=names, tokens=tokens)
        views.append(FieldView(decision=decision, shown=Revealed(value)))
    return RowView(
        table=row.table, row=row.id, fields=tuple(views), version=row.clear.get("version")
    )
