"""How many sign-in codes go to one address, and how long one opens; pure.

Nobody can use these counts to keep another out. Codes are counted for the address as one network
asks for it, so that whoever asks in somebody's name from elsewhere spends only their own. The sum
over all networks is bounded too, or the mail-box would be flooded; a network from which the person
has signed in before does not stand in that sum.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

CODE_LIFE: Final = timedelta(minutes=10)
CODE_TRIES: Final = 5  # of 10**8 codes: one in 20 million
DIGITS: Final = 8
FROM_ONE_NETWORK: Final = 5  # codes to one address within HOUR
FROM_ALL: Final = 10  # codes to one address within HOUR, from networks that are new to it
IN_A_DAY: Final = 30  # the same within a day
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
FAMILIAR: Final = timedelta(days=90)  # a network from which the person signed in


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A code that went to the address."""

    at: datetime
    network: str | None


def may_send(sent: Iterable[Sent], network: str | None, *, familiar: bool, at: datetime) -> bool:
    """Whether one more code goes to the address; unknown networks are one."""
    day = [one for one in sent if at - one.at < DAY]
    hour = [one for one in day if at - one.at < HOUR]
    if sum(one.network == network for one in hour) >= FROM_ONE_NETWORK:
        return False
    return familiar or (len(hour) < FROM_ALL and len(day) < IN_A_DAY)
