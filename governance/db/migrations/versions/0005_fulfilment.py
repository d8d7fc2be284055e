"""Connected stores, review, delivery and execution of requests, copies: what this release adds."""

import sqlalchemy as sa
from alembic import op

from governance.db.types import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backup_file",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("file", sa.String(length=120), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.Column("verified", sa.String(length=64), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "connector_erasure",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("planned", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("connector", "key"),
    )
    op.create_table(
        "dsar_letter_edition",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("template", "lang", "number"),
    )
    op.create_table(
        "pii_scan",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("personal", sa.Integer(), nullable=False),
        sa.Column("special_care", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("forget_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("pii_scan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pii_scan_forget_at"), ["forget_at"], unique=False)

    op.create_table(
        "restore_drill",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("file", sa.String(length=120), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "restore_gate",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("backup_id", sa.String(length=36), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "connector_task",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("remind_at", UtcDateTime(), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("connector", "act", "key", "attempt"),
    )
    with op.batch_alter_table("connector_task", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_connector_task_request_id"), ["request_id"], unique=False
        )

    op.create_table(
        "dsar_attachment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("media", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("dsar_attachment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dsar_attachment_request_id"), ["request_id"], unique=False
        )

    op.create_table(
        "dsar_certificate",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("token_digest", sa.String(), nullable=True),
        sa.Column("token_expires_at", UtcDateTime(), nullable=True),
        sa.Column("fetched_at", UtcDateTime(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_digest"),
    )
    with op.batch_alter_table("dsar_certificate", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dsar_certificate_request_id"), ["request_id"], unique=False
        )

    op.create_table(
        "dsar_comment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("dsar_comment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dsar_comment_request_id"), ["request_id"], unique=False
        )

    op.create_table(
        "dsar_correction",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("row_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ground", sa.String(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("judged_at", UtcDateTime(), nullable=True),
        sa.Column("judged_by", sa.String(), nullable=True),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.Column("event_id", sa.String(length=36), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("dsar_correction", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dsar_correction_request_id"), ["request_id"], unique=False
        )

    op.create_table(
        "dsar_dispatch",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("tracking", sa.String(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("ending", sa.String(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("return_reason", sa.String(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("dsar_dispatch", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dsar_dispatch_request_id"), ["request_id"], unique=False
        )

    op.create_table(
        "dsar_erased_store",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("label_ja", sa.String(), nullable=False),
        sa.Column("label_en", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("left_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_id", "store"),
    )
    with op.batch_alter_table("dsar_erased_store", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dsar_erased_store_request_id"), ["request_id"], unique=False
        )

    op.create_table(
        "dsar_execution",
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("plan_digest", sa.String(), nullable=True),
        sa.Column("planned_at", UtcDateTime(), nullable=False),
        sa.Column("planned_by", sa.String(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=True),
        sa.Column("agreed_at", UtcDateTime(), nullable=True),
        sa.Column("execute_from", UtcDateTime(), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("changed_because", sa.String(), nullable=True),
        sa.Column("fates", sa.Text(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("lift_from", UtcDateTime(), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("answer_to", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("request_id"),
    )
    with op.batch_alter_table("dsar_execution", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dsar_execution_stage"), ["stage"], unique=False)

    op.create_table(
        "dsar_interim",
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("lift_from", UtcDateTime(), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("request_id"),
    )
    op.create_table(
        "dsar_letter",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("send_by", sa.Date(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("sent_by", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("mailed", sa.Boolean(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("dsar_letter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dsar_letter_request_id"), ["request_id"], unique=False)
        batch_op.create_index("ix_dsar_letter_waiting", ["state", "send_by"], unique=False)

    op.create_table(
        "dsar_message",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("open_to_asker", sa.Boolean(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("read_by", sa.String(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("dsar_message", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dsar_message_request_id"), ["request_id"], unique=False
        )

    op.create_table(
        "dsar_return",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    with op.batch_alter_table("dsar_return", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dsar_return_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_dsar_return_request_id"), ["request_id"], unique=False)

    op.create_table(
        "dsar_review_act",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("lifts", sa.String(length=36), nullable=True),
        sa.Column("basis", sa.String(), nullable=True),
        sa.Column("items", sa.String(), nullable=True),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_id", "seq"),
    )
    op.create_table(
        "dsar_scope_answer",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("dsar_scope_answer", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dsar_scope_answer_request_id"), ["request_id"], unique=False
        )

    op.create_table(
        "dsar_telling",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("recipient_id", sa.String(length=36), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("chosen_by", sa.String(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("token_digest", sa.String(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_how", sa.String(), nullable=True),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["recipient_id"], ["recipient.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["request_id"], ["dsar_request.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_id", "recipient_id"),
        sa.UniqueConstraint("token_digest"),
    )
    with op.batch_alter_table("dsar_telling", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dsar_telling_answer_by"), ["answer_by"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_dsar_telling_recipient_id"), ["recipient_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_dsar_telling_request_id"), ["request_id"], unique=False
        )

    with op.batch_alter_table("dsar_package", schema=None) as batch_op:
        batch_op.add_column(sa.Column("archive_at", UtcDateTime(), nullable=True))

    with op.batch_alter_table("recipient", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hook", sa.LargeBinary(), nullable=True))
