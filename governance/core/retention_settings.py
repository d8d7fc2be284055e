"""Settings of purges: whether they begin by themselves, when a second person is asked, how much."""

from typing import Annotated

from pydantic import Field

from governance.core.controller import Controller, described


class RetentionSettings(Controller):
    """Ends of data by the schedule; part of the settings."""

    retention_automatic: bool = described(
        False,
        "保存期間を過ぎたデータの消去を毎晩自動で始めるか。false のときは計画だけを毎晩作ります。"
        "true でも、2人目の承認が必要な計画は承認されるまで実行しません。",
        "Whether what is due goes each night by itself. If not, the plan alone is made each night. "
        "A plan that needs a second person waits for that person in either case.",
    )
    retention_share_percent: Annotated[float, Field(gt=0, le=100)] = described(
        1.0,
        "1回の消去が、いずれかの表の行のこの割合（％）を超えるとき、2人目の承認を求めます。",
        "A purge of more than this share (in percent) of the persons, or of the rows of any table, "
        "needs a second person.",
    )
    retention_median_times: Annotated[float, Field(ge=1, le=1000)] = described(
        3.0,
        "消去する人数が、それまでの実行の中央値のこの倍数を超えるとき、2人目の承認を求めます。",
        "A purge of more than so many times the median of earlier runs needs a second person.",
    )
    retention_daily_bytes: Annotated[int, Field(ge=0)] = described(
        0,
        "保存期間による消去が1日に書き込んでよい量（バイト、行数からの見積もり）。"
        "超えると止まり、翌日に続きから再開します。0は無制限。本人の請求による消去は止まりません。",
        "Bytes (by an estimate from rows) that purges by the schedule may write in a day; then "
        "they stop and go on the next day. 0 is without a limit. Erasures on request never stop.",
    )
    retention_lag_days: Annotated[int, Field(ge=1, le=3650)] = described(
        7,
        "消去の期限からこの日数を過ぎた人が残っているとき、doctor が警告します。",
        "Days after which `doctor` warns of a person who is due and still here.",
    )
    opt_out_months: Annotated[int, Field(ge=1, le=240)] = described(
        60,
        "案内を断った方の照合用の符号を残す月数（断った日から）。この間は、ファイルや新しい登録で"
        "同じ方が来ても案内に使いません。短くすると、その後の取込で断ったことが分からなくなります。",
        "Months for which a token recognises whoever said no to marketing, from the day of the no. "
        "A file or new row that brings the person again within that time opens no marketing; "
        "after it nobody can tell.",
    )
