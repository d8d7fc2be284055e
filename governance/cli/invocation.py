"""What every command accepts anywhere on the line: --json, --data, --config, --lang, --as."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from governance.core.errors import WrongUseError
from governance.core.terms import Lang

VALUED = {"--data": "data", "--config": "config", "--lang": "lang", "--as": "acting"}


class OptionValueError(WrongUseError):
    """An option that needs a value stands without one, or has one it cannot have."""

    code = "option_value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The options of one run of `sekisho`."""

    json: bool = False
    data: Path | None = None
    config: Path | None = None
    lang: Lang = Lang.JA
    acting: str | None = None


def language(environment: Mapping[str, str]) -> Lang:
    """The language of the terminal: SEKISHO_LANG, then LC_ALL, LC_MESSAGES, LANG; else Japanese."""
    for name in ("SEKISHO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "").lower()
        if value.startswith("ja"):
            return Lang.JA
        if value.startswith("en"):
            return Lang.EN
    return Lang.JA


def split(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[Invocation, list[str]]:
    """The shared options, and the rest of the line for the command itself."""
    rest: list[str] = []
    values: dict[str, str] = {}
    as_json = False
    waiting = iter(arguments)
    for argument in waiting:
        name, equals, value = argument.partition("=")
        if argument == "--":
            rest += ["--", *waiting]
        elif argument == "--json":
            as_json = True
        elif name in VALUED:
            given = value if equals else next(waiting, "")
            if not given:
                raise OptionValueError(option=name)
            values[VALUED[name]] = given
        else:
            rest.append(argument)
    lang = values.get("lang", "")
    if lang and lang not in {item.value for item in Lang}:
        raise OptionValueError(option="--lang")
    return (
        Invocation(
            json=as_json,
            data=Path(values["data"]) if "data" in values else None,
            config=Path(values["config"]) if "config" in values else None,
            lang=Lang(lang) if lang else language(environment),
            acting=values.get("acting"),
        ),
        rest,
    )


def refused(arguments: Sequence[str], environment: Mapping[str, str]) -> Invocation:
    """How a line that cannot be read is answered: as JSON when asked, in its language."""
    named = [value for name, value in pairwise(arguments) if name == "--lang"]
    known = [Lang(value) for value in named if value in {item.value for item in Lang}]
    return Invocation(
        json="--json" in arguments, lang=known[-1] if known else language(environment)
    )


class _Current:
    """The invocation of this process; commands of one process share it."""

    invocation: Invocation | None = None


def begin(invocation: Invocation) -> None:
    """The invocation of this process is known to every command."""
    _Current.invocation = invocation


def current() -> Invocation:
    """The invocation of this process."""
    if _Current.invocation is None:
        _Current.invocation = Invocation(lang=language(os.environ))
    return _Current.invocation
