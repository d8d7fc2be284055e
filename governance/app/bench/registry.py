"""Every figure that `sekisho bench` knows, by name."""

from collections.abc import Callable, Mapping

from governance.app.bench import commits, decisions, intake, sealing
from governance.app.bench.figure import Figure

FIGURES: Mapping[str, Callable[[], tuple[Figure, ...]]] = {
    "commits": commits.measure,
    "decisions": decisions.measure,
    "import": intake.measure,
    "sealing": sealing.measure,
}
