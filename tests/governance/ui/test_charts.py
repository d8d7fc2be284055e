"""Bars are as long as their figures, and what is there at all can be seen."""

from governance.ui.charts import FULL, LEAST, bar_lines


def test_a_bar_is_as_long_as_its_figure_and_leads_to_rows_only_where_there_are_any() -> None:
    lines = bar_lines(
        [("a", 2_000), ("b", 1_000), ("c", 1), ("d", 0)],
        hrefs=("/a", "/b", "/c", "/d"),
        quiet={1},
    )
    assert [one.width for one in lines] == [FULL, FULL // 2, LEAST, 0]
    assert [one.href for one in lines] == ["/a", "/b", "/c", ""]
    assert [one.quiet for one in lines] == [False, True, False, False]


def test_no_figures_have_no_bars() -> None:
    assert [one.width for one in bar_lines([("a", 0)])] == [0]
    assert bar_lines([]) == ()
