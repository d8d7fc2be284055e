"""Answers made of invented findings, without a store."""

from typing import Any

from dsar.case import Decision
from dsar.found import Found, FoundRecord, FoundValue
from dsar.information import Facts, information
from dsar.report import Answer
from dsar.types import Ground, Outcome, RequestKind
from governance.core.controller import Controller
from governance.core.terms import ActorId, FieldId, Law, RowId
from policies.snapshot import default_snapshot
from policies.types import Label
from tests.dsar.cases import NOW

GRANTED = Decision(
    outcome=Outcome.GRANT,
    grounds=(Ground.APPI_33_2,),
    decided_by=ActorId("u:officer"),
    decided_at=NOW,
)
CONTROLLER = Controller(
    automated_decisions_ja="行っていません。", automated_decisions_en="We make none."
)
FACTS = Facts(
    policy=default_snapshot(),
    recipients=(),
    controller=CONTROLLER,
    periods={"customer_master": Label(ja="退会から5年", en="5 years after leaving")},
    measures=Label(ja="通信の暗号化", en="encryption in transit"),
    on=NOW.date(),
)


def found_of(source: str = "person", /, **values: str) -> Found:
    """One record of a source with these values."""
    return Found(
        source=source,
        label=Label(ja="顧客", en="Customer"),
        records=(
            FoundRecord(
                row=RowId("row-1"),
                values=tuple(
                    FoundValue(
                        name=FieldId(f"{source}.{name}"), label=Label(ja=name, en=name), text=text
                    )
                    for name, text in values.items()
                ),
            ),
        ),
    )


def answer_of(*found: Found, kind: RequestKind = RequestKind.DISCLOSURE, **more: Any) -> Answer:
    """The answer that shows these findings."""
    law = more.pop("law", Law.APPI)
    told: dict[str, Any] = {
        "reference": "R-2026-AAAAA-BBBBB",
        "kinds": (kind,),
        "created_at": NOW,
        "decision": GRANTED,
        "controller": CONTROLLER,
        "findings": found,
        "withheld": (),
        "information": ((law, information(law, found, FACTS)),),
    }
    return Answer(**told | more)
