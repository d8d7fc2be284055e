"""When a refusal leaves: at the same moment after the question, whatever lay behind it.

A wrong code is refused after the same work for everybody, and still the clock can tell: the letter
that the same browser asked for may be on its way out, and takes longer where there is one. A
refusal therefore leaves at a set time after its question (OWASP ASVS 5.0, V6.3.8).
"""

from typing import Final

import anyio

REFUSED_AFTER: Final = 0.1  # seconds: longer than the work behind a refusal


async def refuse_evenly(asked_at: float) -> None:
    """Waits until a tenth of a second after `asked_at`, in seconds of `anyio.current_time`."""
    await anyio.sleep_until(asked_at + REFUSED_AFTER)
