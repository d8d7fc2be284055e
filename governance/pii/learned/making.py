"""A model made from annotated texts: the weights and a note of what they come from."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from governance.pii.corpus.lines import read_file
from governance.pii.corpus.reading import AnnotatedText, read_part
from governance.pii.errors import PiiNothingToLearnError, PiiOutputError
from governance.pii.learned.examples import examples_of
from governance.pii.learned.training import Recipe, train
from governance.pii.learned.weights import save

MODEL: Final = "model.npz"
NOTE: Final = "model.json"
PARTS: Final = ("train", "dev", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A model and what it was learned from."""

    path: Path
    octets: int
    sha256: str
    texts: int
    spans: int


def part(name: str) -> tuple[AnnotatedText, ...]:
    """The texts of one part of the project's own corpus."""
    return read_part(Path(str(files("governance.pii.corpus"))) / name)


def make(
    sources: Sequence[Path],
    folder: Path,
    *,
    own: bool = True,
    recipe: Recipe | None = None,
    told: Callable[[int, int], None] | None = None,
) -> Made:
    """`model.npz` and `model.json` stand in the folder; the same texts and seed, the same bytes."""
    recipe = recipe or Recipe()
    texts = [*(part("train") if own else ())]
    for source in sources:
        texts.extend(read_file(source))
    spans = sum(len(text.spans) for text in texts)
    if not spans:
        raise PiiNothingToLearnError
    weights = train(examples_of(texts), recipe, told=told)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        octets = save(weights, folder / MODEL)
        digest = hashlib.sha256((folder / MODEL).read_bytes()).hexdigest()
        note = {
            "sha256": digest,
            "own_corpus": own,
            "sources": [_source(source) for source in sources],
            "texts": len(texts),
            "spans": spans,
            "recipe": recipe.as_json(),
        }
        (folder / NOTE).write_text(json.dumps(note, ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as fault:
        raise PiiOutputError(reason=type(fault).__name__) from fault
    return Made(path=folder / MODEL, octets=octets, sha256=digest, texts=len(texts), spans=spans)


def _source(source: Path) -> dict[str, str]:
    return {"name": source.name, "sha256": hashlib.sha256(source.read_bytes()).hexdigest()}
