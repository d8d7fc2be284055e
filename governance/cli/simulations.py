"""What `sekisho retention simulate` says in words: by rule, by table, by month."""

from governance.cli.invocation import current
from governance.cli.output import line, say, table, when
from governance.i18n.catalogue import text
from retention.simulation import showing
from retention.simulation.folding import forecast
from retention.simulation.reading import Look
from retention.simulation.types import Figures


def told(look: Look, figures: Figures, *, months: int) -> None:
    """The figures on standard output."""
    lang, schedule = current().lang, look.schedule
    name = f"{schedule.name}/{schedule.version}"
    line(say("retention.simulated", on=when(look.on), schedule=name, n=figures.persons))
    table(
        say("retention.by_rule"),
        (say("retention.decision"), say("retention.rule"), say("retention.persons")),
        [
            (text(f"retention.decision.{one.decision}", lang), one.why, f"{one.persons:,}")
            for one in showing.rule_lines(figures, schedule, lang)
        ],
    )
    table(
        say("retention.by_table"),
        [say(f"retention.{name}") for name in ("table", "rows_gone", "rows_emptied", "rows_kept")],
        [
            (one.name, f"{one.delete:,}", f"{one.anonymise:,}", f"{one.keep:,}")
            for one in showing.table_lines(figures, lang)
        ],
    )
    found = forecast(figures, today=look.today, months=months)
    ahead = ((one.month, one.total) for one in found.months if one.total)
    table(
        say("retention.by_month"),
        (say("retention.month"), say("retention.persons")),
        [
            (say("retention.overdue"), f"{sum(found.overdue.values()):,}"),
            *((month, f"{total:,}") for month, total in ahead),
            (say("retention.afterwards"), f"{sum(found.later.values()):,}"),
        ],
    )
    if look.against is not None:
        line(say("retention.compared", sooner=figures.sooner, later=figures.later))
