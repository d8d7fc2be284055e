"""The customer store in full: what release 0.1.0 added to the first schema."""

import sqlalchemy as sa
from alembic import op

from governance.db.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit_decision',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('stream', sa.String(length=200), nullable=False),
    sa.Column('n', sa.BigInteger(), nullable=False),
    sa.Column('occurred_at', UtcDateTime(), nullable=False),
    sa.Column('actor', sa.String(length=200), nullable=False),
    sa.Column('actor_os', sa.String(length=200), nullable=True),
    sa.Column('purpose', sa.String(length=200), nullable=True),
    sa.Column('channel', sa.String(length=200), nullable=True),
    sa.Column('recipient', sa.String(length=200), nullable=True),
    sa.Column('country', sa.String(length=200), nullable=True),
    sa.Column('field', sa.String(length=200), nullable=True),
    sa.Column('outcome', sa.String(length=16), nullable=False),
    sa.Column('reasons', sa.Text(), nullable=False),
    sa.Column('policy_version', sa.String(length=200), nullable=True),
    sa.Column('consent_seq', sa.BigInteger(), nullable=True),
    sa.Column('request_id', sa.String(length=200), nullable=True),
    sa.Column('network', sa.String(length=64), nullable=True),
    sa.Column('about', sa.LargeBinary(length=32), nullable=True),
    sa.Column('subject', sa.String(length=200), nullable=True),
    sa.Column('salt', sa.LargeBinary(length=32), nullable=True),
    sa.Column('destroyed_by', sa.String(length=36), nullable=True),
    sa.CheckConstraint('(salt IS NULL) = (subject IS NULL)', name='ck_audit_decision_whole'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('stream', 'n'),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('audit_decision', schema=None) as batch_op:
        batch_op.create_index('ix_audit_decision_actor', ['actor', 'id'], unique=False)
        batch_op.create_index('ix_audit_decision_destroyed', ['destroyed_by'], unique=False, sqlite_where=sa.text('destroyed_by IS NOT NULL'), postgresql_where=sa.text('destroyed_by IS NOT NULL'))
        batch_op.create_index('ix_audit_decision_subject', ['subject'], unique=False)

    op.create_table('audit_expiring',
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.PrimaryKeyConstraint('event_id'),
    sqlite_with_rowid=False
    )
    op.create_table('audit_filter',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('owner', sa.String(length=200), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('audit_filter', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_filter_owner'), ['owner'], unique=False)

    op.create_table('audit_forward',
    sa.Column('receiver', sa.String(length=200), nullable=False),
    sa.Column('below', sa.BigInteger(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=64), nullable=True),
    sa.Column('tried_at', UtcDateTime(), nullable=False),
    sa.Column('delivered_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('receiver')
    )
    op.create_table('audit_honey',
    sa.Column('subject', sa.String(length=36), nullable=False),
    sa.Column('placed_by', sa.String(length=200), nullable=False),
    sa.Column('placed_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('subject')
    )
    op.create_table('audit_shard_hold',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('shard', sa.String(length=7), nullable=False),
    sa.Column('matter', sa.String(length=200), nullable=False),
    sa.Column('placed_by', sa.String(length=200), nullable=False),
    sa.Column('placed_at', UtcDateTime(), nullable=False),
    sa.Column('released_by', sa.String(length=200), nullable=True),
    sa.Column('released_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('audit_watch',
    sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('until', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('custom_field',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('table_name', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('registered_at', UtcDateTime(), nullable=False),
    sa.Column('retired_at', UtcDateTime(), nullable=True),
    sa.Column('retired_by', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('import_source',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('encoding', sa.String(), nullable=True),
    sa.Column('delimiter', sa.String(), nullable=True),
    sa.Column('sheet', sa.String(), nullable=True),
    sa.Column('header_row', sa.Integer(), nullable=True),
    sa.Column('headers', sa.Text(), nullable=False),
    sa.Column('columns', sa.Text(), nullable=False),
    sa.Column('acquired_from', sa.String(), nullable=True),
    sa.Column('acquired_on', sa.Date(), nullable=True),
    sa.Column('acquisition_method', sa.String(), nullable=True),
    sa.Column('acquisition_ground', sa.String(), nullable=True),
    sa.Column('provider', sa.String(), nullable=True),
    sa.Column('origin', sa.String(), nullable=True),
    sa.Column('updated_by', sa.String(), nullable=False),
    sa.Column('updated_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', 'kind')
    )
    op.create_table('key_task',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('target', sa.String(length=120), nullable=True),
    sa.Column('key_class', sa.String(length=8), nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('phase', sa.String(length=16), nullable=True),
    sa.Column('end_after', UtcDateTime(), nullable=True),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('renewed', sa.Integer(), nullable=False),
    sa.Column('moved', sa.Integer(), nullable=False),
    sa.Column('pinned', sa.Integer(), nullable=False),
    sa.Column('ended', sa.Integer(), nullable=False),
    sa.Column('requested_by', sa.String(length=100), nullable=False),
    sa.Column('approval_id', sa.String(length=36), nullable=True),
    sa.Column('approved_by', sa.String(length=100), nullable=True),
    sa.Column('started_at', UtcDateTime(), nullable=False),
    sa.Column('finished_at', UtcDateTime(), nullable=True),
    sa.CheckConstraint('approved_by IS NULL OR approved_by <> requested_by', name='ck_key_task_two_persons'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('key_task', schema=None) as batch_op:
        batch_op.create_index('ix_key_task_state', ['state'], unique=False)

    op.create_table('quality_measure',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('kpi', sa.String(), nullable=False),
    sa.Column('field', sa.String(), nullable=False),
    sa.Column('part', sa.Integer(), nullable=False),
    sa.Column('whole', sa.Integer(), nullable=False),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'kpi', 'field')
    )
    op.create_table('quality_task',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('quarter', sa.String(), nullable=False),
    sa.Column('owner', sa.String(), nullable=False),
    sa.Column('topic', sa.String(), nullable=False),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('made_at', UtcDateTime(), nullable=False),
    sa.Column('assignee', sa.String(), nullable=True),
    sa.Column('done_by', sa.String(), nullable=True),
    sa.Column('done_at', UtcDateTime(), nullable=True),
    sa.Column('comment', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('quarter', 'owner', 'topic')
    )
    op.create_table('reindex_run',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('field', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('names', sa.String(), nullable=False),
    sa.Column('cursor', sa.String(length=36), nullable=True),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('dropped', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=True),
    sa.Column('started_by', sa.String(), nullable=False),
    sa.Column('started_at', UtcDateTime(), nullable=False),
    sa.Column('finished_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('saved_search',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('ends_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('saved_search', schema=None) as batch_op:
        batch_op.create_index('ix_saved_search_ends', ['ends_at'], unique=False)

    op.create_table('search_index',
    sa.Column('id', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('dropped', sa.Boolean(), nullable=False),
    sa.Column('turn', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('name', 'version')
    )
    op.create_table('search_posting',
    sa.Column('index_id', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('token', sa.LargeBinary(), nullable=False),
    sa.Column('row_key', sa.LargeBinary(length=16), nullable=False),
    sa.PrimaryKeyConstraint('index_id', 'token', 'row_key'),
    sqlite_with_rowid=False
    )
    op.create_table('write_once',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('outcome', sa.LargeBinary(), nullable=False),
    sa.Column('ends_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('audit_alarm',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('rule', sa.String(length=20), nullable=False),
    sa.Column('actor', sa.String(length=200), nullable=False),
    sa.Column('start', UtcDateTime(), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.Column('limit', sa.BigInteger(), nullable=False),
    sa.Column('usual', sa.BigInteger(), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('raised_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['audit_event.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('rule', 'actor', 'start')
    )
    op.create_table('audit_cosignature',
    sa.Column('size', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('key_id', sa.String(length=8), nullable=False),
    sa.Column('witness', sa.String(length=255), nullable=False),
    sa.Column('line', sa.Text(), nullable=False),
    sa.Column('received_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['size'], ['audit_checkpoint.size'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('size', 'key_id')
    )
    op.create_table('audit_expired_numbers',
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('process_id', sa.String(length=200), nullable=False),
    sa.Column('numbers', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['audit_event.id'], ),
    sa.PrimaryKeyConstraint('event_id', 'process_id')
    )
    op.create_table('audit_expired_part',
    sa.Column('part_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('destroyed_by', sa.String(length=36), nullable=False),
    sa.ForeignKeyConstraint(['destroyed_by'], ['audit_event.id'], ),
    sa.PrimaryKeyConstraint('part_id'),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('audit_expired_part', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_expired_part_destroyed_by'), ['destroyed_by'], unique=False)

    op.create_table('audit_expiry',
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('start', sa.BigInteger(), nullable=False),
    sa.Column('below', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['audit_event.id'], ),
    sa.PrimaryKeyConstraint('event_id')
    )
    op.create_table('audit_review',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('reviewer', sa.String(length=200), nullable=False),
    sa.Column('first_seq', sa.BigInteger(), nullable=False),
    sa.Column('below_seq', sa.BigInteger(), nullable=False),
    sa.Column('verdict', sa.String(length=32), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('reviewed_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['audit_event.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('first_seq')
    )
    op.create_table('audit_stamp',
    sa.Column('size', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('serial', sa.String(length=64), nullable=False),
    sa.Column('authority', sa.String(length=255), nullable=False),
    sa.Column('stamped_at', UtcDateTime(), nullable=False),
    sa.Column('reply', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['size'], ['audit_checkpoint.size'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('size', 'serial')
    )
    op.create_table('channel_permission',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('wanted', sa.String(), nullable=False),
    sa.Column('since', sa.Date(), nullable=True),
    sa.Column('source', sa.String(), nullable=True),
    sa.Column('recorded_by', sa.String(), nullable=False),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('subject_id', 'channel', 'kind')
    )
    with op.batch_alter_table('channel_permission', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_channel_permission_subject_id'), ['subject_id'], unique=False)

    op.create_table('custom_value',
    sa.Column('row_id', sa.String(length=36), nullable=False),
    sa.Column('field', sa.String(), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('value', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('row_id', 'field')
    )
    with op.batch_alter_table('custom_value', schema=None) as batch_op:
        batch_op.create_index('ix_custom_value_field', ['field'], unique=False)
        batch_op.create_index(batch_op.f('ix_custom_value_subject_id'), ['subject_id'], unique=False)

    op.create_table('household_member',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('household_id', sa.String(length=36), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('source', sa.String(), nullable=True),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('household_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_household_member_household_id'), ['household_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_household_member_subject_id'), ['subject_id'], unique=False)

    op.create_table('import_detail',
    sa.Column('run_id', sa.String(length=36), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('corrects', sa.String(length=36), nullable=True),
    sa.Column('layout', sa.LargeBinary(), nullable=False),
    sa.Column('updated', sa.Integer(), nullable=False),
    sa.Column('resolved', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['corrects'], ['import_run.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['run_id'], ['import_run.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('run_id')
    )
    with op.batch_alter_table('import_detail', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_detail_corrects'), ['corrects'], unique=False)
        batch_op.create_index(batch_op.f('ix_import_detail_source'), ['source'], unique=False)

    op.create_table('import_refusal',
    sa.Column('run_id', sa.String(length=36), nullable=False),
    sa.Column('row', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['import_run.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('run_id', 'row')
    )
    with op.batch_alter_table('import_refusal', schema=None) as batch_op:
        batch_op.create_index('ix_import_refusal_reason', ['reason'], unique=False)

    op.create_table('import_row',
    sa.Column('row_id', sa.String(length=36), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('run_id', sa.String(length=36), nullable=False),
    sa.Column('row', sa.Integer(), nullable=False),
    sa.Column('said', sa.LargeBinary(), nullable=False),
    sa.Column('said_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['import_run.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('row_id', 'source')
    )
    with op.batch_alter_table('import_row', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_row_run_id'), ['run_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_import_row_subject_id'), ['subject_id'], unique=False)

    op.create_table('person_merge',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('survivor_id', sa.String(length=36), nullable=False),
    sa.Column('absorbed_id', sa.String(length=36), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('consent_seq', sa.Integer(), nullable=False),
    sa.Column('undone_seq', sa.Integer(), nullable=True),
    sa.Column('left_id', sa.String(length=36), nullable=False),
    sa.Column('right_id', sa.String(length=36), nullable=False),
    sa.Column('survivor_state', sa.String(), nullable=False),
    sa.Column('survivor_restricted_at', UtcDateTime(), nullable=True),
    sa.Column('survivor_band', sa.String(), nullable=True),
    sa.Column('survivor_guardian', sa.Boolean(), nullable=False),
    sa.Column('merged_by', sa.String(), nullable=False),
    sa.Column('merged_at', UtcDateTime(), nullable=False),
    sa.Column('undone_by', sa.String(), nullable=True),
    sa.Column('undone_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['absorbed_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['survivor_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('person_merge', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_person_merge_absorbed_id'), ['absorbed_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_person_merge_survivor_id'), ['survivor_id'], unique=False)

    op.create_table('person_tag',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('vocabulary', sa.String(), nullable=False),
    sa.Column('since', sa.Date(), nullable=True),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('ground', sa.String(), nullable=True),
    sa.Column('recorded_by', sa.String(), nullable=False),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('label', sa.LargeBinary(), nullable=True),
    sa.Column('special_label', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('person_tag', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_person_tag_subject_id'), ['subject_id'], unique=False)

    op.create_table('preference',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('topic', sa.String(), nullable=False),
    sa.Column('since', sa.Date(), nullable=True),
    sa.Column('source', sa.String(), nullable=True),
    sa.Column('recorded_by', sa.String(), nullable=False),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('value', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('subject_id', 'topic')
    )
    with op.batch_alter_table('preference', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_preference_subject_id'), ['subject_id'], unique=False)

    op.create_table('relation',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('other_subject_id', sa.String(length=36), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('verified_how', sa.String(), nullable=True),
    sa.Column('verified_on', sa.Date(), nullable=True),
    sa.Column('verified_by', sa.String(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('until_majority', sa.Boolean(), server_default='0', nullable=False),
    sa.Column('source', sa.String(), nullable=True),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('other_name', sa.LargeBinary(), nullable=True),
    sa.Column('notes', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['other_subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('relation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_relation_other_subject_id'), ['other_subject_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_relation_subject_id'), ['subject_id'], unique=False)

    op.create_table('search_row',
    sa.Column('row_key', sa.LargeBinary(length=16), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=True),
    sa.Column('due', sa.SmallInteger(), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('row_key'),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('search_row', schema=None) as batch_op:
        batch_op.create_index('ix_search_row_due', ['due', 'row_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_search_row_subject_id'), ['subject_id'], unique=False)

    op.create_table('company_merge',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('survivor_id', sa.String(length=36), nullable=False),
    sa.Column('absorbed_id', sa.String(length=36), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('left_id', sa.String(length=36), nullable=False),
    sa.Column('right_id', sa.String(length=36), nullable=False),
    sa.Column('merged_by', sa.String(), nullable=False),
    sa.Column('merged_at', UtcDateTime(), nullable=False),
    sa.Column('undone_by', sa.String(), nullable=True),
    sa.Column('undone_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['absorbed_id'], ['company.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['survivor_id'], ['company.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('company_merge', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_company_merge_absorbed_id'), ['absorbed_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_company_merge_survivor_id'), ['survivor_id'], unique=False)

    op.create_table('contact',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('company_id', sa.String(length=36), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('is_primary', sa.Boolean(), server_default='0', nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('source', sa.String(), nullable=True),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('department', sa.LargeBinary(), nullable=True),
    sa.Column('title', sa.LargeBinary(), nullable=True),
    sa.Column('email', sa.LargeBinary(), nullable=True),
    sa.Column('phone', sa.LargeBinary(), nullable=True),
    sa.Column('notes', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contact_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_contact_subject_id'), ['subject_id'], unique=False)

    op.create_table('inquiry_message',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('inquiry_id', sa.String(length=36), nullable=False),
    sa.Column('direction', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=True),
    sa.Column('author_kind', sa.String(), nullable=False),
    sa.Column('author', sa.String(), nullable=True),
    sa.Column('sent_at', UtcDateTime(), nullable=False),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['inquiry_id'], ['inquiry.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('inquiry_message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inquiry_message_inquiry_id'), ['inquiry_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_inquiry_message_subject_id'), ['subject_id'], unique=False)

    op.create_table('merge_trace',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('merge_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('source_table', sa.String(), nullable=False),
    sa.Column('record_id', sa.String(length=36), nullable=False),
    sa.Column('field', sa.String(), nullable=True),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('before', sa.LargeBinary(), nullable=True),
    sa.Column('after', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['merge_id'], ['person_merge.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('merge_trace', schema=None) as batch_op:
        batch_op.create_index('ix_merge_trace_merge', ['merge_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_merge_trace_subject_id'), ['subject_id'], unique=False)

    op.create_table('search_entry',
    sa.Column('row_key', sa.LargeBinary(length=16), nullable=False),
    sa.Column('index_id', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('tokens', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['row_key'], ['search_row.row_key'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('row_key', 'index_id'),
    sqlite_with_rowid=False
    )
    op.create_table('subscription',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('source_key', sa.String(), nullable=False),
    sa.Column('purchase_id', sa.String(length=36), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('plan_code', sa.String(), nullable=True),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('started_on', sa.Date(), nullable=True),
    sa.Column('period_months', sa.Integer(), nullable=True),
    sa.Column('renews_on', sa.Date(), nullable=True),
    sa.Column('renewed_on', sa.Date(), nullable=True),
    sa.Column('cancelled_on', sa.Date(), nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('channel', sa.String(), nullable=True),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('plan_name', sa.LargeBinary(), nullable=True),
    sa.Column('cancel_reason', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['purchase_id'], ['purchase.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('source_key')
    )
    with op.batch_alter_table('subscription', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscription_purchase_id'), ['purchase_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_subject_id'), ['subject_id'], unique=False)

    op.create_table('company_merge_trace',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('merge_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('source_table', sa.String(), nullable=False),
    sa.Column('record_id', sa.String(length=36), nullable=False),
    sa.Column('field', sa.String(), nullable=True),
    sa.Column('before', sa.String(), nullable=True),
    sa.Column('after', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['merge_id'], ['company_merge.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('company_merge_trace', schema=None) as batch_op:
        batch_op.create_index('ix_company_trace_merge', ['merge_id'], unique=False)

    with op.batch_alter_table('search_token', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_search_token_subject_id'))

    op.drop_table('search_token')
    with op.batch_alter_table('audit_part', schema=None) as batch_op:
        batch_op.create_index('ix_audit_part_destroyed', ['destroyed_by'], unique=False, sqlite_where=sa.text('destroyed_by IS NOT NULL'), postgresql_where=sa.text('destroyed_by IS NOT NULL'))

    with op.batch_alter_table('company', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version', sa.Integer(), server_default='1', nullable=False))

    with op.batch_alter_table('deal', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version', sa.Integer(), server_default='1', nullable=False))

    with op.batch_alter_table('duplicate_candidate', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(), server_default='person', nullable=False))

    with op.batch_alter_table('inquiry', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version', sa.Integer(), server_default='1', nullable=False))

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.add_column(sa.Column('acquired_from', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('acquisition_method', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('acquisition_ground', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('provider', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('source_key', sa.LargeBinary(), nullable=True))

    with op.batch_alter_table('purchase', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version', sa.Integer(), server_default='1', nullable=False))

    
    guards = {
        'sqlite': (
            'DROP TRIGGER audit_event_delete',
            'DROP TRIGGER audit_leaf_delete',
            'DROP TRIGGER audit_part_delete',
            'CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event FOR '
            'EACH ROW WHEN NOT EXISTS (SELECT 1 FROM audit_expiring x WHERE '
            "x.event_id = OLD.id) BEGIN SELECT RAISE(ABORT, 'audit_event is "
            "append-only'); END",
            'CREATE TRIGGER audit_leaf_delete BEFORE DELETE ON audit_leaf FOR EACH '
            'ROW WHEN NOT EXISTS (SELECT 1 FROM audit_expiring x WHERE x.event_id = '
            "OLD.event_id) BEGIN SELECT RAISE(ABORT, 'audit_leaf is append-only'); "
            'END',
            'CREATE TRIGGER audit_part_delete BEFORE DELETE ON audit_part FOR EACH '
            'ROW WHEN NOT EXISTS (SELECT 1 FROM audit_expiring x WHERE x.event_id = '
            "OLD.event_id) BEGIN SELECT RAISE(ABORT, 'audit_part is append-only'); "
            'END',
            'CREATE TRIGGER audit_expiry_update BEFORE UPDATE ON audit_expiry FOR '
            "EACH ROW BEGIN SELECT RAISE(ABORT, 'audit_expiry is append-only'); END",
            'CREATE TRIGGER audit_expiry_delete BEFORE DELETE ON audit_expiry FOR '
            "EACH ROW BEGIN SELECT RAISE(ABORT, 'audit_expiry is append-only'); END",
            'CREATE TRIGGER audit_expiry_insert BEFORE INSERT ON audit_expiry FOR '
            'EACH ROW WHEN NOT EXISTS (SELECT 1 FROM audit_event e JOIN audit_leaf '
            'l ON l.event_id = e.id WHERE e.id = NEW.event_id AND e.action = '
            "'log.shard_expired' AND l.seq >= NEW.below AND NEW.start >= 0 AND "
            "NEW.start < NEW.below AND replace(',' || e.refs || ',', ',tree:' || "
            "NEW.below || ',', '') <> ',' || e.refs || ',' AND replace(',' || "
            "e.refs || ',', ',from:' || NEW.start || ',', '') <> ',' || e.refs || "
            "',') BEGIN SELECT RAISE(ABORT, 'audit_expiry is append-only'); END",
            'CREATE TRIGGER audit_expiring_update BEFORE UPDATE ON audit_expiring '
            "FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'audit_expiring is "
            "append-only'); END",
            'CREATE TRIGGER audit_expiring_insert BEFORE INSERT ON audit_expiring '
            'FOR EACH ROW WHEN NOT EXISTS (SELECT 1 FROM audit_leaf l JOIN '
            'audit_expiry x ON l.seq >= x.start AND l.seq < x.below JOIN '
            'audit_event e ON e.id = l.event_id WHERE l.event_id = NEW.event_id AND '
            "e.action NOT IN ('log.key_changed', 'log.restored', "
            "'log.shard_expired', 'log.shard_opened')) BEGIN SELECT RAISE(ABORT, "
            "'audit_expiring is append-only'); END",
            'CREATE TRIGGER audit_expired_part_update BEFORE UPDATE ON '
            'audit_expired_part FOR EACH ROW BEGIN SELECT RAISE(ABORT, '
            "'audit_expired_part is append-only'); END",
            'CREATE TRIGGER audit_expired_part_delete BEFORE DELETE ON '
            'audit_expired_part FOR EACH ROW WHEN NOT EXISTS (SELECT 1 FROM '
            'audit_expiring x WHERE x.event_id = OLD.destroyed_by) BEGIN SELECT '
            "RAISE(ABORT, 'audit_expired_part is append-only'); END",
            'CREATE TRIGGER audit_expired_numbers_update BEFORE UPDATE ON '
            'audit_expired_numbers FOR EACH ROW BEGIN SELECT RAISE(ABORT, '
            "'audit_expired_numbers is append-only'); END",
            'CREATE TRIGGER audit_expired_numbers_delete BEFORE DELETE ON '
            'audit_expired_numbers FOR EACH ROW BEGIN SELECT RAISE(ABORT, '
            "'audit_expired_numbers is append-only'); END",
            'CREATE TRIGGER audit_cosignature_update BEFORE UPDATE ON '
            'audit_cosignature FOR EACH ROW BEGIN SELECT RAISE(ABORT, '
            "'audit_cosignature is append-only'); END",
            'CREATE TRIGGER audit_cosignature_delete BEFORE DELETE ON '
            'audit_cosignature FOR EACH ROW BEGIN SELECT RAISE(ABORT, '
            "'audit_cosignature is append-only'); END",
            'CREATE TRIGGER audit_stamp_update BEFORE UPDATE ON audit_stamp FOR '
            "EACH ROW BEGIN SELECT RAISE(ABORT, 'audit_stamp is append-only'); END",
            'CREATE TRIGGER audit_stamp_delete BEFORE DELETE ON audit_stamp FOR '
            "EACH ROW BEGIN SELECT RAISE(ABORT, 'audit_stamp is append-only'); END",
            'CREATE TRIGGER audit_decision_update BEFORE UPDATE ON audit_decision '
            'FOR EACH ROW WHEN (OLD.subject IS NOT NULL AND NEW.subject IS NULL AND '
            'NEW.salt IS NULL AND NEW.destroyed_by IS NOT NULL AND NEW.id = OLD.id '
            'AND NEW.event_id = OLD.event_id AND NEW.stream = OLD.stream AND NEW.n '
            '= OLD.n AND NEW.about = OLD.about) IS NOT TRUE BEGIN SELECT '
            "RAISE(ABORT, 'audit_decision is append-only'); END",
            'CREATE TRIGGER audit_decision_delete BEFORE DELETE ON audit_decision '
            'FOR EACH ROW WHEN NOT EXISTS (SELECT 1 FROM audit_expiring x WHERE '
            "x.event_id = OLD.event_id) BEGIN SELECT RAISE(ABORT, 'audit_decision "
            "is append-only'); END",
        ),
        'postgresql': (
            'DROP TRIGGER audit_event_delete ON audit_event',
            'DROP TRIGGER audit_leaf_delete ON audit_leaf',
            'DROP TRIGGER audit_part_delete ON audit_part',
            'CREATE OR REPLACE FUNCTION audit_event_delete_unless() RETURNS trigger '
            'LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM audit_expiring x '
            'WHERE x.event_id = OLD.id) THEN RETURN OLD; END IF; RAISE EXCEPTION '
            "USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$",
            'CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event FOR '
            'EACH ROW EXECUTE FUNCTION audit_event_delete_unless()',
            'CREATE OR REPLACE FUNCTION audit_leaf_delete_unless() RETURNS trigger '
            'LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM audit_expiring x '
            'WHERE x.event_id = OLD.event_id) THEN RETURN OLD; END IF; RAISE '
            "EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$",
            'CREATE TRIGGER audit_leaf_delete BEFORE DELETE ON audit_leaf FOR EACH '
            'ROW EXECUTE FUNCTION audit_leaf_delete_unless()',
            'CREATE OR REPLACE FUNCTION audit_part_delete_unless() RETURNS trigger '
            'LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM audit_expiring x '
            'WHERE x.event_id = OLD.event_id) THEN RETURN OLD; END IF; RAISE '
            "EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$",
            'CREATE TRIGGER audit_part_delete BEFORE DELETE ON audit_part FOR EACH '
            'ROW EXECUTE FUNCTION audit_part_delete_unless()',
            'CREATE TRIGGER audit_expiry_update BEFORE UPDATE ON audit_expiry FOR '
            'EACH ROW EXECUTE FUNCTION audit_refuse()',
            'CREATE TRIGGER audit_expiry_delete BEFORE DELETE ON audit_expiry FOR '
            'EACH ROW EXECUTE FUNCTION audit_refuse()',
            'CREATE OR REPLACE FUNCTION audit_expiry_insert_unless() RETURNS '
            'trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM '
            'audit_event e JOIN audit_leaf l ON l.event_id = e.id WHERE e.id = '
            "NEW.event_id AND e.action = 'log.shard_expired' AND l.seq >= NEW.below "
            "AND NEW.start >= 0 AND NEW.start < NEW.below AND replace(',' || e.refs "
            "|| ',', ',tree:' || NEW.below || ',', '') <> ',' || e.refs || ',' AND "
            "replace(',' || e.refs || ',', ',from:' || NEW.start || ',', '') <> ',' "
            "|| e.refs || ',') THEN RETURN NEW; END IF; RAISE EXCEPTION USING "
            "MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$",
            'CREATE TRIGGER audit_expiry_insert BEFORE INSERT ON audit_expiry FOR '
            'EACH ROW EXECUTE FUNCTION audit_expiry_insert_unless()',
            'CREATE TRIGGER audit_expiry_truncate BEFORE TRUNCATE ON audit_expiry '
            'FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()',
            'CREATE TRIGGER audit_expiring_update BEFORE UPDATE ON audit_expiring '
            'FOR EACH ROW EXECUTE FUNCTION audit_refuse()',
            'CREATE OR REPLACE FUNCTION audit_expiring_insert_unless() RETURNS '
            'trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM '
            'audit_leaf l JOIN audit_expiry x ON l.seq >= x.start AND l.seq < '
            'x.below JOIN audit_event e ON e.id = l.event_id WHERE l.event_id = '
            "NEW.event_id AND e.action NOT IN ('log.key_changed', 'log.restored', "
            "'log.shard_expired', 'log.shard_opened')) THEN RETURN NEW; END IF; "
            "RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; "
            'END $$',
            'CREATE TRIGGER audit_expiring_insert BEFORE INSERT ON audit_expiring '
            'FOR EACH ROW EXECUTE FUNCTION audit_expiring_insert_unless()',
            'CREATE TRIGGER audit_expiring_truncate BEFORE TRUNCATE ON '
            'audit_expiring FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()',
            'CREATE TRIGGER audit_expired_part_update BEFORE UPDATE ON '
            'audit_expired_part FOR EACH ROW EXECUTE FUNCTION audit_refuse()',
            'CREATE OR REPLACE FUNCTION audit_expired_part_delete_unless() RETURNS '
            'trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM '
            'audit_expiring x WHERE x.event_id = OLD.destroyed_by) THEN RETURN OLD; '
            "END IF; RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is "
            "append-only'; END $$",
            'CREATE TRIGGER audit_expired_part_delete BEFORE DELETE ON '
            'audit_expired_part FOR EACH ROW EXECUTE FUNCTION '
            'audit_expired_part_delete_unless()',
            'CREATE TRIGGER audit_expired_part_truncate BEFORE TRUNCATE ON '
            'audit_expired_part FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()',
            'CREATE TRIGGER audit_expired_numbers_update BEFORE UPDATE ON '
            'audit_expired_numbers FOR EACH ROW EXECUTE FUNCTION audit_refuse()',
            'CREATE TRIGGER audit_expired_numbers_delete BEFORE DELETE ON '
            'audit_expired_numbers FOR EACH ROW EXECUTE FUNCTION audit_refuse()',
            'CREATE TRIGGER audit_expired_numbers_truncate BEFORE TRUNCATE ON '
            'audit_expired_numbers FOR EACH STATEMENT EXECUTE FUNCTION '
            'audit_refuse()',
            'CREATE TRIGGER audit_cosignature_update BEFORE UPDATE ON '
            'audit_cosignature FOR EACH ROW EXECUTE FUNCTION audit_refuse()',
            'CREATE TRIGGER audit_cosignature_delete BEFORE DELETE ON '
            'audit_cosignature FOR EACH ROW EXECUTE FUNCTION audit_refuse()',
            'CREATE TRIGGER audit_cosignature_truncate BEFORE TRUNCATE ON '
            'audit_cosignature FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()',
            'CREATE TRIGGER audit_stamp_update BEFORE UPDATE ON audit_stamp FOR '
            'EACH ROW EXECUTE FUNCTION audit_refuse()',
            'CREATE TRIGGER audit_stamp_delete BEFORE DELETE ON audit_stamp FOR '
            'EACH ROW EXECUTE FUNCTION audit_refuse()',
            'CREATE TRIGGER audit_stamp_truncate BEFORE TRUNCATE ON audit_stamp FOR '
            'EACH STATEMENT EXECUTE FUNCTION audit_refuse()',
            'CREATE TRIGGER audit_decision_update BEFORE UPDATE ON audit_decision '
            'FOR EACH ROW WHEN ((OLD.subject IS NOT NULL AND NEW.subject IS NULL '
            'AND NEW.salt IS NULL AND NEW.destroyed_by IS NOT NULL AND NEW.id = '
            'OLD.id AND NEW.event_id = OLD.event_id AND NEW.stream = OLD.stream AND '
            'NEW.n = OLD.n AND NEW.about = OLD.about) IS NOT TRUE) EXECUTE FUNCTION '
            'audit_refuse()',
            'CREATE OR REPLACE FUNCTION audit_decision_delete_unless() RETURNS '
            'trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM '
            'audit_expiring x WHERE x.event_id = OLD.event_id) THEN RETURN OLD; END '
            "IF; RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is "
            "append-only'; END $$",
            'CREATE TRIGGER audit_decision_delete BEFORE DELETE ON audit_decision '
            'FOR EACH ROW EXECUTE FUNCTION audit_decision_delete_unless()',
            'CREATE TRIGGER audit_decision_truncate BEFORE TRUNCATE ON '
            'audit_decision FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()',
        ),
    }  # the log only ever grows, but for whole months that an event in the tree names
    for statement in guards[op.get_bind().dialect.name]:
        op.execute(sa.text(statement.replace(':', '\\:')))
    owed = sa.table('search_row', sa.column('row_key', sa.LargeBinary), sa.column('source'), sa.column('subject_id'), sa.column('due'))
    for source in ('person', 'company', 'deal'):  # what is there already is indexed by the following job
        held = sa.table(source, sa.column('id'), sa.column('subject_id'))
        wanted = sa.select(held.c.id, held.c.subject_id).execution_options(yield_per=1_000)
        for part in op.get_bind().execute(wanted).partitions():
            rows = [{'row_key': bytes.fromhex(str(row).replace('-', '')), 'source': source, 'subject_id': of, 'due': 2} for row, of in part]
            op.get_bind().execute(sa.insert(owed), rows)
