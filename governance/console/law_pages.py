"""The officers' pages of the law: duties of a day, what changes them, one entry in full."""

from collections.abc import Mapping
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
    law_name,
    rule_words,
)
from governance.console.lists.law import LAW_DUTIES, LAW_RULES, LAW_SETS
from governance.console.lists.source import listed_all
from governance.console.pages import console_page
from governance.core.errors import NotFoundError
from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.i18n.catalogue import domain, text
from governance.ui.parts import Term
from governance.ui.surfaces import templates_of
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
HIDDEN: Final = frozenset({"id", "type", "disclaimer"})  # said elsewhere on the page


@router.get("", response_class=HTMLResponse)
async def law(request: Request, principal: Reader, on: str = "") -> str:
    """Duties of a day by law, deadline rules, amendments and their rule sets."""
    page = console_page(request, "console.law.title", principal)
    wrong, day = _day(on, today(request))
    book = law_in_force()
    sources = (LAW_DUTIES, LAW_RULES, LAW_SETS)
    duties, rules, sets = await run_in_threadpool(listed_all, request, principal, sources)
    return templates_of(request).render(
        "console/law.html",
        page,
        book=book,
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
    return templates_of(request).render(
        "console/law_entry.html",
        page,
        entry=entry,
        lead=_lead(found, page.lang),
        disclaimer=book.disclaimer,
        terms=[_term(name, value, rules_of(book, day), page.lang) for name, value in kept.items()],
        sources=[book.sources[name] for name in _texts(found.get("sources"))],
        way=way(page.lang, ("console.law.title", HOME), ("console.law.entry", "")),
    )


def _lead(found: Mapping[str, Json], lang: Lang) -> str:
    """What the entry is, in a line."""
    words = (f"duty_{lang.value}", f"title_{lang.value}", "what", "law")
    return next((str(found[key]) for key in words if found.get(key)), "")


def _day(given: str, standing: date) -> tuple[bool, date]:
    """The day asked for; the present one when it is none."""
    try:
        return (False, date.fromisoformat(given)) if given else (False, standing)
    except ValueError:
        return True, standing


def _amendment(one: Amendment, lang: Lang) -> dict[str, object]:
    return {
        "id": one.id,
        "law": law_name(one.law, lang),
        "days": [day_words(step.when, lang) for step in one.steps],
    }


def _term(name: str, value: Json, rules: RuleSet, lang: Lang) -> Term:
    """One thing that the file says, in the reader's words where there are some."""
    label, said = domain("console", lang).get(f"console.law.key.{name}", name), _said(value, lang)
    if name == "verification":
        said = text(f"console.law.seen.{Verification(said).name.lower()}", lang)
    elif name == "law":
        said = law_name(said, lang)
    elif name in RULES:
        said = rule_words(said, rules, lang)
    return Term(term=label, text=said, href=_href(name, value))


def _href(name: str, value: Json) -> str:
    linked = name in {*RULES, "amendment", "rule_set"}
    return f"{HOME}/{value}" if linked and isinstance(value, str) else ""


def _said(value: Json, lang: Lang) -> str:
    match value:
        case bool():
            return text("console.law.yes" if value else "console.law.no", lang)
        case list():
            between = "、" if lang is Lang.JA else ", "
            return between.join(_said(item, lang) for item in value)
        case dict():
            return "  ".join(_said(item, lang) for item in value.values())
        case None:
            return text("console.none", lang)
        case _:
            return day_words(str(value), lang)


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
