"""The certificate of a purge run as people read it: parts of a paper, from the signed content.

It says what the content says and nothing more; the statement beside it is the proof.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from governance.core.terms import Lang
from governance.documents.papers import Entry, Paper, Part
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day, moment
from retention.finality import Stage, StageDate, Standing

COMMAND: Final = "python3 verifier.pyz certificate.ndjson --key VKEY"
Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What the codes of a content are called; a code that nobody names stays as it is."""

    rules: Mapping[str, str]  # lines of the schedule and duties of laws
    actors: Mapping[str, str]

    def rule(self, code: object) -> str:
        """A line of the schedule, or a duty of a law."""
        return self.rules.get(str(code), str(code))

    def actor(self, code: object) -> str:
        """Who acted; empty for nobody."""
        return self.actors.get(str(code), str(code)) if code else ""


def codes_of(content: Content) -> tuple[frozenset[str], frozenset[str]]:
    """The lines of the schedule and the actors that a content names."""
    rows = (one["rule"] for one in content["rows"])
    laws = (one["law"] for one in content["kept"])
    actors = filter(None, (content["requested_by"], content["approved_by"]))
    return frozenset({*content["by_rule"], *rows, *laws}), frozenset(actors)


def paper_of(content: Content, called: Called, event: str, lang: Lang) -> Paper:
    """The certificate in one language; `event` is that of its issue in the log."""
    one = "person" if content["subject"] else "run"
    facts = tuple(_facts(content, called, lang))
    parts = (
        Part(head=_say("facts", lang), entries=facts),
        Part(head=_say("erased", lang), items=tuple(_erased(content, called, lang))),
        _kept(content, called, lang),
        _final(content, lang),
        _proof(content, event, lang),
    )
    return Paper(
        title=_say("title", lang),
        sender=str(content["controller"][lang.value]),
        number=_say("foot", lang, run=content["run"]),
        date=_day(content["issued_at"], lang),
        lead=(_say(f"lead_{one}", lang),),
        parts=parts,
    )


def _say(key: str, lang: Lang, **params: Any) -> str:
    return text(f"retention.certificate.{key}", lang, **params)


def _entry(key: str, words: str, lang: Lang, *, mono: bool = False) -> Entry:
    return Entry(term=_say(key, lang), text=words, mono=mono)


def _day(told: str | None, lang: Lang) -> str:
    """A moment's day in Japan or a day of the calendar; said to be open where there is none."""
    if not told:
        return text("retention.finality.no_day", lang)
    return long_day(datetime.fromisoformat(told) if "T" in told else date.fromisoformat(told), lang)


def _moment(told: str | None, lang: Lang) -> str:
    return moment(datetime.fromisoformat(told), lang) if told else "-"


def _facts(content: Content, called: Called, lang: Lang) -> Iterator[Entry]:
    yield _entry("state", _say(f"state.{content['state']}", lang), lang)
    yield _entry("requested_by", called.actor(content["requested_by"]), lang)
    if approved := called.actor(content["approved_by"]):
        yield _entry("approved_by", approved, lang)
    yield _entry("began", _moment(content["began_at"], lang), lang)
    yield _entry("ended", _moment(content["ended_at"], lang), lang)
    name, _, version = str(content["schedule"]).rpartition("/")
    yield _entry("schedule", _say("schedule_named", lang, name=name, version=version), lang)
    if content["subject"]:
        yield _entry("person", str(content["subject"]), lang, mono=True)


def _erased(content: Content, called: Called, lang: Lang) -> Iterator[str]:
    if not content["subject"]:
        yield _say("erased_all", lang, count=content["erased"])
        if content["skipped"]:
            yield _say("skipped", lang, count=content["skipped"])
    for rule, count in content["by_rule"].items():
        yield _say("erased_line", lang, rule=called.rule(rule), count=count)
    if content["rows_stay_without_key"]:
        yield _say("bare", lang, count=content["rows_stay_without_key"])
    for one in content["rows"]:
        yield _say("rows_line", lang, rule=called.rule(one["rule"]), rows=one["rows"])
    connected = content["connected"]
    if connected["persons"]:
        done = connected["persons"] - connected["waiting"]
        yield _say("connected", lang, done=done, waiting=connected["waiting"])


def _kept(content: Content, called: Called, lang: Lang) -> Part:
    items = tuple(
        _say(
            "kept_line",
            lang,
            law=called.rule(one["law"]),
            count=one["persons"],
            day=_day(one["until"], lang),
        )
        for one in content["kept"]
    )
    lead = "kept_lead" if items else "kept_nothing"
    return Part(head=_say("kept", lang), paragraphs=(_say(lead, lang),), items=items)


def _final(content: Content, lang: Lang) -> Part:
    stages = tuple(
        StageDate(
            stage=Stage(str(one["stage"])),
            on=date.fromisoformat(one["on"]) if one["on"] else None,
            standing=Standing(str(one["standing"])),
        ).words(lang)
        for one in content["stages"]
    )
    ledger = _say("ledger", lang, day=_day(content["ledger_ends_on"], lang))
    return Part(head=_say("final", lang), items=(*stages, ledger))


def _proof(content: Content, event: str, lang: Lang) -> Part:
    return Part(
        head=_say("proof", lang),
        paragraphs=(_say("proof_text", lang),),
        entries=(
            _entry("log", str(content["controller"]["log"]), lang, mono=True),
            _entry("event", event, lang, mono=True),
            _entry("run", str(content["run"]), lang, mono=True),
            _entry("plan", str(content["plan_sha256"]), lang, mono=True),
            _entry("schedule_digest", str(content["schedule_sha256"]), lang, mono=True),
        ),
        command=COMMAND,
    )
