"""Production does not start with a database user that may do more than it needs."""

from pathlib import Path

import pytest
from sqlalchemy import text

from governance.app.wiring import Wiring
from governance.core.setting_kinds import Mode
from governance.core.settings import Settings
from governance.db.engine import Database
from governance.db.rights import DatabaseRightsError, require_narrow, too_much
from tests.installation import create


def test_a_user_of_its_own_tables_alone_is_fine_and_one_of_the_server_is_not(
    database: Database,
) -> None:
    with database.engine.connect() as tx:
        if tx.dialect.name == "sqlite":
            assert too_much(tx) == ()
            return
        tx.execute(text("CREATE ROLE sekisho_narrow CREATEDB"))
        tx.execute(text("SET ROLE sekisho_narrow"))
        require_narrow(tx)  # to create databases is what a restore needs
        tx.execute(text("RESET ROLE"))
        tx.execute(text("CREATE ROLE sekisho_wide CREATEROLE BYPASSRLS"))
        tx.execute(text("SET ROLE sekisho_wide"))
        with pytest.raises(DatabaseRightsError) as error:
            require_narrow(tx)
        assert error.value.params == {"rights": "rolcreaterole, rolbypassrls"}
        tx.rollback()


def test_only_production_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wiring = create(tmp_path)
    settings = wiring.settings
    wiring.close()
    monkeypatch.setattr("governance.db.rights.too_much", lambda _tx: ("rolsuper",))
    Wiring.open(settings).close()
    strict: Settings = settings.model_copy(update={"mode": Mode.PRODUCTION})
    with pytest.raises(DatabaseRightsError):
        Wiring.open(strict)
