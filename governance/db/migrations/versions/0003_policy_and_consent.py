"""Policies in force, notices, leases, collection points, provisions: the schema of policy and consent."""

import sqlalchemy as sa
from alembic import op

from governance.db.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audience_segment',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('actor', sa.String(length=100), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('ids', sa.LargeBinary(), nullable=False),
    sa.Column('saved_at', UtcDateTime(), nullable=False),
    sa.Column('ends_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('audience_segment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audience_segment_ends_at'), ['ends_at'], unique=False)

    op.create_table('collection_point',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('declared_by', sa.String(), nullable=True),
    sa.Column('declared_at', UtcDateTime(), nullable=False),
    sa.Column('opened_at', UtcDateTime(), nullable=True),
    sa.Column('closed_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', 'version')
    )
    op.create_table('consent_lease',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('actor', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('renewals', sa.BigInteger(), nullable=False),
    sa.Column('applied', sa.BigInteger(), nullable=False),
    sa.Column('owed', sa.BigInteger(), nullable=False),
    sa.Column('joined_at', UtcDateTime(), nullable=False),
    sa.Column('asked_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('notice_edition',
    sa.Column('notice', sa.String(length=64), nullable=False),
    sa.Column('version', sa.String(length=32), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('effective_on', sa.Date(), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('drafted_by', sa.String(), nullable=True),
    sa.Column('drafted_at', UtcDateTime(), nullable=False),
    sa.Column('approval', sa.String(), nullable=True),
    sa.Column('approved_by', sa.String(), nullable=True),
    sa.Column('announced_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('notice', 'version')
    )
    with op.batch_alter_table('notice_edition', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_edition_state'), ['state'], unique=False)

    op.create_table('policy_shadow',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('version', sa.String(length=200), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('documents', sa.LargeBinary(), nullable=False),
    sa.Column('started_by', sa.String(length=100), nullable=False),
    sa.Column('started_at', UtcDateTime(), nullable=False),
    sa.Column('cursor', sa.String(length=36), nullable=False),
    sa.Column('decisions', sa.BigInteger(), nullable=False),
    sa.Column('ended_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('policy_version',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('version', sa.String(length=200), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('documents', sa.LargeBinary(), nullable=False),
    sa.Column('stored_by', sa.String(length=100), nullable=False),
    sa.Column('stored_at', UtcDateTime(), nullable=False),
    sa.Column('signature', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('digest')
    )
    op.create_table('webhook',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('client', sa.String(length=100), nullable=False),
    sa.Column('types', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('created_by', sa.String(length=100), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('consent_seq', sa.BigInteger(), nullable=False),
    sa.Column('log_seq', sa.BigInteger(), nullable=False),
    sa.Column('failing_since', UtcDateTime(), nullable=True),
    sa.Column('changed_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('webhook', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_webhook_client'), ['client'], unique=False)

    op.create_table('break_glass',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=True),
    sa.Column('reason', sa.LargeBinary(), nullable=False),
    sa.Column('opened_at', UtcDateTime(), nullable=False),
    sa.Column('ends_at', UtcDateTime(), nullable=False),
    sa.Column('ended_at', UtcDateTime(), nullable=True),
    sa.Column('ended_by', sa.String(), nullable=True),
    sa.Column('review_due', sa.Date(), nullable=False),
    sa.Column('reviewed_at', UtcDateTime(), nullable=True),
    sa.Column('reviewed_by', sa.String(), nullable=True),
    sa.Column('verdict', sa.String(), nullable=True),
    sa.Column('comment', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('break_glass', schema=None) as batch_op:
        batch_op.create_index('ix_break_glass_actor', ['actor', 'ends_at'], unique=False)

    op.create_table('collection',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('point', sa.String(length=40), nullable=False),
    sa.Column('point_version', sa.Integer(), nullable=False),
    sa.Column('shown_at', UtcDateTime(), nullable=False),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('lang', sa.String(length=2), nullable=False),
    sa.Column('notices', sa.Text(), nullable=False),
    sa.Column('items', sa.Text(), nullable=False),
    sa.Column('user_agent', sa.String(), nullable=True),
    sa.Column('entered_by', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('collection', schema=None) as batch_op:
        batch_op.create_index('ix_collection_point', ['point', 'recorded_at'], unique=False)
        batch_op.create_index('ix_collection_subject', ['subject_id'], unique=False)

    op.create_table('feed_subject',
    sa.Column('client_id', sa.String(), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('since', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['api_client.id'], ),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('client_id', 'subject_id')
    )
    with op.batch_alter_table('feed_subject', schema=None) as batch_op:
        batch_op.create_index('ix_feed_subject_since', ['client_id', 'since'], unique=False)
        batch_op.create_index('ix_feed_subject_subject', ['subject_id'], unique=False)

    op.create_table('policy_entry',
    sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('version_id', sa.String(length=36), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('base', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('effective_from', UtcDateTime(), nullable=False),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('taken_at', UtcDateTime(), nullable=True),
    sa.Column('changed_cells', sa.BigInteger(), nullable=False),
    sa.Column('approval', sa.String(length=36), nullable=True),
    sa.Column('requested_by', sa.String(length=100), nullable=False),
    sa.Column('approved_by', sa.String(length=100), nullable=False),
    sa.Column('signature', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['version_id'], ['policy_version.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('number')
    )
    with op.batch_alter_table('policy_entry', schema=None) as batch_op:
        batch_op.create_index('ix_policy_entry_state', ['state', 'number'], unique=False)

    op.create_table('policy_shadow_count',
    sa.Column('shadow_id', sa.String(length=36), nullable=False),
    sa.Column('who', sa.String(length=200), nullable=False),
    sa.Column('purpose', sa.String(length=200), nullable=False),
    sa.Column('before', sa.String(length=200), nullable=False),
    sa.Column('after', sa.String(length=200), nullable=False),
    sa.Column('decisions', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['shadow_id'], ['policy_shadow.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('shadow_id', 'who', 'purpose', 'before', 'after')
    )
    op.create_table('provision',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('direction', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('recipient_id', sa.String(length=36), nullable=False),
    sa.Column('duty', sa.String(), nullable=False),
    sa.Column('ground', sa.String(), nullable=False),
    sa.Column('batch', sa.Boolean(), nullable=False),
    sa.Column('first_on', sa.Date(), nullable=False),
    sa.Column('last_on', sa.Date(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=True),
    sa.Column('categories', sa.String(), nullable=False),
    sa.Column('fields', sa.String(), nullable=False),
    sa.Column('country', sa.String(), nullable=True),
    sa.Column('persons', sa.Integer(), nullable=False),
    sa.Column('party', sa.LargeBinary(), nullable=False),
    sa.Column('acquisition', sa.LargeBinary(), nullable=True),
    sa.Column('event_id', sa.String(length=36), nullable=True),
    sa.Column('policy_version', sa.String(), nullable=True),
    sa.Column('keep_rule', sa.String(), nullable=False),
    sa.Column('keep_until', sa.Date(), nullable=False),
    sa.Column('purge_from', sa.Date(), nullable=False),
    sa.Column('recorded_by', sa.String(), nullable=False),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['recipient_id'], ['recipient.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('provision', schema=None) as batch_op:
        batch_op.create_index('ix_provision_purge', ['purge_from'], unique=False)
        batch_op.create_index('ix_provision_recipient', ['recipient_id', 'last_on'], unique=False)

    op.create_table('recipient_check',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('recipient_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('method', sa.String(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('checked_on', sa.Date(), nullable=False),
    sa.Column('next_due', sa.Date(), nullable=True),
    sa.Column('checked_by', sa.String(), nullable=False),
    sa.Column('findings', sa.LargeBinary(), nullable=True),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['recipient_id'], ['recipient.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('recipient_check', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recipient_check_recipient_id'), ['recipient_id'], unique=False)

    op.create_table('recipient_subprocessor',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('recipient_id', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('country', sa.String(), nullable=True),
    sa.Column('service', sa.String(), nullable=True),
    sa.Column('approved_on', sa.Date(), nullable=True),
    sa.Column('ended_on', sa.Date(), nullable=True),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['recipient_id'], ['recipient.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('recipient_subprocessor', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recipient_subprocessor_recipient_id'), ['recipient_id'], unique=False)

    op.create_table('recipient_version',
    sa.Column('recipient_id', sa.String(length=36), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('facts', sa.Text(), nullable=False),
    sa.Column('changed_by', sa.String(), nullable=False),
    sa.Column('changed_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['recipient_id'], ['recipient.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('recipient_id', 'version')
    )
    op.create_table('webhook_delivery',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('webhook_id', sa.String(length=36), nullable=False),
    sa.Column('type', sa.String(length=64), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('answer', sa.String(length=64), nullable=True),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('tried_at', UtcDateTime(), nullable=True),
    sa.Column('delivered_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['webhook_id'], ['webhook.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('webhook_delivery', schema=None) as batch_op:
        batch_op.create_index('ix_webhook_delivery_made', ['webhook_id', 'created_at'], unique=False)

    op.create_table('provision_person',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('provision_id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('provided_on', sa.Date(), nullable=False),
    sa.Column('consent_seq', sa.BigInteger(), nullable=True),
    sa.Column('identity', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['provision_id'], ['provision.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('provision_id', 'subject_id')
    )
    with op.batch_alter_table('provision_person', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_provision_person_subject_id'), ['subject_id'], unique=False)

    with op.batch_alter_table('consent_event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('minor', sa.Boolean(), server_default=sa.text('false'), nullable=False))
        batch_op.add_column(sa.Column('acted_by', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('collection_point', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('collection_version', sa.Integer(), nullable=True))

    with op.batch_alter_table('consent_head', schema=None) as batch_op:
        batch_op.add_column(sa.Column('everyone_seq', sa.BigInteger(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('callers_seq', sa.BigInteger(), server_default='0', nullable=False))

    with op.batch_alter_table('recipient', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version', sa.Integer(), server_default='1', nullable=False))
        batch_op.add_column(sa.Column('address', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('valid_from', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('ended_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('purposes', sa.String(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column('categories', sa.String(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column('contract_ref', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('gdpr_clauses', sa.String(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column('gdpr_ground', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('gdpr_detail', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('transfer_checked_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('check_due_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('stopped_on', sa.Date(), nullable=True))

    with op.batch_alter_table('subject', schema=None) as batch_op:
        batch_op.add_column(sa.Column('country', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('grown_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('last_active_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('changed_seq', sa.BigInteger(), server_default='0', nullable=False))
        batch_op.create_index(batch_op.f('ix_subject_changed_seq'), ['changed_seq'], unique=False)

    
    rows = sa.table('search_row', sa.column('source', sa.String), sa.column('due', sa.Integer))
    deals = sa.update(rows).where(rows.c.source == 'deal')  # a contact's name has an index now
    op.execute(deals.values(due=2))  # the following job writes what they lack
