"""`sekisho bench`: figures measured here and now, each beside its baseline."""

from typing import Annotated

import typer

from governance.cli.output import emit, say, table


def register(app: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    app.command("bench", help=say("bench.help"))(bench)


def bench(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help=say("bench.name"))] = None,
    rows: Annotated[int | None, typer.Option("--rows", min=1, help=say("bench.rows"))] = None,
) -> int:
    """The figures of this name, or all; 1 when one does not reach its target."""
    from governance.app.bench.registry import FIGURES
    from governance.cli.errors import FigureError

    if name is not None and name not in FIGURES:
        raise FigureError(known=", ".join(sorted(FIGURES)))
    wanted = (name,) if name is not None else tuple(FIGURES)
    found = [figure for key in wanted for figure in FIGURES[key](rows=rows)]
    columns = tuple(
        say(f"bench.{n}") for n in ("figure", "value", "baseline", "ratio", "target", "met")
    )
    lines = [
        (
            figure.figure,
            f"{figure.value:,.2f} {figure.unit}",
            f"{figure.baseline_value:,.2f} ({figure.baseline})",
            f"{figure.ratio:,.1f}x",
            figure.target,
            say("bench.yes" if figure.met else "bench.no"),
        )
        for figure in found
    ]
    emit([figure.as_json() for figure in found], lambda: table("", columns, lines))
    return 0 if all(figure.met for figure in found) else 1
