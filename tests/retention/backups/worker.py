"""Processes that make backups, or put one back, until they are killed."""

from pathlib import Path

from governance.app.backups import reopen_data, restore_data
from governance.app.wiring import Wiring
from governance.core.settings import Settings
from retention.backups import replacing
from retention.backups.creating import create
from tests.installation import AT, staff

OPERATOR = staff("it_operator", name="operator")


def main(what: str, told: str, file: str = "") -> None:
    """Works without end, once it has told that it is ready."""
    settings = Settings.model_validate_json(told)
    print("ready", flush=True)  # noqa: T201 # the test waits for it
    match what:
        case "create":
            wiring = Wiring.open(settings, clock=lambda: AT)
            while True:
                create(wiring.backup_desk, OPERATOR, at=AT)
        case "restore":
            while True:
                restore_data(settings, Path(file), at=AT)
                settings.data_dir.joinpath("sekisho.db").unlink()
        case "replace":
            replacing.LINGER_S = 0  # type: ignore[misc] # nobody else is there to wait for
            while True:
                restore_data(settings, Path(file), at=AT, replace=True)
        case _:
            wiring = Wiring.open(settings, clock=lambda: AT, restoring=True)
            reopen_data(wiring, OPERATOR)
