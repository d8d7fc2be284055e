"""Published pages: complete under the laws, stable, the same as files, about nobody."""

import re
from html import unescape

import pytest

from governance.app.published import site_files
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from retention.schedules import default_schedule
from tests.governance.gateway.api.conftest import Desk
from tests.installation import AT


def page(desk: Desk, path: str, lang: str = "ja") -> str:
    answer = desk.nobody().get(path, headers={"accept-language": lang})
    assert answer.status_code == 200, answer.text[:200]
    return unescape(answer.text)


@pytest.mark.parametrize("lang", list(Lang))
def test_the_page_tells_everything_that_the_laws_ask_for(town: Desk, lang: Lang) -> None:
    shown = page(town, "/notices", lang.value)
    policy, settings = town.wiring.policies.current, town.wiring.settings
    for purpose in policy.purposes.values():  # APPI 21, 32(1)(ii)
        assert purpose.label[lang] in shown, purpose.id
        assert f'id="purpose-{purpose.id}"' in shown
    for fact in (  # APPI 32(1)(i), (iv), Order 10; GDPR 13(1)(a), (b)
        settings.company(lang),
        settings.address(lang),
        settings.representative(lang),
        settings.contact_mail,
    ):
        assert fact in shown
    for key in (
        *("basis", "data", "recipients", "interest", "channels", "choice"),
        *("joint_fact", "joint_items", "joint_range", "joint_purpose", "joint_responsible"),
        *("abroad_country", "abroad_system", "abroad_measures"),
        *("rights_appi", "rights_gdpr", "how", "fee", "withdrawal", "complaint", "authority"),
        *("section.periods", "section.measures", "section.proof"),
        *("trace_erased", "trace_erased_why", "trace_opted_out", "trace_opted_out_why"),
    ):
        assert text(f"portal.notices.{key}", lang) in shown, key
    for part in default_schedule().parts:
        assert part.label.of(lang) in shown, part.id
    assert town.wiring.log_keys.origin in shown
    for key in town.wiring.signing.every_key():
        assert key.vkey in shown


def test_every_version_has_its_address_and_says_what_it_changed(town: Desk) -> None:
    newest = page(town, "/notices/analysis")
    older = page(town, "/notices/analysis/3.0")
    assert "分析の目的に「ご案内の内容を決めること」を加えました。" in older
    assert text("portal.notices.old", Lang.JA) in older
    assert text("portal.notices.old", Lang.JA) not in newest
    assert "<ins>" in older
    assert 'href="/notices/analysis/1.0"' in older
    for path in ("/notices/nothing", "/notices/analysis/9.9"):
        assert town.nobody().get(path).status_code == 404


def test_pages_as_files_need_nothing_else_and_lead_to_one_another(town: Desk) -> None:
    with town.wiring.database.read() as tx:
        files = site_files(tx, town.wiring, at=AT)
    for name, content in files.items():
        if not name.endswith(".html"):
            continue
        shown = content.decode()
        assert "<script" not in shown, name
        assert "<form" not in shown, name
        for target in re.findall(r'(?:href|src)="([^"]+)"', shown):
            bare = target.partition("#")[0]
            known = (
                not bare
                or bare in files
                or target.startswith(("mailto:", town.wiring.settings.origin))
            )
            assert known, (name, target)
    assert {"index.ja.html", "index.en.html", "marketing-3.1.ja.html"} <= files.keys()
    assert "ご案内の送付（版 3.1）" in files["marketing-3.1.ja.html"].decode(), "its title, no code"


def test_the_same_state_gives_the_same_files(town: Desk) -> None:
    with town.wiring.database.read() as tx:
        first = site_files(tx, town.wiring, at=AT)
        second = site_files(tx, town.wiring, at=AT)
    assert first == second
