"""What papers, keys of customers and guardians add."""

import sqlalchemy as sa
from alembic import op

from governance.db.types import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_passkey",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credential_id"),
    )
    with op.batch_alter_table("customer_passkey", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_customer_passkey_subject_id"), ["subject_id"], unique=False
        )

    op.create_table(
        "guardian_hand",
        sa.Column("relation_id", sa.String(length=36), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("facts", sa.String(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("confirmed_by", sa.String(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("relation_id"),
    )
    with op.batch_alter_table("guardian_hand", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_guardian_hand_subject_id"), ["subject_id"], unique=False
        )

    with op.batch_alter_table("dsar_attachment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scan", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("scanned_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("traces", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("traces_found", sa.String(), nullable=True))

    with op.batch_alter_table("dsar_upload", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scan", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("scanned_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("traces", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("traces_found", sa.String(), nullable=True))

    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("passkey", sa.String(length=36), nullable=True))

    with op.batch_alter_table("staff_passkey", schema=None) as batch_op:
        batch_op.alter_column(
            "sign_count", existing_type=sa.INTEGER(), type_=sa.BigInteger(), existing_nullable=False
        )
