"""Which weights a process uses: the shipped ones, our own alone, none, or a file of the user's.

`weights/own.npz` is learned from our own texts alone (Apache-2.0). `weights_wikipedia/` is apart:
learned from sentences of Wikipedia too, under CC-BY-SA; without the folder our own are used.
"""

from importlib.resources import files
from pathlib import Path

from governance.pii.learned.tagger import Tagger
from governance.pii.learned.weights import Weights, load
from governance.pii.types import NO_MODEL, OWN_MODEL, SHIPPED_MODEL


def _folder() -> Path:
    return Path(str(files("governance.pii.learned")))


def own_path() -> Path:
    """Weights learned from our own texts."""
    return _folder() / "weights" / "own.npz"


def wikipedia_path() -> Path:
    """Weights learned from our texts and sentences of Wikipedia; the folder may be taken away."""
    return _folder() / "weights_wikipedia" / "wikipedia.npz"


def chosen(choice: str) -> Weights | None:
    """The weights of a choice; None is rules alone. Raises PiiModelError."""
    if choice == NO_MODEL:
        return None
    if choice == OWN_MODEL:
        return load(own_path())
    if choice == SHIPPED_MODEL:
        path = wikipedia_path()
        return load(path if path.is_file() else own_path())
    return load(Path(choice))


def tagger(choice: str = SHIPPED_MODEL) -> Tagger | None:
    """A tagger with the weights of a choice; None where rules work alone."""
    weights = chosen(choice)
    return Tagger(weights) if weights is not None else None
