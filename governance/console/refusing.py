"""On which grounds a whole request can be refused now, for the form of an officer; pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dsar.case import Case, Track
from dsar.machine import step
from dsar.review.types import EXCEPTIONS
from dsar.types import LAPSING, Event, Ground, RequestKind
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.ui.parts import Choice

CEASING: Final = (Ground.APPI_35_NO_REASON, Ground.APPI_35_ALTERNATIVE)
ERASING: Final = (
    *(Ground.GDPR_12_5_B, Ground.GDPR_17_3_B),
    *(Ground.GDPR_17_3_E, Ground.GDPR_21_1),
)
OF_KIND: Final[Mapping[RequestKind, tuple[Ground, ...]]] = MappingProxyType(
    {
        RequestKind.PURPOSE_NOTICE: (Ground.APPI_32_2_EXCEPT,),
        RequestKind.CORRECTION: (Ground.APPI_34_2_EXCEPT,),
        RequestKind.CESSATION: CEASING,
        RequestKind.PROVISION_STOP: CEASING,
        RequestKind.RECTIFICATION: (Ground.GDPR_12_5_B,),
        RequestKind.RESTRICTION: (Ground.GDPR_12_5_B,),
        RequestKind.ERASURE: ERASING,
        RequestKind.OBJECTION: (Ground.GDPR_21_1, Ground.GDPR_12_5_B),
    }
)  # of the others what a copy may leave out


def refusable(case: Case) -> bool:
    """Whether some law still waits for an answer that can be a refusal."""
    settled = case.decision is not None and case.decision.approved_by is not None
    return not settled and case.hold is None and any(map(_waits, case.tracks))


def _waits(track: Track) -> bool:
    return step(track.law, track.status, Event.REFUSE) is not None


def refusal_choices(case: Case, lang: Lang) -> tuple[tuple[str, tuple[Choice, ...]], ...]:
    """For each law of the case its grounds, where the request stands."""
    return tuple(
        (
            track.law.value,
            tuple(
                Choice(value=one.value, label=text(f"dsar.ground.{one}", lang))
                for one in _grounds(track)
            ),
        )
        for track in sorted(case.tracks, key=lambda one: one.law)
    )


def _grounds(track: Track) -> tuple[Ground, ...]:
    """What never became complete lapses on its own ground; else by the right that is exercised."""
    if (lapsing := LAPSING.get((track.law, track.status))) is not None:
        return (lapsing,)
    return OF_KIND.get(track.kind, EXCEPTIONS.get(track.law, ()))
