"""Refusals of the command line itself."""

from governance.core.errors import GovernanceError, WrongUseError


class EventFormError(WrongUseError):
    """`--event` is not of the form NAME=WHEN."""

    code = "event_form"


class InstallationExistsError(GovernanceError):
    """The folder already holds an installation."""

    code, status, exit_code = "installation_exists", 409, 2


class DemoFolderError(GovernanceError):
    """The folder holds something that no demo made; nothing in it was touched."""

    code, status, exit_code = "demo_folder", 409, 2


class DemoModeError(GovernanceError):
    """The demo does not run with production settings."""

    code, status, exit_code = "demo_production", 403, 2


class DemoRunningError(GovernanceError):
    """Another demo works in this folder at this moment."""

    code, status, exit_code = "demo_running", 409, 3


class LoopbackOnlyError(GovernanceError):
    """The demo listens on this machine alone."""

    code, status, exit_code = "loopback_only", 403, 2


class DemoStepError(GovernanceError):
    """A step of the main job did not hold."""

    code, status = "demo_step", 500


class KindError(WrongUseError):
    """`--kind` names no kind of file."""

    code = "kind"
