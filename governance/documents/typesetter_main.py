"""The child of `typesetting.py`: one question on standard input, one PDF on standard output."""

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

MISSING, NO_FONT = 3, 4  # exit codes
TEMPLATES: Final = Path(__file__).parent / "templates"
FONTS: Final = (  # with Japanese glyphs, the first that is installed
    *("Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans JP", "IPAexGothic", "IPAGothic"),
    *("BIZ UDPGothic", "Hiragino Sans", "Yu Gothic", "Meiryo", "MS Gothic"),
)
GETA: Final = "〓"  # the printer's sign for a character that is missing
UNSETTABLE: Final = re.compile(  # control and private characters (外字): no font has them
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ue000-\uf8ff\U000f0000-\U0010ffff]"
)
UNDISPLAYED: Final = re.compile(r'the text `(".*?")` could not be displayed', re.DOTALL)
ESCAPED: Final = re.compile(r"\\u\{([0-9a-f]+)\}")
TRIES: Final = 100  # different characters without a glyph in one paper


def main() -> int:
    """0 with the PDF on standard output; else what is missing, as the exit code."""
    try:
        import typst  # noqa: PLC0415 # an extra; only PDFs need it
    except ImportError:
        return MISSING
    asked = json.load(sys.stdin.buffer)
    fonts = typst.Fonts(include_system_fonts=True, include_embedded_fonts=False)
    known = frozenset(fonts.families())
    font = next((name for name in FONTS if name in known), None)
    if font is None:
        return NO_FONT
    data, lost = without(asked["data"], UNSETTABLE)
    for _ in range(TRIES):
        if lost:
            data["lost"] = asked["lost"]
        try:
            made = typst.compile(
                str(TEMPLATES / f"{asked['template']}.typ"),
                root=str(TEMPLATES),
                format="pdf",
                font_paths=fonts,
                sys_inputs={"data": json.dumps(data), "font": font, "lang": asked["lang"]},
                pdf_standards=["ua-1"],
                timestamp=asked["at"],
            )
        except typst.TypstError as error:
            if (missing := _undisplayed(str(error))) is None:
                raise
            data, more = without(data, missing)
            lost = lost or more
        else:
            sys.stdout.buffer.write(made)
            return 0
    return 1


def _undisplayed(message: str) -> re.Pattern[str] | None:
    """The characters that no installed font shows, as the compiler names them."""
    found = UNDISPLAYED.search(message)
    if found is None:
        return None
    named = ESCAPED.sub(lambda one: chr(int(one[1], 16)), found[1][1:-1])
    return re.compile("[" + re.escape(named) + "]")


def without(value: Any, missing: re.Pattern[str]) -> tuple[Any, bool]:
    """The value with a geta for each of these characters, and whether there were any."""
    match value:
        case str():
            told, count = missing.subn(GETA, value)
            return told, count > 0
        case dict():
            pairs = {name: without(one, missing) for name, one in value.items()}
            return {name: one for name, (one, _) in pairs.items()}, any(
                lost for _, lost in pairs.values()
            )
        case list():
            items = [without(one, missing) for one in value]
            return [one for one, _ in items], any(lost for _, lost in items)
        case _:
            return value, False


if __name__ == "__main__":
    raise SystemExit(main())
