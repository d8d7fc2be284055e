"""Templates as written: no words outside the catalogue, nothing inline, every key there."""

import re
from pathlib import Path

import pytest

from governance.core.terms import Lang
from governance.i18n.catalogue import domain
from governance.ui.parts import GateState, StepState
from governance.ui.problems import UNKNOWN, WORDED

FOLDER = Path("governance/ui")
TEMPLATES = sorted(FOLDER.joinpath("templates").rglob("*.html"))
SOURCES = [*TEMPLATES, *sorted(FOLDER.glob("*.py"))]
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
TAG = re.compile(r"<!?/?[a-zA-Z][^>]*>", re.DOTALL)
ATTRIBUTE = re.compile(r"""[\w-]+="[^"]*"|\b(?:required|checked|selected|disabled)\b""")
KEY = re.compile(r"""["'](ui\.[a-z0-9_.-]*\.?[a-z0-9_-]*[a-z0-9])["']""")
HOLE = re.compile(r"\{(\w+)\}")
DYNAMIC = (
    *(f"ui.gate.state.{state}" for state in GateState),
    *(f"ui.step.{state}" for state in StepState),
    *(f"ui.problem.{status}.{part}" for status in (*WORDED, UNKNOWN) for part in ("title", "todo")),
)


def ids(path: Path) -> str:
    return str(path.relative_to(FOLDER))


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_no_visible_word_stands_in_a_template(path: Path) -> None:
    source = COMMENT.sub("", path.read_text(encoding="utf-8"))
    shown = ATTRIBUTE.sub(" ", TAG.sub(" ", JINJA.sub("", source)))
    assert not re.search(r"[^\W\d_]", shown), shown.split()


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_no_inline_style_script_or_handler(path: Path) -> None:
    source = COMMENT.sub("", path.read_text(encoding="utf-8"))
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|hx-on|javascript:|\bjs:|\|\s*safe\b", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_no_attribute_holds_words_of_its_own(path: Path) -> None:
    source = COMMENT.sub("", path.read_text(encoding="utf-8"))
    for words in re.findall(r'(?:aria-label|placeholder|title|alt)="([^"{]*)"', source):
        assert not words


def test_every_key_used_has_a_text() -> None:
    used = {key for path in SOURCES for key in KEY.findall(path.read_text(encoding="utf-8"))}
    used -= {"ui.html"}  # the file of all components, not a text
    for lang in Lang:
        assert {*used, *DYNAMIC} <= set(domain("ui", lang)), lang


def test_both_languages_say_the_same_things() -> None:
    japanese, english = domain("ui", Lang.JA), domain("ui", Lang.EN)
    assert list(japanese) == list(english)
    for key, words in japanese.items():
        assert set(HOLE.findall(words)) == set(HOLE.findall(english[key])), key


def test_english_texts_are_english() -> None:
    own_words = {"ui.lang.other", "ui.sample.field.name_value"}
    for key, words in domain("ui", Lang.EN).items():
        assert key in own_words or not re.search(r"[぀-ヿ一-鿿]", words), key
