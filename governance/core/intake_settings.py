"""Settings of requests that persons file themselves: how often, and how codes reach a telephone."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from governance.core.controller import Controller, described
from governance.core.setting_kinds import SmsKind


class RequestIntake(Controller):
    """What the portal's form for requests needs beside the controller's own facts."""

    request_limit: Annotated[int, Field(ge=1, le=1_000_000)] = described(
        300,
        "開示等の請求の画面で、同じネットワーク（/24、/48）から1時間に受け付ける送信の件数。",
        "Sendings taken at the pages for requests from one network (/24, /48) within an hour.",
    )
    sms: SmsKind = described(
        SmsKind.FOLDER,
        "SMSの送り方。",
        "How short messages leave: into a folder, or to the webhook of your SMS provider.",
    )
    sms_dir: Path | None = described(
        None,
        "SMSを置くフォルダー。省略時は data_dir の sms。",
        "Folder of the SMS sink. Default: sms in data_dir.",
    )
    sms_url: str | None = described(
        None,
        "SMS事業者のWebhookのURL（署名つきで送ります）。",
        "Address of the SMS provider's webhook, which is sent signed messages.",
    )
    sms_secret_file: Path | None = described(
        None,
        "そのWebhookの署名の秘密（whsec_…）のファイル。",
        "File with the secret (whsec_...) by which that webhook is signed.",
    )
