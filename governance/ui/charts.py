"""Stacked columns and bars as shapes of an SVG, drawn here; no script, no style attribute.

Colours are four at most, so the smallest series share the last one; the table beside the chart,
which every page shows, has each of them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH, HEIGHT = 720, 260
LEFT, TOP, BOTTOM = 52, 26, 40  # room for the figures of the axis, a total, two lines of labels
COLOURS: Final = 4
SHARE: Final = 0.62  # of its place that a column is wide
PLACE: Final = 96  # of a column at most: a single day is no wall
STEPS: Final = (1, 2, 5)
LINES: Final = 4  # of the axis, about
FULL, LEAST = 1_000, 8  # the longest bar; the shortest that is seen
TOTALS: Final = 14  # columns beyond which only the highest has its total written on it


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One part of a column."""

    series: int  # 1 to COLOURS
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Words at a place."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedChart:
    """Everything that the drawing holds; `legend` names series 1, 2, ..."""

    bars: tuple[Bar, ...]
    lines: tuple[Mark, ...]  # of the axis: y and its figure
    labels: tuple[Mark, ...]  # under the columns
    groups: tuple[Mark, ...]  # under the labels
    totals: tuple[Mark, ...]  # over the columns
    legend: tuple[str, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One column: its label, the group that begins with it, the figure of each series."""

    label: str
    group: str = ""
    counts: Mapping[str, int]


def stacked_chart(
    stacks: Sequence[Stack], names: Mapping[str, str], *, others: str
) -> StackedChart:
    """The chart of these columns; `names` of the series, the largest first, by their keys."""
    own = list(names)[: COLOURS if len(names) <= COLOURS else COLOURS - 1]
    series = {key: own.index(key) + 1 if key in own else COLOURS for key in names}
    legend = [names[key] for key in own]
    if len(own) < len(names):
        legend.append(others)
    sums = [sum(one.counts.values()) for one in stacks]
    step = _step(max(sums, default=0))
    top = max(-(-max(sums, default=0) // step), 1) * step
    place = min((WIDTH - LEFT) / max(len(stacks), 1), PLACE)
    bars, labels, groups, totals = [], [], [], []
    for number, one in enumerate(stacks):
        left = LEFT + place * (number + (1 - SHARE) / 2)
        column = _column(one, series, left=left, width=place * SHARE, top=top)
        bars += column
        middle = LEFT + place * (number + 0.5)
        labels.append(Mark(x=_at(middle), y=HEIGHT - 22, words=one.label))
        if one.group:
            groups.append(Mark(x=_at(left), y=HEIGHT - 5, words=one.group))
        if sums[number] and (len(stacks) <= TOTALS or sums[number] == max(sums)):
            height = min(bar.y for bar in column)
            totals.append(Mark(x=_at(middle), y=_at(height - 6), words=f"{sums[number]:,}"))
    return StackedChart(
        bars=tuple(bars),
        lines=tuple(
            Mark(x=LEFT - 8, y=_at(_y(figure, top)), words=f"{figure:,}")
            for figure in range(0, top + 1, step)
        ),
        labels=tuple(labels),
        groups=tuple(groups),
        totals=tuple(totals),
        legend=tuple(legend),
    )


def _column(
    one: Stack, series: Mapping[str, int], *, left: float, width: float, top: int
) -> list[Bar]:
    """The parts of one column, the largest series at the foot."""
    sums: dict[int, int] = {}
    for key, value in one.counts.items():
        sums[series[key]] = sums.get(series[key], 0) + value
    bars, below = [], 0
    for place, value in sorted(sums.items()):
        if value:
            foot, head = _y(below, top), _y(below + value, top)
            bars.append(
                Bar(
                    series=place,
                    x=_at(left),
                    y=_at(head),
                    width=_at(width),
                    height=_at(foot - head),
                )
            )
        below += value
    return bars


def _step(most: int) -> int:
    """A round distance of the axis' lines."""
    power = 1
    while True:
        for step in STEPS:
            if step * power * LINES >= most:
                return step * power
        power *= 10


def _y(value: int, top: int) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP)


def _at(place: float) -> float:
    return round(place, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarLine:
    """One line of a table of bars: its words, its figure, and the bar that says the same."""

    label: str
    count: int
    width: int  # of FULL
    href: str = ""  # the list whose rows were counted
    quiet: bool = False  # not what the chart is about


def bar_lines(
    counts: Iterable[tuple[str, int]], *, hrefs: Sequence[str] = (), quiet: Collection[int] = ()
) -> tuple[BarLine, ...]:
    """Bars as long as their figures; what is there at all can be seen."""
    held = list(counts)
    most = max((count for _, count in held), default=0)
    return tuple(
        BarLine(
            label=label,
            count=count,
            width=max(round(FULL * count / most), LEAST) if count else 0,
            href=hrefs[place] if hrefs and count else "",
            quiet=place in quiet,
        )
        for place, (label, count) in enumerate(held)
    )
