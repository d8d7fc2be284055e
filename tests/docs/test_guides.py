"""Every picture that is taken stands in a guide, and every guide shows pictures that exist."""

import re
from pathlib import Path

from tests.journeys.pictures import FOLDER, PICTURES

ROOT = Path(__file__).parents[2]
GUIDES = ("officer-guide.ja.md", "customer-guide.ja.md")
SHOWN = re.compile(r"!\[[^\]]+\]\((?:pictures)/([a-z0-9-]+)\.png\)")
PNG = b"\x89PNG\r\n\x1a\n"


def shown() -> set[str]:
    texts = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in GUIDES)
    return {name for said in texts for name in SHOWN.findall(said)}


def test_the_guides_show_every_picture_that_is_taken_and_no_other() -> None:
    assert shown() == {picture.name for picture in PICTURES}


def test_every_picture_is_there() -> None:
    kept = {path.stem: path.read_bytes()[:8] for path in (ROOT / FOLDER).glob("*.png")}
    assert kept == dict.fromkeys((picture.name for picture in PICTURES), PNG)
