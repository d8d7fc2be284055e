"""The officers' pages of the law: duties of a day, what changes them, one entry in full."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from governance.console.frame import today, way
from governance.console.law_words import (
    HOME,
    article_words,
    day_words,
    file_words,
    law_name,
    place_words,
    rule_words,
    tongues,
)
from governance.console.lists.law import LAW_DUTIES, LAW_RULES, LAW_SETS
from governance.console.lists.source import listed_all
from governance.console.pages import console_page
from governance.core.errors import NotFoundError
from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.i18n.catalogue import domain, text
from governance.ui.parts import Term
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require
from policies.law.answers import Json, law_show
from policies.law.errors import UnknownLawIdError
from policies.law.in_force import law_in_force
from policies.law.load import RuleSet, rules_of
from policies.law.types import Amendment, Verification

router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.POLICY_READ))]
RULES: Final = frozenset({"deadline_rule", "extends", "extension"})  # ids of deadline rules
NAMED: Final = RULES | {"rule_set"}
LISTED: Final = frozenset({"obligations", "entries", "rule_sets"})  # ids of other entries
HIDDEN: Final = frozenset(  # said elsewhere on the page, or for machines
    {"id", "type", "disclaimer", "sources"}
    | {f"{name}_{lang.value}" for name in ("duty", "title") for lang in Lang}
)


@router.get("", response_class=HTMLResponse)
async def law(request: Request, principal: Reader, on: str = "") -> str:
    """Duties of a day by law, deadline rules, amendments and their rule sets."""
    page = console_page(request, "console.law.title", principal)
    wrong, day = _day(on, today(request))
    book = law_in_force()
    sources = (LAW_DUTIES, LAW_RULES, LAW_SETS)
    duties, rules, sets = await run_in_threadpool(listed_all, request, principal, sources)
    return await rendered_page(
        request,
        "console/law.html",
        page,
        book=book,
        disclaimer=file_words(book.disclaimer, page.lang),
        day=day,
        wrong=wrong,
        duties=duties,
        rules=rules,
        amendments=[_amendment(one, page.lang) for one in book.amendments.values()],
        sets=sets,
        way=way(page.lang, ("console.law.title", HOME)),
    )


@router.get("/{entry}", response_class=HTMLResponse)
async def law_entry(request: Request, entry: str, principal: Reader, on: str = "") -> str:
    """One duty, rule, keeping period, amendment or rule set with everything the file says."""
    page = console_page(request, "console.law.title", principal)
    _, day = _day(on, today(request))
    book = law_in_force()
    try:
        found = law_show(entry, at=day, book=book)
    except UnknownLawIdError:
        raise NotFoundError from None
    kept = {name: value for name, value in found.items() if name not in HIDDEN}
    if "article" in kept:
        kept["article"] = article_words(str(kept.pop("law")), str(kept["article"]), page.lang)
    return await rendered_page(
        request,
        "console/law_entry.html",
        page,
        entry=entry,
        title=_title(found, page.lang) or entry,
        disclaimer=file_words(book.disclaimer, page.lang),
        terms=[_term(name, value, rules_of(book, day), page.lang) for name, value in kept.items()],
        sources=[
            (tongues(book.sources[name].title), file_words(book.sources[name].kind, page.lang))
            for name in _texts(found.get("sources"))
        ],
        way=way(page.lang, ("console.law.title", HOME), ("console.law.entry", "")),
    )


def _title(found: Mapping[str, Json], lang: Lang) -> str:
    """What the entry is, in a line."""
    words = (f"duty_{lang.value}", f"title_{lang.value}", "what", "law")
    said = next((str(found[key]) for key in words if found.get(key)), "")
    return file_words(law_name(said, lang) if said == found.get("law") else said, lang)


def _day(given: str, standing: date) -> tuple[bool, date]:
    """The day asked for; the present one when it is none."""
    try:
        return (False, date.fromisoformat(given)) if given else (False, standing)
    except ValueError:
        return True, standing


def _amendment(one: Amendment, lang: Lang) -> dict[str, object]:
    return {
        "id": one.id,
        "law": file_words(law_name(one.law, lang), lang),
        "days": [day_words(step.when, lang) for step in one.steps],
    }


def _term(name: str, value: Json, rules: RuleSet, lang: Lang) -> Term:
    """One thing that the file says, in the reader's words where there are some."""
    label = domain("console", lang).get(f"console.law.key.{name}", name)
    return Term(term=label, text=_worded(name, value, rules, lang), href=_href(name, value))


def _worded(name: str, value: Json, rules: RuleSet, lang: Lang) -> str:
    """Ids of other entries by what these are called, anything else as a value."""
    match name:
        case "verification":
            return text(f"console.law.seen.{Verification(str(value)).name.lower()}", lang)
        case "article":
            return place_words(str(value), lang)
        case "law":
            return file_words(law_name(str(value), lang), lang)
        case "amendment":
            return file_words(law_name(rules.book.amendments[str(value)].law, lang), lang)
        case _ if name in LISTED:
            return _joined((_named(one, rules, lang) for one in _texts(value)), lang)
        case _ if name in NAMED and isinstance(value, str):
            return _named(value, rules, lang)
        case _:
            return _said(value, lang)


def _named(entry: str, rules: RuleSet, lang: Lang) -> str:
    """An entry that another one names: a duty by its article, a rule or a set by its title."""
    if (duty := rules.obligations.get(entry)) is not None:
        return article_words(duty.law, duty.article, lang)
    if (found := rules.book.switches.get(entry)) is not None:
        return found.title_ja if lang is Lang.JA else found.title_en
    named = rule_words(entry, rules, lang)
    return file_words(entry, lang) if named == entry else named


def _joined(parts: Iterable[str], lang: Lang) -> str:
    """One after the other, told apart where a part itself holds what stands between."""
    said = tuple(parts)
    between, wider = ("、", " / ") if lang is Lang.JA else (", ", "; ")
    return (wider if any(between in one for one in said) else between).join(said)


def _href(name: str, value: Json) -> str:
    linked = name in {*RULES, "amendment", "rule_set"}
    return f"{HOME}/{value}" if linked and isinstance(value, str) else ""


def _said(value: Json, lang: Lang) -> str:
    match value:
        case bool():
            return text("console.law.yes" if value else "console.law.no", lang)
        case list():
            return _joined((_said(item, lang) for item in value), lang)
        case dict():
            return "  ".join(_said(item, lang) for item in value.values())
        case None:
            return text("console.none", lang)
        case _:
            return file_words(day_words(str(value), lang), lang)


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
