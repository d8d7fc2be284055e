"""Parameters that the addresses of the register share; none of them carries a person's value."""

from typing import Annotated

from fastapi import Depends, Path, Query

from governance.customers.master.types import FORMS
from governance.gateway.api.asking import CHILDREN, COMPANY_CHILDREN, PAGE
from governance.gateway.writing.values import WRITABLE
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import require

AROUND = {kind: table for kind, table in CHILDREN.items() if table in FORMS}
WRITABLE_CHILDREN = {
    kind: table for kind, table in CHILDREN.items() if table in WRITABLE or table in FORMS
}

Reader = Annotated[Principal, Depends(require(Action.PERSON_READ))]
Searcher = Annotated[Principal, Depends(require(Action.PERSON_SEARCH))]
WriterOf = Annotated[Principal, Depends(require(Action.PERSON_WRITE))]
Purpose = Annotated[
    str, Query(min_length=1, max_length=200, description="利用目的 / Purpose of use")
]
Fields = Annotated[
    str | None,
    Query(max_length=2_000, description="項目（, 区切り） / Fields, separated by commas"),
]
After = Annotated[
    str | None,
    Query(max_length=36, description="続きの位置（前の頁の next） / `next` of the page before"),
]
Limit = Annotated[int, Query(ge=1, le=PAGE, description="1 頁の件数 / Rows of a page")]
Kind = Annotated[str, Path(json_schema_extra={"enum": sorted(CHILDREN)})]
AroundKind = Annotated[str, Path(json_schema_extra={"enum": sorted(AROUND)})]
WritableKind = Annotated[str, Path(json_schema_extra={"enum": sorted(WRITABLE_CHILDREN)})]
CompanyKind = Annotated[str, Path(json_schema_extra={"enum": sorted(COMPANY_CHILDREN)})]
