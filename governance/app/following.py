"""This process's copy of what is permitted: who follows it, by what lease, who is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from consent.leases.barrier import Nobody
from consent.leases.follower import Follower
from consent.state.live import NoLease
from governance.app.wiring import Wiring


def follower_of(wiring: Wiring) -> Follower:
    """Applies the sequence to the live state, the policy included, and keeps the lease."""
    live, watch, hub = wiring.live, wiring.policy_watch, wiring.hub

    def apply(at: datetime) -> int:
        advance = live.follow(at=at)
        if advance.everyone:
            watch.look()  # the change may be another policy; then the state is loaded anew
            if live.exact(at) is None:
                advance = live.follow(at=at)
        hub.tell(advance.changed)
        return advance.seq

    return Follower(
        wiring.database,
        apply=apply,
        due=lambda at: live.exact(at) is None,
        terms=wiring.barrier.terms,
        clock=wiring.clock,
        promised=lambda: live.promised,
    )


@contextmanager
def following(wiring: Wiring) -> Iterator[Follower]:
    """While the block runs, this process decides by its copy as long as its lease holds."""
    follower = follower_of(wiring)
    wiring.live.freshness, wiring.barrier.own = follower, follower
    follower.start()
    try:
        yield follower
    finally:
        wiring.hub.close()
        wiring.live.freshness, wiring.barrier.own = NoLease(), Nobody()
        follower.stop()
