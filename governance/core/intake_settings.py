"""Settings of persons' requests: how often, how codes reach them, how long answers stay."""

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
    answer_days: Annotated[int, Field(ge=7, le=366)] = described(
        30,
        "開示等の回答の控えを保管する日数。過ぎると消去し、ハッシュ値だけを残します。",
        "Days for which the copy of an answer is kept; then it is purged, its hash stays.",
    )
    answer_fresh_minutes: Annotated[int, Field(ge=1, le=60)] = described(
        15,
        "回答を受け取る前の本人確認（サインインまたはコード）が有効な時間（分）。",
        "Minutes for which a sign-in or a code counts as fresh before an answer is downloaded.",
    )
    erasure_wait_days: Annotated[int, Field(ge=0, le=30)] = described(
        7,
        "消去の決定から実施までの待機日数。この間は利用を止め、本人は取り消せます。回答期限の日には必ず実施します。",
        "Days between the grant of an erasure and its execution. Meanwhile nothing is used and the "
        "person can take it back. Never longer than the day of the answer allows.",
    )
    sms: SmsKind = described(
        SmsKind.FOLDER,
        "SMSの送り方。",
        "How short messages leave: into a folder, or to the webhook of your SMS provider.",
    )
    sms_codes: bool = described(
        True,
        "本人確認のコードをSMSでも送れるか。送るのは、以前から登録のある番号だけです。"
        "false では、SMSを選べません。",
        "Whether codes that prove who asks may go by SMS too; they go to numbers alone that were "
        "on record before. false: nobody is offered SMS.",
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
    file_scanner: str | None = described(
        None,
        "受け取るファイルを検査するウイルススキャナー（ClamAVのclamd）。"
        "`unix:/run/clamav/clamd.ctl` または "
        "`tcp:127.0.0.1:3310`。検査しないことを選ぶときは `none`。production では、どちらも"
        "書かなければ起動しません。",
        "Scanner for viruses (ClamAV's clamd) that looks through every file that comes in: "
        "`unix:/run/clamav/clamd.ctl` or `tcp:127.0.0.1:3310`; `none` to go without, which "
        "production wants said.",
    )
    file_scanner_seconds: Annotated[float, Field(ge=1, le=300)] = described(
        30.0,
        "1つのファイルの検査を待つ時間（秒）。過ぎたファイルは受け取りません。",
        "Seconds to wait for the verdict on a file; then it is not taken.",
    )
