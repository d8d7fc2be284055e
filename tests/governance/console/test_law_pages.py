"""The pages of the law and of the figures of requests, for who may see them."""

from collections.abc import Iterator

import httpx
import pytest

from dsar import service
from dsar.types import Intake, RequestKind
from tests.installation import AT, OFFICER, create
from tests.office import Office, opened

LAW, FIGURES = "/console/law", "/console/request-figures"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    wiring = create(tmp_path_factory.mktemp("law_pages"))
    new = service.NewRequest(kind=RequestKind.ACCESS, intake=Intake.POST, policy_days=14)
    prepared = service.prepare_request(wiring.ports, new)
    wiring.database.write(
        lambda tx: service.receive(tx, wiring.ports, OFFICER, new, prepared, at=AT)
    )
    with opened(wiring) as found:
        yield found


def test_duties_rules_and_prepared_amendments_are_shown(office: Office) -> None:
    page = office.page(LAW)
    for said in ("利用目的の特定", "APPI-26-1K", "開庁日", "appi_r8_minors", "無効"):
        assert said in page
    only = office.page(f"{LAW}?law=GDPR&on=2026-11-26")
    assert "GDPR-33-1" in only
    assert "APPI-26-1K" not in only


@pytest.mark.parametrize(
    "entry", ["APPI-33", "gdpr_1m", "RET-ROKI", "APPI-R8", "appi_r8_face", "APPI-R8-FACE"]
)
def test_every_kind_of_entry_has_a_page(office: Office, entry: str) -> None:
    assert entry in office.page(f"{LAW}/{entry}")


def test_an_unknown_entry_is_not_found_and_a_wrong_day_is_told(office: Office) -> None:
    answer: httpx.Response = office.browsers["auditor"].get(f"{LAW}/NOPE")
    assert answer.status_code == 404
    assert "日付を読めませんでした" in office.page(f"{LAW}?on=tomorrow")


def test_figures_tell_open_requests_and_make_the_register(office: Office) -> None:
    page = office.page(FIGURES, by="privacy_officer")
    for said in ("期限超過の見通し", "7日以内", "アクセス"):
        assert said in page
    token = page.split('name="csrf" value="')[1].split('"')[0]
    day = AT.date().isoformat()
    made = office.browsers["privacy_officer"].post(
        "/console/reports",
        data={"csrf": token, "report": "R07", "first": day, "last": day, "form": "csv"},
    )
    assert made.status_code == 200
    assert "R07" in made.headers["content-disposition"]
    assert office.browsers["support"].get(f"{FIGURES}?by=x").status_code in {200, 403}
