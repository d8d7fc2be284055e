"""Pages from templates: one environment per language, one typed context, one call to render.

Guide for page authors
======================

A page module holds a function that returns text; its template stands beside it in
``<package>/templates`` and is named with the last part of its package in front::

    # governance/console/overview.py; its template is governance/console/templates/overview.html
    def overview(templates: Templates, page: Page, due: Iterable[DueRequest]) -> str:
        return templates.render("console/overview.html", page, rows=rows_of(due, page.lang))

    {% extends "layouts/console.html" %}
    {% block main %}
      {{ ui.page_head(t("console.overview.title"), lead=t("console.overview.lead")) }}
      {{ ui.chain_verdict(verdict, link=Link(label=t("console.audit"), href="/console/audit")) }}
      {% call ui.section(t("console.overview.due"), id="due") %}
        {% call(row, column) ui.table(columns, rows, caption=t("console.due"), pager_facts=pager) %}
          {% if column.key == "id" %}<a href="{{ row.href }}">{{ row.id }}</a>
          {% else %}{{ row[column.key] }}{% endif %}
        {% endcall %}
      {% endcall %}
    {% endblock %}

Global in every template: ``t(key, **params)`` (catalogue text in the page's language), ``lang``,
``ui`` (all components, listed in ``templates/ui.html``; every macro has a comment with its
parameters), ``asset(name)``, and the small facts ``Term``, ``Link``, ``Choice``, ``Column``.
From the caller: ``page`` and the facts. Filters: ``long_day(era=False)``, ``short_day``,
``moment(seconds=False)``, ``machine_time``, ``number``, ``share(digits=0)``, ``size``, ``actor``,
``country``, ``unbroken`` (the reference of a request stays on one line).

Facts for components come from ``governance.ui.parts`` and are already in the reader's language;
only navigation carries keys. Layouts: ``layouts/console.html``, ``layouts/portal.html``,
``layouts/plain.html``; each has the blocks ``main`` and ``crumbs``. Ready pages in every layout,
chosen by ``Page.surface``: ``error.html`` (problem), ``confirm.html`` (confirmation without a
dialog), ``sign_in.html``; and ``start.html``, ``style.html``.

Rules that the tests hold: no style, script or handler attribute; no ``hx-on``; no letter of
visible text outside the catalogue; every control inside a swap target has an id; every form that
posts carries ``ui.csrf(page)``; a person's name never stands in a title's key or a URL. Set
``invalid=True`` on the page when a form comes back with mistakes: the title then says so first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from jinja2.loaders import BaseLoader

from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.i18n.countries import country_name
from governance.i18n.formats import (
    long_day,
    machine_time,
    moment,
    number,
    quarter_words,
    share,
    short_day,
    size,
)
from governance.i18n.voice import voice
from governance.ui.acting import MARKS, Marks, NamesOf, actor, unnamed
from governance.ui.assets import asset_url
from governance.ui.furigana import with_furigana
from governance.ui.parts import Choice, Column, Link, NavGroup, NavItem, Term, Who
from governance.ui.preferences import Keys, Reading, Theme
from governance.ui.words import encoding_name, unbroken

MENU_AT_ONCE: Final = 12  # entries that stand in view without scrolling on a small laptop


class Surface(StrEnum):
    """Whose page it is; each has its layout."""

    CONSOLE = "console"
    PORTAL = "portal"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What every page knows beside its own facts."""

    lang: Lang
    title: str  # catalogue key
    path: str  # where the language and theme switches come back to; must answer GET
    surface: Surface = Surface.PLAIN
    title_params: Mapping[str, str | int] = field(default_factory=dict)  # ids and counts, no names
    theme: Theme = Theme.AUTO
    keys: Keys = Keys.ON
    principal: Who | None = None
    nav: tuple[NavGroup, ...] = ()
    stations: tuple[NavItem, ...] = ()  # the pages of the one thing that this page belongs to
    foot: tuple[NavItem, ...] = ()
    csrf: str = field(default="", repr=False)
    owner: str = ""  # 事業者名, shown by the portal
    home_href: str = "/"
    seek_href: str = ""  # POST target of the global search; empty hides it
    sign_out_href: str = ""
    demo: bool = False
    invalid: bool = False
    alert: str = ""  # what must be seen on every page now, in the page's language
    untrained: bool = False  # roles of the reader lapsed with their training
    terms: tuple[str, ...] = ()  # of the statutes, explained at the end of the page
    reading: frozenset[Reading] = frozenset()  # how the customer wants to read
    acting: bool = False  # a parent or guardian looks at a child's pages

    @property
    def station(self) -> str:
        """The nearest of the stations above this page."""
        held = [item.href for item in self.stations if _holds(item.href, self.path)]
        return max(held, key=len, default="")

    @property
    def folds(self) -> bool:
        """Whether the menu is so long that only the group of this page stands open."""
        return sum(len(group.items) for group in self.nav) > MENU_AT_ONCE

    def is_within(self, group: NavGroup) -> bool:
        """Whether this page belongs to the group of the menu."""
        return any(self.is_here(item.href) for item in group.items)

    def is_here(self, href: str) -> bool:
        """Whether the menu entry is this page or the nearest entry above it."""
        best = max(
            (
                item.href
                for group in self.nav
                for item in group.items
                if _holds(item.href, self.path)
            ),
            key=len,
            default="",
        )
        return href == best


