"""What anybody needs to read and to check an answer by machine: schemas, the offline verifier."""

from functools import cache
from typing import Any, Final

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from audit.program import built
from dsar.answer_files import SCHEMAS, schema_file
from governance.core.errors import NotFoundError
from governance.http.request import open_to_all

router = APIRouter(dependencies=[Depends(open_to_all)], tags=["schemas"])
MEDIA: Final = "application/schema+json"
PROGRAM: Final = "verifier.pyz"
UNKNOWN: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {"description": "名前のスキーマがない / No schema of this name"}
}


@router.get("/schemas/{name}", response_class=Response, responses=UNKNOWN)
async def schema(name: str) -> Response:
    """A JSON Schema (2020-12), the same for good under its name."""
    if name not in SCHEMAS.values():
        raise NotFoundError
    return Response(schema_file(name), media_type=MEDIA)


@router.get(f"/{PROGRAM}", response_class=Response)
async def verifier() -> Response:
    """The offline verifier: one file that Python alone runs, the same bytes on every machine."""
    headers = {"content-disposition": f'attachment; filename="{PROGRAM}"'}
    return Response(_program(), media_type="application/zip", headers=headers)


@cache
def _program() -> bytes:
    return built()
