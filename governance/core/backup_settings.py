"""Settings of backups: where they go, how often, how many are kept, where keys are copied to."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from governance.core.controller import Controller, described


class BackupSettings(Controller):
    """Copies of the data and of the key store; part of the settings."""

    backup_dir: Path | None = described(
        None,
        "バックアップを置くフォルダー。指定すると、サーバーが backup_hours ごとに作ります。"
        "鍵とは別のディスクに置きます。",
        "Folder of the backups; where it is named, the server makes one every `backup_hours`. "
        "On another disk than the keys.",
    )
    backup_hours: Annotated[int, Field(ge=1, le=168)] = described(
        24, "バックアップを作る間隔（時間）。", "Hours between two backups."
    )
    backup_keep: Annotated[int, Field(ge=1, le=1000)] = described(
        30,
        "残しておくバックアップの数。超えた古いものから消します。",
        "Backups that are kept; the oldest beyond go.",
    )
    key_copy_dirs: str = described(
        "",
        "鍵の保管庫の控えを置くフォルダー（カンマ区切り、2か所以上を推奨）。バックアップのたびに作り、"
        "key_final_days を過ぎたものは消します。",
        "Folders of copies of the key store (by commas; two or more). One is made with each "
        "backup, and goes after `key_final_days`.",
    )
    postgres_tools: Path | None = described(
        None,
        "pg_dump と pg_restore のあるフォルダー。省略時は PATH から探します。",
        "Folder of pg_dump and pg_restore. Default: found on the path.",
    )
    drill_days: Annotated[int, Field(ge=1, le=366)] = described(
        30,
        "復元の訓練（最新のバックアップを別の場所に戻して確かめます）の間隔（日）。",
        "Days between two restore drills: the newest backup is put back elsewhere and proven.",
    )

    read_seconds: Annotated[int, Field(ge=10, le=86_400)] = described(
        300,
        "データベースを1つの時点のまま読み続けられる秒数。超えた読み取りは打ち切ります。"
        "読み続ける間は、消去した値がデータベースのログに残るためです。",
        "Seconds for which one look at the database may last; longer ones are ended, because "
        "erased values stay in the database's log as long as somebody looks at the state before.",
    )

    @property
    def key_copy_folders(self) -> tuple[Path, ...]:
        """Folders of copies of the key store."""
        names = (name.strip() for name in self.key_copy_dirs.split(","))
        return tuple(Path(name) for name in names if name)
