"""`sekisho policy diff | dry-run | shadow`: what another policy would change, before it does."""

import re
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.errors import PeriodFormError
from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.core.terms import Lang

if TYPE_CHECKING:
    from collections.abc import Iterable

    from governance.app.wiring import Wiring
    from policies.admin.diff import PolicyDiff
    from policies.admin.people import Concerned
    from policies.admin.replay import Flip, Replayed

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
PERIOD = re.compile(r"([1-9][0-9]{0,4})([dhm])")  # days, hours, minutes
UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
MONTH = "30d"


@app.command("diff", help=say("policy.diff"))
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help=say("policy.which"))],
    after: Annotated[str, typer.Argument(metavar="B", help=say("policy.which"))],
    people: Annotated[bool, typer.Option("--people/--no-people", help=say("policy.people"))] = True,
) -> int:
    """Every change from A to B in words, with the people whom it concerns; 1 when there is one."""
    from governance.cli.policy_choice import choose, chosen_in, installed
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.admin.diff import compare_policies
    from policies.admin.loading import judging
    from policies.admin.people import concerned
    from policies.api import ensure

    if not installed():
        found = compare_policies(choose(before).snapshot, choose(after).snapshot)
        return _told(found, None)
    with opened() as wiring:
        with wiring.database.read() as tx:
            ensure(acting(wiring), Action.POLICY_READ, judging(tx, wiring.policy_desk))
        found = compare_policies(
            chosen_in(wiring, before).snapshot, chosen_in(wiring, after).snapshot
        )
        counted = concerned(wiring.database, found, at=wiring.clock()) if people else None
    return _told(found, counted)


def _told(found: "PolicyDiff", counted: "Concerned | None") -> int:
    from policies.admin.wording import sentences

    lang = current().lang
    texts = {language: list(sentences(found, language)) for language in Lang}
    shape = {
        "before": found.before.version,
        "after": found.after.version,
        "compared": found.compared,
        "changed_cells": len(found.changes),
        "people": None if counted is None else counted.total,
        "persons": None if counted is None else counted.persons,
        "changes": [
            {
                "kind": ja.kind,
                "purpose": ja.purpose,
                "text_ja": ja.text,
                "text_en": en.text,
                **({} if ja.group is None else ja.group.as_json()),
                "people": None
                if counted is None or ja.purpose is None
                else counted.by_purpose.get(ja.purpose, 0),
            }
            for ja, en in zip(texts[Lang.JA], texts[Lang.EN], strict=True)
        ],
    }

    def words() -> None:
        for one in texts[lang]:
            many = ""
            if counted is not None and one.purpose in counted.by_purpose:
                many = say("policy.many", count=f"{counted.by_purpose[one.purpose]:,}")
            line(f"- {one.text}{many}")
        line(
            say(
                "policy.diff_done",
                before=found.before.version,
                after=found.after.version,
                compared=f"{found.compared:,}",
                cells=f"{len(found.changes):,}",
            )
        )
        if counted is not None:
            line(say("policy.people_done", people=f"{counted.total:,}", all=f"{counted.persons:,}"))

    emit(shape, words)
    return 1 if found else 0


def period(written: str) -> timedelta:
    """A length of time such as 30d, 12h or 45m."""
    found = PERIOD.fullmatch(written)
    if found is None:
        raise PeriodFormError(option="--last")
    return int(found.group(1)) * UNITS[found.group(2)]


@app.command("dry-run", help=say("policy.dry_run"))
def dry_run(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help=say("policy.which"))],
    since: Annotated[datetime | None, typer.Option("--since", help=say("policy.since"))] = None,
    last: Annotated[str, typer.Option("--last", help=say("policy.last"))] = MONTH,
) -> int:
    """The recorded decisions under another policy: which come out otherwise; 1 when any does."""
    from governance.cli.policy_choice import chosen_in
    from governance.cli.session import acting, opened
    from governance.core.clock import JST
    from policies.actions import Action
    from policies.admin.replay import on_record, replay
    from policies.api import ensure

    with opened() as wiring:
        principal = ensure(acting(wiring), Action.POLICY_READ, wiring.policies.current)
        at = wiring.clock()
        start = at - period(last) if since is None else since
        start = start if start.tzinfo else start.replace(tzinfo=JST)
        wiring.ports.decisions.settle()
        other = chosen_in(wiring, policy).snapshot
        found = replay(wiring.database, wiring.policies.current, other, since=start, at=at)
        wiring.database.write(
            lambda tx: on_record(tx, wiring.ports.audit, principal, other, found, at=at)
        )
    shape = {
        "before": wiring.policies.current.version,
        "after": other.version,
        "since": start.isoformat(),
        "decisions": found.decisions,
        "untold": found.untold,
        "refused_exports": found.refused_exports,
        "flipped": found.flipped,
        "people": found.persons,
        "flips": [
            {**_flip_shape(flip), "decisions": count, "people": found.people[flip]}
            for flip, count in found.flips.most_common()
        ],
    }
    emit(shape, lambda: _told_replay(found))
    return 1 if found.flipped else 0


