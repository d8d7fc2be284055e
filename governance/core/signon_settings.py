"""Settings of other systems and of signing on: limits, keys, tokens, proxies, providers."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from governance.core.controller import Controller, described


class SignOnSettings(Controller):
    """How systems and people from outside prove who they are."""

    client_rate: Annotated[int, Field(ge=0, le=1_000_000)] = described(
        50_000,
        "外部システム1つが1秒間に送れるリクエストの数（個別の上限がない場合）。プロセスが複数あれば"
        "等分します。0は無制限です。",
        "Requests a second of one system that has no limit of its own, shared evenly among the "
        "server processes; 0 is none.",
    )
    client_key_days: Annotated[int, Field(ge=30, le=3_650)] = described(
        365,
        "APIキーの交換を促すまでの日数。過ぎると doctor が警告します。",
        "Days after which `doctor` warns that an API key should be exchanged.",
    )
    client_overlap_days: Annotated[int, Field(ge=0, le=90)] = described(
        7,
        "APIキーを交換したあと、古いキーも使える日数。",
        "Days for which the older API key opens after an exchange.",
    )
    token_minutes: Annotated[int, Field(ge=1, le=60)] = described(
        10,
        "アクセストークン（OAuth 2.0）が有効な時間（分）。",
        "Minutes for which an access token (OAuth 2.0) opens.",
    )
    proxy_addresses: str = described(
        "127.0.0.1",
        "前段のプロキシのアドレス（CIDR、カンマ区切り）。呼出元のアドレスと証明書のヘッダーは、ここからの"
        "ものだけを信じます。",
        "Addresses of the proxies in front (CIDR, by commas). What headers say of the caller's "
        "address and certificate counts from these alone.",
    )
    certificate_header: str | None = described(
        None,
        "プロキシが検証したクライアント証明書を渡すヘッダー（例 client-cert、RFC 9440 または"
        "パーセント符号化したPEM）。プロキシは外から来た同名のヘッダーを消す必要があります。",
        "Header in which the proxy hands on the client certificate that it verified, such as "
        "client-cert (RFC 9440, or PEM in percent-encoding). The proxy must drop one from outside.",
    )
    sign_on_file: Path | None = described(
        None,
        "社内のシングルサインオン（OpenID Connect）の提供者を書いたファイル（YAML）。"
        "安全でない設定があると起動しません。",
        "File (YAML) of the OpenID Connect providers of the company's sign-on. What is unsafe in "
        "it stops the start.",
    )
    local_sign_in: bool = described(
        True,
        "この製品のパスワードやパスキーによる担当者のサインイン。切るとシングルサインオンだけになります。"
        "緊急時は、運用担当者がコマンドで発行する1回限りのコードで入れます。",
        "Staff sign in by password or passkey of this product. Off: by the company's sign-on "
        "alone; in an emergency by a one-time code that an operator issues on the command line.",
    )
    tls_certificate_file: Path | None = described(
        None,
        "自らTLSを終端する場合の証明書（PEM）。tls_key_file と合わせて指定します。",
        "Certificate (PEM) for TLS ended by the server itself; goes with tls_key_file.",
    )
    tls_key_file: Path | None = described(
        None, "その秘密鍵（PEM、0600）。", "Its private key (PEM, 0600)."
    )
    tls_client_ca_file: Path | None = described(
        None,
        "クライアント証明書を検証する認証局（PEM、自らTLSを終端する場合）。",
        "Authorities (PEM) that client certificates must lead to, where the server ends TLS.",
    )
