"""Who acted, on a page: by name and login, asked for once, never outside the console."""

from collections.abc import Collection, Mapping

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined

from governance.core.terms import Lang
from governance.ui.acting import actor
from governance.ui.pages import Page, Surface, Templates

ROWS = "{% for one in rows %}<li title='{{ one | actor }}'>{{ one | actor }}</li>{% endfor %}"
NAMES = {"u:tanaka": "田中 <b>彩</b>"}


def shown(rows: Collection[str], surface: Surface) -> tuple[str, list[set[str]]]:
    """The page, and which names were asked for."""
    asked: list[set[str]] = []

    def names_of(actors: Collection[str]) -> Mapping[str, str]:
        asked.append(set(actors))
        return NAMES

    made = Environment(
        loader=DictLoader({"rows": ROWS}), autoescape=True, undefined=StrictUndefined
    )
    made.filters["actor"] = actor
    templates = Templates(by_lang={Lang.JA: made}, names_of=names_of)
    page = Page(lang=Lang.JA, title="x", path="/", surface=surface)
    return templates.render("rows", page, rows=rows), asked


def test_a_page_of_many_rows_asks_for_its_names_once() -> None:
    html, asked = shown(["u:tanaka", "svc:shop", "u:tanaka", "u:gone"] * 50, Surface.CONSOLE)
    assert asked == [{"u:tanaka", "svc:shop", "u:gone"}]
    assert html.count("<li title='田中 &lt;b&gt;彩&lt;/b&gt;（tanaka）'>") == 100
    assert html.count(">gone</li>") == 50


@pytest.mark.parametrize("surface", [Surface.PORTAL, Surface.PLAIN])
def test_no_name_of_staff_stands_outside_the_console(surface: Surface) -> None:
    html, asked = shown(["u:tanaka"], surface)
    assert (">tanaka</li>" in html, asked) == (True, [])


def test_a_page_without_actors_asks_nothing() -> None:
    assert shown([], Surface.CONSOLE) == ("", [])
