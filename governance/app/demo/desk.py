"""What came to the desk meanwhile: requests by post, telephone and in person, none answered yet.

Without them a newcomer's queue would be empty, and nothing on the overview would be due.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from dsar.assigning import assign
from dsar.case import Case
from dsar.intake.service import file_request
from dsar.intake.types import Claim, Filing, Source, StopGround
from dsar.types import Delivery, Intake, Requester, RequestKind
from governance.app.demo.stage import Outcome, Stage, Watch, words
from governance.core.clock import JST


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One request that somebody of the desk typed in; its words stand in the catalogue."""

    name: str  # of the invented person
    kind: RequestKind
    intake: Intake
    days: int  # since it arrived; a month under the GDPR, which nobody has ruled out yet
    delivery: Delivery = Delivery.POST
    ground: StopGround | None = None
    agent: str = ""
    taken: bool = False  # the officer has it in hand


LETTERS: Final = (
    Letter(
        name="高橋 さくら（架空）",
        kind=RequestKind.CORRECTION,
        intake=Intake.POST,
        days=34,
        taken=True,
    ),
    Letter(
        name="渡邊 健（架空）",
        kind=RequestKind.CESSATION,
        intake=Intake.PHONE,
        days=27,
        ground=StopGround.NOT_NEEDED,
    ),
    Letter(
        name="斎藤 千尋（架空）",
        kind=RequestKind.PROVISION_RECORDS,
        intake=Intake.POST,
        days=2,
        taken=True,
    ),
    Letter(
        name="山﨑 葵（架空）",
        kind=RequestKind.DISCLOSURE,
        intake=Intake.COUNTER,
        days=0,
        delivery=Delivery.COUNTER,
        agent="山﨑 誠（架空）",
    ),
)


def receive(stage: Stage, watch: Watch) -> Outcome:
    """Each is on file from the day on which it arrived; some are in the officer's hands."""
    cases = [_entered(stage, letter) for letter in LETTERS]
    watch(len(cases), len(cases))
    taken = [case for case, letter in zip(cases, LETTERS, strict=True) if letter.taken]
    for case in taken:
        _assigned(stage, case)
    return Outcome(
        sentence=words(stage, "desk.done", count=len(cases), open=len(cases) - len(taken))
    )


def _entered(stage: Stage, letter: Letter) -> Case:
    wiring = stage.wiring
    now = wiring.clock()
    filing = Filing(
        kind=letter.kind,
        intake=letter.intake,
        source=Source.CONSOLE,
        claim=Claim(name=letter.name, agent_name=letter.agent),
        policy_days=wiring.settings.dsar_policy_days,
        requester=Requester.MANDATED_AGENT if letter.agent else Requester.SELF,
        delivery=letter.delivery,
        lang=stage.lang,
        ground=letter.ground,
        words=words(stage, f"desk.{letter.kind.value}"),
        received_at=_arrived(now, days=letter.days),
    )
    return file_request(wiring.ports, stage.who("officer"), filing, at=now)


def _arrived(now: datetime, *, days: int) -> datetime:
    """The beginning of that day in Japan, as the officers' form has it."""
    return datetime.combine(now.astimezone(JST).date() - timedelta(days=days), time(), JST)


def _assigned(stage: Stage, case: Case) -> None:
    wiring, officer = stage.wiring, stage.who("officer")
    wiring.database.write(
        lambda tx: assign(tx, wiring.ports, officer, case.id, officer.id, at=wiring.clock())
    )
