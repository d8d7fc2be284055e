"""What people do next about a key that somebody else may hold: commands, in their order."""

from collections.abc import Mapping
from typing import Final

from governance.app.compromise.known import CURRENT, epoch_reason
from governance.app.compromise.types import Found, Step, Suspect
from governance.app.wiring import Wiring
from governance.core.setting_kinds import KeyProviderKind
from governance.core.terms import RowId
from governance.crypto.providers.types import EpochId
from governance.registers.breaches.types import Breach
from policies.pause import standing

ROTATE_ALL: Final = "sekisho keys rotate --all-subjects --keep-old 0 --class {name}"
CLASSES: Final = ("active", "kept", "record")
FOR_OTHERS: Final = (
    Step(command="sekisho audit verify", why="verify"),
    Step(command="sekisho audit export --output FILE", why="evidence"),
)
_OWN: Final[Mapping[Suspect, tuple[Step, ...]]] = {
    Suspect.CLIENT: (Step(command="sekisho client rotate {target}", why="new_key"),),
    Suspect.STAFF: (
        Step(command="sekisho staff resume {target}", why="resume"),
        Step(command="sekisho staff reset {target}", why="new_code"),
    ),
    Suspect.WEBHOOK: (
        Step(command="sekisho webhook test {target}", why="hand_over"),
        Step(command="sekisho webhook resend {target}", why="resend"),
    ),
    Suspect.LOG: (Step(command="sekisho audit verifier --output FILE", why="pin_anew"),),
    Suspect.INDEX: (Step(command="sekisho backup create", why="fresh_backup"),),
}


def steps_of(
    wiring: Wiring, found: Found, breach: Breach, approval: RowId | None
) -> tuple[Step, ...]:
    """The steps of this kind of key, what waits for another person, and how the matter ends."""
    own = _OWN.get(found.suspect) or _keys(wiring, found, approval)
    named = tuple(
        Step(command=step.command.format(target=found.target or ""), why=step.why) for step in own
    )
    last = [
        Step(command=f"sekisho breach show {breach.id}", why="clocks"),
        Step(command=f"sekisho breach close {breach.id} --outcome OUTCOME", why="close"),
    ]
    with wiring.database.read() as tx:
        if standing(tx) is not None:
            last.insert(0, Step(command="sekisho pause off", why="resume_all"))
    return (*named, *FOR_OTHERS, *last)


def _keys(wiring: Wiring, found: Found, approval: RowId | None) -> tuple[Step, ...]:
    """For an epoch and for who keeps the epochs."""
    fresh = Step(command="sekisho backup create", why="fresh_backup")
    if approval is not None:
        return (Step(command=f"sekisho approve {approval}", why="end_epoch"), fresh)
    if found.suspect is Suspect.PROVIDER:
        renewed = [Step(command=ROTATE_ALL.format(name=name), why="renew_all") for name in CLASSES]
        return (*_provider(wiring), *renewed, fresh)
    if epoch_reason(wiring, EpochId(found.target or "")) == CURRENT:
        return (
            Step(command="sekisho keys move", why="move_today"),
            Step(command="sekisho keys compromised epoch {target}", why="tomorrow"),
        )
    return (Step(command="sekisho keys status", why="look"), fresh)


def _provider(wiring: Wiring) -> tuple[Step, ...]:
    """Another passphrase where there is one; and another keeper, where the settings name one."""
    move = Step(command="sekisho keys move", why="move")
    if wiring.settings.key_provider is KeyProviderKind.FILE:
        return (Step(command="sekisho keys passphrase --new-file FILE", why="passphrase"), move)
    return (Step(command="sekisho keys provider", why="revoke_outside"), move)
