"""`/v1/exports` and `/v1/uses`: what may leave as a file, and who may be used unseen."""

import json
from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import Field

from governance.core.terms import FieldId
from governance.gateway.api.asking import Asking, asking, fields_of, in_thread, person_id
from governance.gateway.api.bodies import body_of, parsed, read_as
from governance.gateway.api.shapes import MAX_FIELDS, Strict, Words, of_words, taking
from governance.gateway.bulk.exporting import export, refused
from governance.gateway.bulk.types import (
    BulkRequest,
    ExportFormat,
    ExportGuardError,
    ExportRefusedError,
    ExportRequest,
    Manifest,
    Naming,
)
from governance.gateway.bulk.using import use
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1", tags=["exports"])
Exporter = Annotated[Principal, Depends(require(Action.PERSON_EXPORT))]
User = Annotated[Principal, Depends(require(Action.PERSON_USE))]
NAMED_MOST: Final = 20_000  # persons in one body; all of the register needs none
BLOCK: Final = 1 << 16
MANIFEST: Final = "sekisho-manifest"  # base64 of its JSON
MEDIA: Final = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.NDJSON: "application/x-ndjson",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
}


class UseIn(Strict):
    """For what, by which channel, to whom; of everybody or of these persons."""

    purpose: Words
    recipient: Words | None = None
    channel: Words | None = None
    subjects: Annotated[list[Words], Field(min_length=1, max_length=NAMED_MOST)] | None = None


class ExportIn(UseIn):
    """Which fields of which table leave, in which form."""

    table: Words = "person"
    fields: Annotated[list[Words], Field(min_length=1, max_length=MAX_FIELDS)] | None = None
    format: Annotated[ExportFormat, of_words(ExportFormat)] = ExportFormat.CSV
    naming: Annotated[Naming, of_words(Naming)] = Naming.PSEUDONYM


USE: Final = {"purpose": "mail_marketing", "channel": "email"}
EXPORT: Final = {
    "purpose": "third_party_provision",
    "recipient": "third_party:V020",
    "fields": ["name", "postal_code", "address"],
    "format": "csv",
}


@router.post("/exports", openapi_extra=taking(ExportIn, EXPORT))
async def make_export(request: Request, principal: Exporter) -> StreamingResponse:
    """The file with what may leave; its manifest is in a header, the export on record."""
    asked, raw = asking(request, principal), await body_of(request)
    given = read_as(ExportIn, parsed(raw))
    return await in_thread(partial(_exported, asked, given))


@router.post("/uses", openapi_extra=taking(UseIn, USE))
async def make_use(request: Request, principal: User) -> JSONResponse:
    """Who of them may be used for the purpose now; nothing of anybody is shown."""
    asked, raw = asking(request, principal), await body_of(request)
    given = _bulk(asked, read_as(UseIn, parsed(raw)))

    def work() -> JSONResponse:
        return JSONResponse(use(asked.ports, principal, given, at=asked.at).as_json())

    return await in_thread(work)


def _bulk(asked: Asking, given: UseIn) -> BulkRequest:
    named = given.subjects
    return BulkRequest(
        purpose=given.purpose,
        recipient=given.recipient,
        channel=given.channel,
        subjects=None if named is None else tuple(person_id(name) for name in named),
        request_id=asked.request_id,
    )


def _exported(asked: Asking, given: ExportIn) -> StreamingResponse:
    wanted = ExportRequest(
        bulk=_bulk(asked, given),
        table=given.table,
        fields=None
        if given.fields is None
        else tuple(FieldId(name) for name in fields_of(given.table, given.fields) or ()),
        format=given.format,
        naming=given.naming,
    )
    with TemporaryDirectory(prefix="sekisho-export-") as folder:  # for its owner alone
        path = Path(folder) / f"export.{given.format.value}"
        try:
            manifest = export(asked.ports, asked.principal, wanted, path, at=asked.at)
        except (ExportRefusedError, ExportGuardError) as error:
            refused(asked.ports, asked.principal, wanted.bulk, error, at=asked.at)
            raise
        stream = path.open("rb")  # the name goes with the folder; the octets when it is read
    return StreamingResponse(_blocks(stream), media_type=MEDIA[given.format],
                             headers=_headers(manifest))  # fmt: skip


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    with stream:
        while block := stream.read(BLOCK):
            yield block


def _headers(manifest: Manifest) -> dict[str, str]:
    shown = json.dumps(manifest.as_json(), ensure_ascii=True).encode()
    name = f"export-{manifest.export}.{manifest.format.value}"
    return {
        MANIFEST: b64encode(shown).decode(),
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
    }
