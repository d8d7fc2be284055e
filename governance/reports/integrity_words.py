"""R14 in words: a pure function from its facts to the document."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from audit.reviewing.outside import Outsider
from audit.types import Verdict
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.i18n.catalogue import domain, text
from governance.reports.integrity import Integrity, Noted
from governance.reports.types import (
    ROWS,
    Document,
    Figure,
    Listing,
    Made,
    ReportId,
    Section,
)
from governance.reports.words import Words

SOUND = frozenset({Verdict.VERIFIED_WITNESSED, Verdict.VERIFIED_SELF_SIGNED})
VERIFY = "sekisho audit verify"
REVIEWS = "sekisho audit reviews"


def write(facts: Integrity, made: Made, lang: Lang) -> Document:
    """The document of these facts."""
    words = Words(ReportId.R14, made, lang)
    return Document(
        id=ReportId.R14,
        lang=lang,
        title=words.say("title"),
        finding=_finding(facts, words),
        made=made,
        sections=(
            _log(facts, words),
            _verification(facts, words),
            _outside(facts, words),
            _losses(facts, words),
            _erasures(facts, words),
            _keys(facts, words),
            _reviews(facts, words),
            _alarms(facts, words),
            _exports(facts, words),
        ),
    )


def _finding(facts: Integrity, words: Words) -> str:
    """The one sentence: sound or not, and what still needs an officer."""
    report = facts.verification
    if report.verdict not in SOUND:
        return words.say("finding.unsound", verdict=words.verdict(report.verdict))
    open_points = [
        words.say(f"finding.{name}")
        for name, wrong in (
            ("lost", facts.lost_numbers > 0),
            ("clock", facts.clock_steps > 0),
            ("overdue", facts.open.overdue),
            ("unwitnessed", report.verdict is not Verdict.VERIFIED_WITNESSED),
        )
        if wrong
    ]
    sound = words.say("finding.sound", size=f"{facts.size:,}")
    return sound + "".join(f" {point}" for point in open_points)


def _log(facts: Integrity, words: Words) -> Section:
    lag = facts.lag
    source = words.events()
    covered = "audit_checkpoint.signed_at, audit_leaf.recorded_at"
    waits = "audit_event.occurred_at, audit_leaf.recorded_at"
    return Section(
        key="log",
        title=words.say("section.log"),
        figures=(
            words.figure("size", facts.size, "sekisho audit checkpoint"),
            words.figure("events", facts.events, source),
            words.figure("first_seq", facts.first_seq, source),
            words.figure("last_seq", facts.last_seq, source),
            words.figure("decisions", facts.decisions, "audit_decision.event_id"),
            words.figure("checkpoints", facts.checkpoints, "audit_checkpoint.signed_at"),
            _seconds(words, "lag_median", lag.median, waits),
            _seconds(words, "lag_p99", lag.p99, waits),
            _seconds(words, "lag_longest", lag.longest, waits),
            _seconds(words, "unsigned", lag.unsigned, covered),
        ),
    )


def _verification(facts: Integrity, words: Words) -> Section:
    report = facts.verification
    finding = None if report.finding is None else report.finding.value
    found = "" if finding is None else text(f"audit.finding.{finding}", words.lang)
    return Section(
        key="verification",
        title=words.say("section.verification"),
        figures=(
            words.figure(
                "verdict", report.verdict.value, VERIFY, shown=words.verdict(report.verdict)
            ),
            words.figure("verified_size", report.size, VERIFY),
            words.figure("finding", finding, VERIFY, shown=found or words.say("none")),
            words.figure("at_seq", report.at_seq, VERIFY),
            words.figure("witnessed_size", report.witnessed_size, VERIFY),
        ),
    )


def _outside(facts: Integrity, words: Words) -> Section:
    """Witnesses and time-stamps: what others hold of the log."""
    kinds = (("witness", facts.witnesses), ("stamp", facts.stamps))
    rows = tuple(_outsider(words, kind, one) for kind, outsiders in kinds for one in outsiders)
    return Section(
        key="outside",
        title=words.say("section.outside"),
        figures=(
            words.figure("witnesses", len(facts.witnesses), "audit_cosignature.witness"),
            words.figure("stamp_authorities", len(facts.stamps), "audit_stamp.authority"),
        ),
        listing=Listing(
            columns=words.columns("kind", "name", "newest_size", "newest_at", "heads"),
            rows=rows,
            total=len(rows),
            source="audit_cosignature, audit_stamp",
        ),
        remark="" if rows else words.say("remark.alone"),
    )


def _outsider(words: Words, kind: str, one: Outsider) -> tuple[str, ...]:
    seen = (f"{one.size:,}", _clock(one.at), f"{one.heads:,}")
    return (words.say(f"outside.{kind}"), one.name, *seen)


def _losses(facts: Integrity, words: Words) -> Section:
    """What is missing: numbers that no event has, lost decisions, a clock that went back."""
    unsettled = sum(len(one.numbers) for one in facts.lost if not one.settled)
    return Section(
        key="losses",
        title=words.say("section.losses"),
        figures=(
            words.figure("lost_numbers", facts.lost_numbers, "audit_event.process_id, n, skipped"),
            words.figure("unsettled_numbers", unsettled, "audit_event.process_id, n, skipped"),
            words.figure(
                "lost_decisions",
                sum(one.counts["last"] - one.counts["first"] + 1 for one in facts.lost_decisions),
                words.events("action=decisions.lost"),
            ),
            words.figure(
                "clock_steps", facts.clock_steps, words.events("action=log.clock_anomaly")
            ),
        ),
        remark=words.say("remark.unsettled") if unsettled else "",
    )


def _erasures(facts: Integrity, words: Words) -> Section:
    actions = ("erasure.executed", "retention.purged", "log.part_destroyed")
    source = words.events(f"action={','.join(actions)}")
    persons = sum(one.counts.get("persons", 1) for one in facts.erasures)
    return Section(
        key="erasures",
        title=words.say("section.erasures"),
        figures=(
            words.figure("erasures", len(facts.erasures), source),
            words.figure("erased_persons", persons, source),
            words.figure("parts_destroyed", facts.parts_destroyed, "audit_part.destroyed_by"),
            words.figure("parts_living", facts.parts_living, "audit_part.payload"),
        ),
        listing=_noted(
            words,
            facts.erasures,
            ("persons", "parts"),
            source=source,
        ),
        remark=words.say("remark.erasures"),
    )


def _keys(facts: Integrity, words: Words) -> Section:
    source = words.events("action=log.key_changed,key.rotated,key.destroyed")
    return Section(
        key="keys",
        title=words.say("section.keys"),
        figures=(
            words.figure(
                "log_key_changes",
                sum(one.action == "log.key_changed" for one in facts.key_changes),
                words.events("action=log.key_changed"),
            ),
            words.figure("key_changes", len(facts.key_changes), source),
        ),
        listing=_noted(words, facts.key_changes, ("object",), source=source),
    )


def _reviews(facts: Integrity, words: Words) -> Section:
    rows = tuple(
        (
            _clock(one.reviewed_at),
            f"{one.first_seq}-{one.below_seq - 1}",
            one.reviewer,
            words.verdict(one.verdict),
            one.event,
        )
        for one in facts.signed_off
    )
    left = facts.open
    return Section(
        key="reviews",
        title=words.say("section.reviews"),
        figures=(
            words.figure("signed_off", len(rows), REVIEWS),
            words.figure("unreviewed", left.events, REVIEWS),
            words.figure(
                "review_due", None if left.due_at is None else _clock(left.due_at), REVIEWS
            ),
            words.figure(
                "review_overdue",
                int(left.overdue),
                REVIEWS,
                shown=words.say("yes" if left.overdue else "no"),
            ),
        ),
        listing=Listing(
            columns=words.columns("at", "range", "who", "verdict", "event"),
            rows=rows[:ROWS],
            total=len(rows),
            source=REVIEWS,
        ),
    )


def _alarms(facts: Integrity, words: Words) -> Section:
    source = words.events("action=log.alert")
    rules = tuple(
        Figure(
            key=f"alarms.{rule}",
            label=text(f"reports.R14.alarm.{rule}", words.lang),
            value=number,
            shown=f"{number:,}",
            source=words.events("action=log.alert", f"reason={rule}"),
        )
        for rule, number in facts.alarms_by_rule
    )
    return Section(
        key="alarms",
        title=words.say("section.alarms"),
        figures=(words.figure("alarms", len(facts.alarms), source), *rules),
        listing=_noted(words, facts.alarms, ("reason", "object", "value", "limit"), source=source),
    )


def _exports(facts: Integrity, words: Words) -> Section:
    source = words.events("action=log.exported")
    opened = sum(one.counts.get("opened", 0) for one in facts.exports)
    return Section(
        key="exports",
        title=words.say("section.exports"),
        figures=(
            words.figure("exports", len(facts.exports), source),
            words.figure("exported_opened", opened, source),
        ),
        listing=_noted(words, facts.exports, ("reason", "events", "opened"), source=source),
    )


def _noted(words: Words, events: Iterable[Noted], more: tuple[str, ...], *, source: str) -> Listing:
    """Events with their place, time, name, actor, and what more their kind tells."""
    all_ = tuple(events)
    rows = tuple(
        (
            str(one.seq),
            _clock(one.at),
            text(f"audit.event.{one.action}", words.lang),
            one.actor,
            *(_told(one, name, words.lang) for name in more),
            one.id,
        )
        for one in all_[:ROWS]
    )
    columns = words.columns("seq", "at", "what", "who", *more, "event")
    return Listing(columns=columns, rows=rows, total=len(all_), source=source)


def _told(one: Noted, name: str, lang: Lang) -> str:
    if name == "reason":
        return _reason(one, lang)
    if name == "object":
        return one.object_id
    return f"{one.counts[name]:,}" if name in one.counts else ""


def _reason(one: Noted, lang: Lang) -> str:
    """The rule that sounded an alarm, in its words; another reason as the log has it."""
    named = f"reports.R14.rule.{one.reasons}"
    return domain("reports", lang).get(named, one.reasons)


def _seconds(words: Words, key: str, wait: timedelta, source: str) -> Figure:
    seconds = round(wait.total_seconds(), 3)
    return words.figure(key, seconds, source, shown=words.say("seconds", seconds=f"{seconds:,}"))


def _clock(moment: datetime) -> str:
    return moment.astimezone(JST).strftime("%Y-%m-%d %H:%M:%S")
