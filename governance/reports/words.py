"""The texts of one report in one language, and how its figures are written."""

from audit.types import Verdict
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.reports.types import Figure, Made, ReportId, Value


class Words:
    """The texts of one report in one language."""

    def __init__(self, report: ReportId, made: Made, lang: Lang) -> None:
        self.report, self.made, self.lang = report, made, lang

    def say(self, key: str, **params: object) -> str:
        """A text of this report."""
        return text(f"reports.{self.report.value}.{key}", self.lang, **params)

    def figure(self, key: str, value: Value, source: str, *, shown: str | None = None) -> Figure:
        """A figure with its label; numbers are shown with their thousands parted."""
        written = f"{value:,}" if isinstance(value, int) else str("-" if value is None else value)
        return Figure(
            key=key,
            label=self.say(f"figure.{key}"),
            value=value,
            shown=written if shown is None else shown,
            source=source,
        )

    def events(self, *conditions: str) -> str:
        """The command that lists the events behind a figure."""
        return " ".join(("sekisho audit events --count", *conditions, self.made.period.words))

    def verdict(self, verdict: Verdict) -> str:
        """What a verification of the log found."""
        return text(f"audit.verdict.{verdict.value}", self.lang)

    def columns(self, *names: str) -> tuple[str, ...]:
        """Headings of a listing."""
        return tuple(text(f"reports.column.{name}", self.lang) for name in names)
