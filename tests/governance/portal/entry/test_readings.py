"""Easy Japanese, furigana, larger type and years of the era on the pages for customers."""

import importlib.util
import re
from html import unescape
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from governance.core.terms import Lang
from governance.i18n import catalogue
from governance.i18n.voice import PLAIN, Voice, speak
from governance.ui.furigana import BARE, KANJI_RUN, over, table, with_furigana
from governance.ui.preferences import COOKIE, Preferences, Reading, changed, preferences_of
from tests.governance.portal.entry.conftest import PARENT, Portal, token

ROOT = Path(__file__).parents[4]
WIZARD = ("home", "right", "data", "delivery", "who", "person")
MAIN = (
    "/portal", "/portal/requests", "/portal/requests/return", "/portal/requests/return/code",
    "/portal/receipts", "/portal/ways", "/portal/sign-in/code",
)  # fmt: skip
APART = ("portal.notices.", "portal.mail.", "portal.confirm.")  # the last is for companies
EASY_AS_IT_IS = {"portal.problem.401.todo"}
RUBY = re.compile(r"<ruby>.*?</ruby>", re.DOTALL)
UNREAD = re.compile(
    r"<(title|code|option|select|script|style)\b.*?</\1>|<[a-z]+[^>]* data-own.*?</[a-z]+>",
    re.DOTALL,
)


@pytest.fixture(scope="module")
def pages(portal: Portal) -> dict[str, str]:
    """The main pages as a parent reads them in easy Japanese with furigana."""
    portal.relation(3, 2)
    client = portal.signed_in(PARENT)
    stranger = portal.browser()
    for one in (client, stranger):
        view = Preferences(reading=frozenset(Reading)).cookie_value()
        one.cookies.set(COOKIE, view)
    found = {path: _text(client, path) for path in MAIN}
    found["/portal/sign-in"] = _text(stranger, "/portal/sign-in")
    form = token(stranger.get("/portal/requests").text)
    stranger.post("/portal/requests/new", data={"csrf": form})
    given = {
        "home": {"home": "japan"}, "right": {"right": "disclosure"},
        "data": {"scope_profile": "yes"}, "delivery": {"delivery": "post"},
        "who": {"who": "self"}, "person": {"name": "架空", "email": "x@example.com"},
    }  # fmt: skip
    for name in WIZARD:
        found[name] = _text(stranger, f"/portal/requests/new/{name}")
        answer = stranger.post(f"/portal/requests/new/{name}", data={"csrf": form, **given[name]})
        assert answer.status_code == 303, name
    found["check"] = _text(stranger, "/portal/requests/new/check")
    return found


