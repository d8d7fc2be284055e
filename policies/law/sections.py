"""The sections of a law file, each read strictly into facts."""

import re
from collections.abc import Iterator

from policies.law.reader import Node, Record
from policies.law.types import (
    JP_ADMIN,
    MEMBER_STATE,
    Amendment,
    AmendmentStep,
    ChildAge,
    DayOne,
    DeadlineRule,
    KeepingKind,
    Obligation,
    RetentionRule,
    Roll,
    RuleKind,
    Source,
    StateMachine,
    Switch,
    Transition,
    Unit,
    Validity,
    Verification,
)

VALIDITY = ("valid_from", "valid_to", "rule_set")
EVIDENCE = ("verification", "sources")
COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
ALSO = re.compile(r"min\(([a-z][a-z ]*(?:, ?[a-z][a-z ]*)*)\)")
FROM_START = "inclusive(起算して)"  # the statute's word for an inclusive count
CHILD_MIN, CHILD_MAX = 13, 16  # GDPR Art. 8(1)
TEST_CASE = ("id", "law", "rule", "input", "expect", "calendar", "reason", "verification")


def validity(entry: Record) -> Validity:
    """First and last day of an entry; a reversed pair is refused."""
    first, last = entry.day("valid_from"), entry.day("valid_to")
    if first and last and last < first:
        raise entry["valid_to"].bad(f">= {first.isoformat()}")
    return Validity(valid_from=first, valid_to=last)


def deadline_rules(node: Node) -> Iterator[DeadlineRule]:
    """Every deadline rule under its id."""
    for id_, item in node.entries().items():
        yield deadline_rule(id_, item)


def deadline_rule(id_: str, node: Node) -> DeadlineRule:
    """One deadline rule; amount and unit must fit together."""
    entry = node.record(
        required=("unit", *EVIDENCE),
        optional=(
            *("amount", "soft_amount", "policy_default_days", "start", "day_one", "month_end"),
            *("roll", "roll_calendar", "conservative_roll", "pausable", "extends", "kind"),
            *("condition", "also", "text", "text_ja", "title_ja", "title_en", "note"),
            *VALIDITY,
        ),
    )
    rule = DeadlineRule(
        id=id_,
        amount=entry.whole("amount"),
        unit=entry["unit"].one_of(Unit),
        verification=entry["verification"].one_of(Verification),
        sources=entry["sources"].texts(),
        soft_amount=entry.whole("soft_amount"),
        policy_days=entry.whole("policy_default_days"),
        start=entry.text("start"),
        day_one=day_one(entry),
        clamps=clamps(entry),
        roll=roll(entry, "roll") or Roll.NONE,
        roll_calendar=roll_calendar(entry),
        conservative_roll=roll(entry, "conservative_roll"),
        pausable=node_texts(entry, "pausable"),
        extends_id=entry.text("extends"),
        kind=rule_kind(entry),
        condition=entry.text("condition"),
        also=also(entry),
        title_ja=entry.text("title_ja"),
        title_en=entry.text("title_en"),
        note=entry.text("note"),
        validity=validity(entry),
        rule_set=entry.text("rule_set"),
    )
    check_measure(rule, node, entry)
    return rule


def check_measure(rule: DeadlineRule, node: Node, entry: Record) -> None:
    """Refuses a rule that nobody could count."""
    match rule.unit:
        case Unit.HOURS | Unit.DAYS | Unit.WEEKS | Unit.MONTHS | Unit.YEARS:
            if rule.amount is None or rule.start is None:
                raise node.bad("a measured period has amount and start")
        case Unit.ASAP | Unit.CONTINUOUS:
            if rule.amount is not None:
                raise entry["amount"].bad("null")
        case Unit.BEFORE_EVENT | Unit.AT_EVENT:
            if rule.amount:
                raise entry["amount"].bad("0")
    if rule.soft_amount is not None and (rule.unit is not Unit.DAYS or rule.roll is not Roll.NONE):
        raise entry["soft_amount"].bad("days that do not roll")
    if rule.day_one is DayOne.INSTANT and rule.unit is not Unit.HOURS:
        raise entry["day_one"].bad("instant only for hours")
    if rule.unit is Unit.HOURS:
        check_hours(rule, entry)


