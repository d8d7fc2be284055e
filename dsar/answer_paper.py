"""The answer as a paper: a cover letter, then what the signed document of the package says."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from dsar.answer_words import in_words
from governance.core.terms import Lang
from governance.documents.neutralise import visible
from governance.documents.papers import Entry, Paper, Part
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day

NAME = "person.name"


def paper_of(document: Mapping[str, Any], lang: Lang) -> Paper:
    """The paper of `data.json`; values stand in it as text, what hides in them shown."""
    say = _Say(lang)
    day = long_day(datetime.fromisoformat(document["created_at"]), lang)
    return Paper(
        title=say("title"),
        sender=_both(document["controller"]["name"], lang),
        number=document["reference"],
        date=day,
        to=_to(document, lang),
        lead=(say("paper.lead", reference=document["reference"]),),
        parts=(
            _decision(document, lang),
            *_sources(document, lang),
            _withheld(document, lang),
            *_stays(document, lang),
            *_information(document, lang),
            Part(head=say("proof"), paragraphs=(say("paper.proof"),)),
        ),
    )


class _Say:
    """Texts of the package in one language."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang

    def __call__(self, key: str, **params: object) -> str:
        return text(f"dsar.package.{key}", self._lang, **params)


def _both(label: Mapping[str, str], lang: Lang) -> str:
    return visible(label[lang.value])


def _to(document: Mapping[str, Any], lang: Lang) -> tuple[str, ...]:
    """The person's name as it is held; nobody when it is not."""
    names = (
        value["value"]
        for source in document["sources"]
        for record in source["records"]
        for value in record
        if value["field"] == NAME
    )
    name = next(names, None)
    return () if name is None else (text("dsar.package.paper.to", lang, name=visible(name)),)


def _decision(document: Mapping[str, Any], lang: Lang) -> Part:
    say = _Say(lang)
    decision = document["decision"]
    grounds = "\n".join(ground[lang.value] for ground in decision["grounds"])
    rights = (text(f"dsar.right.{right}", lang) for right in document["rights"])
    told = (
        ("reference", document["reference"]),
        ("rights", "\n".join(rights)),
        ("outcome", text(f"dsar.outcome.{decision['outcome']}", lang)),
        ("grounds", grounds),
    )
    return Part(
        head=say("outcome"),
        entries=tuple(Entry(term=say(name), text=value) for name, value in told if value),
    )


def _sources(document: Mapping[str, Any], lang: Lang) -> Iterable[Part]:
    say = _Say(lang)
    if not document["sources"]:
        yield Part(head=say("data"), paragraphs=(say("no_data"),))
    for source in document["sources"]:
        label = _both(source["label"], lang)
        for number, record in enumerate(source["records"], start=1):
            yield Part(
                head=f"{label} {number}",
                entries=tuple(
                    Entry(
                        term=_both(value["label"], lang),
                        text=visible(in_words(value["field"], value["value"], lang)),
                    )
                    for value in record
                ),
            )
    nothing = [_both(one["label"], lang) for one in document["sources"] if not one["records"]]
    if nothing:
        between = "、" if lang is Lang.JA else ", "
        yield Part(head=say("empty"), paragraphs=(between.join(nothing),))


def _withheld(document: Mapping[str, Any], lang: Lang) -> Part:
    say = _Say(lang)
    lines = document["withheld"]
    entries = tuple(
        Entry(
            term=f"{_both(line['label'], lang)} ({line['count']})",
            text="\n".join(ground[lang.value] for ground in line["grounds"]),
        )
        for line in lines
    )
    lead = say("withheld_lead" if lines else "nothing_withheld")
    return Part(head=say("withheld"), paragraphs=(lead,), entries=entries)


def _stays(document: Mapping[str, Any], lang: Lang) -> Iterable[Part]:
    say = _Say(lang)
    if document["stays"]:
        yield Part(
            head=say("stays"),
            paragraphs=(say("stays_lead"),),
            entries=tuple(
                Entry(
                    term=f"{_both(line['label'], lang)} ({line['count']})",
                    text=say(f"stays.{line['reason']}"),
                )
                for line in document["stays"]
            ),
        )


def _information(document: Mapping[str, Any], lang: Lang) -> Iterable[Part]:
    for law, sections in document["information"].items():
        yield Part(
            head=text(f"dsar.information.heading.{law}", lang),
            entries=tuple(
                Entry(
                    term=_both(section["title"], lang),
                    text="\n".join(_both(line, lang) for line in section["lines"]),
                )
                for section in sections
            ),
        )
