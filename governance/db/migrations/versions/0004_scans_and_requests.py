"""Scans for personal data, proofs of identity, clocks of requests: what this release adds."""

import sqlalchemy as sa
from alembic import op

from governance.db.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('dsar_code',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('code', sa.LargeBinary(), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.Column('used_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('dsar_code', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_dsar_code_request_id'), ['request_id'], unique=False)

    op.create_table('dsar_complaint',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('cause', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('received_at', UtcDateTime(), nullable=False),
    sa.Column('last_at', UtcDateTime(), nullable=False),
    sa.Column('answer_by', sa.Date(), nullable=True),
    sa.Column('reviewer', sa.String(), nullable=True),
    sa.Column('authority', sa.String(), nullable=True),
    sa.Column('authority_reference', sa.String(), nullable=True),
    sa.Column('follow_up_id', sa.String(length=36), nullable=True),
    sa.Column('answered_at', UtcDateTime(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['follow_up_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['request_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('dsar_complaint', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_dsar_complaint_request_id'), ['request_id'], unique=False)

    op.create_table('dsar_draft',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('answers', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('digest')
    )
    with op.batch_alter_table('dsar_draft', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_dsar_draft_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_dsar_draft_request_id'), ['request_id'], unique=False)

    op.create_table('dsar_fee',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('yen', sa.Integer(), nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('dsar_fee', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_dsar_fee_request_id'), ['request_id'], unique=False)

    op.create_table('dsar_filing',
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('filed_by', sa.String(), nullable=False),
    sa.Column('once', sa.String(), nullable=True),
    sa.Column('scope', sa.String(), nullable=False),
    sa.Column('ground', sa.String(), nullable=True),
    sa.Column('claimed_id', sa.String(length=36), nullable=True),
    sa.Column('claim', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['claimed_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['request_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('request_id'),
    sa.UniqueConstraint('once')
    )
    with op.batch_alter_table('dsar_filing', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_dsar_filing_claimed_id'), ['claimed_id'], unique=False)

    op.create_table('dsar_upload',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('media', sa.String(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.Column('document', sa.String(), nullable=True),
    sa.Column('accepted', sa.Boolean(), nullable=True),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('checked_at', UtcDateTime(), nullable=True),
    sa.Column('checked_by', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('dsar_upload', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_dsar_upload_request_id'), ['request_id'], unique=False)

    op.create_table('dsar_complaint_event',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('complaint_id', sa.String(length=36), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.Column('event', sa.String(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['complaint_id'], ['dsar_complaint.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('complaint_id', 'version')
    )
    with op.batch_alter_table('dsar_clock', schema=None) as batch_op:
        batch_op.add_column(sa.Column('until', sa.Date(), nullable=True))

    with op.batch_alter_table('dsar_request', schema=None) as batch_op:
        batch_op.add_column(sa.Column('hold_ground', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('hold_since', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('hold_until', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('hold_by', sa.String(), nullable=True))

    with op.batch_alter_table('dsar_track', schema=None) as batch_op:
        batch_op.add_column(sa.Column('extended_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('ended_at', UtcDateTime(), nullable=True))

    
    track = sa.table('dsar_track', sa.column('request_id', sa.String), sa.column('law', sa.String), sa.column('ended_at', UtcDateTime()), sa.column('extended_at', UtcDateTime()))
    clock = sa.table('dsar_clock', sa.column('request_id', sa.String), sa.column('law', sa.String), sa.column('kind', sa.String), sa.column('at', UtcDateTime()))
    for column, kind in (('ended_at', 'stop'), ('extended_at', 'extension')):  # told by the ledger
        said = sa.select(sa.func.min(clock.c.at)).where(clock.c.request_id == track.c.request_id, clock.c.law == track.c.law, clock.c.kind == kind)
        op.execute(sa.update(track).values({column: said.scalar_subquery()}))
