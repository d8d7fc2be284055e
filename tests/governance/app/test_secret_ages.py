"""Secrets in files that nobody has changed for long are named by the doctor, never shown."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from governance.app.secret_ages import secrets_finding
from governance.core.settings_reading import load
from tests.outside import SHOP

AT = datetime(2027, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def secret(path: Path, *, age: int) -> Path:
    path.write_text("x")
    written = (AT - age * DAY).timestamp()
    os.utime(path, (written, written))
    return path


@pytest.mark.parametrize(
    ("ages", "state", "named"),
    [
        ({}, "good", ""),
        ({"passfile": 90, "smtp": 89, "client": 3, "shop": 1}, "good", ""),
        ({"passfile": 91}, "attention", "database_url.passfile"),
        ({"smtp": 200, "client": 100}, "attention", "sign_on.entra, smtp_password_file"),
        ({"shop": 365}, "attention", "connector.shop"),
    ],
)
def test_what_is_older_than_the_setting_says_is_named(
    tmp_path: Path, ages: dict[str, int], state: str, named: str
) -> None:
    files = {
        name: secret(tmp_path / name, age=ages.get(name, 0))
        for name in ("passfile", "smtp", "client", "shop")
    }
    sign_on, connectors = tmp_path / "sign-on.yaml", tmp_path / "connectors.yaml"
    sign_on.write_text(
        "providers:\n- {id: entra, label: {ja: a, en: a}, for: staff, issuer: 'https://a.example',"
        f" client_id: b, client_secret: 'file:{files['client']}'}}\n"
    )
    connectors.write_text(SHOP.replace("env:SHOP_DB", f"file:{files['shop']}"))
    settings = load(
        environment={},
        overrides={
            "database_url": f"postgresql://a@/a?passfile={files['passfile']}",
            "smtp_password_file": files["smtp"],
            "sign_on_file": sign_on,
            "connectors_file": connectors,
        },
    )
    found = secrets_finding(cast("Any", SimpleNamespace(settings=settings)), AT, DAY)
    assert (found.state, found.params.get("names", "")) == (state, named)


def test_a_file_that_is_not_there_has_no_age(tmp_path: Path) -> None:
    settings = load(environment={}, overrides={"smtp_password_file": tmp_path / "none"})
    found = secrets_finding(cast("Any", SimpleNamespace(settings=settings)), AT, DAY)
    assert (found.state, found.params["count"]) == ("good", 0)
