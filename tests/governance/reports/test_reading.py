"""Days of a report: written out for people, ISO for machines."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from governance.core.terms import ActorId, Lang
from governance.reports.layout import laid
from governance.reports.reading import read, with_days
from governance.reports.rendering import as_json, html, markdown, table
from governance.reports.types import (
    Document,
    Figure,
    Head,
    Listing,
    Made,
    Period,
    ReportId,
    Section,
)

AT = datetime(2026, 11, 22, 0, 12, tzinfo=UTC)


def document(lang: Lang) -> Document:
    return Document(
        id=ReportId.R07,
        lang=lang,
        title="t",
        finding="f",
        made=Made(
            at=AT,
            by=ActorId("u:officer"),
            period=Period(first=date(2026, 11, 1), last=date(2026, 11, 30)),
            head=Head(size=1, root="r", signed_at=AT, keys=()),
            controller="架空株式会社",
            origin="log",
        ),
        sections=(
            Section(
                key="one",
                title="s",
                figures=(
                    Figure(
                        key="k",
                        label="l",
                        value=1,
                        shown="1",
                        source="sekisho audit events from=2026-11-05",
                    ),
                ),
                listing=Listing(
                    columns=("a", "b"), rows=(("2026-11-22", "R-2026-11-23"),), total=1, source="x"
                ),
            ),
        ),
        complete=True,
    )


@pytest.mark.parametrize(
    ("lang", "day", "first"),
    [
        (Lang.JA, "2026年11月22日(日)", "2026年11月1日(日)"),
        (Lang.EN, "Sun 22 Nov 2026", "Sun 1 Nov 2026"),
    ],
)
def test_people_read_days_and_machines_iso(lang: Lang, day: str, first: str) -> None:
    made = document(lang)
    for page in (html(made), markdown(made)):
        assert day in page
        assert first in page
        assert "R-2026-11-23" in page, "a number that looks like a day stays"
        assert "from=2026-11-05" in page, "a command can be typed again"
    for file in (as_json(made), table(made)):
        assert "2026-11-22" in file
        assert day not in file


def test_what_is_no_day_stays() -> None:
    said = "2026-13-45 2026-11-220 v2026-11-22"
    assert with_days(said, Lang.JA) == said
    assert with_days("終了2026-11-22 9:12", Lang.JA) == "終了2026年11月22日(日) 9:12"
    assert with_days("2026-10-01.1", Lang.JA) == "2026-10-01.1", "a version is no day"


def test_people_read_names_where_machines_have_codes() -> None:
    made = document(Lang.JA)
    known = replace(made, made=replace(made.made, names={"u:officer": "架空 花子"}))
    assert read(known, "u:officer") == "架空 花子（officer）"
    assert read(made, "u:officer") == "officer"
    assert read(made, "processor:V001") == "委託先 V001"
    assert "架空 花子（officer）" in html(known)
    assert "u:officer" in as_json(known)


def test_a_wide_listing_lies_on_its_side_and_breaks_no_day() -> None:
    row = ("R-2026-AAAAA-AAAAA", "開示（個人情報保護法33条1項）", *(("2026-11-22",) * 6), "40")
    wide = Listing(
        columns=("番号", "権利", *"日日日日日日", "日数"), rows=(row,), total=1, source="x"
    )
    found = laid(wide, lambda words: with_days(words, Lang.JA))
    assert found.across
    assert found.classes[0] == "whole"
    assert found.classes[-1] == "number whole"
    narrow = replace(wide, columns=wide.columns[:2], rows=(row[:2],))
    assert not laid(narrow, str).across


def test_a_report_with_one_wide_listing_lies_on_its_side_as_a_whole() -> None:
    plain = document(Lang.JA)
    assert 'class="across"' not in html(plain)
    row = ("R-2026-AAAAA-AAAAA", *(("2026-11-22",) * 8))
    wide = Listing(columns=("番号", *"日日日日日日日日"), rows=(row,), total=1, source="x")
    first = plain.sections[0]
    told = html(replace(plain, sections=(replace(first, listing=wide), *plain.sections)))
    assert told.count('class="across"') == 1  # no page is left empty for another way of lying
