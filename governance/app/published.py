"""The published pages of an open installation, as files."""

from datetime import datetime

from sqlalchemy import Connection

from dsar.package import answer_keys
from governance.app.wiring import Wiring
from governance.core.clock import JST
from governance.portal.published import proof_of
from governance.portal.site import Site, files_of
from governance.ui.pages import environment


def site_files(tx: Connection, wiring: Wiring, *, at: datetime) -> dict[str, bytes]:
    """Every file of the published pages by its name."""
    site = Site(
        templates=environment("governance.portal"),
        policy=wiring.policies.current,
        controller=wiring.settings,
        proof=proof_of(
            wiring.signing.every_key(), wiring.log_keys.origin, answer_keys(wiring.vault.ring)
        ),
        origin=wiring.settings.origin,
        on=at.astimezone(JST).date(),
    )
    return files_of(tx, site)
