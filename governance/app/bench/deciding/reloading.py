"""Policies exchanged again and again under checks: no answer that no policy gives, no error."""

import threading
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from consent.checks import check, check_now
from consent.gates import UseRequest
from governance.app.bench.deciding.crowds import CHANNEL, PURPOSE, Held, Place, installation
from governance.app.bench.figure import Figure
from policies.snapshot import PolicySnapshot

PERSONS: Final = 200
SWAPS: Final = 60
THREADS: Final = 3


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Wrong answers and errors among those given while the policy was exchanged."""
    with installation(PERSONS) as place:
        place.wiring.live.freshness = Held()
        storm = Storm(place)
        storm.run(swaps=rows or SWAPS)
    failed = storm.wrong + storm.errors
    return (
        Figure(
            figure=f"wrong answers and errors of {storm.asked:,} checks in {rows or SWAPS} reloads",
            value=failed,
            unit="answers",
            baseline="the same checks",
            baseline_value=storm.asked,
            target="0",
            met=failed == 0,
        ),
    )


class Storm:
    """Threads that ask while the policy is exchanged for one without the purpose, and back."""

    def __init__(self, place: Place) -> None:
        self._place, wiring = place, place.wiring
        self._first: Final = wiring.policies.current
        kept = {name: one for name, one in self._first.purposes.items() if name != PURPOSE}
        self._second: Final[PolicySnapshot] = replace(
            self._first, version="without", purposes=MappingProxyType(kept)
        )
        self.asked = self.wrong = self.errors = 0
        self._lock, self._ended = threading.Lock(), threading.Event()

    def run(self, *, swaps: int) -> None:
        """So many exchanges, each followed by the state, while the threads ask."""
        wiring = self._place.wiring
        wiring.live.follow(at=wiring.clock())
        threads = [threading.Thread(target=self._ask) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for n in range(swaps):
            wiring.policies.swap(self._first if n % 2 else self._second)
            wiring.live.follow(at=wiring.clock())
        self._ended.set()
        for thread in threads:
            thread.join()
        wiring.policies.swap(self._first)

    def _ask(self) -> None:
        asked = wrong = errors = 0
        while not self._ended.is_set():
            for n in range(len(self._place.people)):
                try:
                    wrong += not self._right(n)
                except Exception:  # noqa: BLE001 # every kind counts: a check never fails
                    errors += 1
                asked += 1
        with self._lock:
            self.asked, self.wrong = self.asked + asked, self.wrong + wrong
            self.errors += errors

    def _right(self, n: int) -> bool:
        """Whether the answer is what the policy that it names gives."""
        place, wiring = self._place, self._place.wiring
        use = UseRequest(subject=place.people[n], purpose=PURPOSE, channel=CHANNEL)
        at = wiring.clock()
        answer = check_now(wiring.ports, wiring.live, place.caller, use, at=at)
        if answer is None:
            answer = check(wiring.ports, place.caller, use, at=at, live=wiring.live)
        if answer.policy_version == self._second.version:
            return answer.exact.value == "denied.purpose.unknown"
        return bool(answer) is (n % 10 < 7)  # noqa: PLR2004 # as the persons were made
