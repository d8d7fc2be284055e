"""Texts for people: gettext catalogues, one file per domain, Japanese first.

Beside Japanese stands easy Japanese (やさしい日本語), in ``messages/ja_easy``: the same keys, where
a sentence has an easy form; without one the plain sentence is said.

A key is ``<domain>.<rest>`` and stands as msgid in ``messages/<lang>/<domain>.po``.
A domain is read when its first text is asked for, so that a command pays for no other.

English words that go with a number are written ``{n} {n:person/persons}``: the first for one.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from babel.messages.pofile import read_po

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.i18n.voice import voice

COUNTED = re.compile(r"\{(\w+):([^{}/]*)/([^{}/]*)\}")
MESSAGES = files("governance.i18n").joinpath("messages")


class MissingTextError(GovernanceError):
    """A key has no text in this language; the tests find it before a user can."""

    code, status = "missing_text", 500


@cache
def domain(name: str, lang: Lang) -> dict[str, str]:
    """All texts of one domain in one language, by key; empty when there is no such domain."""
    source = MESSAGES.joinpath(lang.value, f"{name}.po")
    if not source.is_file():
        return {}
    with source.open("rb") as stream:
        entries = read_po(stream, locale=lang.value)
    return {str(entry.id): str(entry.string) for entry in entries if entry.id and entry.string}


@cache
def easy(name: str) -> dict[str, str]:
    """The sentences of a domain that have an easy form; empty when none has."""
    source = MESSAGES.joinpath("ja_easy", f"{name}.po")
    if not source.is_file():
        return {}
    with source.open("rb") as stream:
        entries = read_po(stream, locale=Lang.JA.value)
    return {str(entry.id): str(entry.string) for entry in entries if entry.id and entry.string}


def domains(lang: Lang) -> tuple[str, ...]:
    """Names of all domains that have a file in this language."""
    folder = MESSAGES.joinpath(lang.value)
    return tuple(sorted(item.name[:-3] for item in folder.iterdir() if item.name.endswith(".po")))


def text(key: str, lang: Lang, /, **params: object) -> str:
    """The sentence under this key, its named placeholders filled."""
    name = key.partition(".")[0]
    found = domain(name, lang).get(key)
    if lang is Lang.JA and voice().easy:
        found = easy(name).get(key, found)
    if found is None:
        raise MissingTextError(key=key, lang=lang.value)
    return _agreeing(found, params).format(**params) if params else found


def _agreeing(found: str, params: Mapping[str, object]) -> str:
    """The sentence with its words in the number that the placeholder they name will have."""
    return COUNTED.sub(lambda at: at[2] if str(params.get(at[1])) == "1" else at[3], found)


def error_text(error: GovernanceError, lang: Lang) -> str:
    """The sentence of an error for people, from its code and parameters."""
    return text(error.text_key, lang, **error.spoken(lang))