def _flip_shape(flip: "Flip") -> dict[str, str]:
    return {
        "kind": flip.kind,
        "who": flip.who,
        "purpose": flip.purpose,
        "before": flip.before,
        "after": flip.after,
    }


def _told_replay(found: "Replayed") -> None:
    _flip_table((flip, count, found.people[flip]) for flip, count in found.flips.most_common())
    line(
        say(
            "policy.replayed",
            decisions=f"{found.decisions:,}",
            flipped=f"{found.flipped:,}",
            people=f"{found.persons:,}",
            untold=f"{found.untold:,}",
        )
    )
    if found.refused_exports:
        line(say("policy.exports_refused", exports=f"{found.refused_exports:,}"))


def _flip_table(flips: "Iterable[tuple[Flip, int, int | None]]") -> None:
    names = ("use", "who", "purpose", "before", "after", "decisions", "people")
    rows = [
        (
            say(f"policy.use.{flip.kind}"),
            flip.who,
            flip.purpose,
            flip.before,
            flip.after,
            f"{count:,}",
            "" if people is None else f"{people:,}",
        )
        for flip, count, people in flips
    ]
    if rows:
        table("", tuple(say(f"policy.column.{name}") for name in names), rows)


@app.command("shadow", help=say("policy.shadow"))
def shadow(
    policy: Annotated[
        str | None, typer.Argument(metavar="POLICY", help=say("policy.which"))
    ] = None,
    off: Annotated[bool, typer.Option("--off", help=say("policy.shadow_off"))] = False,
) -> int:
    """A policy is tried beside the one in force, or what the trial counted is shown."""
    from governance.cli.policy_choice import documents_at
    from governance.cli.session import acting, opened
    from policies.admin import shadow as trials
    from policies.admin.sources import documents_named

    with opened() as wiring:
        desk, at, principal = wiring.policy_desk, wiring.clock(), acting(wiring)
        if off:
            wiring.database.write(lambda tx: trials.close_trial(tx, desk, principal, at=at))
            emit({"shadow": None}, lambda: line(say("policy.shadow_ended")))
            return 0
        if policy is None:
            return _counted(wiring)
        wanted = documents_at(policy)
        if wanted is None:
            with wiring.database.read() as tx:
                wanted = documents_named(tx, desk, policy)
        version = wiring.database.write(
            partial(trials.open_trial, desk=desk, by=principal, documents=wanted, at=at)
        )
    emit({"shadow": version}, lambda: line(say("policy.shadow_begun", version=version)))
    return 0


def _counted(wiring: "Wiring") -> int:
    """What the trial counted until half a minute ago; 1 when something would change."""
    from governance.cli.session import acting
    from policies.actions import Action
    from policies.admin import shadow as trials
    from policies.api import ensure

    ensure(acting(wiring), Action.POLICY_READ, wiring.policies.current)
    wiring.ports.decisions.settle()
    trials.count_all(wiring.policy_desk, at=wiring.clock())
    with wiring.database.read() as tx:
        trial = trials.trial_of(tx)
    flipped = sum(count for _, count in trial.flips)
    shape = {
        "shadow": trial.version,
        "started_at": trial.started_at.isoformat(),
        "decisions": trial.decisions,
        "flips": [{**_flip_shape(flip), "decisions": count} for flip, count in trial.flips],
    }
    told = {
        "version": trial.version,
        "decisions": f"{trial.decisions:,}",
        "flipped": f"{flipped:,}",
    }

    def words() -> None:
        _flip_table((flip, count, None) for flip, count in trial.flips)
        line(say("policy.shadow_told", **told))

    emit(shape, words)
    return 1 if trial.flips else 0