def check_hours(rule: DeadlineRule, entry: Record) -> None:
    """Refuses hours that roll, pause or count days (1182/71 Art. 3(4))."""
    if rule.day_one not in {None, DayOne.INSTANT}:
        raise entry["day_one"].bad("instant for hours")
    if rule.pausable:
        raise entry["pausable"].bad("[] for hours")
    if rule.roll is not Roll.NONE:
        raise entry["roll"].bad("none for hours")


def day_one(entry: Record) -> DayOne | None:
    """The counting mode, where the rule states one."""
    node = entry.get("day_one")
    if node is None:
        return None
    return DayOne.INCLUSIVE if node.value == FROM_START else node.one_of(DayOne)


def clamps(entry: Record) -> bool:
    """True when a missing date becomes the last day of its month."""
    if (node := entry.get("month_end")) is None:
        return False
    if node.text() != "clamp_to_last_day":
        raise node.bad("clamp_to_last_day")
    return True


def roll(entry: Record, key: str) -> Roll | None:
    """What a closed last day does."""
    node = entry.get(key)
    return node.one_of(Roll) if node else None


def roll_calendar(entry: Record) -> str | None:
    """Whose closed days count: the two of the law, or one country's."""
    if (node := entry.get("roll_calendar")) is None:
        return None
    name = node.text()
    if name not in {JP_ADMIN, MEMBER_STATE} and not COUNTRY.fullmatch(name):
        raise node.bad(f"{JP_ADMIN}, {MEMBER_STATE} or a country code")
    return name


def node_texts(entry: Record, key: str) -> tuple[str, ...] | None:
    """A list of texts; None where the rule is silent."""
    node = entry.get(key)
    return node.texts() if node else None


def rule_kind(entry: Record) -> RuleKind:
    """What the rule asks for; to act, where it is silent."""
    node = entry.get("kind")
    return node.one_of(RuleKind) if node else RuleKind.ACT_BY


def also(entry: Record) -> tuple[str, ...]:
    """Names of events that bring the date forward."""
    if (node := entry.get("also")) is None:
        return ()
    if (found := ALSO.fullmatch(node.text())) is None:
        raise node.bad("min(event, event)")
    return tuple(name.strip().replace(" ", "_") for name in found[1].split(","))


def obligation(node: Node) -> Obligation:
    """One obligation."""
    entry = node.record(
        required=(
            *("id", "law", "article", "duty_ja", "duty_en", "trigger", "deadline_rule"),
            *("in_force", *EVIDENCE),
        ),
        optional=(
            *("scope", "record_fields", "exceptions", "software", "publish"),
            *("notice_to_person", "fee", "identity", *VALIDITY),
        ),
    )
    return Obligation(
        id=entry["id"].text(),
        law=entry["law"].text(),
        article=entry["article"].text(),
        duty_ja=entry["duty_ja"].text(),
        duty_en=entry["duty_en"].text(),
        trigger=entry["trigger"].text(),
        deadline_rule=entry["deadline_rule"].text(),
        in_force=entry["in_force"].flag(),
        verification=entry["verification"].one_of(Verification),
        sources=entry["sources"].texts(),
        scope=entry.text("scope"),
        record_fields=entry.texts("record_fields"),
        exceptions=entry.texts("exceptions"),
        software=entry.text("software"),
        publish=entry.text("publish"),
        notice_to_person=entry.text("notice_to_person"),
        fee=entry.text("fee"),
        identity=entry.text("identity"),
        validity=validity(entry),
        rule_set=entry.text("rule_set"),
    )


