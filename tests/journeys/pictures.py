"""Which pictures the guides show: of which page, as whom, after which steps."""

from dataclasses import dataclass
from typing import Final

FOLDER: Final = "docs/pictures"
OFFICER: Final = "u:tanaka"
CUSTOMER: Final = "customer"
WIDE, PHONE = 1_280, 390


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A click, or words that are filled in."""

    place: str
    words: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture; `heading` stands on the page that it is of."""

    name: str
    path: str
    heading: str
    who: str = OFFICER
    width: int = WIDE
    tallest: int = 1_400
    steps: tuple[Step, ...] = ()


def _of_customer(name: str, path: str, heading: str, *steps: Step) -> Picture:
    return Picture(
        name=name, path=path, heading=heading, who=CUSTOMER, width=PHONE, tallest=1_600, steps=steps
    )


PICTURES: Final = (
    Picture(name="first-week", path="/console/first-week", heading="最初の一週間"),
    Picture(name="overview", path="/console", heading="概況"),
    Picture(name="requests", path="/console/requests", heading="請求"),
    Picture(name="consents", path="/console/consents", heading="同意"),
    Picture(name="policies", path="/console/policies", heading="方針"),
    Picture(name="retention", path="/console/retention", heading="保存期間"),
    Picture(name="holds", path="/console/holds", heading="法的保全"),
    Picture(name="audit", path="/console/audit", heading="監査"),
    Picture(name="recipients", path="/console/recipients", heading="委託先"),
    _of_customer("portal-home", "/portal", "あなたの情報"),
    _of_customer("portal-request", "/portal/requests", "ご請求"),
    _of_customer("portal-notices", "/portal/notices", "公表事項"),
)
