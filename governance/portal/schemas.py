"""The published schemas of the documents in an answer, for whoever reads one by machine."""

from typing import Final

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from dsar.answer_files import SCHEMAS, schema_file
from governance.core.errors import NotFoundError
from governance.http.request import open_to_all

router = APIRouter(dependencies=[Depends(open_to_all)], tags=["schemas"])
MEDIA: Final = "application/schema+json"


@router.get("/schemas/{name}", response_class=Response)
async def schema(name: str) -> Response:
    """A JSON Schema (2020-12), the same for good under its name."""
    if name not in SCHEMAS.values():
        raise NotFoundError
    return Response(schema_file(name), media_type=MEDIA)
