"""What the clock may tell: campaigns that compare how long answers take (`make soak`)."""

import time
from collections.abc import Sequence

import httpx

TRIES = 1_000
LEAST, MOST = 0.45, 0.55


def auc(known: Sequence[float], unknown: Sequence[float]) -> float:
    """How often a known person takes longer than an unknown one; one half tells nothing."""
    ranked = sorted([(t, 1) for t in known] + [(t, 0) for t in unknown])
    ranks = sum(place for place, (_, one) in enumerate(ranked, start=1) if one)
    return (ranks - len(known) * (len(known) + 1) / 2) / (len(known) * len(unknown))


def refused_after(base: str, path: str, cookies: dict[str, str]) -> float:
    """Seconds until a wrong code is refused over HTTP; whose code it would be is in the cookie."""
    with httpx.Client(base_url=base, cookies=cookies, trust_env=False) as one:
        begun = time.perf_counter()
        answer = one.post(path, data={"code": "0"})
        taken = time.perf_counter() - begun
    assert answer.status_code == 422, answer.text
    return taken
