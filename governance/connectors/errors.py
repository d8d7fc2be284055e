"""What is refused about connected systems; parameters are names, places and codes."""

from collections.abc import Iterable

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from policies.reader import Fault

MAX_FAULTS = 200  # beyond it more lines help nobody


class ConnectorsFileError(GovernanceError):
    """The file of connected systems cannot be read; nothing was started or asked."""

    code, status, exit_code = "connectors_file", 503, 2


class ConnectorsRefusedError(GovernanceError):
    """The file of connected systems is not valid; nothing was started or asked."""

    code, status, exit_code = "connectors_refused", 422, 2

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)[:MAX_FAULTS]
        place = self.faults[0].place
        super().__init__(
            count=len(self.faults), file=place.file, line=place.line, fault=self.faults[0].code
        )

    def sentences(self, lang: Lang) -> tuple[str, ...]:
        """Every fault in words: file, line, path, what is wrong."""
        return tuple(fault.sentence(lang) for fault in self.faults)


class TaskUnknownError(GovernanceError):
    """No task of this id, or this caller may not know of it."""

    code, status = "connector_task_unknown", 404


class TaskAnsweredError(GovernanceError):
    """The task was answered before; the first answer stands."""

    code, status = "connector_task_answered", 409


class TaskAnswerError(GovernanceError):
    """The answer is not whole: `field` says what is missing or wrong."""

    code, status = "connector_task_answer", 422
