"""Why one person is due, kept or looked at, and what of the rows goes meanwhile: in sentences."""

from datetime import date

from sqlalchemy import Connection

from governance.core.terms import Lang, SubjectId
from governance.customers.ports import Ports
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import Principal
from policies.actions import Action
from retention import rules, store
from retention.access import require
from retention.errors import SubjectUnknownError
from retention.explained import conflict, met_words
from retention.facts import facts_of
from retention.parts.looking import met_of
from retention.types import Due


def explain(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    subject: SubjectId,
    *,
    on: date,
    lang: Lang,
) -> tuple[str, ...]:
    """The sentences for this day under the schedule in force; raises SubjectUnknownError."""
    require(ports, principal, Action.RETENTION_PLAN)
    used = store.in_force(tx)
    found = facts_of(tx, [survivor_of(tx, subject)], at=on)
    if not found:
        raise SubjectUnknownError
    (facts,) = found
    decision = rules.due(facts, used, at=on)
    said = conflict(facts, decision, used, lang, at=on)
    if isinstance(decision, Due):  # the person goes, and the rows with it
        return said
    mets = (one for _, one in met_of(tx, used, found, at=on) if one.rows or one.held)
    return (*said, *(met_words(one, lang) for one in mets))
