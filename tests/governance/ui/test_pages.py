"""Rendered pages: well formed, nothing inline, one h1, every label and reference resolved."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from governance.core.errors import NotFoundError, UnavailableError
from governance.core.terms import Lang
from governance.i18n.catalogue import MissingTextError
from governance.ui.pages import MENU_AT_ONCE, Page, Surface, Templates, environment
from governance.ui.parts import NavGroup, NavItem
from governance.ui.preferences import Keys, Preferences, Theme
from governance.ui.problems import problem_of_status

VOID = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()  # noqa: SIM905 - reads as the standard lists it
)
Show = Callable[[str, Preferences], str]
NAV = (
    NavGroup(
        label="ui.sample.nav.daily",
        items=(
            NavItem(href="/console", label="ui.sample.nav.overview"),
            NavItem(href="/console/requests", label="ui.sample.nav.requests"),
        ),
    ),
)


class Reader(HTMLParser):
    """Collects what the checks need; an unbalanced tag is an error at once."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"repeated attribute in {tag}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, tag

    def values(self, attribute: str) -> list[str]:
        return [found for _, attrs in self.tags if (found := attrs.get(attribute)) is not None]


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def test_page_is_well_formed_and_has_nothing_inline(show: Show, page_name: str, lang: Lang) -> None:
    html = show(page_name, Preferences(lang=lang))
    reader = read(html)
    for tag, attrs in reader.tags:
        assert tag != "style"
        assert tag != "script" or attrs.get("src"), "inline script"
        for attribute, value in attrs.items():
            assert not attribute.startswith(("on", "hx-on")), attribute
            assert attribute != "style"
            assert not (value or "").startswith(("javascript:", "js:"))
            if attribute in {"href", "src", "action"}:
                assert (value or "#").startswith(("/", "#")), value


def test_ids_are_unique_and_references_resolve(show: Show, page_name: str, lang: Lang) -> None:
    reader = read(show(page_name, Preferences(lang=lang)))
    found = reader.values("id")
    assert len(found) == len(set(found))
    for attribute in ("for", "aria-labelledby", "aria-describedby", "data-copy"):
        for value in reader.values(attribute):
            assert set(value.split()) <= set(found), (attribute, value)
    in_page = {href[1:] for href in reader.values("href") if re.fullmatch(r"#.+", href)}
    assert in_page <= set(found)


def test_page_has_one_heading_one_language_one_main(show: Show, page_name: str, lang: Lang) -> None:
    reader = read(show(page_name, Preferences(lang=lang)))
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("h1") == 1
    assert tags.count("main") == 1
    assert reader.tags[0] == (
        "html",
        {"lang": lang.value, "data-theme": "auto", "data-keys": "on"},
    )


def test_every_posting_form_but_the_view_switch_carries_the_token(
    show: Show, page_name: str, lang: Lang
) -> None:
    html = show(page_name, Preferences(lang=lang))
    for form in re.findall(r'<form[^>]*method="post".*?</form>', html, re.DOTALL):
        assert 'action="/preferences"' in form or 'name="csrf" value="token"' in form


def test_demo_banner_stands_on_every_page(show: Show, page_name: str) -> None:
    assert 'class="sk-demo"' in show(page_name, Preferences())


def test_english_page_shows_no_japanese_but_names_and_the_way_back(show: Show) -> None:
    html = show("style", Preferences(lang=Lang.EN))
    assert set(re.findall(r"[぀-ヿ一-鿿]+", html)) <= {"日本語", "髙橋", "美咲"}


def test_chosen_view_reaches_the_root_element(show: Show) -> None:
    html = show("start", Preferences(theme=Theme.DARK, keys=Keys.OFF))
    assert '<html lang="ja" data-theme="dark" data-keys="off">' in html


def test_title_of_a_refused_form_says_so_first(show: Show) -> None:
    assert "<title>エラー: サインイン" in show("sign_in", Preferences())


def test_values_are_escaped(templates: Templates) -> None:
    page = Page(lang=Lang.JA, title="ui.sign_in.title", path='/"><script>alert(1)</script>')
    html = templates.render(
        "sign_in.html", page, step="address", action="/x", mistakes=(), address=""
    )
    assert "<script>alert" not in html


def test_unknown_key_is_an_error_and_not_an_empty_place(templates: Templates) -> None:
    page = Page(lang=Lang.JA, title="ui.no_such_title", path="/")
    problem = problem_of_status(404, Lang.JA, reference="r")
    with pytest.raises(MissingTextError):
        templates.render("error.html", page, problem=problem, ways=())


@pytest.mark.parametrize(
    ("path", "here"),
    [
        ("/console", "/console"),
        ("/console/requests?page=2", "/console/requests"),
        ("/console/requests/R-1", "/console/requests"),
        ("/console/audit", "/console"),
    ],
)
def test_menu_marks_the_nearest_entry_alone(path: str, here: str) -> None:
    page = Page(lang=Lang.JA, title="ui.style.title", path=path, surface=Surface.CONSOLE, nav=NAV)
    marked = [item.href for item in NAV[0].items if page.is_here(item.href)]
    assert marked == [here]


@pytest.mark.parametrize(
    "status", [NotFoundError.status, UnavailableError.status, 400, 401, 409, 418, 422, 429, 500]
)
def test_every_status_says_what_happened_what_did_not_and_what_to_do(
    status: int, lang: Lang
) -> None:
    problem = problem_of_status(status, lang, reference="r")
    assert problem.happened
    assert problem.unchanged
    assert problem.todo
    assert problem.status == status


def test_a_long_menu_opens_the_group_of_the_page_and_a_short_one_is_not_folded(
    templates: Templates,
) -> None:
    many = tuple(
        NavItem(href=f"/console/{n}", label="ui.sample.nav.requests") for n in range(MENU_AT_ONCE)
    )
    other = NavGroup(label="ui.sample.nav.control", items=many)
    problem = problem_of_status(404, Lang.EN, reference="r")
    for nav, path in (((*NAV, other), "/console/3/of/it"), (NAV, "/console")):
        page = Page(
            lang=Lang.EN, title="ui.error.title", path=path, surface=Surface.CONSOLE, nav=nav
        )
        html = templates.render("error.html", page, problem=problem, ways=())
        groups = re.findall(r'<details class="sk-menu__group" name="menu"( open)?>', html)
        assert groups == (["", " open"] if len(nav) > 1 else [])


def test_other_packages_stand_under_their_own_name() -> None:
    names = environment("governance.ui").by_lang[Lang.JA].list_templates()
    assert "ui/start.html" in names
    assert "start.html" in names


def test_package_without_templates_is_refused_at_start() -> None:
    with pytest.raises(ValueError, match="templates"):
        environment("governance.core")


@pytest.mark.parametrize("surface", list(Surface))
def test_owner_names_the_portal_and_nothing_else(templates: Templates, surface: Surface) -> None:
    page = Page(lang=Lang.EN, title="ui.error.title", path="/", surface=surface, owner="Example Co")
    problem = problem_of_status(404, Lang.EN, reference="r")
    facts = {"looked": True, "contact": "privacy@example.com", "sign_in": "/sign-in"}
    html = templates.render("error.html", page, problem=problem, ways=(), **facts)
    assert ("Example Co" in html) == (surface is Surface.PORTAL)


def test_withheld_field_never_reaches_the_page(show: Show) -> None:
    html = show("style", Preferences(lang=Lang.EN))
    assert "Content withheld" in html
