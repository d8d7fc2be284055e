"""A process that takes files in, for a test that kills it; ends by itself when all are in."""

import json
from dataclasses import replace
from pathlib import Path

from governance.app.wiring import Wiring
from governance.core.settings import Settings
from governance.gateway.intake import flow
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import ImportRequest
from tests.installation import AT, MANAGER, nothing_found

BATCH = 50  # rows; many commits in which to die


def main(setting: str) -> None:
    """Every file is taken in, in order, each under the source of its kind."""
    told = json.loads(Path(setting).read_text())
    flow.BATCH = BATCH
    wiring = Wiring.open(
        Settings(data_dir=Path(told["data"]), database_url=told["url"]), clock=lambda: AT
    )
    ports = replace(wiring.ports, analyse=nothing_found)
    print("ready", flush=True)  # noqa: T201 # the test waits for it
    for name in told["files"]:
        request = ImportRequest(path=Path(name), source="crm")
        take_in(ports, MANAGER, request, at=AT)
    wiring.close()
