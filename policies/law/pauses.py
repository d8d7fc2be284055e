"""Days on which a clock stood: overlaps once, nothing after the end, late questions named."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from policies.law.counting import add_days
from policies.law.events import Stop
from policies.law.reasons import Reason, Span, Word, reason
from policies.law.types import Unit

PROMPT_DAYS = 3  # our policy for "without undue delay" (rule undue_delay); no number in law


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What pauses do to a last day."""

    last: date
    days: int
    open_since: date | None
    cautious: date  # the last day without pauses that somebody could dispute
    reasons: tuple[Reason, ...]


def standing(
    last: date,
    stops: Iterable[Stop],
    *,
    start: date,
    at: date | None,
    prompt_days: int | None = PROMPT_DAYS,
) -> Standing:
    """The last day moved by every day on which the clock stood."""
    end, covered, reasons = last, start, list[Reason]()
    cautious, open_since = last, None
    for stop in sorted(stops, key=lambda stop: stop.asked):
        ground = Word(group="ground", name=stop.ground)
        if stop.asked > end:
            reasons.append(reason("pause_too_late", asked=stop.asked, ground=ground))
            continue
        answered = stop.answered or max(at or stop.asked, stop.asked)
        days = max((answered - max(stop.asked, covered)).days, 0)
        covered = max(covered, answered)
        end, span = add_days(end, days), in_days(days)
        waited = (stop.asked - start).days
        if prompt_days is not None and waited > prompt_days:
            reasons.append(
                reason("pause_slow", asked=stop.asked, ground=ground, span=in_days(waited))
            )
        else:
            cautious = add_days(cautious, days)
        if stop.answered is None:
            open_since = open_since or stop.asked
            reasons.append(reason("pause_open", asked=stop.asked, ground=ground, span=span))
        else:
            reasons.append(
                reason("pause", asked=stop.asked, answered=answered, ground=ground, span=span)
            )
    return Standing(
        last=end,
        days=(end - last).days,
        open_since=open_since,
        cautious=cautious,
        reasons=tuple(reasons),
    )


def in_days(days: int) -> Span:
    """A number of days, for a sentence."""
    return Span(amount=days, unit=Unit.DAYS)
