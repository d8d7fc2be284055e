"""Every pair of colours that meet on a page can be told apart (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re

import pytest

from governance.ui.assets import STATIC, TOKENS

PRIMITIVES = dict(
    re.findall(
        r"(--[\w-]+):\s*([^;]+);",
        STATIC.joinpath("vendor", TOKENS).read_text(encoding="utf-8"),
    )
)
SHEET = STATIC.joinpath("css", "1-colours.css").read_text(encoding="utf-8")
STATES = ("good", "attention", "refused", "hold")
TEXT_PAIRS = (
    *(
        (ink, ground)
        for ink in ("ink-1", "ink-2", "ink-3", "link")
        for ground in ("ground", "sunk")
    ),
    ("ink-1", "selected"),
    ("ink-2", "selected"),
    ("ink-3", "selected"),
    ("link", "selected"),
    ("link-hover", "ground"),
    ("selected-ink", "selected"),
    ("selected-ink", "ground"),
    ("on-action", "action"),
    ("on-action", "action-hover"),
    ("disabled-ink", "disabled"),
    ("ink-1", "disabled"),
    ("on-redacted", "redacted"),
    *((state, "ground") for state in STATES),
    *((state, f"{state}-ground") for state in STATES),
    *(("ink-1", f"{state}-ground") for state in STATES),
    *(("link", f"{state}-ground") for state in STATES),
)
CONTROL_PAIRS = (
    ("control", "ground"),
    ("control", "sunk"),
    ("action", "ground"),
    ("refused", "ground"),
    ("ink-1", "ground"),
    ("chart-1", "ground"),
    ("chart-2", "ground"),
    ("chart-3", "ground"),
)


def block(selector: str) -> dict[str, str]:
    found = re.search(re.escape(selector) + r"\s*\{(.*?)\}", SHEET, re.DOTALL)
    assert found is not None
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", found.group(1)))


LIGHT = block(":root")
DARK = block(':root:not([data-theme="light"])')
THEMES = {"light": LIGHT, "dark": LIGHT | DARK}


def hexed(value: str) -> str:
    inner = re.fullmatch(r"var\((--[\w-]+)\)", value)
    return hexed(PRIMITIVES[inner.group(1)]) if inner else value


def luminance(value: str) -> float:
    digits = hexed(value).removeprefix("#")
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(theme: str, one: str, other: str) -> float:
    colours = THEMES[theme]
    high, low = sorted((luminance(colours[one]), luminance(colours[other])), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_reads_at_four_and_a_half(theme: str, ink: str, ground: str) -> None:
    assert contrast(theme, ink, ground) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("edge", "ground"), CONTROL_PAIRS)
def test_controls_stand_out_at_three(theme: str, edge: str, ground: str) -> None:
    assert contrast(theme, edge, ground) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_focus_ring_stands_out_on_every_ground(theme: str) -> None:
    for ground in ("ground", "sunk", "selected", "disabled"):
        ring = max(contrast(theme, edge, ground) for edge in ("focus-edge", "focus-glow"))
        assert ring >= 3


def test_dark_by_system_and_dark_by_choice_are_one_palette() -> None:
    assert block(':root[data-theme="dark"]') == DARK
    assert set(DARK) == set(LIGHT)
