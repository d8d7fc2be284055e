"""The whole life of two requests in browsers: 開示 first, then erasure, to proofs held offline.

The customer has a phone, the officers a desk. What was said is proved without our server, the next
question of another system is refused, and nothing of the person is left to read.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from dsar.package import answer_keys
from governance.app.executing import drive_all
from governance.app.factory import create_app
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.terms import Lang, PurposeId
from governance.customers.post import unsealed
from governance.customers.store import SUBJECT
from governance.identity.service import register_client
from governance.jobs.outbox import OUTBOX, OutboxMessage
from governance.jobs.runner import Worker
from governance.outbound.mail import Mail
from retention.erasure import residue
from tests.installation import AT, create, customer, import_file, register, subjects, write_file
from tests.journeys.conftest import Seen, Site, Visits
from tests.journeys.looks import fits, violations
from tests.serving import served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

WIDE, PHONE = 1280, 390
LEAD, SECOND = "privacy_officer", "privacy_approver"
PURPOSE = "mail_marketing"
NAME, EMAIL, PHONE_NUMBER = "架空　花子印", "marked.person@example.com", "090-0000-7391"


@dataclass(slots=True)
class Clock:
    """The installation's clock, which a test moves on."""

    now: datetime = field(default=AT)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wiring(tmp_path: Path, clock: Clock) -> Iterator[Wiring]:
    made = replace(create(tmp_path), clock=clock)
    row = customer(1, 氏名=NAME, メールアドレス=EMAIL, 携帯番号=PHONE_NUMBER)
    import_file(made, write_file(tmp_path, register([row, customer(2)])))
    for role in (LEAD, SECOND, "support"):
        made.database.write(
            partial(add_staff, wiring=made, login=role, display_name="架空", roles=[role], at=AT)
        )
    yield made
    made.close()


@pytest.fixture
def site(wiring: Wiring) -> Iterator[Site]:
    register_shop = partial(
        register_client, name="journey", role="mail_sender", purposes=[PurposeId(PURPOSE)],
        known_roles=frozenset({"mail_sender"}), at=AT,
    )  # fmt: skip
    _, key = wiring.database.write(register_shop)
    with served(create_app(wiring)) as base:
        yield Site(base=base, database=wiring.database, customer=subjects(wiring)[0], key=key)


def press(page: Page, place: str) -> None:
    """A form goes and its answer is there."""
    with page.expect_navigation():
        page.locator(place).first.click()


def chosen(page: Page, *choices: str) -> None:
    """One answer a page, to the last."""
    for choice in choices:
        page.locator(choice).first.check()
        press(page, "main form button")


def sound(seen: Seen, lang: str) -> None:
    expect(seen.page.locator("html")).to_have_attribute("lang", lang)
    assert violations(seen.page) == []
    assert fits(seen.page)
    seen.quiet()


def mailed(wiring: Wiring, key: str) -> Mapping[str, str]:
    """What the newest mail of this kind says."""
    with wiring.database.read() as tx:
        found = select(OUTBOX).where(OUTBOX.c.idem_key.startswith(key))
        row = tx.execute(found.order_by(OUTBOX.c.id.desc()).limit(1)).one()
    message = unsealed(
        wiring.vault,
        OutboxMessage(
            id=row.id, idem_key=row.idem_key, target=row.target, kind=row.kind, attempt=1,
            payload=row.payload,
        ),
    )  # fmt: skip
    assert isinstance(message, Mail)
    return message.params


def permitted(site: Site) -> bool:
    """What another system is told about the customer now."""
    question: dict[str, Any] = {
        "subject": {"type": "system", "id": "journey"},
        "resource": {"type": "person", "id": site.customer},
        "action": {"name": "use", "properties": {"purpose": PURPOSE}},
        "context": {"channel": "email"},
    }
    answer = httpx.post(
        f"{site.base}/access/v1/evaluation",
        json=question,
        headers={"authorization": f"Bearer {site.key}"},
        timeout=30,
    ).json()
    return bool(answer["decision"])


def filed(me: Seen, lang: str, *choices: str) -> str:
    """A request from the first question to the last; its address in the portal."""
    me.page.goto(f"{me.base}/portal/requests")
    press(me.page, "main form button")
    chosen(me.page, *choices)
    sound(me, lang)
    press(me.page, "main form button")
    return me.page.url.partition("?")[0]


def proved(me: Seen, wiring: Wiring, lang: str) -> None:
    """The code that was mailed is typed, beside the session a second proof."""
    press(me.page, "#send-email_code")
    me.page.locator("#code-email_code").fill(mailed(wiring, "dsar/code/")["code"])
    press(me.page, "form:has(#code-email_code) button")
    sound(me, lang)


def collected(lead: Seen, place: str, lang: str) -> None:
    """The officer begins, asks every source and ends the collecting."""
    page = lead.page
    page.goto(place)
    sound(lead, lang)
    press(page, "#start")
    page.goto(f"{place}/sources")
    press(page, "#collect")
    press(page, "#finish")


def saved(page: Page, button: str, path: Path) -> bytes:
    """The file that the button hands over."""
    with page.expect_download() as got:
        page.locator(button).click()
    got.value.save_as(path)
    return path.read_bytes()


