"""A small town of invented customers, a partner and what they agreed to, for bulk uses."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from consent.choices import Choice
from consent.service import choose
from consent.types import EventKind
from governance.app.wiring import Wiring
from governance.core.terms import FieldId, SubjectId
from governance.gateway.bulk.types import BulkRequest, ExportRequest
from governance.registers import service
from tests.installation import (
    AT,
    OFFICER,
    customer,
    import_file,
    register,
    subjects,
    write_file,
)

PARTNER = "third_party:V900"
PROVISION = "third_party_provision"
GIVEN: Mapping[str, object] = {
    "name": "架空提携株式会社",
    "role": "third_party",
    "country": "JP",
    "contracted_on": "2026-04-01",
    "address": "東京都千代田区丸の内9-9",
    "representative": "架空　代表",
    "provision_record": True,
}
NAMES = (FieldId("person.name"), FieldId("person.email"))


def settle(
    wiring: Wiring, folder: Path, *, count: int, agree: Iterable[int] = ()
) -> list[SubjectId]:
    """So many customers, of whom these agreed to the provision, and the partner's entry."""
    rows = [customer(n, 備考="夕方に電話（架空）") for n in range(1, count + 1)]
    import_file(wiring, write_file(folder, register(rows)))
    people = list(subjects(wiring))
    for place in agree:
        say(wiring, people[place], EventKind.GIVEN)
    enter(wiring)
    return people


def say(wiring: Wiring, subject: SubjectId, kind: EventKind, purpose: str = PROVISION) -> None:
    choose(wiring.ports, OFFICER, Choice(subject=subject, purpose=purpose, kind=kind), at=AT)


def enter(wiring: Wiring, key: str = "V900", **other: object) -> None:
    wiring.database.write(
        lambda tx: service.enter(tx, wiring.ports, OFFICER, key, {**GIVEN, **other}, at=AT)
    )


def asked(**other: object) -> ExportRequest:
    """An export of names to the partner."""
    bulk = BulkRequest(purpose=PROVISION, recipient=PARTNER)
    return ExportRequest(**({"bulk": bulk, "fields": NAMES} | other))  # type: ignore[arg-type] # named facts
