"""Settings of signing in: how long a session lasts, what staff prove themselves with."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from governance.core.controller import Controller, described
from governance.core.setting_kinds import SecondFor


class IdentitySettings(Controller):
    """Sessions, passwords and second factors; part of the settings."""

    officer_mfa: bool = described(
        False,
        "担当者のサインインに2つ目の認証要素（認証アプリまたはパスキー）を求める。"
        "production では必須です。まだ登録していない人は、1回限りのコードでサインインし、"
        "登録するまで何も開けません。",
        "Staff need a second factor (authenticator application or passkey); required in "
        "production. Who has none yet signs in by a one-time code and opens nothing before it is "
        "set up.",
    )
    officer_mfa_for: SecondFor = described(
        SecondFor.EVERYBODY,
        "officer_mfa が2つ目の認証要素を求める相手。everybody は担当者の全員、opening は個人情報を"
        "開くか重大な操作のできる役割を持つ人（一時付与も含む）だけ。どちらでも、1つの認証要素だけのサインイン"
        "では、求められる役割は効きません。",
        "Whom officer_mfa asks for a second factor: everybody of the staff, or only whoever holds "
        "a role that opens personal data or holds grave acts (roles for a time too). Either way "
        "such a role does not count in a session that was opened by one factor.",
    )
    session_minutes: Annotated[int, Field(ge=1, le=1440)] = described(
        480, "担当者のサインインが続く時間（分）。", "Minutes that a staff session lasts."
    )
    portal_session_minutes: Annotated[int, Field(ge=5, le=1440)] = described(
        120,
        "お客様のサインインが続く時間（分）。操作がなければ session_idle_minutes で終わります。",
        "Minutes that a customer's session lasts; without use it ends after session_idle_minutes.",
    )
    portal_mail_sign_in: bool = described(
        True,
        "お客様が、登録のメールアドレスに届くコードでお客様ページにサインインできるか。"
        "false では、会社のシングルサインオンと担当者が渡すリンクだけです。",
        "Whether customers sign in to the portal by a code to their e-mail address on record. "
        "false: by the company's sign-on and by links that staff hand out alone.",
    )
    portal_passkeys: bool = described(
        True,
        "お客様が、お客様ページで自分のパスキーを登録し、それでサインインできるか。メールのコードは、そのまま使えます。",
        "Whether customers may add passkeys of their own in the portal and sign in by them. Codes "
        "by e-mail stay beside them.",
    )
    session_idle_minutes: Annotated[int, Field(ge=1, le=1440)] = described(
        60,
        "操作のないサインインが終わるまでの時間（分）。",
        "Minutes after which a session that nobody uses has ended.",
    )
    step_up_minutes: Annotated[int, Field(ge=1, le=1440)] = described(
        15,
        "重大な操作（保全の解除、消去の承認、方針の適用、鍵の操作、緊急アクセスなど）の前に、"
        "本人確認をやり直さずに済む時間（分）。1回限りのコードだけのサインインには求めません。",
        "Minutes for which a proof of identity counts as fresh before a grave act (release of a "
        "hold, approval of an erasure, policy, keys, emergency access and the like). A session by "
        "a one-time code alone is not asked.",
    )
    training_required: bool | None = described(
        None,
        "個人情報を開く役割に、有効な教育（個人情報保護法24条）を求めるか。"
        "省略時は production でだけ求めます。",
        "Whether roles that open personal data need a valid training (APPI 24). Default: in "
        "production alone.",
    )
    training_grace_days: Annotated[int, Field(ge=0, le=365)] = described(
        30,
        "教育を受けるまで、または有効期限が切れてから、役割が失効するまでの猶予（日）。",
        "Days from the first day, or from the end of a training, until roles lapse.",
    )
    training_dir: Path | None = described(
        None,
        "自社の教材と確認テスト（YAML）のフォルダー。省略時は同梱の教材。",
        "Folder of the installation's own courses and tests (YAML); default: the shipped one.",
    )
    access_review_days: Annotated[int, Field(ge=1, le=90)] = described(
        30,
        "アクセス権の棚卸しを始めてから完了するまでの期限（日）。過ぎると doctor と概要に出ます。",
        "Days from the start of an access review until it must be closed; then doctor and the "
        "overview say so.",
    )
    access_idle_days: Annotated[int, Field(ge=7, le=400)] = described(
        90,
        "この日数サインインも利用もないアカウントと連携システムに、棚卸しで注意を付けます。",
        "Days without a sign-in or a use after which an access review marks an account or system "
        "as dormant.",
    )
    breached_passwords_file: Path | None = described(
        None,
        "使わせないパスワードの一覧。SHA-1（先頭10桁以上、昇順、後に :件数 可）を1行に1つ、"
        "またはパスワードそのものを1行に1つ。読めない間は新しいパスワードを受け付けません。",
        "List of passwords that nobody may set: one SHA-1 a line (its first ten digits or more, "
        "in ascending order, perhaps with :count), or one password a line. While it cannot be "
        "read, no new password is taken.",
    )
    argon2_memory_kib: Annotated[int, Field(ge=19_456, le=1_048_576)] = described(
        65_536,
        "パスワードのハッシュ（argon2id）1つに使うメモリー（KiB）。",
        "Memory of one password hash (argon2id), in KiB.",
    )
    argon2_passes: Annotated[int, Field(ge=2, le=20)] = described(
        3, "パスワードのハッシュの反復回数。", "Passes of one password hash."
    )
    argon2_at_once: Annotated[int, Field(ge=1, le=16)] = described(
        1,
        "1つのプロセスで同時に計算するパスワードのハッシュの数。",
        "Password hashes that one process computes at once.",
    )
    argon2_waiting: Annotated[int, Field(ge=0, le=30)] = described(
        8,
        "順番を待たせるサインインの数。超えた人には「混み合っています」と答え、メモリーを使いません。",
        "Sign-ins that wait for their turn; whoever comes beyond is told that it is busy, and "
        "takes no memory.",
    )
