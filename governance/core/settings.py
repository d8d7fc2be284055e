"""Settings: one frozen object, read once (`settings_reading.py`).

Secrets stand in files that a setting names, never in a setting itself. docs/settings.md is
generated from this module.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, PrivateAttr

from governance.core.backup_settings import BackupSettings
from governance.core.controller import described
from governance.core.errors import GovernanceError
from governance.core.identity_settings import IdentitySettings
from governance.core.intake_settings import RequestIntake
from governance.core.key_settings import KeySettings
from governance.core.retention_settings import RetentionSettings
from governance.core.setting_kinds import MailKind, Mode, SmtpEncryption
from governance.core.signon_settings import SignOnSettings


class SettingsError(GovernanceError):
    """A setting is unknown or has a value it cannot have; nothing was started."""

    code, status, exit_code = "settings_invalid", 400, 2


class SettingsFileError(GovernanceError):
    """The settings file is missing or is not TOML."""

    code, status, exit_code = "settings_file", 400, 2


class UnsafeSettingsError(GovernanceError):
    """Production mode refuses this setting."""

    code, status, exit_code = "settings_unsafe", 503, 3


class Settings(
    RequestIntake, KeySettings, BackupSettings, RetentionSettings, IdentitySettings, SignOnSettings
):
    """Everything that a start depends on; frozen."""

    mode: Mode = described(
        Mode.DEVELOPMENT,
        "動作モード。production では安全でない設定を拒否して起動しません。",
        "Mode of operation. `production` refuses to start on unsafe settings.",
    )
    data_dir: Path = described(
        Path("var"),
        "データベースなどを置くフォルダー。",
        "Folder of the database and everything beside it.",
    )
    database_url: str | None = described(
        None,
        "顧客データのデータベース（SQLAlchemyのURL）。省略時は data_dir の SQLite。",
        "Database of customer data (SQLAlchemy URL). Default: SQLite in data_dir.",
    )
    keys_url: str | None = described(
        None,
        "鍵の保管庫。データとは別のデータベースにします。省略時は data_dir/keys の SQLite。",
        "Key store, a database apart from the data. Default: SQLite in data_dir/keys.",
    )
    journal_path: Path | None = described(
        None,
        "撤回・保全・消去などを記録する、データベース外の追記ファイル。",
        "Control journal outside the database: withdrawals, holds, erasures.",
    )
    checkpoint_path: Path | None = described(
        None,
        "監査ログの最後の検印を写すファイル（データベースの外）。",
        "Copy of the audit log's last checkpoint outside the database.",
    )
    witness_file: Path | None = described(
        None,
        "監査ログの立会人の一覧。1行に1つ、アドレスと公開鍵（vkey）を空白で区切って書きます。",
        "List of the audit log's witnesses: one a line, its address and then its keys (vkeys).",
    )
    alarm_file: Path | None = described(
        None,
        "監査ログの見張りの規則（TOML）。省略時は同梱の規則。",
        "Rules of the watch over the audit log (TOML). Default: the shipped rules.",
    )
    review_days: Annotated[int, Field(ge=1, le=366)] = described(
        30,
        "監査ログの運用の確認を済ませるまでの日数。過ぎると期限切れとして示します。",
        "Days within which the audit log is to be signed off; then it is shown as overdue.",
    )
    log_keep_months: Annotated[int, Field(ge=12, le=600)] = described(
        60,
        "監査ログを保存する月数。月ごとに、その月が終わってから数えます。"
        "法令がより長い保存を求める記録のある月は、その期間まで残ります。",
        "Months that the audit log is kept, counted from the end of each month of it. A month "
        "with records that a law keeps longer stays for that law's period.",
    )
    forward_url: str | None = described(
        None,
        "監査ログを送り続けるSIEMのURL（https:// は OCSF、syslog+tls:// と syslog:// は CEF）。",
        "SIEM that receives the audit log: https:// in OCSF, syslog+tls:// and syslog:// in CEF.",
    )
    forward_token_file: Path | None = described(
        None,
        "SIEMに示すトークンを書いたファイル（0600、https の場合）。",
        "File (0600) with the token shown to the SIEM (https).",
    )
    checkpoint_mail: str | None = described(
        None,
        "監査ログの検印を毎日送る宛先（監査人など、運用担当者が消せない受信箱）。",
        "Address that receives the audit log's head each day: a mailbox operators cannot clear.",
    )
    stamp_url: str | None = described(
        None,
        "タイムスタンプ局（RFC 3161）のURL。毎日、監査ログの検印に時刻の証明を受けます。",
        "URL of a time-stamping authority (RFC 3161), which stamps the audit log's head each day.",
    )
    stamp_roots_file: Path | None = described(
        None,
        "タイムスタンプ局の証明書を検証するルート証明書（PEM）。stamp_url と合わせて指定します。",
        "Root certificates (PEM) that the authority's tokens must lead to; goes with stamp_url.",
    )
    host: str = described("127.0.0.1", "待ち受けるアドレス。", "Address to listen on.")
    port: int = described(8443, "待ち受けるポート。", "Port to listen on.")
    origin: str = described(
        "http://127.0.0.1:8443",
        "利用者から見たURL。production では https のみ。",
        "Origin as users see it; https only in production.",
    )
    workers: Annotated[int, Field(ge=1, le=64)] = described(
        1, "サーバーのプロセス数。", "Server processes."
    )
    lease_seconds: Annotated[float, Field(ge=0.5, le=60)] = described(
        2.0,
        "サーバーやSDKが手元の写しで判定できる時間（秒）。撤回の完了は、応答しない相手を"
        "この時間だけ待ちます。",
        "Seconds for which a server process or SDK may decide by its copy; a withdrawal waits so "
        "long, at most, for one that does not answer.",
    )
    policy_dir: Path | None = described(
        None,
        "最初の方針（YAML）のフォルダー。省略時は同梱の方針。以後は sekisho policy apply。",
        "Folder of the first policy (YAML); default: the shipped one. Later: sekisho policy apply.",
    )
    catalogue_dir: Path | None = described(
        None,
        "自社の項目とタグの語彙（YAML）のフォルダー。省略時は data_dir の catalogue.d。",
        "Folder of the installation's own fields and vocabularies (YAML). "
        "Default: catalogue.d in data_dir.",
    )
    law_dir: Path | None = described(
        None,
        "自社の規程やほかの法令（YAML）のフォルダー。省略時は data_dir の law.d。"
        "誤りがあると起動しません（sekisho law check で確かめられます）。",
        "Folder of company rules and other laws (YAML). Default: law.d in data_dir. "
        "A fault stops the start; `sekisho law check` tells it before.",
    )
    connectors_file: Path | None = described(
        None,
        "連携先（ほかのデータベース、フォルダー、担当者への依頼）を書いたファイル（YAML）。"
        "誤りがあると起動しません（sekisho connectors check で確かめられます）。",
        "File (YAML) of connected systems: other databases, folders, colleagues who are asked. "
        "A fault stops the start; `sekisho connectors check` tells it before.",
    )
    law_switches: str = described(
        "",
        "有効にする改正法の規則（カンマ区切り。名前は sekisho law list）。",
        "Rule sets of amendments that are in force here (by comma; `sekisho law list` names them).",
    )
    mail: MailKind = described(
        MailKind.FOLDER, "メールの送り方。", "How e-mail leaves: into a folder, or by SMTP."
    )
    mail_dir: Path | None = described(None, "メールを置くフォルダー。", "Folder of the mail sink.")
    mail_from: str = described("no-reply@example.com", "差出人。", "Sender address.")
    webhook_networks: str = described(
        "",
        "Webhookを送ってよい社内のネットワーク（CIDR、カンマ区切り）。省略時は公開のhttpsだけ。",
        "Inner networks that webhooks may go to (CIDR, by commas). Default: public https alone.",
    )
    webhook_ports: str = described(
        "443",
        "Webhookを送ってよいポート（カンマ区切り）。",
        "Ports that webhooks may go to, by commas.",
    )
    webhook_hosts: str = described(
        "",
        "Webhookを送ってよいホスト（カンマ区切り）。省略時は公開のホストすべて。",
        "Hosts that webhooks may go to, by commas. Default: every public host.",
    )
    smtp_host: str = described("localhost", "SMTPサーバー。", "SMTP server.")
    smtp_port: int = described(587, "SMTPのポート。", "SMTP port.")
    smtp_encryption: SmtpEncryption = described(
        SmtpEncryption.STARTTLS,
        "SMTPの暗号化。none は同じ機械の中継サーバーだけに使えます。",
        "Encryption of SMTP; `none` is for a relay on this machine.",
    )
    smtp_user: str | None = described(None, "SMTPの利用者名。", "SMTP user name.")
    smtp_password_file: Path | None = described(
        None, "SMTPのパスワードを書いたファイル（0600）。", "File (0600) with the SMTP password."
    )
    glass_minutes: Annotated[int, Field(ge=1, le=480)] = described(
        30,
        "緊急アクセスを一度に開ける時間の上限（分）。",
        "Minutes for which an emergency access may be open at most.",
    )
    glass_review_days: Annotated[int, Field(ge=1, le=31)] = described(
        3,
        "緊急アクセスの事後確認を済ませるまでの日数。過ぎると doctor が警告します。",
        "Days within which an emergency access is reviewed; then `doctor` warns.",
    )
    collect_limit: Annotated[int, Field(ge=1, le=1_000_000)] = described(
        600,
        "収集窓口の画面で、同じネットワーク（/24、/48）から1時間に受け付ける件数。",
        "Forms taken at pages of collection points from one network (/24, /48) within an hour.",
    )
    import_megabytes: Annotated[int, Field(ge=1, le=4_000)] = described(
        200,
        "コンソールで取り込むファイルの大きさの上限（MB）。ほかの送信の上限は変わりません。",
        "Megabytes of a file that the console takes in at most. Other sendings keep their limits.",
    )
    pii_model: str = described(
        "shipped",
        "個人情報の検出に使う学習済みの重み。shipped（同梱）、own（自社作成の文例だけから学習した同梱の"
        "重み）、none（規則だけ）、または sekisho pii train が作ったファイルのパス。",
        "Weights of personal data detection: `shipped`, `own` (shipped, learned from our own texts "
        "alone), `none` (rules alone), or the path of a file that `sekisho pii train` made.",
    )
    log_level: str = described("INFO", "ログの水準。", "Log level.")
    _sources: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def sources(self) -> Mapping[str, str]:
        """Where each setting comes from that was said: file, environment or command."""
        return MappingProxyType(self._sources)

    def note_sources(self, sources: Mapping[str, str]) -> None:
        """Where these settings came from is known; no setting changes by it."""
        self._sources.update(sources)

    def __repr__(self) -> str:
        return f"Settings(mode={self.mode.value})"

    @property
    def database(self) -> str:
        """URL of the data."""
        return self.database_url or f"sqlite:///{self.data_dir / 'sekisho.db'}"

    @property
    def keys(self) -> str:
        """URL of the key store."""
        return self.keys_url or f"sqlite:///{self.data_dir / 'keys' / 'keys.db'}"

    @property
    def key_folder(self) -> Path:
        """Folder of the epoch keys."""
        return self.key_dir or self.data_dir / "keys" / "epochs"

    @property
    def journal(self) -> Path:
        """Path of the control journal."""
        return self.journal_path or self.data_dir / "journal" / "control.journal"

    @property
    def decision_marks(self) -> Path:
        """Folder in which each process notes how many decisions it has made."""
        return self.journal.parent / "decisions"

    @property
    def checkpoint(self) -> Path:
        """Path of the outside copy of the last checkpoint."""
        return self.checkpoint_path or self.data_dir / "outside" / "checkpoint"

    @property
    def journal_head(self) -> Path:
        """Path of the outside copy of the control journal's head."""
        return self.checkpoint.with_name(self.checkpoint.name + ".journal")

    @property
    def catalogue_folder(self) -> Path:
        """Folder of the installation's own fields."""
        return self.catalogue_dir or self.data_dir / "catalogue.d"

    @property
    def law_folder(self) -> Path:
        """Folder of the installation's own law files."""
        return self.law_dir or self.data_dir / "law.d"

    @property
    def training_grace(self) -> timedelta | None:
        """How long personal data stay open without a training; None: none is demanded."""
        asked = self.training_required
        demanded = self.mode is Mode.PRODUCTION if asked is None else asked
        return timedelta(days=self.training_grace_days) if demanded else None

    @property
    def law_rule_sets(self) -> tuple[str, ...]:
        """Rule sets of amendments that are switched on."""
        return tuple(name.strip() for name in self.law_switches.split(",") if name.strip())

    @property
    def mail_folder(self) -> Path:
        """Folder of the mail sink."""
        return self.mail_dir or self.data_dir / "mail"
