"""Refusals of the command line itself."""

from governance.core.errors import UnavailableError, WrongUseError


class EventFormError(WrongUseError):
    """`--event` is not of the form NAME=WHEN."""

    code = "event_form"


class KindError(WrongUseError):
    """`--kind` names no kind of file."""

    code = "kind"


class EventNameError(WrongUseError):
    """The step of a request has another name."""

    code = "event_name"


class FigureError(WrongUseError):
    """`sekisho bench` knows no figure of this name."""

    code = "figure"


class FileTroubleError(UnavailableError):
    """The operating system refused a file that the command names."""

    code = "file_trouble"
