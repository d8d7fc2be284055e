"""Schedules from YAML: read strictly, every fault named by its place; shipped ones by name."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from governance.core.terms import FieldId
from governance.customers.catalogue import catalogue
from governance.customers.subjects import SubjectKind
from policies.law.errors import LawError
from policies.law.in_force import law_in_force
from policies.law.reader import Node, Record, read_yaml
from policies.law.types import DeadlineRule, RetentionRule, RuleKind
from retention import nodes
from retention.errors import ScheduleFormError
from retention.key_ends import conflict, outlasts
from retention.part_lines import SCHEMA_OF_PARTS, part
from retention.types import (
    NO_RULE,
    OF_PERSONS,
    REQUEST,
    RESTRICTED,
    Action,
    Duty,
    GdprView,
    LawPeriod,
    Overflow,
    Period,
    Rule,
    Schedule,
    Suppress,
)

SCHEMA = "sekisho-retention/1"
KEPT_TABLE = "purchase"  # the one table whose catalogue entry says keep_by_law
ALWAYS_STAY = frozenset({"id", "subject_id", "source_key", "recorded_at"})  # key of a kept row
MOST = 1_000_000  # characters of a schedule; a longer text is none
DEFAULT, RETAIL_SAMPLE = "default.yaml", "examples/retail_sample.yaml"
PAST = ("past/default_1.yaml",)  # what earlier releases shipped, for plans that were made by it


@cache
def default_schedule() -> Schedule:
    """The schedule that is shipped and stands until the company adopts its own."""
    return shipped_schedule(DEFAULT)


@cache
def shipped_by_digest() -> Mapping[str, Schedule]:
    """Every schedule that this or an earlier release shipped."""
    found = map(shipped_schedule, (DEFAULT, RETAIL_SAMPLE, *PAST))
    return {schedule.digest: schedule for schedule in found}


def shipped_schedule(name: str) -> Schedule:
    """A schedule of the package by its file name under retention/data."""
    folder, _, file = name.rpartition("/")
    package = "retention.data" + (f".{folder}" if folder else "")
    return read_schedule(files(package).joinpath(file).read_text("utf-8"), file=file)


def read_schedule(text: str, *, file: str = "schedule.yaml") -> Schedule:
    """The schedule of this text; raises ScheduleFormError naming the place."""
    if len(text) > MOST:
        raise ScheduleFormError(file=file, path="/", problem="too_long")
    try:
        return _schedule(read_yaml(text, file=file), text)
    except LawError as error:
        place = str(error.params.get("path", "/"))
        raise ScheduleFormError(
            file=file, path=place, problem=error.code.removeprefix("law_schema_")
        ) from None


def _schedule(root: Node, text: str) -> Schedule:
    entry = root.record(
        required=("schema", "name", "version", "label", "overflow", "covers", "hold", "rules"),
        optional=("duties", "ledger", "parts"),
    )
    if entry["schema"].text() not in (SCHEMA, SCHEMA_OF_PARTS):
        raise entry["schema"].bad(f"{SCHEMA}, {SCHEMA_OF_PARTS}")
    if entry.get("parts") is not None and entry["schema"].text() != SCHEMA_OF_PARTS:
        raise entry["schema"].bad(SCHEMA_OF_PARTS)
    hold = entry["hold"].record(required=("id", "label"))
    rules = tuple(_rule(node) for node in entry["rules"].items())
    duties = tuple(_duty(node) for node in nodes.listed(entry.get("duties")))
    parts = tuple(part(node) for node in nodes.listed(entry.get("parts")))
    ids = [*(r.id for r in rules), *(d.id for d in duties), *(p.id for p in parts)]
    _unique(root, [hold["id"].text(), *ids])
    ledger = entry.get("ledger")
    found = Schedule(
        name=entry["name"].text(),
        version=entry["version"].whole(),
        label=nodes.label(entry["label"]),
        overflow=entry["overflow"].one_of(Overflow),
        covers=frozenset(node.one_of(SubjectKind) for node in entry["covers"].items()),
        hold=hold["id"].text(),
        hold_label=nodes.label(hold["label"]),
        rules=rules,
        duties=duties,
        ledger=nodes.period(ledger) if ledger is not None else Period(years=1),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        text=text,
        parts=parts,
    )
    _refuse_shared_keys(root, found)
    return found


def _refuse_shared_keys(root: Node, schedule: Schedule) -> None:
    """Fails closed: a key that ended opens nothing of what another line keeps."""
    for rule in schedule.rules:
        if rule.action is not Action.DESTROY_KEY:
            continue
        if not outlasts(rule.rows, rule.period):
            raise ScheduleFormError(file=root.file, path=rule.id, problem="rows_end_before_key")
        if (keeps := conflict(rule, schedule)) is not None:
            place = f"{rule.id}, {keeps}"
            raise ScheduleFormError(file=root.file, path=place, problem="key_shared_with_kept")


def _unique(root: Node, ids: list[str]) -> None:
    """Fails closed: an id that stands twice, or is one of the product's own, names nothing."""
    own = {NO_RULE, REQUEST, RESTRICTED}
    for index, id_ in enumerate(ids):
        if id_ in ids[:index] or id_ in own:
            raise ScheduleFormError(file=root.file, path=id_, problem="duplicate_id")
        if not id_.replace("_", "").isalnum() or not id_.isascii():
            raise ScheduleFormError(file=root.file, path=id_, problem="bad_id")


