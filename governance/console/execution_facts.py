"""How a grant is carried out, in words: the plan by field, the wait, systems, recipients."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from dsar.case import Case
from dsar.execution.certifying import issued_for
from dsar.execution.correction_store import CorrectionItem, CorrectionState
from dsar.execution.corrections import CORRECTING, Told, fields_to_correct
from dsar.execution.planning import Planned, erasure_of
from dsar.execution.rules import measures_of
from dsar.execution.store import execution_of, interim_of, stores_of
from dsar.execution.types import (
    STORE_ENDED,
    Execution,
    Measure,
    Stage,
    StoreResult,
    TellingState,
    Without,
)
from dsar.execution.undoing import LOOKED_INTO, OVER
from dsar.execution.words import fate_words, field_words, grouped, table_words
from dsar.recipients import Told as Recipient
from dsar.recipients import Untold, told_of
from dsar.types import Status
from governance.console.refusing import refusal_choices
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.customers.ports import Ports
from governance.i18n.catalogue import text
from governance.i18n.formats import moment
from governance.ui.parts import Choice, Term

DELIVERED: Final = "delivered"  # a webhook took the notice, which confirms nothing
RESTRICTS: Final = frozenset({Measure.RESTRICT, Measure.STOP_USE})


@dataclass(frozen=True, slots=True, kw_only=True)
class FateLine:
    """Fields of one table that share a fate."""

    key: str
    table: str
    field: str
    rows: int
    fate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLine:
    """One connected system."""

    key: str
    name: str
    state: str
    why: str
    records: int
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientLine:
    """One company on the list, or one that could be put on it."""

    key: str
    name: str
    because: str
    state: str
    tone: str
    told_at: datetime | None
    answer_by: date | None
    listed: bool
    open: bool  # it was not told yet
    told: bool  # and has not confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionLine:
    """One field that the person wants otherwise."""

    id: str
    field: str
    state: str
    open: bool
    before: str
    wanted: str
    after: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionShown:
    """Everything that the page of an execution says."""

    case: Case
    stage: str
    measure: str
    found: Execution | None
    terms: tuple[Term, ...]
    fates: tuple[FateLine, ...]
    blocked: str | None
    digest: str
    days_left: int
    undoable: bool
    changed: bool
    stores: tuple[StoreLine, ...]
    recipients: tuple[RecipientLine, ...]
    others: tuple[Choice, ...]
    certified: bool
    decides: bool  # nothing was agreed to yet
    measures: tuple[Choice, ...]
    refusals: tuple[tuple[str, tuple[Choice, ...]], ...]
    may_rest: bool  # an interim restriction may begin
    rests: bool
    may_end: bool  # a granted restriction may end
    ends: datetime | None
    correcting: bool
    applies: bool


def execution_shown(
    tx: Connection, ports: Ports, case: Case, lang: Lang, *, at: datetime
) -> ExecutionShown:
    """The facts of the page; no value of the person."""
    found, possible = execution_of(tx, case.id), measures_of(case)
    planned = _planned(tx, case, found, at=at)
    interim = interim_of(tx, case.id)
    lines = tuple(_recipient(one, lang, on=at.astimezone(JST).date()) for one in told_of(tx, case))
    none = text("console.execution.none", lang)
    return ExecutionShown(
        case=case,
        stage=text(f"dsar.stage.{found.stage}", lang) if found else none,
        measure=text(f"dsar.measure.{found.measure}", lang) if found else "",
        found=found,
        terms=_terms(found, lang),
        fates=_fates(planned, lang),
        blocked=planned.plan.blocked if planned else None,
        digest=planned.digest if planned else "",
        days_left=_days_left(found, at=at),
        undoable=found is not None and found.undoable(at=at),
        changed=found is not None and found.stage is Stage.CHANGED,
        stores=tuple(_store(one, lang) for one in stores_of(tx, case.id)),
        recipients=tuple(line for line in lines if line.listed),
        others=tuple(Choice(value=one.key, label=one.name) for one in lines if not one.listed),
        certified=issued_for(tx, ports, case.id) is not None,
        decides=_decides(case) and bool(possible),
        measures=tuple(
            Choice(value=one.value, label=text(f"dsar.measure.{one}", lang)) for one in possible
        ),
        refusals=refusal_choices(case, lang),
        may_rest=interim is None and _looked_into(case),
        rests=interim is not None and interim["lifted_at"] is None,
        may_end=_may_end(found),
        ends=found.lift_from if found else None,
        correcting=any(track.kind in CORRECTING for track in case.tracks),
        applies=_applies(found),
    )


def _planned(
    tx: Connection, case: Case, found: Execution | None, *, at: datetime
) -> Planned | None:
    """What an erasure would do now; None where none can come, or where it is done."""
    erasing = Measure.ERASE in measures_of(case) and case.subject is not None
    gone = found is not None and found.stage in {Stage.TELLING, Stage.DONE}
    if case.subject is None or not erasing or gone or case.closed:
        return None
    return erasure_of(tx, case.subject, at=at)


def _fates(planned: Planned | None, lang: Lang) -> tuple[FateLine, ...]:
    fates = planned.plan.fates if planned else ()
    lines = ((one.field, one.rows, fate_words(one, lang)) for one in fates)
    return tuple(
        FateLine(key=str(place), table=table, field=names, rows=rows, fate=fate)
        for place, (table, names, rows, fate) in enumerate(grouped(lines, lang))
    )


def _applies(found: Execution | None) -> bool:
    """Whether granted corrections wait to be made."""
    return found is not None and found.measure is Measure.CORRECT and found.stage is Stage.ROWS


def _decides(case: Case) -> bool:
    """Whether a decision can be made, or made anew, now."""
    agreed = case.decision is not None and case.decision.approved_by is not None
    return not agreed and any(track.status is Status.REVIEW for track in case.tracks)


def _looked_into(case: Case) -> bool:
    return case.subject is not None and any(
        track.kind in LOOKED_INTO and track.status not in OVER for track in case.tracks
    )


def _may_end(found: Execution | None) -> bool:
    done = found is not None and found.stage is Stage.DONE and found.measure in RESTRICTS
    return done and found is not None and found.lift_from is None


def _days_left(found: Execution | None, *, at: datetime) -> int:
    """Whole days until the execution, as a calendar counts them."""
    if found is None or found.execute_from is None:
        return 0
    last = found.execute_from.astimezone(JST).date()
    return max(0, (last - at.astimezone(JST).date()).days)


def _terms(found: Execution | None, lang: Lang) -> tuple[Term, ...]:
    if found is None:
        return ()
    said = (
        ("measure", text(f"dsar.measure.{found.measure}", lang)),
        ("agreed_at", _moment(found.agreed_at, lang)),
        ("execute_from", _moment(found.execute_from, lang)),
        ("ended_at", _moment(found.ended_at or found.undone_at, lang)),
        ("digest", found.plan or ""),
    )
    return tuple(
        Term(term=text(f"console.execution.{name}", lang), text=value, mono=name == "digest")
        for name, value in said
        if value
    )


def _moment(at: datetime | None, lang: Lang) -> str:
    return moment(at, lang) if at else ""


def _store(one: StoreResult, lang: Lang) -> StoreLine:
    left = one.code in set(Without)
    why = text(f"dsar.without.{one.code}", lang) if left else one.code or ""
    return StoreLine(
        key=one.store,
        name=one.label_ja if lang is Lang.JA else one.label_en,
        state=text(f"dsar.store.{one.state}", lang),
        why=why,
        records=one.rows,
        ended=one.state in STORE_ENDED,
    )


def _recipient(one: Recipient, lang: Lang, *, on: date) -> RecipientLine:
    late = one.answer_by is not None and one.answer_by < on and one.confirmed_at is None
    if one.confirmed_at is not None:
        state, tone = TellingState.CONFIRMED.value, "good"
    elif one.told_at is not None:
        came = TellingState.TOLD.value if one.delivered_at is None else DELIVERED
        state, tone = ("late", "attention") if late else (came, "plain")
    elif one.untold is not None:
        state, tone = TellingState.LEFT_OUT.value, "plain"
    else:
        state, tone = TellingState.PLANNED.value, "plain"
    why = f"（{text(f'dsar.untold.{one.untold}', lang)}）" if one.untold else ""
    return RecipientLine(
        key=one.recipient.source_key,
        name=one.recipient.name,
        because=text(f"dsar.because.{one.because}", lang) if one.because else "",
        state=text(f"console.execution.recipient.{state}", lang) + why,
        tone=tone,
        told_at=one.told_at,
        answer_by=one.answer_by if one.confirmed_at is None else None,
        listed=one.because is not None,
        open=one.told_at is None,
        told=one.told_at is not None and one.confirmed_at is None,
    )


def untold_choices(lang: Lang) -> tuple[Choice, ...]:
    """Why a recipient is left out."""
    wanted = (Untold.IMPOSSIBLE, Untold.DISPROPORTIONATE)
    return tuple(Choice(value=one.value, label=text(f"dsar.untold.{one}", lang)) for one in wanted)


def without_choices(lang: Lang) -> tuple[Choice, ...]:
    """Why an officer goes on without a system."""
    return tuple(
        Choice(value=one.value, label=text(f"dsar.without.{one}", lang)) for one in Without
    )


def correction_lines(
    items: Iterable[tuple[CorrectionItem, Told]], lang: Lang
) -> tuple[CorrectionLine, ...]:
    """Every field that is asked for, with what was, is wanted and is."""
    return tuple(
        CorrectionLine(
            id=item.id,
            field=field_words(item.name, lang),
            state=text(f"dsar.correction.state.{item.state}", lang),
            open=item.state is not CorrectionState.APPLIED,
            before=told.before or "",
            wanted=told.new,
            after=told.after or "",
            said=told.said or "",
        )
        for item, told in items
    )


def field_choices(lang: Lang) -> tuple[Choice, ...]:
    """Fields of the register that can be corrected, by table."""
    return tuple(
        Choice(
            value=name,
            label=f"{table_words(name.partition('.')[0], lang)}: {one.label(lang)}",
        )
        for name, one in fields_to_correct().items()
    )
