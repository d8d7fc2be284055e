"""A certificate of erasure as people read it: parts of a paper, and a page that needs nothing else.

Both say what the signed content says and nothing more; the statement beside them is the proof.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dsar.execution.words import erased_words, grouped, kept_why
from governance.core.terms import Lang
from governance.documents.neutralise import visible
from governance.documents.papers import Entry, Paper, Part
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from retention.finality import Stage, StageDate, Standing

COMMAND: Final = "python3 verifier.pyz certificate.ndjson --key VKEY"
Content = Mapping[str, Any]


def paper_of(content: Content, lang: Lang) -> Paper:
    """The certificate in one language."""
    controller = content["controller"]
    return Paper(
        title=_say("title", lang),
        sender=visible(str(controller[lang.value])),
        number=str(content["reference"]),
        date=_day(content["issued_at"], lang),
        lead=(_say("lead", lang, reference=content["reference"]),),
        parts=tuple(
            part
            for part in (
                _facts(content, lang),
                _erased(content, lang),
                _kept(content, lang),
                _stores(content, lang),
                _recipients(content, lang),
                _final(content, lang),
                _proof(content, lang),
            )
            if part is not None
        ),
    )


def _say(key: str, lang: Lang, **params: object) -> str:
    return text(f"dsar.certificate.{key}", lang, **params)


def _day(moment: object, lang: Lang) -> str:
    """The day of a moment in Japan, or a day of the calendar, in words; a dash for none."""
    if not moment:
        return "-"
    told = str(moment)
    return long_day(datetime.fromisoformat(told) if "T" in told else date.fromisoformat(told), lang)


def _entry(key: str, value: object, lang: Lang, *, mono: bool = False) -> Entry:
    return Entry(term=_say(key, lang), text=visible(str(value)), mono=mono)


def _facts(content: Content, lang: Lang) -> Part:
    return Part(
        head=_say("facts", lang),
        entries=(
            _entry("reference", content["reference"], lang, mono=True),
            _entry("received", _day(content["received_at"], lang), lang),
            _entry("agreed", _day(content["agreed_at"], lang), lang),
            _entry("outcome", text(f"dsar.outcome.{content['outcome']}", lang), lang),
            *(
                _entry("ground", text(f"dsar.ground.{ground}", lang), lang)
                for ground in content["grounds"]
            ),
        ),
    )


def _erased(content: Content, lang: Lang) -> Part:
    return Part(head=_say("erased", lang), items=erased_words(content["erased"], lang))


def _kept(content: Content, lang: Lang) -> Part:
    if not content["kept"]:
        return Part(head=_say("kept", lang), paragraphs=(_say("kept_nothing", lang),))
    lines = ((str(one["field"]), int(one["rows"]), _why(one, lang)) for one in content["kept"])
    return Part(
        head=_say("kept", lang),
        paragraphs=(_say("kept_lead", lang),),
        items=tuple(
            _say(
                "kept_line" if names else "kept_line_whole",
                *(lang,),
                table=table,
                fields=names,
                rows=rows,
                why=why,
            )
            for table, names, rows, why in grouped(lines, lang)
        ),
    )


def _why(line: Content, lang: Lang) -> str:
    """The law that keeps it, the last day, and the ground in the law of the request."""
    grounds = [text(f"dsar.ground.{ground}", lang) for ground in line.get("grounds", ())]
    why = kept_why(line, lang)
    return _say("kept_on", lang, why=why, grounds=_between(lang).join(grounds)) if grounds else why


def _stores(content: Content, lang: Lang) -> Part | None:
    if not content["stores"]:
        return None
    items: list[str] = []
    for one in content["stores"]:
        name = visible(str(one[f"label_{lang.value}"]))
        because = text(f"dsar.without.{one['because']}", lang) if one["state"] == "left" else ""
        key = f"store_{one['state']}"
        items.append(_say(key, lang, store=name, records=one["records"], because=because))
        items += [
            _say(
                "store_item",
                lang,
                store=name,
                label=visible(str(kept["label"][lang.value])),
                records=kept["records"],
                ground=visible(str(kept["ground"][lang.value])),
                until=_day(kept["until"], lang),
            )
            for kept in one["kept"]
        ]
    return Part(head=_say("stores", lang), items=tuple(items))


def _recipients(content: Content, lang: Lang) -> Part | None:
    if not content["recipients"]:
        return None
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in content["recipients"]:
        told, day = ("told", _day(one["told_at"], lang)) if one["told_at"] else ("untold", "")
        why = "" if day else text(f"dsar.untold.{one['untold'] or 'no_address'}", lang)
        found.setdefault((told, day, why), []).append(visible(str(one["name"])))
    between = _between(lang)
    return Part(
        head=_say("recipients", lang),
        items=tuple(
            _say(told, lang, name=between.join(names), day=day, why=why)
            for (told, day, why), names in found.items()
        ),
    )


def _between(lang: Lang) -> str:
    return "、" if lang is Lang.JA else ", "


def _final(content: Content, lang: Lang) -> Part:
    final = content["final_on"]
    key = "final_day" if final else "final_open"
    return Part(
        head=_say("final", lang),
        paragraphs=(_say(key, lang, day=_day(final, lang)),),
        items=tuple(_stage(one, lang) for one in content["stages"]),
        entries=(
            _entry("keys", _day(content["keys_ended_at"], lang), lang),
            _entry("ledger", _day(content["ledger_ends_on"], lang), lang),
        ),
    )


def _stage(one: Mapping[str, str | None], lang: Lang) -> str:
    """One stage by which the erasure becomes final, with its day as it was known at the issue."""
    day = one["on"]
    found = StageDate(
        stage=Stage(str(one["stage"])),
        on=date.fromisoformat(day) if day else None,
        standing=Standing(str(one["standing"])),
    )
    return found.words(lang)


def _proof(content: Content, lang: Lang) -> Part:
    return Part(
        head=_say("proof", lang),
        paragraphs=(_say("proof_text", lang),),
        entries=(
            _entry("log", content["controller"]["log"], lang, mono=True),
            _entry("person", content["person"], lang, mono=True),
            _entry("agreed_plan", content["agreed_sha256"], lang, mono=True),
        ),
        command=COMMAND,
    )


def page(content: Content, lang: Lang) -> str:
    """The certificate as one page that loads and runs nothing (WCAG 2.2 AA)."""
    style = _style()
    return (
        _environment()
        .get_template("certificate.html.j2")
        .render(
            paper=paper_of(content, lang),
            lang=lang.value,
            style=Markup(style),  # noqa: S704 # our own file
            style_hash=f"sha256-{b64encode(sha256(style.encode()).digest()).decode()}",
        )
    )


@cache
def _style() -> str:
    return files("dsar.data").joinpath("report.css").read_text("utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("dsar", "data"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