def retention_rule(node: Node) -> RetentionRule:
    """One keeping duty; its length stands in years or in months, not both."""
    entry = node.record(
        required=("id", "law", "what", "start", *EVIDENCE),
        optional=(
            *("years", "months", "current_years", "long_years", "long_months", "long_when"),
            *("alt", "applies", "note", "kind", *VALIDITY),
        ),
    )
    months, kind = span(entry, "years", "months"), entry.get("kind")
    if months is None:
        raise node.bad("years or months")
    return RetentionRule(
        id=entry["id"].text(),
        law=entry["law"].text(),
        what=entry["what"].text(),
        start=entry["start"].text(),
        months=months,
        kind=kind.one_of(KeepingKind) if kind else KeepingKind.DUTY,
        verification=entry["verification"].one_of(Verification),
        sources=entry["sources"].texts(),
        current_months=span(entry, "current_years", "current_months"),
        long_months=span(entry, "long_years", "long_months"),
        long_when=entry.text("long_when"),
        alt=entry.text("alt"),
        applies=entry.text("applies"),
        note=entry.text("note"),
        validity=validity(entry),
        rule_set=entry.text("rule_set"),
    )


def span(entry: Record, years: str, months: str) -> int | None:
    """A length in months from its years or months."""
    whole_years, whole_months = entry.whole(years), entry.whole(months)
    if whole_years is not None and whole_months is not None:
        raise entry[months].bad(f"absent beside {years}")
    return whole_months if whole_years is None else 12 * whole_years


def machine(id_: str, node: Node) -> StateMachine:
    """One request machine; every transition joins states that exist."""
    entry = node.record(required=("states", "transitions"), optional=("side_effects",))
    states = entry["states"].texts()
    transitions = []
    for item in entry["transitions"].items():
        parts = item.texts()
        if len(parts) != len(Transition.__dataclass_fields__):
            raise item.bad("[from, to, who, note]")
        source, target, actor, note = parts
        if source not in states or target not in states:
            raise item.bad("states of this machine")
        transitions.append(Transition(source=source, target=target, actor=actor, note=note))
    effects = entry.texts("side_effects")
    return StateMachine(id=id_, states=states, transitions=tuple(transitions), side_effects=effects)


def amendment(node: Node) -> Amendment:
    """One amendment with its dates."""
    entry = node.record(
        required=("id", "law", "in_force", "items", *EVIDENCE),
        optional=("enacted", "promulgated", "steps", "next", "note"),
    )
    steps = entry.get("steps")
    return Amendment(
        id=entry["id"].text(),
        law=entry["law"].text(),
        in_force=entry["in_force"].flag(),
        items=entry["items"].texts(),
        verification=entry["verification"].one_of(Verification),
        sources=entry["sources"].texts(),
        enacted=entry.day("enacted"),
        promulgated=entry.day("promulgated"),
        steps=tuple(amendment_step(item) for item in steps.items()) if steps else (),
        next=entry.text("next"),
        note=entry.text("note"),
    )


def amendment_step(node: Node) -> AmendmentStep:
    """One step; a date in words stays words."""
    entry = node.record(required=("date", "state"))
    when = entry["date"].text()
    fixed = re.fullmatch(r"\d{4}-\d{2}-\d{2}", when)
    return AmendmentStep(
        when=when, day=entry["date"].day() if fixed else None, state=entry["state"].text()
    )


def child_ages(node: Node) -> Iterator[ChildAge]:
    """Age per Member State; a star marks what was not seen."""
    for key, item in node.entries().items():
        if key == "note":
            item.text()
            continue
        if not key.isdecimal() or not CHILD_MIN <= int(key) <= CHILD_MAX:
            raise item.bad(f"{CHILD_MIN}..{CHILD_MAX}")
        for country in item.texts():
            yield ChildAge(
                country=country.removesuffix("*"), age=int(key), certain=not country.endswith("*")
            )


def switch(id_: str, node: Node) -> Switch:
    """One rule set of an amendment."""
    entry = node.record(required=("amendment", "title_ja", "title_en"), optional=("collects",))
    return Switch(
        id=id_,
        amendment=entry["amendment"].text(),
        title_ja=entry["title_ja"].text(),
        title_en=entry["title_en"].text(),
        collects=entry.texts("collects"),
    )


def source(id_: str, node: Node) -> Source:
    """One source."""
    entry = node.record(required=("title", "kind"))
    return Source(id=id_, title=entry["title"].text(), kind=entry["kind"].text())


def check_test_case(node: Node) -> str:
    """Id of the rule that a date case of the file speaks of, its form checked."""
    entry = node.record(required=TEST_CASE)
    entry["input"].entries()
    entry["expect"].entries()
    return entry["rule"].text()
