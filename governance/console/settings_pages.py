"""The officers' page of settings: what is in effect and where it comes from; never a secret."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from governance.console.frame import way
from governance.console.pages import console_page
from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.http.request import wiring_of
from governance.i18n.catalogue import text
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require

HOME: Final = "/console/settings"
TITLE: Final = "upkeep.settings.title"
USER: Final = re.compile(r"://[^/@\s]*@")
QUERY: Final = re.compile(r"\?\S*")
SECRET: Final = ("password", "secret", "token", "pin", "passphrase")
BY_REFERENCE: Final = ("_file", "_minutes", "_token")  # names where one lies, or how long it lasts
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.SETTINGS_READ))]


class Source(StrEnum):
    """Where a setting in effect comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    COMMAND = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingLine:
    """One setting in effect."""

    name: str
    value: str = field(repr=False)
    source: str
    changed: bool
    about: str


@router.get("", response_class=HTMLResponse)
async def settings(request: Request, principal: Reader, only: str = "") -> str:
    """Every setting in effect, with its source and what it means; what differs, first or alone."""
    page = console_page(request, TITLE, principal)
    lines = tuple(setting_lines(wiring_of(request).settings, page.lang))
    changed = tuple(one for one in lines if one.changed)
    return await rendered_page(
        request,
        "console/settings.html",
        page,
        lines=changed if only == "changed" else lines,
        only=only,
        changed=len(changed),
        way=way(page.lang, (TITLE, HOME)),
    )


def setting_lines(held: Any, lang: Lang) -> Iterator[SettingLine]:
    """The settings by their names; a secret is never in one, only the file that holds it."""
    sources: Mapping[str, str] = held.sources
    for name, known in sorted(type(held).model_fields.items()):
        source = Source(sources.get(name, Source.DEFAULT.value))
        extra = known.json_schema_extra
        japanese = str(extra.get("ja", "")) if isinstance(extra, dict) else ""
        yield SettingLine(
            name=name,
            value=shown_value(name, getattr(held, name), lang),
            source=text(f"upkeep.settings.source.{source.value}", lang),
            changed=source is not Source.DEFAULT,
            about=japanese if lang is Lang.JA else known.description or "",
        )


def shown_value(name: str, value: object, lang: Lang) -> str:
    """The value for people; what a name calls a secret is not shown."""
    if value is None or value == "":
        return text("upkeep.settings.unset", lang)
    if any(word in name for word in SECRET) and not name.endswith(BY_REFERENCE):
        return text("upkeep.settings.hidden", lang)
    if isinstance(value, bool):
        return text("upkeep.settings.yes" if value else "upkeep.settings.no", lang)
    return without_secrets(str(value.value) if isinstance(value, StrEnum) else str(value))


def without_secrets(value: str) -> str:
    """The value; of an address neither who signs in there nor what stands in its query."""
    return QUERY.sub("?***", USER.sub("://***@", value)) if "://" in value else value
