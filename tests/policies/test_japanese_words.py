"""A policy written with Japanese keys, words and names is the same policy."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from governance.core.terms import Lang
from policies.actions import Action, action_label
from policies.casbin_door import define
from policies.load import default_folder, load_sources, read_sources
from policies.snapshot import compile_policy, default_snapshot
from policies.words import KEYS, VALUES
from policies.yaml_tree import Scalar, Sequence, Table, Tree, read_tree

JA_KEYS = {english: japanese for japanese, english in KEYS.items()}
JA_VALUES = {english: japanese for japanese, english in VALUES.items()}
LABELS = frozenset({"label", "title", "because"})
SECTIONS_OF_NAMES = frozenset({"roles", "purposes", "categories", "resources", "fields"})
FACTS = frozenset({"subject", "resource", "law_refs"})
ROLE_KEYS = ("allow", "deny", "roles_apart", "who", "inherits")
PURPOSE_KEYS = ("for", "but_for")
ACTIONS = {action.value: action_label(action, Lang.JA) for action in Action}
# keys whose values are names that somebody gave; they are written in one way only
FREE = frozenset({"id", "version", "notice", "code", "duties", "owner", "by", "when"})


def _plain(tree: Tree) -> Any:
    """The tree as plain values; every scalar stays text."""
    match tree:
        case Table(entries=entries):
            return {key: _plain(value) for key, value in entries.items()}
        case Sequence(items=items):
            return [_plain(item) for item in items]
        case Scalar(text=text):
            return text


class Translator:
    """The shipped policy written again by somebody who writes no English word."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._trees = {n: _plain(read_tree(text)) for n, text in sources.items()}
        whole = {key: value for tree in self._trees.values() for key, value in tree.items()}
        labels = {kind: _labels(whole[kind]) for kind in ("roles", "purposes", "resources")}
        self._roles, self._purposes = labels["roles"], labels["purposes"]
        self._resources, self._categories = labels["resources"], _labels(whole["categories"])

    def sources(self) -> dict[str, str]:
        """Every file, translated."""
        return {
            name: yaml.safe_dump(
                self._table(tree, named=False), allow_unicode=True, sort_keys=False
            )
            for name, tree in self._trees.items()
        }

    def _table(self, tree: Mapping[str, Any], *, named: bool) -> dict[str, Any]:
        return {
            (key if named else JA_KEYS.get(key, key)): self._value(key, value, named=named)
            for key, value in tree.items()
        }

    def _value(self, key: str, value: Any, *, named: bool) -> Any:
        if isinstance(value, dict):
            facts = key in FACTS and not named
            names = key in SECTIONS_OF_NAMES and not named
            return value if facts else self._table(value, named=names)
        if isinstance(value, list):
            return [self._value(key, one, named=named) for one in value]
        return self._word(key, str(value))

    def _word(self, key: str, word: str) -> str:
        known = {
            **dict.fromkeys(ROLE_KEYS, self._roles),
            **dict.fromkeys(PURPOSE_KEYS, self._purposes),
            **dict.fromkeys(("categories", "category"), self._categories),
            "may": ACTIONS,
            "never_both": ACTIONS,
            "actions_apart": ACTIONS,
            "on": self._resources,
        }
        if word in known.get(key, {}):
            return known[key][word]
        if key == "does" and word in ACTIONS:
            return ACTIONS[word]
        if key in {"fields", "except"} and word.startswith("category:"):
            name = word.removeprefix("category:")
            return f"category:{self._categories.get(name, name)}"
        return word if key in FREE | LABELS else JA_VALUES.get(word, word)


def _labels(section: Mapping[str, Any]) -> dict[str, str]:
    return {name: one["label"].split(" / ")[0] for name, one in section.items()}


def test_the_default_policy_in_japanese_words_compiles_to_the_same_table() -> None:
    sources = {name: text or "" for name, text in read_sources(default_folder()).items()}
    written = Translator(sources).sources()
    assert "規則:" in written["50_rules.yaml"]
    assert "許可:" in written["50_rules.yaml"]
    assert not {"allow", "roles", "purposes", "because"} & {
        line.split(":")[0].strip("- ") for text in written.values() for line in text.splitlines()
    }
    policy = load_sources(dict(written))
    assert define(policy) == default_snapshot().definition
    assert compile_policy(policy, random_probes=5).digest == default_snapshot().digest


@pytest.mark.parametrize("words", [KEYS, VALUES])
def test_no_japanese_word_means_two_things(words: Mapping[str, str]) -> None:
    assert len(set(words.values())) == len(words)
