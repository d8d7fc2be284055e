"""Every figure that `sekisho bench` knows, by name."""

from collections.abc import Callable, Mapping

from governance.app.bench import decisions, sealing
from governance.app.bench.figure import Figure

FIGURES: Mapping[str, Callable[[], tuple[Figure, ...]]] = {
    "decisions": decisions.measure,
    "sealing": sealing.measure,
}
