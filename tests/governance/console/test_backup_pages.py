"""The page of backups: what stands, what may be done by whom, and nothing opened by a name."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from governance.app.wiring import Wiring
from tests.installation import create
from tests.office import Office, opened

HOME = "/console/backups"
BY = "it_operator"


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    place: Path = tmp_path_factory.mktemp("backups")
    made = create(place / "home")
    found = {"backup_dir": place / "files", "key_copy_dirs": f"{place / 'a'}, {place / 'b'}"}
    yield replace(made, settings=made.settings.model_copy(update=found))
    made.close()


@pytest.fixture(scope="module")
def office(wiring: Wiring) -> Iterator[Office]:
    with opened(wiring, home=HOME) as found:
        yield found


def test_what_is_missing_is_told_and_a_backup_and_a_drill_are_made(office: Office) -> None:
    page = office.page(by=BY)
    assert "バックアップがまだ1つもありません" in page
    assert "バックアップはありません" in page
    assert office.send(f"{HOME}/create", by=BY).headers["location"] == f"{HOME}?done=made"
    page = office.page(f"{HOME}?done=made", by=BY)
    assert "バックアップを作りました。" in page
    (file,) = (one.name for one in office.wiring.settings.backup_dir.glob("*.skb"))  # type: ignore[union-attr] # it is set
    assert file in page
    assert "未確認" in page
    answer = office.send(f"{HOME}/{file}/verify", by=BY)
    assert answer.headers["location"] == f"{HOME}?done=proven"
    assert office.send(f"{HOME}/drill", by=BY).status_code == 303
    page = office.page(by=BY)
    assert "最後の復元の訓練（0日前）は成功しました。" in page
    assert "未確認" not in page


def test_an_auditor_looks_and_changes_nothing(office: Office) -> None:
    page = office.page(by="auditor")
    assert "システム運用担当だけが行えます。" in page
    assert f'action="{HOME}/create"' not in page
    assert office.send(f"{HOME}/create", by="auditor", shown="/console/audit").status_code == 403
    office.page(by="support", status=403)


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "x.skb", "%3Cb%3E.skb"])
def test_no_path_from_outside_is_opened(office: Office, name: str) -> None:
    answer = office.send(f"{HOME}/{name}/verify", by=BY)
    assert answer.status_code == 404
    assert "<b>" not in answer.text


def test_a_form_without_its_token_does_nothing(office: Office) -> None:
    answer = office.browsers[BY].post(f"{HOME}/create", data={"csrf": "x"})
    assert answer.status_code in {400, 403}
