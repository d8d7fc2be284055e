"""What pages of duties are shown with: a choice, two recipients, a provision, a notice to come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from consent.choices import Choice
from consent.receipts.issue import newest_choice
from consent.service import choose
from consent.types import EventKind
from governance.app.wiring import Wiring
from governance.core.terms import PurposeId, RowId, SubjectId
from governance.registers import service as registers
from governance.registers.provisions import service as provisions
from governance.registers.provisions.service import ReceivedRecord
from governance.registers.provisions.types import ProvisionGround
from tests.installation import OFFICER, add_person

MAIL: Final = PurposeId("mail_marketing")
SHOWN: Final = "メールマガジンを受け取る（架空）"
ACQUIRED: Final = "会員登録画面で同意を得て取得（架空）"
ABROAD: Final[Mapping[str, str]] = {
    "role": "third_party",
    "name": "Kakuu Inc.",
    "country": "US",
    "address": "1 Example Way",
    "representative": "Jane Kakuu",
}
LOCAL: Final[Mapping[str, str]] = {
    "role": "processor",
    "name": "架空配送株式会社",
    "country": "JP",
    "contracted_on": "2026-04-01",
}
EDITION: Final = """
schema: sekisho-notice/1
notice: marketing
version: "9.0"
effective_on: {day}
change: material
predecessor: "{before}"
title: {{ja: 販売促進, en: Marketing}}
body: {{ja: 当社は週に一度お送りします。, en: We write once a week.}}
summary: {{ja: 回数を変えました。, en: The rate changed.}}
purposes: [{purposes}]
relatedness: {{ja: 同じ目的です。, en: The same aim.}}
transfers:
  - recipient: {{ja: 架空米国, en: Kakuu Inc.}}
    country: US
    country_name: {{ja: 米国, en: United States}}
    system: {{ja: 州法があります。, en: There are laws of states.}}
    measures: {{ja: 契約で義務付けます。, en: Bound by contract.}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """Who and what was put into an installation."""

    person: SubjectId
    choice: RowId
    provision: RowId


def put_in(wiring: Wiring, *, at: datetime) -> Duties:
    """One person who agreed on a form, a processor at home, a third party abroad, what came in."""
    person = add_person(wiring)
    made = Choice(
        subject=person,
        purpose=MAIL,
        kind=EventKind.GIVEN,
        method="form",
        action="unticked_box",
        shown=SHOWN,
    )
    choose(wiring.ports, OFFICER, made, at=at)
    with wiring.database.read() as tx:
        choice = newest_choice(tx, person, MAIL)
    ports = wiring.ports

    def write(tx: Connection) -> RowId:
        registers.enter(tx, ports, OFFICER, "V1", LOCAL, at=at)
        registers.enter(tx, ports, OFFICER, "V2", ABROAD, at=at)
        record = ReceivedRecord(
            recipient="V2",
            received_on=at.date(),
            acquisition=ACQUIRED,
            ground=ProvisionGround.CONSENT,
            categories=("name",),
            fields=("person.name",),
            subjects=(person,),
        )
        return provisions.note_received(tx, ports, OFFICER, record, at=at)

    return Duties(person=person, choice=choice, provision=wiring.database.write(write))


def edition(wiring: Wiring, *, before: str, day: date) -> str:
    """A version of the marketing notice that changes what is agreed to, from this day on."""
    policy = wiring.policies.current
    uses = ", ".join(one.id for one in policy.purposes.values() if one.notice == "marketing")
    return EDITION.format(day=day.isoformat(), before=before, purposes=uses)
