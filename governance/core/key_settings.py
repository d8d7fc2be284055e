"""Settings of the keys: who keeps the epoch keys, and how that place is reached."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from governance.core.controller import Controller, described
from governance.core.setting_kinds import KeyProviderKind, KmsEpochKeys


class KeySettings(Controller):
    """Providers of the epoch keys; part of the settings."""

    key_provider: KeyProviderKind = described(
        KeyProviderKind.FILE,
        "世代鍵の保管方法。",
        "Who keeps the epoch keys.",
    )
    key_provider_previous: KeyProviderKind | None = described(
        None,
        "移行前の世代鍵の保管方法。その最後の世代が終わるまで指定します。",
        "Who kept them before a move; named until the last epoch there has ended.",
    )
    secret_age_days: Annotated[int, Field(ge=1, le=3_650)] = described(
        90,
        "ファイルに置いた秘密（データベースのパスワードなど）を変えるまでの日数。過ぎると doctor が"
        "知らせます。",
        "Days after which `doctor` asks for a change of a secret that lies in a file (the "
        "database's password and others).",
    )
    key_dir: Path | None = described(
        None,
        "世代鍵のフォルダー。file 以外では、終わった世代の記録などを置きます。"
        "バックアップとは別の場所に置きます。",
        "Folder of the epoch keys (other providers than `file`: record of ended epochs). "
        "Keep it apart from backups.",
    )
    key_passphrase_file: Path | None = described(
        None,
        "世代鍵を守るパスフレーズを書いたファイル（0600）。",
        "File (0600) that holds the passphrase over the epoch keys.",
    )
    key_final_days: int = described(
        7,
        "消去した人のデータが、すべてのバックアップで読めなくなるまでの日数。",
        "Days until an erased person is unreadable in every backup (R).",
    )
    key_answer_minutes: Annotated[int, Field(ge=1, le=1440)] = described(
        15,
        "鍵の提供元が応答しないとき、手元の鍵で動き続ける時間（分）。過ぎると何も開きません。",
        "Minutes that keys in memory serve while the key provider is silent; then nothing opens.",
    )
    key_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = described(
        5.0,
        "鍵の提供元の応答を待つ時間（秒、1回あたり。3回まで試します）。",
        "Seconds to wait for the key provider in each of three tries (Vault, AWS KMS).",
    )
    key_prefix: str = described(
        "sekisho",
        "Vault・AWS KMS（own）・PKCS#11 での世代鍵の名前の先頭。",
        "How the names of epoch keys begin in Vault, AWS KMS (`own`) and PKCS#11.",
    )
    vault_address: str | None = described(
        None,
        "Vaultの住所（https://ホスト:ポート）。ほかには接続しません。",
        "Address of Vault (https://host:port); no other is ever contacted for keys.",
    )
    vault_token_file: Path | None = described(
        None,
        "Vaultのトークンを書いたファイル（0600）。毎回読むため、更新に再起動は要りません。",
        "File (0600) with the Vault token; read each time, so a renewed one needs no restart.",
    )
    vault_mount: str = described(
        "transit", "Vaultのtransitエンジンのパス。", "Path of Vault's transit engine."
    )
    vault_namespace: str | None = described(None, "Vaultの名前空間。", "Namespace of Vault.")
    vault_ca_file: Path | None = described(
        None,
        "Vaultの証明書を確かめる認証局（PEM）。省略時はシステムの認証局。",
        "Authorities (PEM) for Vault's certificate. Default: those of the system.",
    )
    kms_key_id: str | None = described(
        None,
        "世代の秘密を包むAWS KMSの鍵（ID、ARN、別名）。",
        "AWS KMS key that wraps the epoch secrets (id, ARN or alias).",
    )
    kms_epoch_keys: KmsEpochKeys = described(
        KmsEpochKeys.WRAPPED,
        "世代ごとにAWS KMSに置くもの。own は破棄の確定が7日以上遅れます。",
        "What stands for an epoch in AWS KMS; `own` ends at least 7 days later.",
    )
    kms_wait_days: Annotated[int, Field(ge=7, le=30)] = described(
        7,
        "own の場合の、AWS KMSが鍵を破棄するまでの待機日数（7〜30）。",
        "Days that AWS KMS waits before it destroys a key of its own (7 to 30).",
    )
    kms_region: str | None = described(None, "AWS KMSのリージョン。", "Region of AWS KMS.")
    kms_endpoint: str | None = described(
        None, "AWS KMSのVPCエンドポイント（URL）。", "VPC endpoint of AWS KMS (URL)."
    )
    pkcs11_module: Path | None = described(
        None, "PKCS#11モジュール（.so）のパス。", "Path of the PKCS#11 module (.so)."
    )
    pkcs11_token: str | None = described(None, "トークンのラベル。", "Label of the token.")
    pkcs11_pin_file: Path | None = described(
        None, "トークンのPINを書いたファイル（0600）。", "File (0600) with the PIN of the token."
    )
