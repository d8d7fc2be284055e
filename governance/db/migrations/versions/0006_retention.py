"""Holds, suppression, due dates, datasets: what this release adds."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from governance.db.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dataset",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.String(), nullable=False),
        sa.Column("content_digest", sa.String(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("export_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("persons_read", sa.Integer(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("smallest", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "released_by IS NULL OR released_by <> made_by", name="ck_dataset_two_persons"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("dataset", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dataset_expires_on"), ["expires_on"], unique=False)

    op.create_table(
        "hold_act",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("matter", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("approval_id", sa.String(length=36), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("hold_act", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hold_act_matter"), ["matter"], unique=False)

    op.create_table(
        "hold_deferred",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("plan_id", sa.String(length=36), nullable=True),
        sa.Column("matters", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("deferred_by", sa.String(), nullable=False),
        sa.Column("deferred_at", UtcDateTime(), nullable=False),
        sa.Column("resumed_at", UtcDateTime(), nullable=True),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("hold_deferred", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_hold_deferred_subject_id"), ["subject_id"], unique=False
        )
        batch_op.create_index("ix_hold_deferred_waiting", ["state", "subject_id"], unique=False)

    op.create_table(
        "hold_matter",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("particulars", sa.LargeBinary(), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("expected_end", sa.Date(), nullable=True),
        sa.Column("reviewed_by", sa.String(), nullable=False),
        sa.Column("reviewed_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_table(
        "hold_scope",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("matter", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("held_table", sa.String(), nullable=True),
        sa.Column("field", sa.String(), nullable=True),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("hold_scope", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hold_scope_matter"), ["matter"], unique=False)
        batch_op.create_index("ix_hold_scope_standing", ["released_at", "kind"], unique=False)

    op.create_table(
        "retention_calendar",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("basis", sa.String(length=64), nullable=False),
        sa.Column("schedule_digest", sa.String(length=64), nullable=False),
        sa.Column("schedule_version", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("computed_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "retention_count",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("group_digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("rule", "group_digest"),
    )
    op.create_table(
        "retention_due",
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("basis", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("look_on", sa.Date(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "part"),
    )
    with op.batch_alter_table("retention_due", schema=None) as batch_op:
        batch_op.create_index("ix_retention_due_look", ["look_on", "subject_id"], unique=False)
        batch_op.create_index(
            "ix_retention_due_rule", ["part", "decision", "rule", "due_on"], unique=False
        )

    op.create_table(
        "retention_recompute",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=True),
        sa.Column("after", sa.String(length=64), nullable=False),
        sa.Column("after_version", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(length=64), nullable=False),
        sa.Column("cursor", sa.String(length=36), nullable=True),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("batches", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("ended_because", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "retention_recompute_count",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recompute_id", sa.String(length=36), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("rule_before", sa.String(), nullable=False),
        sa.Column("rule_after", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("recompute_id", "change", "rule_before", "rule_after", "month"),
    )
    op.create_table(
        "subject_touched",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("subject_touched", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_subject_touched_subject_id"), ["subject_id"], unique=False
        )

    op.create_table(
        "dataset_part",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("dataset_id", "n"),
    )
    with op.batch_alter_table("dataset_part", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dataset_part_dataset_id"), ["dataset_id"], unique=False
        )

    op.create_table(
        "dataset_provision",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("dataset_provision", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dataset_provision_dataset_id"), ["dataset_id"], unique=False
        )

    op.create_table(
        "hold_letter",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("matter_id", sa.String(length=36), nullable=False),
        sa.Column("custodian", sa.LargeBinary(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("sent_by", sa.String(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["matter_id"], ["hold_matter.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("hold_letter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hold_letter_matter_id"), ["matter_id"], unique=False)

    op.create_table(
        "retention_plan_part",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("plan_id", sa.String(length=36), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("row_ids", sa.Text(), nullable=False),
        sa.Column("kept_because", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("skipped_because", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["retention_plan.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("plan_id", "subject_id", "rule"),
    )
    with op.batch_alter_table("retention_plan_part", schema=None) as batch_op:
        batch_op.create_index(
            "ix_retention_plan_part_order", ["plan_id", "decision", "state", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_retention_plan_part_plan_id"), ["plan_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_retention_plan_part_subject_id"), ["subject_id"], unique=False
        )

    op.create_table(
        "retention_simulation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("schedule_name", sa.String(), nullable=False),
        sa.Column("schedule_version", sa.Integer(), nullable=False),
        sa.Column("schedule_digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("against", sa.Text(), nullable=True),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.String(length=36), nullable=True),
        sa.Column("driver", sa.String(length=36), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("plan_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["retention_plan.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("retention_simulation", schema=None) as batch_op:
        batch_op.create_index("ix_retention_simulation_asked", ["asked_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_retention_simulation_plan_id"), ["plan_id"], unique=False
        )

    with op.batch_alter_table("dsar_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("label", sa.String(), nullable=True))

    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held_table", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("held_row", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("scope_id", sa.String(length=36), nullable=True))
        batch_op.create_index("ix_legal_hold_matter", ["matter"], unique=False)
        batch_op.create_index(batch_op.f("ix_legal_hold_scope_id"), ["scope_id"], unique=False)
        batch_op.create_index(
            "ix_legal_hold_standing",
            ["subject_id"],
            unique=False,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )

    with op.batch_alter_table("retention_plan", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shares", sa.Text(), nullable=True))

    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mail", sa.LargeBinary(), nullable=True))

    _tellings()
    deleted = (
        "person", "company", "purchase", "inquiry", "deal", "contact", "relation",
        "household_member", "subscription", "inquiry_message", "channel_permission", "preference",
        "person_tag",
    )  # fmt: skip
    emptied = {
        "company": ("representative", "notes"),
        "deal": (
            "contact_name", "contact_department", "contact_title", "contact_email",
            "contact_phone", "deal_name", "product", "clerk", "memo",
        ),
        "purchase": (
            "product_name", "card_last4", "recipient_name", "recipient_address", "notes",
        ),
    }  # fmt: skip

    def held(table: str, row: str, more: str) -> str:  # a standing hold covers this row
        return (
            f"EXISTS (SELECT 1 FROM legal_hold h WHERE h.subject_id = {row}.subject_id"
            f" AND h.released_at IS NULL AND (h.held_table IS NULL OR h.held_table = {table})"
            f" AND (h.held_row IS NULL OR h.held_row = {row}.id){more.format('h')})"
            " OR EXISTS (SELECT 1 FROM hold_scope s WHERE s.released_at IS NULL AND s.kind = 'everyone'"
            f" AND (s.held_table IS NULL OR s.held_table = {table}){more.format('s')}"
            " AND NOT EXISTS (SELECT 1 FROM legal_hold x WHERE x.scope_id = s.id"
            f" AND x.subject_id = {row}.subject_id AND x.released_at IS NOT NULL))"
        )

    def loses(columns: tuple[str, ...]) -> str:  # the row loses the last of its sealed cells
        new = " AND ".join(f"NEW.{one} IS NULL" for one in columns)
        return f"{new} AND ({' OR '.join(f'OLD.{one} IS NOT NULL' for one in columns)})"

    whole = " AND {}.field IS NULL"
    if op.get_bind().dialect.name == "sqlite":
        raised = "BEGIN SELECT RAISE(ABORT, 'legal_hold'); END"
        for one in deleted:
            op.execute(
                f"CREATE TRIGGER hold_keeps_{one} BEFORE DELETE ON {one}"
                f" WHEN {held(repr(one), 'OLD', '')} {raised}"
            )
        for one, columns in emptied.items():
            op.execute(
                f"CREATE TRIGGER hold_fills_{one} BEFORE UPDATE OF {', '.join(columns)} ON {one}"
                f" WHEN {loses(columns)} AND ({held(repr(one), 'OLD', whole)}) {raised}"
            )
        return
    raised = "RAISE EXCEPTION 'legal_hold' USING ERRCODE = '23001'"
    begin = "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF"
    op.execute(
        f"CREATE FUNCTION hold_keeps{begin}"
        " (EXISTS (SELECT 1 FROM legal_hold WHERE released_at IS NULL)"
        " OR EXISTS (SELECT 1 FROM hold_scope WHERE released_at IS NULL))"
        f" AND EXISTS (SELECT 1 FROM gone g WHERE {held('TG_TABLE_NAME', 'g', '')})"
        f" THEN {raised}; END IF; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE FUNCTION hold_fills{begin} {held('TG_TABLE_NAME', 'OLD', whole)}"
        f" THEN {raised}; END IF; RETURN NEW; END $$"
    )
    for one in deleted:
        op.execute(
            f"CREATE TRIGGER hold_keeps_{one} AFTER DELETE ON {one}"
            " REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION hold_keeps()"
        )
    for one, columns in emptied.items():
        op.execute(
            f"CREATE TRIGGER hold_fills_{one} BEFORE UPDATE OF {', '.join(columns)} ON {one}"
            f" FOR EACH ROW WHEN ({loses(columns)}) EXECUTE FUNCTION hold_fills()"
        )


def _tellings() -> None:
    """Recipients that an earlier release told stand on the lists of their requests, too."""
    said = ("refs", "reasons", "outcome", "actor", "action", "object_id")
    event = sa.table(
        "audit_event",
        *(sa.column(name) for name in said),
        sa.column("occurred_at", UtcDateTime()),
    )
    telling = sa.table(
        "dsar_telling",
        *(sa.column(name) for name in ("id", "request_id", "recipient_id", "because", "state")),
        *(sa.column(name) for name in ("reason", "chosen_by", "channel")),
        sa.column("told_at", UtcDateTime()),
    )
    recipient, request = (sa.table(n, sa.column("id")) for n in ("recipient", "dsar_request"))
    bind = op.get_bind()
    known = set(bind.execute(sa.select(recipient.c.id)).scalars())
    listed = sa.select(telling.c.request_id).where(telling.c.request_id == event.c.object_id)
    told = (
        sa.select(event)
        .where(event.c.action == "recipient.told", ~listed.exists())
        .where(event.c.object_id.in_(sa.select(request.c.id)))
        .order_by(event.c.occurred_at)
    )
    rows = {}
    for one in bind.execute(told).all():
        refs = dict(ref.split(":", 1) for ref in (one.refs or "").split(",") if ":" in ref)
        company, done = refs.get("recipient"), one.outcome == "done"
        if company in known:  # the last word about a recipient counts
            rows[one.object_id, company] = {
                "id": str(uuid4()),
                "request_id": one.object_id,
                "recipient_id": company,
                "because": "officer",
                "state": "told" if done else "left_out",
                "reason": None if done else one.reasons,
                "chosen_by": one.actor,
                "channel": "mail" if done else None,
                "told_at": one.occurred_at if done else None,
            }
    if rows:
        bind.execute(telling.insert(), list(rows.values()))
