"""A provision to a partner (第三者提供, APPI 27): who agreed, what left, its record (29)."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Final

from consent.choices import Choice
from consent.service import choose
from consent.types import EventKind
from governance.app.demo.errors import DemoStepError
from governance.app.demo.stage import Outcome, Stage, Watch, words
from governance.core.terms import ActorId, FieldId, PurposeId, SubjectId
from governance.gateway.bulk.exporting import export
from governance.gateway.bulk.types import BulkRequest, ExportRequest, Manifest
from governance.http.principal import Principal, PrincipalKind
from governance.registers import service as registers

PURPOSE: Final = PurposeId("third_party_provision")
KEY: Final = "P001"
FIELDS: Final = (FieldId("person.name"), FieldId("person.email"))
PARTNER: Final = MappingProxyType(
    {
        "name": "提携堂（架空）",
        "role": "third_party",
        "country": "JP",
        "address": "東京都千代田区丸の内9-9（架空）",
        "representative": "架空 代表",
        "contracted_on": "2026-04-01",
        "provision_record": True,
    }
)


def provide(stage: Stage, watch: Watch) -> Outcome:
    """One person agreed; their data alone left for the partner, and the record says so."""
    subject = stage.customer
    if subject is None:
        raise DemoStepError(step="provide", found="no customer")
    _agreed(stage, subject)
    _registered(stage)
    left = _left(stage, subject)
    watch(1, 1)
    if left.provision is None or left.persons != 1:
        raise DemoStepError(step="provide", found=f"{left.persons} {left.provision}")
    return Outcome(
        sentence=words(stage, "provide.done", persons=left.persons, fields=len(left.columns))
    )


def _agreed(stage: Stage, subject: SubjectId) -> None:
    """The person's own choice, as on their page."""
    person = Principal(
        id=ActorId(f"p:{subject}"), kind=PrincipalKind.PERSON, roles=frozenset({"customer"})
    )
    choice = Choice(subject=subject, purpose=PURPOSE, kind=EventKind.GIVEN, method="switch")
    choose(stage.wiring.ports, person, choice, at=stage.wiring.clock())


def _registered(stage: Stage) -> None:
    """The partner stands in the register with what the record needs (Rule 20)."""
    wiring = stage.wiring
    enter = partial(
        registers.enter, ports=wiring.ports, principal=stage.who("officer"), key=KEY,
        given=PARTNER, at=wiring.clock(),
    )  # fmt: skip
    wiring.database.write(enter)


def _left(stage: Stage, subject: SubjectId) -> Manifest:
    """The file of this one person, which nobody keeps: the record is what stays."""
    bulk = BulkRequest(purpose=PURPOSE, recipient=f"third_party:{KEY}", subjects=(subject,))
    wiring = stage.wiring
    with TemporaryDirectory(dir=wiring.settings.data_dir) as folder:
        return export(
            wiring.ports,
            stage.who("manager"),
            ExportRequest(bulk=bulk, fields=FIELDS),
            Path(folder) / "partner.csv",
            at=wiring.clock(),
        )
