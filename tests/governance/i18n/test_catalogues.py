"""The texts: the same keys in both languages, none empty, none missing where code asks for it."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import governance
from governance.core.terms import Lang
from governance.i18n.catalogue import COUNTED, MissingTextError, domain, domains, text

ROOT = Path(governance.__file__).parents[1]
PACKAGES = ("governance", "policies", "consent", "retention", "audit", "dsar")
MESSAGES = ROOT / "governance" / "i18n" / "messages"
JAPANESE = re.compile(r"[\u3001-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff9f]+")
QUOTED = {
    "documents.lossy": "〓",  # the sign that stands for what cannot be shown
    "documents.pdf.lost": "〓",
    "policies.fault.label_in_both": "日本語",  # the form in which a label is written
    "ui.lang.other": "日本語",  # a language is named in itself
    "ui.sample.field.name_value": "髙橋美咲",  # an invented name
}
OF_TEXT = "governance.i18n.catalogue"
DOMAIN_OF_SAY = {"governance.cli.output": "cli"}


def entries(name: str, lang: Lang) -> dict[str, str]:
    with (MESSAGES / lang.value / f"{name}.po").open("rb") as stream:
        return {str(e.id): str(e.string) for e in read_po(stream, locale=lang.value) if e.id}


NAMES = domains(Lang.JA)


def test_both_languages_have_the_same_domains() -> None:
    assert domains(Lang.EN) == NAMES
    assert len(NAMES) > 15


@pytest.mark.parametrize("name", NAMES)
def test_a_domain_says_the_same_in_both_languages(name: str) -> None:
    ja, en = entries(name, Lang.JA), entries(name, Lang.EN)
    assert ja.keys() == en.keys()
    for key in ja:
        assert key.startswith(f"{name}."), key
        assert ja[key].strip(), f"{key} is empty in ja"
        assert en[key].strip(), f"{key} is empty in en"
        places = [set(re.findall(r"{(\w+)", words[key])) for words in (ja, en)]
        assert places[0] == places[1], key


@pytest.mark.parametrize("name", NAMES)
def test_an_english_text_is_english(name: str) -> None:
    for key, words in entries(name, Lang.EN).items():
        found = "".join(JAPANESE.findall(words))
        assert found == QUOTED.get(key, ""), key


@pytest.mark.parametrize("name", NAMES)
def test_a_japanese_text_is_japanese(name: str) -> None:
    """What holds no Japanese is a name, a number or a placeholder alone: short."""
    for key, words in entries(name, Lang.JA).items():
        assert JAPANESE.search(words) or len(words) < 40, key


def test_no_text_promises_a_workplace_or_a_path() -> None:
    for name in NAMES:
        for lang in Lang:
            for key, words in entries(name, lang).items():
                assert not re.search(r"/(?:home|root|opt|tmp)/|TODO|FIXME", words), key


# --- keys that code asks for


def sources() -> Iterator[tuple[str, tuple[ast.AST, ...]]]:
    """Each file that names a module of the texts, by its nodes; one at a time lies in memory."""
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        source = path.read_text("utf-8")
        if any(module in source for module in (OF_TEXT, *DOMAIN_OF_SAY)):
            yield str(path.relative_to(ROOT)), tuple(ast.walk(ast.parse(source)))


def names_of_text(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Local names of the functions that take a key, with the domain that they put before it."""
    found: dict[str, str] = {}
    for node in nodes:
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            local = alias.asname or alias.name
            if node.module == OF_TEXT and alias.name == "text":
                found[local] = ""
            elif node.module in DOMAIN_OF_SAY and alias.name == "say":
                found[local] = f"{DOMAIN_OF_SAY[node.module]}."
    return found


def pattern_of(node: ast.expr, prefix: str) -> str | None:
    """The key as a regular expression; None for what is decided elsewhere."""
    match node:
        case ast.Constant(value=str(key)):
            return re.escape(prefix + key)
        case ast.JoinedStr(values=parts):
            inner = [
                re.escape(part.value)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
                else ".+"
                for part in parts
            ]
            return re.escape(prefix) + "".join(inner)
    return None


def asked() -> Iterator[tuple[str, int, str]]:
    """File, line and pattern of each key that code asks for."""
    for path, nodes in sources():
        known = names_of_text(nodes)
        for node in nodes:
            if (
                not isinstance(node, ast.Call)
                or not isinstance(node.func, ast.Name)
                or not node.args
            ):
                continue
            if node.func.id in known:
                pattern = pattern_of(node.args[0], known[node.func.id])
                if pattern is not None and not pattern.startswith(".+"):
                    yield path, node.lineno, pattern


def test_every_key_that_code_asks_for_exists() -> None:
    held = [key for name in NAMES for key in domain(name, Lang.JA)]
    whole, keys = {re.escape(key) for key in held}, "\n".join(held)
    found = list(asked())
    assert len(found) > 100
    sought = {pattern for _, _, pattern in found} - whole  # with a part that is decided elsewhere
    lost = {one for one in sought if not re.search(f"^{one}$", keys, re.MULTILINE)}
    assert [f"{path}:{line} {pattern}" for path, line, pattern in found if pattern in lost] == []


def test_a_missing_text_is_a_typed_error() -> None:
    for key in ("nothing.here", "core.nothing", "", "../core.x"):
        with pytest.raises(MissingTextError):
            text(key, Lang.JA)


def test_placeholders_are_filled_and_values_stay_values() -> None:
    shown = text("consent.error.choice_unknown", Lang.EN, part="{purpose}")
    assert "({purpose})" in shown


def test_english_words_agree_with_their_number() -> None:
    said = [text("console.simulations.persons_n", Lang.EN, n=n) for n in ("0", "1", "21", 1)]
    assert said == ["0 persons", "1 person", "21 persons", "1 person"]
    both = text("console.retention.rules_n", Lang.EN, rules="5", duties="1")
    assert both == "5 rules, 1 duty"


def test_words_of_a_number_name_a_placeholder_of_their_sentence() -> None:
    """A name that no caller fills would say the plural for ever."""
    every = [
        (key, words) for name in domains(Lang.EN) for key, words in domain(name, Lang.EN).items()
    ]
    counted = [(key, words, at[1]) for key, words in every for at in COUNTED.finditer(words)]
    assert counted
    assert not [key for key, words, name in counted if f"{{{name}}}" not in words]
