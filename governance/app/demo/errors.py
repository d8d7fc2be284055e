"""Refusals of the demo."""

from governance.core.errors import GovernanceError


class DemoFolderError(GovernanceError):
    """The folder holds something that no demo made, or cannot be written; it was not touched."""

    code, status, exit_code = "demo_folder", 409, 2


class DemoModeError(GovernanceError):
    """The demo does not run with production settings."""

    code, status, exit_code = "demo_production", 403, 2


class DemoRunningError(GovernanceError):
    """Another demo works in this folder at this moment."""

    code, status, exit_code = "demo_running", 409, 3


class DemoStepError(GovernanceError):
    """A step of the main job did not hold; the data was left as it is."""

    code, status = "demo_step", 500


class DemoServerError(GovernanceError):
    """The server of the demo did not answer in time."""

    code, status, exit_code = "demo_server", 503, 3
