"""The pages of processed data: offered columns, two persons, nothing identifying to choose."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.app.wiring import Wiring
from tests.installation import create
from tests.office import Office, opened
from tests.retention.datasets.test_datasets import settle

HOME = "/console/datasets"
FORM = {
    "name": "<b>年代</b>と地域",
    "kind": "anonymised",
    "purpose": "purchase_analysis",
    "table": "person",
    "expires_on": "2027-03-31",
    "k": "3",
    "way-birth_date": "age_band",
    "way-address": "prefecture",
}


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    folder: Path = tmp_path_factory.mktemp("datasets")
    made = create(folder)
    settle(made, folder)
    yield made
    made.close()


@pytest.fixture(scope="module")
def office(wiring: Wiring) -> Iterator[Office]:
    with opened(wiring, home=HOME) as found:
        yield found


def test_from_the_form_to_the_file_by_two_persons(office: Office) -> None:
    assert "加工データはありません" in office.page(by="analyst")
    form = office.page(f"{HOME}/new?purpose=purchase_analysis", by="analyst")
    assert 'name="way-birth_date"' in form
    assert 'name="way-name"' not in form
    assert 'name="way-notes"' not in form
    made = office.send(f"{HOME}/new", form=FORM, by="analyst", shown=f"{HOME}/new")
    assert made.status_code == 303, made.text
    here = made.headers["location"]
    page = office.page(here, by="analyst")
    assert "&lt;b&gt;年代&lt;/b&gt;と地域" in page
    assert "自分が作成したものは公開できません" in page
    assert office.send(f"{here}/rows", by="analyst", shown=here).status_code == 409
    assert office.send(f"{here}/release", by="analyst", shown=here).status_code == 403
    answer = office.send(f"{here}/release", by="privacy_officer", shown=here)
    assert answer.headers["location"] == f"{here}?done=released"
    file = office.send(f"{here}/rows", form={"form": "csv"}, by="analyst", shown=here)
    assert file.text.splitlines()[1:] == ['"40-49","東京都"'] * 6
    seen = office.send(f"{here}/method", by="privacy_officer", shown=here)
    assert "施行規則34条5号" in seen.text
    assert office.send(f"{here}/method", by="analyst", shown=here).status_code == 403
    given = office.send(
        f"{here}/provisions", form={"recipient": ""}, by="privacy_officer", shown=here
    )
    assert given.status_code == 409
    assert office.send(f"{here}/end", by="analyst", shown=here).status_code == 303
    assert "中身は削除されました" in office.page(here, by="analyst")


def test_a_refused_form_keeps_what_was_entered(office: Office) -> None:
    wrong = FORM | {"expires_on": "2020-01-01", "k": "abc"}
    answer = office.send(f"{HOME}/new", form=wrong, by="analyst", shown=f"{HOME}/new")
    assert answer.status_code == 422
    assert "&lt;b&gt;年代&lt;/b&gt;と地域" in answer.text
    assert 'value="prefecture" selected' in answer.text
    endless = FORM | {"k": "9" * 5_000, "way-birth_date": "age_band:" + "9" * 5_000}
    assert (
        office.send(f"{HOME}/new", form=endless, by="analyst", shown=f"{HOME}/new").status_code
        == 422
    )
    forged = FORM | {"way-name": "as_is"}
    refused = office.send(f"{HOME}/new", form=forged, by="analyst", shown=f"{HOME}/new")
    assert refused.status_code == 422
    assert "施行規則34条1号を満たしません" in refused.text


def test_who_may_not_look_sees_nothing(office: Office) -> None:
    office.page(by="support", status=403)
    office.page(f"{HOME}/none", by="auditor", status=404)
    assert f'href="{HOME}/new"' not in office.page(by="auditor")
