"""Words of sources: how a source's files are read, and how its data was acquired."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from governance.core.errors import GovernanceError
from governance.core.terms import RowId
from governance.customers.types import SourceKind


class SourceHeadersChangedError(GovernanceError):
    """The file's columns are not those that were confirmed for the source; params name them."""

    code, status = "source_headers_changed", 409


class SourceNameError(GovernanceError):
    """The name of a source is not of small letters, digits, dots, hyphens."""

    code, status, exit_code = "source_name", 400, 2


class AcquisitionGround(StrEnum):
    """What permits 要配慮個人情報 to be acquired (APPI 20(2)); other data needs none of them."""

    CONSENT = "consent"  # 本人の同意
    LAW = "law"  # 一号 法令
    LIFE = "life"  # 二号 人の生命、身体、財産の保護
    PUBLIC_HEALTH = "public_health"  # 三号 公衆衛生、児童の健全な育成
    STATE_DUTY = "state_duty"  # 四号 国の機関等への協力
    RESEARCH = "research"  # 五号、六号 学術研究
    PUBLISHED = "published"  # 七号 本人等による公開
    ENTRUSTED = "entrusted"  # 施行令9条二号 委託、事業承継、共同利用


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """From whom, when, how and on what ground rows were acquired, where the file says nothing."""

    acquired_from: str | None = None
    acquired_on: date | None = None
    method: str | None = None
    ground: AcquisitionGround | None = None
    provider: str | None = None
    origin: str | None = None

    def over(self, other: "Acquisition") -> "Acquisition":
        """This, with the other's words where this has none."""
        return Acquisition(
            acquired_from=self.acquired_from or other.acquired_from,
            acquired_on=self.acquired_on or other.acquired_on,
            method=self.method or other.method,
            ground=self.ground or other.ground,
            provider=self.provider or other.provider,
            origin=self.origin or other.origin,
        )


NOT_SAID = Acquisition()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is to be read; None is found out."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None  # as people count, from 1; 0: the file has none

    def over(self, other: "Reading") -> "Reading":
        """This, with the other's words where this has none."""
        return Reading(
            encoding=self.encoding or other.encoding,
            delimiter=self.delimiter or other.delimiter,
            sheet=self.sheet or other.sheet,
            header_row=self.header_row if self.header_row is not None else other.header_row,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSource:
    """A named source as it was last confirmed."""

    name: str
    kind: SourceKind
    reading: Reading
    headers: tuple[str, ...]
    columns: Mapping[str, str]  # header -> field, empty for a column that is left out
    acquisition: Acquisition


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a source last said of a row."""

    row: RowId
    run: RowId
    at: datetime
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How a run's file was read, whose rows it corrects, what was settled since."""

    run: RowId
    source: str
    corrects: RowId | None
    layout: bytes = field(repr=False)
    updated: int
    resolved: int
