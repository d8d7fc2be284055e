"""Requests as strangers and persons file them, and the codes that their letters carry."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from dsar.case import Case
from dsar.identity import codes
from dsar.intake.claims import claim_of
from dsar.intake.service import file_request
from dsar.intake.store import filing_of
from dsar.intake.types import Claim, Filing, Source
from dsar.types import EvidenceKind, Intake, RequestKind
from governance.core.terms import FieldId
from governance.customers.normalise.phone import normalise_phone
from governance.customers.post import unsealed
from governance.customers.store import records_of
from governance.customers.tokens import add_tokens
from governance.db.types import table_of
from governance.gateway.intake.tokens import Indexer
from governance.http.principal import ANONYMOUS, Principal
from governance.jobs.models import OutboxRow
from governance.jobs.outbox import OutboxMessage
from tests.dsar.world import EMAIL, MOBILE, NAME, OTHER, SUBJECT, World

OUTBOX = table_of(OutboxRow)
KNOWN = Claim(name=NAME, email=EMAIL, phone=MOBILE)
UNKNOWN = Claim(name="架空 知子", email="nobody@example.org", phone="090-9999-0000")


def index(world: World) -> None:
    """The two persons of the world can be found by their contacts."""
    indexer = Indexer(world.ports.vault, ["person"])
    rows = []
    with world.ports.database.read() as tx:
        for subject in (SUBJECT, OTHER):
            for record in records_of(tx, subject, "person"):
                opened = world.ports.vault.open_row(record.id, record.sealed)
                plain = {name: cell.value for name, cell in opened.items() if cell.value}
                if mobile := plain.get(FieldId("person.mobile")):
                    plain[FieldId("person.mobile")] = str(normalise_phone(str(mobile)).value)
                rows += indexer.row_tokens("person", record.id, subject, plain)
    world.write(lambda tx: add_tokens(tx, rows))


def filing(claim: Claim = KNOWN, **more: Any) -> Filing:
    usual: dict[str, Any] = {
        "kind": RequestKind.DISCLOSURE,
        "intake": Intake.PORTAL,
        "source": Source.PORTAL,
        "policy_days": 14,
    }
    return Filing(claim=claim, **usual | more)


def filed(world: World, claim: Claim = KNOWN, by: Principal = ANONYMOUS, **more: Any) -> Case:
    return file_request(world.ports, by, filing(claim, **more), at=world.tick())


def claim_in(world: World, case: Case) -> Claim:
    with world.ports.database.read() as tx:
        found = filing_of(tx, case.id)
    assert found is not None
    return claim_of(world.ports, found)


def letters(world: World, part: str) -> list[Any]:
    """Messages that wait, whose key has this part."""
    with world.ports.database.read() as tx:
        rows = tx.execute(
            select(OUTBOX).where(OUTBOX.c.idem_key.contains(part)).order_by(OUTBOX.c.id)
        ).all()
    return [
        unsealed(
            world.ports.vault,
            OutboxMessage(
                id=row.id,
                idem_key=row.idem_key,
                target=row.target,
                kind=row.kind,
                attempt=1,
                payload=row.payload,
            ),
        )
        for row in rows
    ]


def send(world: World, case: Case, kind: EvidenceKind = EvidenceKind.EMAIL_CODE) -> str:
    """The code that the newest letter carries."""
    claim, at = claim_in(world, case), world.tick()
    row = codes.send_code(world.ports, case.id, kind, claim, at=at)
    if kind is EvidenceKind.SMS_CODE:
        codes.deliver_sms(world.ports, case.id, row, claim, at=at)
    code: str = letters(world, "dsar/code/")[-1].params["code"]
    return code


def answer(
    world: World,
    case: Case,
    typed: str,
    kind: EvidenceKind = EvidenceKind.EMAIL_CODE,
    *,
    minutes: int = 0,
    by: Principal = ANONYMOUS,
) -> None:
    at = world.tick() + timedelta(minutes=minutes)
    codes.answer_code(world.ports, by, case.id, kind, claim_in(world, case), typed, at=at)


def wrong(code: str) -> str:
    """Another code of the same form."""
    return f"{(int(code) + 1) % 10**8:08}"
