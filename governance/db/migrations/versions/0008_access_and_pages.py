"""What access reviews, accounts and pages add."""

import sqlalchemy as sa
from alembic import op

from governance.db.types import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_review",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("quarter", sa.String(length=8), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("started_by", sa.String(length=100), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("dormant_days", sa.Integer(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by", sa.String(length=100), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("quarter"),
    )
    op.create_table(
        "approval_tie",
        sa.Column("holder", sa.String(length=100), nullable=False),
        sa.Column("giver", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("holder", "giver", "kind"),
    )
    op.create_table(
        "breach",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("grounds", sa.String(length=200), nullable=False),
        sa.Column("aware_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("closed_by", sa.String(length=200), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(outcome IS NULL) = (closed_by IS NULL)", name="ck_breach_one_state"),
        sa.CheckConstraint(
            "closed_by IS NULL OR closed_by <> recorded_by", name="ck_breach_two_persons"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "portal_mail_code",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("network", sa.String(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    with op.batch_alter_table("portal_mail_code", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_portal_mail_code_created_at"), ["created_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_portal_mail_code_mark"), ["mark"], unique=False)

    op.create_table(
        "purged_person",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("subject_id", "run_id"),
    )
    with op.batch_alter_table("purged_person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_purged_person_run_id"), ["run_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_purged_person_subject_id"), ["subject_id"], unique=False
        )
        batch_op.create_index("ix_purged_person_waiting", ["ended_at", "next_at"], unique=False)

    op.create_table(
        "saved_view",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("list", sa.String(length=60), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("preferred", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.create_index("ix_saved_view_list", ["list", "owner"], unique=False)

    op.create_table(
        "access_review_line",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("review_id", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=True),
        sa.Column("held", sa.Text(), nullable=True),
        sa.Column("taken", sa.Text(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["access_review.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("review_id", "account"),
    )
    op.create_table(
        "breach_note",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("breach_id", sa.String(length=36), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("noted_by", sa.String(length=200), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["breach_id"], ["breach.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("breach_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_breach_note_breach_id"), ["breach_id"], unique=False)

    op.create_table(
        "breach_report",
        sa.Column("breach_id", sa.String(length=36), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("reported_at", UtcDateTime(), nullable=False),
        sa.Column("reported_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["breach_id"], ["breach.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("breach_id", "rule"),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("acting_relation", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("acting_on", sa.Date(), nullable=True))

    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lang", sa.String(length=2), nullable=True))
    _closed_records("access_review", {"access_review_line": "review_id"})
    _closed_records("breach", {"breach_note": "breach_id", "breach_report": "breach_id"})


def _closed_records(table: str, parts: dict[str, str]) -> None:
    """What was closed is changed by no statement; the same triggers as governance/db/closing.py."""

    def closed(key: str, rows: tuple[str, ...]) -> str:
        named = " OR ".join(f"c.id = {row}.{key}" for row in rows)
        return f"EXISTS (SELECT 1 FROM {table} c WHERE c.closed_at IS NOT NULL AND ({named}))"

    acts = (("insert", ("NEW",)), ("update", ("OLD", "NEW")), ("delete", ("OLD",)))
    if op.get_bind().dialect.name == "sqlite":
        raised = f"BEGIN SELECT RAISE(ABORT, '{table}_closed'); END"
        for act in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_shut_{act} BEFORE {act.upper()} ON {table}"
                f" WHEN OLD.closed_at IS NOT NULL {raised}"
            )
        for part, key in parts.items():
            for act, rows in acts:
                op.execute(
                    f"CREATE TRIGGER {part}_shut_{act} BEFORE {act.upper()} ON {part}"
                    f" WHEN {closed(key, rows)} {raised}"
                )
        return
    raised = f"RAISE EXCEPTION '{table}_closed' USING ERRCODE = '23001'"
    body = "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    op.execute(f"CREATE FUNCTION {table}_shut{body} {raised}; END $$")
    for act in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {table}_shut_{act} BEFORE {act.upper()} ON {table}"
            f" FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION {table}_shut()"
        )
    for part, key in parts.items():
        for act, rows in acts:
            op.execute(
                f"CREATE FUNCTION {part}_shut_{act}{body} IF {closed(key, rows)} THEN {raised};"
                f" END IF; RETURN {rows[-1]}; END $$"
            )
            op.execute(
                f"CREATE TRIGGER {part}_shut_{act} BEFORE {act.upper()} ON {part}"
                f" FOR EACH ROW EXECUTE FUNCTION {part}_shut_{act}()"
            )
