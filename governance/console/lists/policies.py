"""The lists of the policy: changes that wait, rules in words, every change so far."""

from typing import Final

from sqlalchemy import Connection

from governance.console.lists.cells import every, newest, row, words
from governance.console.lists.source import Asked, Source
from governance.console.policy_facts import EntryLine, WaitingLine, entry_lines, waiting_lines
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action
from policies.admin.rule_words import RuleLine, rules_in_words

HOME: Final = "/console/policies"
WAITING: Final = ListOf(
    id="policy-changes",
    path=HOME,
    title="console.policy.waiting",
    keeps=("role",),
    prefix="waiting-",
    none="console.policy.nothing_waits",
    columns=(
        ListColumn(key="what", label="console.policy.what", kind=Kind.CHOICE, filters=True),
        ListColumn(key="by", label="console.policy.asked_by", kind=Kind.CHOICE, filters=True),
        ListColumn(key="at", label="console.policy.asked_at", kind=Kind.MOMENT, filters=True),
        ListColumn(
            key="effective", label="console.policy.effective", kind=Kind.MOMENT, filters=True
        ),
        ListColumn(key="changed", label="console.policy.changed", kind=Kind.NUMBER),
    ),
)
RULES: Final = ListOf(
    id="policy-rules",
    path=HOME,
    title="console.policy.rules",
    keeps=("role",),
    size=50,
    columns=(
        ListColumn(key="id", label="console.policy.rule"),
        ListColumn(key="sentence", label="console.policy.says"),
        ListColumn(key="effect", label="console.policy.effect", kind=Kind.CHOICE, filters=True),
        ListColumn(key="duties", label="console.policy.duties"),
        ListColumn(key="because", label="console.policy.because"),
    ),
)
HISTORY: Final = ListOf(
    id="policy-history",
    path=HOME,
    title="console.policy.history",
    keeps=("role",),
    prefix="past-",
    columns=(
        ListColumn(key="number", label="console.policy.no", kind=Kind.NUMBER),
        ListColumn(key="version", label="console.policy.version"),
        ListColumn(key="kind", label="console.policy.what", kind=Kind.CHOICE, filters=True),
        ListColumn(key="state", label="console.policy.state", kind=Kind.CHOICE, filters=True),
        ListColumn(key="at", label="console.policy.at", kind=Kind.MOMENT, filters=True),
        ListColumn(key="by", label="console.policy.by", filters=True),
        ListColumn(key="changed", label="console.policy.changed", kind=Kind.NUMBER),
    ),
)


def _waiting(tx: Connection, asked: Asked) -> Found:
    found = waiting_lines(tx, asked.wiring, asked.lang, at=asked.at)
    return every(_change(one) for one in found)


def _change(one: WaitingLine) -> Row:
    return row(
        one.approval,
        what=Cell(value=one.kind, code=one.kind_code, href=f"{HOME}/changes/{one.approval}"),
        by=Cell(value=one.by, code=one.by_id),
        at=Cell(value=one.at),
        effective=Cell(value=one.effective),
        changed=Cell(value=one.changed),
    )


def _rules(tx: Connection, asked: Asked) -> Found:
    del tx  # the policy in force is in memory
    known = asked.wiring.policies.current
    role = asked.given.get("role", "")
    wanted = role if role in known.roles else None
    return every(_rule(one, asked) for one in rules_in_words(known, asked.lang, role=wanted))


def _rule(one: RuleLine, asked: Asked) -> Row:
    code = "forbids" if one.forbids else "allows"
    return row(
        one.id,
        id=Cell(value=one.id, mono=True),
        sentence=words(one.sentence),
        effect=Cell(
            value=text(f"console.policy.{code}", asked.lang),
            code=code,
            tone="refused" if one.forbids else "",
        ),
        duties=words(one.duties),
        because=words(one.because),
    )


def _history(tx: Connection, asked: Asked) -> Found:
    return newest(_entry(one, asked) for one in entry_lines(tx, asked.lang))


def _entry(one: EntryLine, asked: Asked) -> Row:
    now = Cell(value=text("console.policy.now", asked.lang), code="now", tone="good")
    return row(
        one.number,
        number=Cell(value=one.number),
        version=words(one.version),
        kind=Cell(value=one.kind, code=one.kind_code),
        state=now if one.here else Cell(value=one.state, code=one.state_code),
        at=Cell(value=one.at),
        by=words(one.by),
        changed=Cell(value=one.changed),
    )


READERS: Final = (Action.POLICY_READ,)
POLICY_CHANGES: Final = Source(declared=WAITING, any_of=READERS, rows=_waiting)
POLICY_RULES: Final = Source(declared=RULES, any_of=READERS, rows=_rules)
POLICY_HISTORY: Final = Source(declared=HISTORY, any_of=READERS, rows=_history)
