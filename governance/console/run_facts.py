"""Facts of the pages of runs: how far a run is, what it left alone, what its certificate says."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from governance.console.plan_facts import plan_schedule, skipped_words
from governance.core.clock import JST
from governance.core.terms import Lang, RowId
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.ui.parts import Term
from retention import looking, store
from retention.certificate import Certificate, certificate
from retention.plans import Ground, Plan, RunState
from retention.simulation.showing import rule_name
from retention.types import DecisionKind, Schedule

BATCHES: Final = 50  # the newest; the log holds the event of each


@dataclass(frozen=True, slots=True, kw_only=True)
class RunShown:
    """Everything that the page of one run says."""

    run: store.Run
    plan: Plan  # without its items
    schedule: str
    ground: Ground
    due: int
    batches: tuple[looking.BatchLine, ...]
    skipped: tuple[tuple[str, int], ...]
    events: int
    named: int  # of these, which name the plan's hash
    by_rule: tuple[tuple[str, int], ...]
    bare: int  # persons whose rows stay without their key
    kept: tuple[tuple[str, int, date], ...]
    finality: tuple[Term, ...]
    left: bool  # the check after the run found rows


def run_shown(wiring: Any, run: RowId, schedule_of: Any, lang: Lang) -> RunShown:
    """The facts of one run; raises RunNotFoundError."""
    provider = wiring.vault.ring.provider
    with wiring.database.read() as tx:
        found = store.run_by_id(tx, run)
        plan = store.plan_by_id(tx, found.plan, items=False)
        schedule = schedule_of(tx, plan)
        facts = certificate(
            tx,
            run,
            keep_days=wiring.settings.key_final_days,
            ends_after=provider.ends_after if provider.destroys else None,
        )
        events, named = looking.named_by_hash(tx, run, plan.digest)
        skipped = looking.skipped_because(tx, plan.id)
        batches = looking.batch_lines(tx, run, limit=BATCHES)
    return RunShown(
        run=found,
        plan=plan,
        schedule=plan_schedule(plan, schedule, lang),
        ground=plan.ground,
        due=plan.count(DecisionKind.DUE),
        batches=batches,
        skipped=tuple((skipped_words(one, lang), n) for one, n in skipped.most_common()),
        events=events,
        named=named,
        by_rule=tuple((rule_name(one, schedule, lang), n) for one, n in facts.by_rule),
        bare=facts.bare,
        kept=_kept(facts, schedule, lang),
        finality=_finality(facts, lang),
        left=found.state is RunState.RESIDUE,
    )


def _kept(facts: Certificate, schedule: Schedule, lang: Lang) -> tuple[tuple[str, int, date], ...]:
    labels = {duty.id: duty.label.of(lang) for duty in schedule.duties}
    return tuple((labels.get(duty, duty), persons, until) for duty, persons, until in facts.kept)


def _finality(facts: Certificate, lang: Lang) -> tuple[Term, ...]:
    """When it is final: rows, keys, every backup; a day that is not known is said to be unknown."""
    unknown = text("retention.finality.no_day", lang)
    keys = facts.keys_ended_at
    days = (
        ("keys", None if keys is None else keys.astimezone(JST).date()),
        ("backups", facts.final_on),
        ("ledger", facts.ledger_ends_on),
    )
    terms = tuple(
        Term(
            term=text(f"console.runs.final.{name}", lang),
            text=unknown if day is None else long_day(day, lang),
        )
        for name, day in days
    )
    return (*terms, *_connected(facts, lang))


def _connected(facts: Certificate, lang: Lang) -> tuple[Term, ...]:
    """How many persons' connected systems have answered; nothing where none hears of the run."""
    if not facts.told:
        return ()
    done = facts.told - facts.waiting
    said = text("console.runs.final.systems_text", lang, done=done, waiting=facts.waiting)
    return (Term(term=text("console.runs.final.systems", lang), text=said),)
