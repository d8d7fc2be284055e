"""Whether a demo may begin here; asked before anything is loaded that costs seconds."""

import os
from pathlib import Path
from typing import Final

from governance.app.demo.errors import DemoModeError
from governance.app.demo.folder import demand_free, demand_ours
from governance.core.setting_kinds import Mode
from governance.core.settings import UnsafeSettingsError
from governance.core.settings_reading import load

DEFAULT_FOLDER: Final = Path("sekisho-demo")


def place_for(data: Path | None, *, config: Path | None) -> Path:
    """The folder of the demo; raises DemoModeError, DemoFolderError, DemoRunningError.

    Fails closed: invented data and printed sign-ins have no place in a real installation.
    """
    try:
        mode = load(config=config, environment=os.environ).mode
    except UnsafeSettingsError:  # only production is refused for its settings
        mode = Mode.PRODUCTION
    if mode is Mode.PRODUCTION:
        raise DemoModeError
    place = (data or DEFAULT_FOLDER).absolute()
    demand_ours(place)
    demand_free(place)
    return place
