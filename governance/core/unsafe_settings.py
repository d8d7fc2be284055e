"""What production refuses to start on: one row a setting, with the reason for people.

Pure; docs/settings.md shows these rows and a test shows that each one stops the start.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final
from urllib.parse import parse_qs, urlsplit

from governance.core.scanner_address import scanner_place
from governance.core.setting_kinds import KeyProviderKind, MailKind, SmtpEncryption
from governance.core.settings import Settings

THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsafe:
    """A setting, when it is not safe, and why."""

    setting: str
    holds: Callable[[Settings], bool]
    ja: str
    en: str


def _bare(address: str | None) -> bool:
    """An address of another machine that is reached without TLS."""
    if address is None:
        return False
    parts = urlsplit(address)
    return parts.scheme in {"http", "syslog"} and parts.hostname not in THIS_MACHINE


def _remote(url: str | None) -> bool:
    """A database server of another machine."""
    parts = urlsplit(url or "")
    here = parts.hostname is None or parts.hostname in THIS_MACHINE
    return parts.scheme.startswith("postgresql") and not here


def _unverified(url: str | None) -> bool:
    """A database server whose name TLS does not verify."""
    return _remote(url) and parse_qs(urlsplit(url or "").query).get("sslmode") != ["verify-full"]


def _secret_inside(url: str | None) -> bool:
    """A URL with a password in it, which every process list and every copy of the file shows."""
    parts = urlsplit(url or "")
    return bool(parts.password) or "password" in parse_qs(parts.query)


def _elsewhere(scanner: str | None) -> bool:
    """A scanner that is reached over a network; its protocol knows no TLS."""
    place = scanner_place(scanner or "")
    return place is not None and not place.here


def _everybody(addresses: str) -> bool:
    """A proxy that would be anybody."""
    for word in filter(None, map(str.strip, addresses.split(","))):
        if word == "*":
            return True
        try:
            if ip_network(word, strict=False).prefixlen == 0:
                return True
        except ValueError:
            continue  # told elsewhere: it is no network
    return False


UNSAFE: Final = (
    Unsafe(
        setting="origin",
        holds=lambda found: urlsplit(found.origin).scheme != "https",
        ja="https でない。Cookie も個人情報も平文で流れる",
        en="not https: cookies and personal data would go in clear",
    ),
    Unsafe(
        setting="key_provider",
        holds=lambda found: found.key_provider is KeyProviderKind.ENVIRONMENT,
        ja="`environment`。環境変数の鍵は破棄できない",
        en="`environment`: the key of a variable cannot be destroyed",
    ),
    Unsafe(
        setting="key_passphrase_file",
        holds=lambda found: (
            found.key_provider is KeyProviderKind.FILE and found.key_passphrase_file is None
        ),
        ja="鍵ファイルにパスフレーズがない",
        en="the key file has no passphrase",
    ),
    Unsafe(
        setting="kms_endpoint",
        holds=lambda found: _bare(found.kms_endpoint),
        ja="他の機械の鍵管理サービスに TLS なしでつながる",
        en="a key service of another machine without TLS",
    ),
    Unsafe(
        setting="vault_address",
        holds=lambda found: _bare(found.vault_address),
        ja="他の機械の Vault に TLS なしでつながる",
        en="Vault of another machine without TLS",
    ),
    Unsafe(
        setting="officer_mfa",
        holds=lambda found: not found.officer_mfa,
        ja="担当者の二要素認証がない",
        en="no second factor for staff",
    ),
    Unsafe(
        setting="smtp_encryption",
        holds=lambda found: (
            found.mail is MailKind.SMTP
            and found.smtp_encryption is SmtpEncryption.NONE
            and found.smtp_host not in THIS_MACHINE
        ),
        ja="他の機械のメールサーバーに TLS なしで送る",
        en="mail to a server of another machine without TLS",
    ),
    Unsafe(
        setting="forward_url",
        holds=lambda found: _bare(found.forward_url),
        ja="他の機械の SIEM に TLS なしで送る（`syslog+tls` か `https`）",
        en="a SIEM of another machine without TLS (use `syslog+tls` or `https`)",
    ),
    Unsafe(
        setting="sms_url",
        holds=lambda found: _bare(found.sms_url),
        ja="SMS の送信先に TLS なしでつながる",
        en="the sender of SMS without TLS",
    ),
    Unsafe(
        setting="database_url",
        holds=lambda found: _unverified(found.database_url),
        ja="他の機械のデータベースで、`sslmode=verify-full` がない",
        en="a database of another machine without `sslmode=verify-full`",
    ),
    Unsafe(
        setting="database_url",
        holds=lambda found: _secret_inside(found.database_url),
        ja="パスワードが URL にある（`passfile=` でファイルを指す）",
        en="a password in the URL (name a file by `passfile=`)",
    ),
    Unsafe(
        setting="keys_url",
        holds=lambda found: _unverified(found.keys_url),
        ja="他の機械の鍵の保管庫で、`sslmode=verify-full` がない",
        en="a key store of another machine without `sslmode=verify-full`",
    ),
    Unsafe(
        setting="keys_url",
        holds=lambda found: _secret_inside(found.keys_url),
        ja="パスワードが URL にある（`passfile=` でファイルを指す）",
        en="a password in the URL (name a file by `passfile=`)",
    ),
    Unsafe(
        setting="proxy_addresses",
        holds=lambda found: _everybody(found.proxy_addresses),
        ja="どこからでもプロキシと名乗れ、送信元も証明書も偽れる",
        en="anybody counts as the proxy, and may forge networks and certificates",
    ),
    Unsafe(
        setting="file_scanner",
        holds=lambda found: found.file_scanner is None,
        ja="受け取るファイルのウイルス検査が決まっていない（検査しないなら `none` と書く）",
        en="nobody said who looks through files for viruses (`none` says that nobody does)",
    ),
    Unsafe(
        setting="file_scanner",
        holds=lambda found: _elsewhere(found.file_scanner),
        ja="他の機械のスキャナーに、受け取ったファイルを平文で送る",
        en="a scanner of another machine, which files would reach in clear",
    ),
    Unsafe(
        setting="log_level",
        holds=lambda found: found.log_level.upper() in {"DEBUG", "NOTSET"},
        ja="開発用の詳しさで、部品が何を書くか分からない",
        en="the detail of development: what libraries write then is not known",
    ),
)


def unsafe_in(settings: Settings) -> Iterator[Unsafe]:
    """Every row that holds, the first of the table first."""
    return (row for row in UNSAFE if row.holds(settings))