def verified(verifier: Path, path: Path, keys: Iterable[str]) -> bool:
    """What the published program says, which needs nothing of ours but the keys."""
    pinned = [part for key in keys for part in ("--key", key)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(verifier), str(path), *pinned],
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Everybody of a journey, in one language: the customer, two officers, the program."""

    wiring: Wiring
    site: Site
    clock: Clock
    lang: str
    me: Seen
    lead: Seen
    second: Seen
    folder: Path

    @property
    def verifier(self) -> Path:
        return self.folder / "verifier.pyz"

    def place(self, mine: str, page: str = "") -> str:
        """The officers' page of the request that stands here in the portal."""
        return f"{self.site.base}/console/requests/{mine.rpartition('/')[2]}{page}"


@pytest.fixture(params=[lang.value for lang in Lang])
def cast(
    request: pytest.FixtureRequest,
    wiring: Wiring,
    site: Site,
    visits: Visits,
    clock: Clock,
    tmp_path: Path,
) -> Cast:
    lang = request.param
    (tmp_path / "verifier.pyz").write_bytes(httpx.get(f"{site.base}/verifier.pyz").content)
    return Cast(
        wiring=wiring,
        site=site,
        clock=clock,
        lang=lang,
        me=visits.signed_in(f"p:{site.customer}", width=PHONE, lang=lang),
        lead=visits.signed_in(f"u:{LEAD}", width=WIDE, lang=lang),
        second=visits.signed_in(f"u:{SECOND}", width=WIDE, lang=lang),
        folder=tmp_path,
    )


def test_from_a_question_on_a_phone_to_an_answer_proved_offline(cast: Cast) -> None:
    me, lead, second = cast.me, cast.lead, cast.second
    mine = filed(
        me, cast.lang, 'input[value="japan"]', 'input[value="disclosure"]',
        'input[name="scope_everything"]', 'input[value="download"]',
    )  # fmt: skip
    proved(me, cast.wiring, cast.lang)
    collected(lead, cast.place(mine), cast.lang)
    lead.page.goto(cast.place(mine, "/review"))
    press(lead.page, "#finish")
    press(lead.page, "#decide")
    assert lead.page.locator("#approve").count() == 0
    second.page.goto(cast.place(mine, "/review"))
    press(second.page, "#approve")
    lead.page.goto(cast.place(mine, "/answer"))
    for step in ("#execute", "#build", "#tell"):
        press(lead.page, step)
    sound(lead, cast.lang)
    cast.clock.now += timedelta(minutes=50)
    me.page.goto(mine)
    press(me.page, "#answer")
    press(me.page, "#send")
    me.page.locator("#code").fill(mailed(cast.wiring, "dsar/code/")["code"])
    press(me.page, "#type")
    sound(me, cast.lang)
    answer, archive = cast.folder / "answer.html", cast.folder / "answer.zip"
    assert EMAIL.encode() in saved(me.page, "#page", answer)
    saved(me.page, "#archive", archive)
    keys = [key.vkey for key in answer_keys(cast.wiring.vault.ring)]
    assert verified(cast.verifier, answer, keys)
    assert verified(cast.verifier, archive, keys)
    answer.write_bytes(answer.read_bytes().replace(EMAIL.encode(), b"forged@example.com", 1))
    assert not verified(cast.verifier, answer, keys)


def test_from_a_question_on_a_phone_to_an_erasure_proved_offline(
    cast: Cast, visits: Visits
) -> None:
    me, lead, second, wiring = cast.me, cast.lead, cast.second, cast.wiring
    me.page.locator("#choices-fold > summary").click()
    press(me.page, f'form[action="/portal/choices/{PURPOSE}"] button')
    assert permitted(cast.site)
    mine = filed(
        me, cast.lang, 'input[value="japan"]', 'input[value="cessation"]', 'input[name="ground"]',
        'input[name="scope_everything"]',
    )  # fmt: skip
    proved(me, wiring, cast.lang)
    collected(lead, cast.place(mine), cast.lang)
    lead.page.goto(cast.place(mine, "/execution"))
    lead.page.locator("#measure").select_option("erase")
    press(lead.page, "#decide")
    second.page.goto(cast.place(mine, "/execution"))
    press(second.page, "#approve")
    sound(second, cast.lang)
    assert not permitted(cast.site)  # it rests while it can be taken back
    me.page.goto(f"{mine}/execution")
    expect(me.page.locator("#undo")).to_be_visible()
    sound(me, cast.lang)
    clock = cast.clock
    clock.now += timedelta(days=8)
    worker = Worker(owner="journey", clock=clock, pause=lambda _: None, stopping=lambda: False)
    drive_all(wiring, worker, at=clock.now, limit=10)
    assert not permitted(cast.site)
    link = mailed(wiring, "dsar/")["link"].removeprefix(wiring.settings.origin)
    anybody = visits.open(link, width=PHONE, lang=cast.lang)
    sound(anybody, cast.lang)
    certificate = cast.folder / "certificate"
    saved(anybody.page, "#file-statement", certificate)
    assert verified(cast.verifier, certificate, [key.vkey for key in wiring.log_keys.verifier_keys])
    with wiring.database.read() as tx:
        assert not residue(tx, select(SUBJECT.c.id).where(SUBJECT.c.id == cast.site.customer))
