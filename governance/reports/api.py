"""`/v1/reports`: a report as of one checkpoint, over HTTP; that it was made is on record."""

from datetime import date
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.http.request import check_same_site, wiring_of
from governance.reports.rendering import MEDIA, ReportFormat
from governance.reports.service import ground_of, make, report_id
from governance.reports.types import Period
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1/reports", tags=["reports"])
Reporter = Annotated[Principal, Depends(require(Action.REPORT_READ))]


class ReportRequest(BaseModel):
    """Days in Japan, both included, and the form of the answer."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    first: date = Field(alias="from", examples=["2026-11-01"])
    last: date = Field(alias="to", examples=["2026-11-30"])
    format: ReportFormat = ReportFormat.JSON
    lang: Lang = Lang.JA


@router.post("/{name}")
async def make_report(
    request: Request, principal: Reporter, name: str, asked: ReportRequest
) -> Response:
    """The report of this id (R09, R10, R11: registers; R14: the log) in the asked form."""
    check_same_site(request)
    id_, ground = report_id(name), ground_of(wiring_of(request))
    period = Period(first=asked.first, last=asked.last)

    def work() -> bytes:
        return make(ground, principal, id_, period, form=asked.format, lang=asked.lang)[1]

    return Response(await run_in_threadpool(work), media_type=MEDIA[asked.format])
