"""The lists of retention: runs, certificates, plans, simulations, adopted schedules."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from governance.console.lists.cells import READ, every, newest, one_of, row, who, words
from governance.console.lists.source import Asked, Source
from governance.console.naming import names_for
from governance.console.retention_frame import CERTIFICATES, PLANS, RUN_TONES, RUNS, SIMULATIONS
from governance.console.schedule_facts import schedule_told
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action
from retention import looking, store
from retention.adoption import Version, versions
from retention.errors import PlanStaleError
from retention.looking import PlanLine, RunLine
from retention.plans import RunState
from retention.simulation import store as simulations
from retention.simulation.types import Line
from retention.types import DecisionKind, Schedule

SCHEDULES_HOME: Final = "/console/retention/schedules"
GROUND: Final = ListColumn(
    key="ground", label="console.plans.ground", kind=Kind.CHOICE, filters=True
)
STATE: Final = ListColumn(key="state", label="console.plans.state", kind=Kind.CHOICE, filters=True)
ERASED: Final = ListColumn(
    key="erased", label="console.runs.erased", kind=Kind.NUMBER, filters=True
)
SKIPPED: Final = ListColumn(
    key="skipped", label="console.runs.skipped", kind=Kind.NUMBER, filters=True
)
ENDED: Final = ListColumn(key="ended", label="console.runs.ended", kind=Kind.MOMENT, filters=True)
RUNS_LIST: Final = ListOf(
    id="runs",
    path=RUNS,
    title="console.runs.title",
    none="console.runs.none",
    none_text="console.runs.none_text",
    columns=(
        ListColumn(key="began", label="console.runs.began", kind=Kind.MOMENT, filters=True),
        STATE,
        GROUND,
        ListColumn(key="due", label="console.runs.due", kind=Kind.NUMBER, filters=True),
        ERASED,
        SKIPPED,
        ENDED,
    ),
)
CERTIFICATES_LIST: Final = ListOf(
    id="certificates",
    path=CERTIFICATES,
    title="console.certificates.title",
    none="console.certificates.none",
    none_text="console.certificates.none_text",
    columns=(
        ENDED,
        GROUND,
        ERASED,
        SKIPPED,
        ListColumn(key="act", label="console.runs.certificate", kind=Kind.ACT),
    ),
)
PLANS_LIST: Final = ListOf(
    id="plans",
    path=PLANS,
    title="console.plans.title",
    none="console.plans.none",
    none_text="console.plans.none_text",
    columns=(
        ListColumn(key="made", label="console.plans.made", kind=Kind.MOMENT, filters=True),
        ListColumn(key="by", label="console.plans.by", kind=Kind.CHOICE, filters=True, shown=False),
        GROUND,
        ListColumn(key="schedule", label="console.simulations.schedule"),
        ListColumn(key="cutoff", label="console.simulations.on", kind=Kind.DAY, filters=True),
        ListColumn(key="due", label="retention.decision.due", kind=Kind.NUMBER, filters=True),
        ListColumn(key="review", label="retention.decision.review", kind=Kind.NUMBER),
        STATE,
    ),
)
SIMULATIONS_LIST: Final = ListOf(
    id="simulations",
    path=SIMULATIONS,
    title="console.simulations.all",
    none="console.simulations.none",
    none_text="console.simulations.none_text",
    columns=(
        ListColumn(key="at", label="console.simulations.asked", kind=Kind.MOMENT, filters=True),
        ListColumn(key="by", label="console.simulations.by", kind=Kind.CHOICE, filters=True),
        ListColumn(key="on", label="console.simulations.on", kind=Kind.DAY, filters=True),
        ListColumn(key="schedule", label="console.simulations.schedule"),
        ListColumn(key="due", label="console.simulations.due", kind=Kind.NUMBER),
    ),
)
SCHEDULES_LIST: Final = ListOf(
    id="schedules",
    path=SCHEDULES_HOME,
    title="console.schedules.versions",
    keeps=("version",),
    prefix="all-",
    none="console.schedules.none_adopted",
    none_text="console.schedules.none_adopted_text",
    columns=(
        ListColumn(key="version", label="console.schedules.version", kind=Kind.NUMBER),
        ListColumn(key="name", label="console.schedules.name"),
        ListColumn(
            key="adopted", label="console.schedules.adopted", kind=Kind.MOMENT, filters=True
        ),
        ListColumn(key="by", label="console.schedules.by"),
        ListColumn(key="state", label="console.plans.state", kind=Kind.CHOICE, filters=True),
    ),
)


def _runs(tx: Connection, asked: Asked) -> Found:
    return newest(_run(one, asked) for one in looking.run_lines(tx, limit=READ))


def _run(one: RunLine, asked: Asked) -> Row:
    lang, state = asked.lang, one.state
    return row(
        one.id,
        began=Cell(value=one.started_at, href=f"{RUNS}/{one.id}"),
        state=one_of("console.runs.state.", state.value, lang, tone=RUN_TONES[state]),
        ground=one_of("console.plans.ground.", one.ground.value, lang),
        due=Cell(value=one.due),
        erased=Cell(value=one.erased),
        skipped=Cell(value=one.skipped),
        ended=Cell(value=one.finished_at),
    )


def _certificates(tx: Connection, asked: Asked) -> Found:
    found = looking.run_lines(tx, state=RunState.DONE, limit=READ)
    return newest(_certificate(one, asked) for one in found)


def _certificate(one: RunLine, asked: Asked) -> Row:
    made = _run(one, asked)
    ended = replace(made.cell("ended"), href=f"{RUNS}/{one.id}")
    act = Cell(
        value=text("console.runs.certificate_get", asked.lang), post=f"{RUNS}/{one.id}/certificate"
    )
    return replace(made, cells={**made.cells, "ended": ended, "act": act})


def _plans(tx: Connection, asked: Asked) -> Found:
    lines = tuple(looking.plan_lines(tx, limit=READ))
    names = names_for(tx, (one.made_by for one in lines), asked.lang)
    known = _known(tx, (one.schedule_digest for one in lines))
    return newest(_plan(one, names, known, asked) for one in lines)


def _plan(
    one: PlanLine, names: Mapping[str, str], known: Mapping[str, Schedule], asked: Asked
) -> Row:
    lang = asked.lang
    return row(
        one.id,
        made=Cell(value=one.made_at, href=f"{PLANS}/{one.id}", note=names[one.made_by], under=True),
        by=who(one.made_by, lang),
        ground=one_of("console.plans.ground.", one.ground.value, lang),
        schedule=words(_told(one.schedule, known.get(one.schedule_digest), lang)),
        cutoff=Cell(value=one.cutoff),
        due=Cell(value=one.due),
        review=Cell(value=one.review),
        state=_plan_state(one, asked),
    )


def _known(tx: Connection, digests: Iterable[str]) -> Mapping[str, Schedule]:
    """The schedules of these digests, as far as anybody has adopted or shipped them."""
    found = {}
    for digest in dict.fromkeys(digests):
        with suppress(PlanStaleError):  # one that was only looked at
            found[digest] = store.schedule_by_digest(tx, digest)
    return found


def _told(said: str, known: Schedule | None, lang: Lang) -> str:
    """A schedule by its name and version."""
    name, _, version = said.rpartition("/")
    return schedule_told(name, int(version), known, lang)


def _plan_state(one: PlanLine, asked: Asked) -> Cell:
    if one.run and one.run_state:
        return one_of(
            "console.runs.state.",
            one.run_state.value,
            asked.lang,
            tone=RUN_TONES[one.run_state],
            href=f"{RUNS}/{one.run}",
        )
    if one.second_person:
        return one_of("console.plans.", "two", asked.lang, tone="plain")
    return one_of("console.plans.", "not_run", asked.lang)


def _simulations(tx: Connection, asked: Asked) -> Found:
    lines = simulations.newest(tx, limit=READ)
    known = _known(tx, (one.schedule_digest for one in lines))
    return newest(_simulation(one, known, asked) for one in lines)


def _simulation(one: Line, known: Mapping[str, Schedule], asked: Asked) -> Row:
    done = one.state.value == "done"
    counting = Cell(note=text("console.simulations.counting", asked.lang), note_tone="note")
    return row(
        one.id,
        at=Cell(value=one.asked_at, href=f"{SIMULATIONS}/{one.id}"),
        by=who(one.asked_by, asked.lang),
        on=Cell(value=one.on),
        schedule=words(_told(one.schedule, known.get(one.schedule_digest), asked.lang)),
        due=Cell(value=one.figures.count(DecisionKind.DUE)) if done else counting,
    )


def _schedules(tx: Connection, asked: Asked) -> Found:
    now = store.in_force(tx).digest
    adopted = tuple(versions(tx))
    both = (actor for one in adopted for actor in (one.proposed_by, one.approved_by))
    names = names_for(tx, both, asked.lang)
    known = _known(tx, (one.digest for one in adopted))
    return every(
        _schedule(one, names, known[one.digest], asked, here=one.digest == now) for one in adopted
    )


def _schedule(
    one: Version, names: Mapping[str, str], known: Schedule, asked: Asked, *, here: bool
) -> Row:
    lang = asked.lang
    both = " / ".join(names[actor] for actor in (one.proposed_by, one.approved_by))
    state = one_of("console.schedules.", "in_force", lang, tone="good")
    return row(
        one.version,
        version=Cell(value=one.version, href=f"{SCHEDULES_HOME}?version={one.version}"),
        name=words(known.label.of(lang)),
        adopted=Cell(value=one.adopted_at),
        by=words(both),
        state=state if here else one_of("console.schedules.", "earlier", lang),
    )


READERS: Final = (Action.RETENTION_READ,)
PURGE_RUNS: Final = Source(declared=RUNS_LIST, any_of=READERS, rows=_runs)
PURGE_CERTIFICATES: Final = Source(declared=CERTIFICATES_LIST, any_of=READERS, rows=_certificates)
PURGE_PLANS: Final = Source(declared=PLANS_LIST, any_of=READERS, rows=_plans)
RETENTION_SIMULATIONS: Final = Source(declared=SIMULATIONS_LIST, any_of=READERS, rows=_simulations)
SCHEDULES_ADOPTED: Final = Source(declared=SCHEDULES_LIST, any_of=READERS, rows=_schedules)