def _holds(href: str, path: str) -> bool:
    bare = path.partition("?")[0]
    return bare == href or bare.startswith(href.rstrip("/") + "/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """Every template in both languages, ready to render."""

    by_lang: Mapping[Lang, Environment]
    names_of: NamesOf = unnamed  # what accounts are called; asked once a page, of the console alone

    def render(self, name: str, page: Page, **facts: object) -> str:
        """The finished page in the page's language; an unknown name or key is an error."""
        marks = Marks()
        template = self.by_lang[page.lang].get_template(name)
        html = template.render({MARKS: marks}, page=page, **facts)
        staff_look = page.surface is Surface.CONSOLE  # fails closed: no name of staff elsewhere
        html = marks.named(html, self.names_of if staff_look else unnamed, page.lang)
        wanted = page.lang is Lang.JA and Reading.RUBY in page.reading
        return with_furigana(html) if wanted else html


def _loader(extra_packages: tuple[str, ...]) -> BaseLoader:
    own = PackageLoader("governance.ui", "templates")
    others = {name.rpartition(".")[2]: PackageLoader(name, "templates") for name in extra_packages}
    return ChoiceLoader([own, PrefixLoader(others)])


def _environment(lang: Lang, loader: BaseLoader) -> Environment:
    made = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        **_date_filters(lang),
        actor=actor,
        country=lambda value: country_name(value, lang),
        encoding=lambda value: encoding_name(value, lang),
        unbroken=unbroken,
        machine_time=machine_time,
        number=number,
        quarter=lambda value: quarter_words(value, lang),
        share=share,
        size=size,
    )
    made.globals.update(
        t=lambda key, **params: text(key, lang, **params),
        lang=lang,
        other_lang=Lang.EN if lang is Lang.JA else Lang.JA,
        asset=asset_url,
        Choice=Choice,
        Column=Column,
        Link=Link,
        Term=Term,
    )
    made.globals["ui"] = made.get_template("ui.html").module
    return made


def _date_filters(lang: Lang) -> dict[str, Callable[..., str]]:
    def day(value: date | datetime, *, era: bool = False) -> str:
        return long_day(value, lang, era=era or voice().era)

    def day_without_year(value: date | datetime) -> str:
        return short_day(value, lang)

    def time_of_day(value: datetime, *, seconds: bool = False) -> str:
        return moment(value, lang, seconds=seconds, era=voice().era)

    return {"long_day": day, "short_day": day_without_year, "moment": time_of_day}


@cache
def environment(*extra_packages: str) -> Templates:
    """Templates of the component layer and of the named packages, compiled once, on first use."""
    loader = _loader(extra_packages)
    return Templates(by_lang=MappingProxyType({lang: _environment(lang, loader) for lang in Lang}))