def _rule(node: Node) -> Rule:
    entry = node.record(
        required=("id", "label", "basis", "action"),
        optional=("when", "since", "period", "suppress", "rows"),
    )
    action = entry["action"].one_of(Action)
    if action not in OF_PERSONS:
        raise entry["action"].bad(", ".join(sorted(OF_PERSONS)))
    timed, ends = ("since", "period"), action is not Action.KEEP
    for name in timed:
        if (entry.get(name) is None) is ends:
            problem = "missing" if ends else "not_used"
            raise ScheduleFormError(file=node.file, path=f"{node.path}.{name}", problem=problem)
    since, period, suppress = (entry.get(name) for name in (*timed, "suppress"))
    rows = entry.get("rows")
    if (rows is not None) is not (action is Action.DESTROY_KEY):
        raise node.bad("rows with destroy_key: how long after the event the rows stay")
    return Rule(
        id=entry["id"].text(),
        label=nodes.label(entry["label"]),
        basis=nodes.label(entry["basis"]),
        when=nodes.condition(entry.get("when")),
        action=action,
        since=nodes.since(since) if since is not None else None,
        period=nodes.period(period) if period is not None else None,
        suppress=_suppress(suppress) if suppress is not None else None,
        rows=nodes.period(rows) if rows is not None else None,
    )


def _suppress(node: Node) -> Suppress:
    entry = node.record(required=("fields", "period"))
    fields = tuple(nodes.field(item, "person") for item in entry["fields"].items())
    return Suppress(fields=fields, period=nodes.period(entry["period"]))


def _duty(node: Node) -> Duty:
    entry = node.record(
        required=("id", "label", "basis", "table"),
        optional=("fields", "fields_of", "law", "period", "gdpr"),
    )
    table = entry["table"].text()
    if table != KEPT_TABLE:
        raise entry["table"].bad(KEPT_TABLE)
    law, period, gdpr = entry.get("law"), entry.get("period"), entry.get("gdpr")
    if (law is None) is (period is None):
        raise node.bad("law | period")
    return Duty(
        id=entry["id"].text(),
        label=nodes.label(entry["label"]),
        basis=nodes.label(entry["basis"]),
        table=table,
        fields=_duty_fields(node, entry, table),
        until=_law(law) if law is not None else nodes.period(period or node),
        gdpr=gdpr.one_of(GdprView) if gdpr is not None else GdprView.CLAIMS,
    )


def _duty_fields(node: Node, entry: Record, table: str) -> frozenset[FieldId]:
    """The named fields, or those of a retention class of the catalogue, with the row's own key."""
    named, of_class = entry.get("fields"), entry.get("fields_of")
    if (named is None) is (of_class is None):
        raise node.bad("fields | fields_of")
    columns = catalogue().table(table).fields
    own = frozenset(field.id for field in columns if field.column in ALWAYS_STAY)
    if named is not None:
        return own | frozenset(nodes.field(item, table) for item in named.items())
    wanted = of_class.text() if of_class is not None else ""
    found = frozenset(field.id for field in columns if field.retention == wanted)
    if not found:
        raise node.bad(", ".join(sorted({field.retention for field in columns})))
    return own | found


def _law(node: Node) -> LawPeriod:
    entry = node.record(required=("rule",), optional=("fiscal_year_end", "filing_months"))
    rule = entry["rule"].text()
    known: dict[str, DeadlineRule | RetentionRule] = {
        found.id: found for found in law_in_force().rules if found.kind is RuleKind.RETAIN_AT_LEAST
    }
    known |= {found.id: found for found in law_in_force().retention_rules}
    if rule not in known:
        raise entry["rule"].bad(", ".join(sorted(known)))
    closing = entry.get("fiscal_year_end")
    if (closing is None) is (getattr(known[rule], "start", None) == "return_deadline"):
        raise node.bad("fiscal_year_end with a rule that runs from the filing deadline")
    months = entry.whole("filing_months")
    return LawPeriod(
        rule=rule,
        fiscal_year_end=_closing(closing) if closing is not None else None,
        filing_months=months if months is not None else 2,
    )


def _closing(node: Node) -> tuple[int, int]:
    """A month and day, 02-29 for the end of February."""
    month, _, day = node.text().partition("-")
    lengths = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if month.isdecimal() and day.isdecimal() and 1 <= int(month) <= len(lengths):
        found = (int(month), int(day))
        if 1 <= found[1] <= lengths[found[0] - 1]:
            return found
    raise node.bad("MM-DD")
