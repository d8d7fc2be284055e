"""`sekisho pii train` and `pii evaluate`: the learned tagger and how well the detection finds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.errors import ChoiceError
from governance.cli.output import emit, line, say, table
from governance.cli.progress import steps_bar

if TYPE_CHECKING:  # the detection loads where it is needed
    from governance.pii.corpus.scoring import Row, Scores

_PARTS = ("train", "dev", "held")


def register(app: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    app.command("train", help=say("pii.train"))(train)
    app.command("evaluate", help=say("pii.evaluate"))(evaluate)


def train(
    sources: Annotated[
        list[Path] | None, typer.Option("--from", metavar="FILE", help=say("pii.train_from"))
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help=say("pii.train_out"))] = Path(
        "pii-model"
    ),
    *,
    own: Annotated[bool, typer.Option("--own/--without-own", help=say("pii.train_own"))] = True,
    passes: Annotated[int | None, typer.Option("--passes", min=1, help=say("pii.passes"))] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help=say("pii.seed"))] = None,
) -> int:
    """A model from annotated texts; the same texts and seed give the same bytes."""
    from dataclasses import replace

    from governance.pii.learned.making import make
    from governance.pii.learned.training import Recipe

    recipe = Recipe()
    recipe = replace(
        recipe,
        passes=passes or recipe.passes,
        seed=recipe.seed if seed is None else seed,
    )
    with steps_bar(say("pii.learning"), recipe.passes) as told:
        made = make(sources or (), out, own=own, recipe=recipe, told=told)
    value = {
        "model": str(made.path),
        "octets": made.octets,
        "sha256": made.sha256,
        "texts": made.texts,
        "spans": made.spans,
    }
    emit(
        value,
        lambda: line(
            say(
                "pii.trained",
                path=made.path,
                texts=f"{made.texts:,}",
                spans=f"{made.spans:,}",
                size=f"{made.octets / 1e6:.1f}",
            )
        ),
    )
    return 0


def evaluate(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help=say("pii.evaluate_file"))
    ] = None,
    part: Annotated[
        str | None, typer.Option("--set", metavar="|".join(_PARTS), help=say("pii.evaluate_set"))
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help=say("pii.evaluate_model"))
    ] = None,
    entity: Annotated[
        list[str] | None, typer.Option("--entity", metavar="ENTITY", help=say("pii.entity"))
    ] = None,
) -> int:
    """Figures of a file of annotated texts, or of a part of the shipped corpus."""
    from governance.cli.session import settings
    from governance.pii.corpus.lines import read_file
    from governance.pii.corpus.scoring import Scores
    from governance.pii.engine import Analyzer
    from governance.pii.learned.making import part as own_part
    from governance.pii.types import Entity

    if (file is None) == (part is None):
        raise ChoiceError(option="FILE / --set", known=", ".join(_PARTS))
    if part is not None and part not in _PARTS:
        raise ChoiceError(option="--set", known=", ".join(_PARTS))
    if not set(entity or ()) <= set(Entity.__members__):
        raise ChoiceError(option="--entity", known=", ".join(Entity.__members__))
    texts = read_file(file) if file is not None else own_part(part or "")
    wanted = frozenset(Entity(name) for name in entity) if entity else None
    analyzer, scores = Analyzer(model=model or settings().pii_model), Scores(entities=wanted)
    with steps_bar(say("pii.reading"), len(texts)) as told:
        for number, text in enumerate(texts, start=1):
            found = analyzer.analyze(text.text, "en" if text.lang == "en" else "ja")
            scores.add(text, found)
            told(number, len(texts))
    emit(scores.as_json(), lambda: _show(scores))
    return 0


def _show(scores: "Scores") -> None:
    columns = tuple(
        say(f"pii.{name}")
        for name in ("label", "count", "p", "r", "f1", "overlap_p", "overlap_r", "overlap_f1")
    )
    table("", columns, [_cells(row) for row in scores.rows()])
    line(
        say(
            "pii.leaks",
            leak=f"{scores.leak:.1%}",
            signs=f"{scores.leaked_signs / max(scores.required_signs, 1):.1%}",
            stray=f"{scores.stray_per_thousand:.2f}",
            texts=f"{scores.texts:,}",
            length=f"{scores.signs:,}",
        )
    )


def _cells(row: "Row") -> tuple[str, ...]:
    return (
        row.label,
        f"{row.strict.right + row.strict.missed:,}",
        *(
            "-" if share is None else f"{share:.3f}"
            for counts in (row.strict, row.overlap)
            for share in (counts.precision, counts.recall, counts.f1)
        ),
    )