def _text(client: httpx.Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.text


def test_every_sentence_of_a_main_page_has_an_easy_form(
    pages: dict[str, str],
) -> None:
    plain = catalogue.domain("portal", Lang.JA)
    easy = catalogue.easy("portal")
    assert set(easy) <= set(plain), "an easy form of no sentence"
    names = re.compile(r"\{[a-z_]+\}")
    for key, sentence in easy.items():
        assert set(names.findall(sentence)) == set(names.findall(plain[key])), key
    text = {path: unescape(re.sub(r"<rp>.*?</rp>|<rt>.*?</rt>|<[^>]+>", "", page)) for
            path, page in pages.items()}  # fmt: skip
    kept = {
        key: sentence
        for key, sentence in plain.items()
        if key not in easy and len(sentence) >= 12 and "{" not in sentence
    }
    shown = {(path, key) for path, page in text.items() for key, one in kept.items() if one in page}
    assert not shown, shown


def test_every_text_for_customers_has_an_easy_form() -> None:
    """Of those that come up in some state alone, too; what the law publishes is said as it is."""
    easy = catalogue.easy("portal")
    left = {
        key
        for key, sentence in catalogue.domain("portal", Lang.JA).items()
        if key not in easy and len(sentence) >= 12 and not key.startswith(APART)
    }
    assert left == EASY_AS_IT_IS


def test_every_kanji_of_our_own_words_has_its_reading(pages: dict[str, str]) -> None:
    for path, page in pages.items():
        assert "<ruby>" in page, path
        ours = re.sub(r"<div data-own>.*?</dl>", "", page, flags=re.DOTALL)
        left = re.sub(r"<[^>]+>", "|", RUBY.sub("", UNREAD.sub("", ours.partition("<main")[2])))
        words = set(KANJI_RUN.findall(BARE.sub("", left)))
        assert words <= {"商店"}, (path, words)  # of the company's own name


def test_what_is_a_persons_own_gets_no_reading(pages: dict[str, str]) -> None:
    own = re.search(r"<div data-own><dl.*?</dl>", pages["/portal"], re.DOTALL)
    assert own is not None
    assert "東京都千代田区" in own[0]
    assert "<ruby>" not in own[0]


def test_the_table_is_the_one_that_the_texts_make() -> None:
    made = _generator().content()
    assert made == (ROOT / "governance/ui/data/readings.tsv").read_text("utf-8"), (
        "run scripts/generate_readings.py"
    )


def _generator() -> ModuleType:
    place = ROOT / "scripts/generate_readings.py"
    spec = importlib.util.spec_from_file_location("generate_readings", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("の方", "<span>の<ruby>方<rp>（</rp><rt>かた</rt><rp>）</rp></ruby></span>"),
        ("<code>同意</code>", "<code>同意</code>"),
        ("<p data-own>同意<b>同意</b></p>", "<p data-own>同意<b>同意</b></p>"),
        ('<a title="同意">x</a>', '<a title="同意">x</a>'),
        ("3年", "<span>3<ruby>年<rp>（</rp><rt>ねん</rt><rp>）</rp></ruby></span>"),
        ("11日(金)", "<span>11日(<ruby>金<rp>（</rp><rt>きん</rt><rp>）</rp></ruby>)</span>"),
        ("1日", "1日"),
        ("鑫", "鑫"),
        ("plain &lt;b&gt;", "plain &lt;b&gt;"),
    ],
)  # fmt: skip
def test_readings_stand_over_words_and_nowhere_else(text: str, said: str) -> None:
    assert with_furigana(text) == said


def test_no_entry_can_put_markup_into_a_page() -> None:
    for words in table().values():
        for word, form in words.items():
            assert not re.search(r"[<>&\"']", word + form), word
    assert over("<script>") == "<script>"  # text arrives escaped, and stays as it is


def test_a_browser_keeps_how_it_reads_and_twice_is_once() -> None:
    old = preferences_of({COOKIE: "ja.dark.off"})
    assert old.reading == frozenset()
    assert old.cookie_value() == "ja.dark.off"
    chosen = changed(changed(old, {"reading": "r"}), {"reading": "r"})
    assert chosen.reading == {Reading.RUBY}
    assert preferences_of({COOKIE: chosen.cookie_value()}) == chosen
    assert changed(chosen, {"reading": "-r"}).reading == frozenset()
    assert changed(chosen, {"reading": "z"}) == chosen
    assert preferences_of({COOKIE: "ja.dark.off.<x>"}).reading == frozenset()


def test_the_era_and_larger_type_are_seen(pages: dict[str, str], portal: Portal) -> None:
    assert 'data-size="large"' in pages["/portal"]
    assert "令和" in re.sub(r"<[^>]+>", "", pages["/portal"]) or "昭和" in pages["/portal"]
    client = portal.browser("en")
    client.cookies.set(COOKIE, "en.auto.on.eryl")
    english = client.get("/portal/sign-in").text
    assert "<ruby>" not in english
    assert 'data-size="large"' in english


def test_easy_words_are_for_their_reader_alone() -> None:
    key = "portal.home.title"
    try:
        speak(Voice(easy=True))
        assert catalogue.text(key, Lang.JA) == catalogue.easy("portal")[key]
        assert catalogue.text(key, Lang.EN) == catalogue.domain("portal", Lang.EN)[key]
        without = "portal.notices.title"
        assert catalogue.text(without, Lang.JA) == catalogue.domain("portal", Lang.JA)[without]
    finally:
        speak(PLAIN)
    assert catalogue.text(key, Lang.JA) == catalogue.domain("portal", Lang.JA)[key]
