"""What the codes of a certificate are called: lines of the run's own schedule, accounts by name."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from governance.core.terms import Lang, RowId
from governance.i18n.actors import called
from governance.identity.naming import names_of
from retention import store
from retention.certificate_paper import Called, codes_of
from retention.errors import PlanStaleError
from retention.simulation.showing import why_of
from retention.types import Schedule
from retention.words import named


def called_in(tx: Connection, run: RowId, content: Mapping[str, Any], lang: Lang) -> Called:
    """The names, by the schedule that the run was made under."""
    plan = store.plan_by_id(tx, store.run_by_id(tx, run).plan, items=False)
    try:
        schedule = store.schedule_by_digest(tx, plan.schedule_digest)
    except PlanStaleError:  # of a schedule that was only looked at, that in force gives the words
        schedule = store.in_force(tx)
    rules, actors = codes_of(content)
    names = names_of(tx, set(actors))
    return Called(
        rules={code: _line(code, schedule, lang) for code in rules},
        actors={actor: called(actor, names, lang) for actor in actors},
    )


def _line(code: str, schedule: Schedule, lang: Lang) -> str:
    """The line by its label with its basis; one of the product's own by its reason."""
    _, label, basis = named(code, schedule, lang)
    if label == "-":
        return why_of(code, schedule, lang)[0]
    if basis == "-":
        return label
    return f"{label}（{basis}）" if lang is Lang.JA else f"{label} ({basis})"
