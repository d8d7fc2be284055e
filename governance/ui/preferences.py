"""How one browser wants its pages: language, light or dark, keys. Kept in one plain cookie."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from governance.core.terms import Lang
from governance.http.cookies import ONLY_HERE

COOKIE = "sekisho_view"
COOKIE_SECONDS = 31_536_000  # one year; holds no identity
HOME = "/"
LANGS = frozenset(lang.value for lang in Lang)


class Theme(StrEnum):
    """Light or dark; auto follows the reader's system."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class Keys(StrEnum):
    """Single-letter shortcuts, which a reader must be able to turn off (WCAG 2.1.4)."""

    ON = "on"
    OFF = "off"


class Reading(StrEnum):
    """How the pages for customers read; each is on or off. The value is its sign in the cookie."""

    EASY = "e"  # やさしい日本語
    RUBY = "r"  # ふりがな
    ERA = "y"  # 和暦 beside the year
    LARGE = "l"  # larger type


THEMES = frozenset(theme.value for theme in Theme)
KEYS = frozenset(keys.value for keys in Keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The reader's choices."""

    lang: Lang = Lang.JA
    theme: Theme = Theme.AUTO
    keys: Keys = Keys.ON
    reading: frozenset[Reading] = frozenset()

    def cookie_value(self) -> str:
        """The cookie's text; `preferences_of` reads it back."""
        said = f"{self.lang.value}.{self.theme.value}.{self.keys.value}"
        signs = "".join(one.value for one in Reading if one in self.reading)
        return f"{said}.{signs}" if signs else said


def accepted_lang(accept_language: str) -> Lang:
    """The better liked of our languages (RFC 9110 12.5.4); Japanese when neither is named."""
    best, best_weight = Lang.JA, 0.0
    for part in accept_language.lower().split(","):
        name, _, rest = part.strip().partition(";")
        weight = _weight(rest)
        primary = name.partition("-")[0]
        if primary in LANGS and weight > best_weight:
            best, best_weight = Lang(primary), weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def preferences_of(cookies: Mapping[str, str], *, accept_language: str = "") -> Preferences:
    """Choices of the cookie; where it is absent or unreadable, the browser's own language."""
    kept = cookies.get(ONLY_HERE + COOKIE) or cookies.get(COOKIE, "")
    parts = kept.split(".")
    signs = parts.pop() if len(parts) == 4 else ""  # noqa: PLR2004 - three choices, then signs
    if len(parts) == 3 and parts[0] in LANGS and parts[1] in THEMES and parts[2] in KEYS:  # noqa: PLR2004 - three choices
        return Preferences(
            lang=Lang(parts[0]),
            theme=Theme(parts[1]),
            keys=Keys(parts[2]),
            reading=frozenset(one for one in Reading if one.value in signs),
        )
    return Preferences(lang=accepted_lang(accept_language))


def changed(before: Preferences, form: Mapping[str, str]) -> Preferences:
    """Choices after a form; an unknown value changes nothing."""
    lang, theme, keys = form.get("lang", ""), form.get("theme", ""), form.get("keys", "")
    return Preferences(
        lang=Lang(lang) if lang in LANGS else before.lang,
        theme=Theme(theme) if theme in THEMES else before.theme,
        keys=Keys(keys) if keys in KEYS else before.keys,
        reading=_turned(before.reading, form.get("reading", "")),
    )


def _turned(before: frozenset[Reading], said: str) -> frozenset[Reading]:
    """The ways of reading after one was turned on (`e`) or off (`-e`); sent twice, the same."""
    turned = frozenset(one for one in Reading if one.value == said.removeprefix("-"))
    return before - turned if said.startswith("-") else before | turned


def safe_return(path: str) -> str:
    """A path on this site to go back to; anything else becomes the start page."""
    parts = urlsplit(path)
    is_local = path.startswith("/") and not parts.scheme and not parts.netloc
    is_plain = "\\" not in path and path.isprintable()
    return path if is_local and is_plain else HOME  # fails closed: no open redirect
