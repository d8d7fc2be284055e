"""The first schema: every table of the first release."""

import sqlalchemy as sa
from alembic import op

from governance.db.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

GUARDS = {'postgresql': ('CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS '
                "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; "
                'END $$',
                'CREATE TRIGGER audit_event_update BEFORE UPDATE ON audit_event FOR EACH ROW '
                'EXECUTE FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event FOR EACH ROW '
                'EXECUTE FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_event_truncate BEFORE TRUNCATE ON audit_event FOR EACH '
                'STATEMENT EXECUTE FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_leaf_update BEFORE UPDATE ON audit_leaf FOR EACH ROW '
                'EXECUTE FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_leaf_delete BEFORE DELETE ON audit_leaf FOR EACH ROW '
                'EXECUTE FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_leaf_truncate BEFORE TRUNCATE ON audit_leaf FOR EACH '
                'STATEMENT EXECUTE FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_checkpoint_update BEFORE UPDATE ON audit_checkpoint FOR '
                'EACH ROW EXECUTE FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_checkpoint_delete BEFORE DELETE ON audit_checkpoint FOR '
                'EACH ROW EXECUTE FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_checkpoint_truncate BEFORE TRUNCATE ON audit_checkpoint '
                'FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_part_update BEFORE UPDATE ON audit_part FOR EACH ROW '
                'WHEN ((OLD.payload IS NOT NULL AND NEW.payload IS NULL AND NEW.salt IS NULL '
                'AND NEW.destroyed_by IS NOT NULL AND NEW.id = OLD.id AND NEW.event_id = '
                'OLD.event_id AND NEW.ord = OLD.ord AND NEW.subject = OLD.subject AND '
                'NEW.commitment = OLD.commitment AND NEW.sealed_hash = OLD.sealed_hash) IS NOT '
                'TRUE) EXECUTE FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_part_delete BEFORE DELETE ON audit_part FOR EACH ROW '
                'EXECUTE FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_part_truncate BEFORE TRUNCATE ON audit_part FOR EACH '
                'STATEMENT EXECUTE FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_tile_update BEFORE UPDATE ON audit_tile FOR EACH ROW '
                'WHEN ((NEW.level = OLD.level AND NEW.n = OLD.n AND NEW.width > OLD.width AND '
                'substr(NEW.hashes, 1, length(OLD.hashes)) = OLD.hashes) IS NOT TRUE) EXECUTE '
                'FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_tile_delete BEFORE DELETE ON audit_tile FOR EACH ROW '
                'EXECUTE FUNCTION audit_refuse()',
                'CREATE TRIGGER audit_tile_truncate BEFORE TRUNCATE ON audit_tile FOR EACH '
                'STATEMENT EXECUTE FUNCTION audit_refuse()'),
 'sqlite': ('CREATE TRIGGER audit_event_update BEFORE UPDATE ON audit_event FOR EACH ROW BEGIN '
            "SELECT RAISE(ABORT, 'audit_event is append-only'); END",
            'CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event FOR EACH ROW BEGIN '
            "SELECT RAISE(ABORT, 'audit_event is append-only'); END",
            'CREATE TRIGGER audit_leaf_update BEFORE UPDATE ON audit_leaf FOR EACH ROW BEGIN '
            "SELECT RAISE(ABORT, 'audit_leaf is append-only'); END",
            'CREATE TRIGGER audit_leaf_delete BEFORE DELETE ON audit_leaf FOR EACH ROW BEGIN '
            "SELECT RAISE(ABORT, 'audit_leaf is append-only'); END",
            'CREATE TRIGGER audit_checkpoint_update BEFORE UPDATE ON audit_checkpoint FOR EACH '
            "ROW BEGIN SELECT RAISE(ABORT, 'audit_checkpoint is append-only'); END",
            'CREATE TRIGGER audit_checkpoint_delete BEFORE DELETE ON audit_checkpoint FOR EACH '
            "ROW BEGIN SELECT RAISE(ABORT, 'audit_checkpoint is append-only'); END",
            'CREATE TRIGGER audit_part_update BEFORE UPDATE ON audit_part FOR EACH ROW WHEN '
            '(OLD.payload IS NOT NULL AND NEW.payload IS NULL AND NEW.salt IS NULL AND '
            'NEW.destroyed_by IS NOT NULL AND NEW.id = OLD.id AND NEW.event_id = OLD.event_id '
            'AND NEW.ord = OLD.ord AND NEW.subject = OLD.subject AND NEW.commitment = '
            'OLD.commitment AND NEW.sealed_hash = OLD.sealed_hash) IS NOT TRUE BEGIN SELECT '
            "RAISE(ABORT, 'audit_part is append-only'); END",
            'CREATE TRIGGER audit_part_delete BEFORE DELETE ON audit_part FOR EACH ROW BEGIN '
            "SELECT RAISE(ABORT, 'audit_part is append-only'); END",
            'CREATE TRIGGER audit_tile_update BEFORE UPDATE ON audit_tile FOR EACH ROW WHEN '
            '(NEW.level = OLD.level AND NEW.n = OLD.n AND NEW.width > OLD.width AND '
            'substr(NEW.hashes, 1, length(OLD.hashes)) = OLD.hashes) IS NOT TRUE BEGIN SELECT '
            "RAISE(ABORT, 'audit_tile is append-only'); END",
            'CREATE TRIGGER audit_tile_delete BEFORE DELETE ON audit_tile FOR EACH ROW BEGIN '
            "SELECT RAISE(ABORT, 'audit_tile is append-only'); END")}  # the audit log only grows


def upgrade() -> None:
    op.create_table('api_client',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('purposes', sa.String(), nullable=False),
    sa.Column('key_prefix', sa.String(), nullable=False),
    sa.Column('key_digest', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('name')
    )
    op.create_index(op.f('ix_api_client_key_prefix'), 'api_client', ['key_prefix'], unique=False)
    op.create_table('approval',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('object_ref', sa.String(length=200), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('requested_by', sa.String(length=100), nullable=False),
    sa.Column('requested_os', sa.String(length=64), nullable=True),
    sa.Column('requested_at', UtcDateTime(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.Column('decided_by', sa.String(length=100), nullable=True),
    sa.Column('decided_os', sa.String(length=64), nullable=True),
    sa.Column('decided_at', UtcDateTime(), nullable=True),
    sa.Column('reason_code', sa.String(length=64), nullable=True),
    sa.Column('executed_by', sa.String(length=100), nullable=True),
    sa.Column('executed_at', UtcDateTime(), nullable=True),
    sa.CheckConstraint("state NOT IN ('approved', 'executed') OR (decided_by IS NOT NULL AND decided_by <> requested_by)", name='ck_approval_two_persons'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_approval_open', 'approval', ['state', 'expires_at'], unique=False)
    op.create_table('audit_checkpoint',
    sa.Column('size', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('root', sa.LargeBinary(length=32), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('signed_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('size')
    )
    op.create_table('audit_event',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('schema_version', sa.SmallInteger(), nullable=False),
    sa.Column('occurred_at', UtcDateTime(), nullable=False),
    sa.Column('actor', sa.String(length=200), nullable=False),
    sa.Column('actor_os', sa.String(length=200), nullable=True),
    sa.Column('action', sa.String(length=64), nullable=False),
    sa.Column('object_type', sa.String(length=200), nullable=False),
    sa.Column('object_id', sa.String(length=200), nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=True),
    sa.Column('purpose', sa.String(length=200), nullable=True),
    sa.Column('outcome', sa.String(length=16), nullable=False),
    sa.Column('reasons', sa.Text(), nullable=True),
    sa.Column('policy_version', sa.String(length=200), nullable=True),
    sa.Column('consent_seq', sa.BigInteger(), nullable=True),
    sa.Column('request_id', sa.String(length=200), nullable=True),
    sa.Column('network', sa.String(length=64), nullable=True),
    sa.Column('fields', sa.Text(), nullable=True),
    sa.Column('counts', sa.Text(), nullable=True),
    sa.Column('refs', sa.Text(), nullable=True),
    sa.Column('process_id', sa.String(length=200), nullable=False),
    sa.Column('n', sa.BigInteger(), nullable=False),
    sa.Column('skipped', sa.Text(), nullable=True),
    sa.Column('parts_digest', sa.LargeBinary(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sqlite_with_rowid=False
    )
    op.create_index('ix_audit_event_action', 'audit_event', ['action', 'id'], unique=False)
    op.create_index('ix_audit_event_actor', 'audit_event', ['actor', 'id'], unique=False)
    op.create_index('ix_audit_event_subject', 'audit_event', ['subject', 'id'], unique=False)
    op.create_table('audit_pending',
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.PrimaryKeyConstraint('event_id'),
    sqlite_with_rowid=False
    )
    op.create_table('audit_tile',
    sa.Column('level', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('n', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('width', sa.SmallInteger(), nullable=False),
    sa.Column('hashes', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('level', 'n')
    )
    op.create_table('audit_tree_state',
    sa.Column('id', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('owner', sa.String(length=200), nullable=True),
    sa.Column('lease_until', UtcDateTime(), nullable=True),
    sa.Column('fence', sa.BigInteger(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('frontier', sa.LargeBinary(), nullable=False),
    sa.Column('last_recorded_at', UtcDateTime(), nullable=True),
    sa.Column('last_seen_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('consent_head',
    sa.Column('shard', sa.Integer(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('shard')
    )
    op.create_table('import_run',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('file_name', sa.String(), nullable=False),
    sa.Column('encoding', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('cursor', sa.Integer(), nullable=False),
    sa.Column('read', sa.Integer(), nullable=False),
    sa.Column('stored', sa.Integer(), nullable=False),
    sa.Column('merged', sa.Integer(), nullable=False),
    sa.Column('quarantined', sa.Integer(), nullable=False),
    sa.Column('refused', sa.Integer(), nullable=False),
    sa.Column('normalised', sa.Integer(), nullable=False),
    sa.Column('started_by', sa.String(), nullable=False),
    sa.Column('started_at', UtcDateTime(), nullable=False),
    sa.Column('finished_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('kind', 'digest')
    )
    op.create_table('intake_turn',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('turn', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('job_run',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('job', sa.String(length=64), nullable=False),
    sa.Column('scheduled_for', UtcDateTime(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('cursor', sa.String(length=200), nullable=True),
    sa.Column('done', sa.BigInteger(), nullable=False),
    sa.Column('batches', sa.Integer(), nullable=False),
    sa.Column('coalesced', sa.Integer(), nullable=False),
    sa.Column('fence', sa.Integer(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('lease_owner', sa.String(length=100), nullable=True),
    sa.Column('lease_until', UtcDateTime(), nullable=True),
    sa.Column('next_at', UtcDateTime(), nullable=True),
    sa.Column('error_code', sa.String(length=64), nullable=True),
    sa.Column('started_at', UtcDateTime(), nullable=False),
    sa.Column('finished_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('job', 'scheduled_for', name='uq_job_run_slot')
    )
    op.create_index('ix_job_run_state', 'job_run', ['state'], unique=False)
    op.create_table('notice_version',
    sa.Column('notice', sa.String(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('ordinal', sa.Integer(), nullable=False),
    sa.Column('published_on', sa.Date(), nullable=False),
    sa.Column('change', sa.String(), nullable=False),
    sa.Column('text_ja', sa.Text(), nullable=False),
    sa.Column('text_en', sa.Text(), nullable=False),
    sa.Column('text_hash', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('notice', 'version'),
    sa.UniqueConstraint('notice', 'ordinal')
    )
    op.create_table('one_time_code',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.Column('used_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('digest')
    )
    op.create_table('outbox',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('idem_key', sa.String(length=200), nullable=False),
    sa.Column('target', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('next_at', UtcDateTime(), nullable=False),
    sa.Column('acked_at', UtcDateTime(), nullable=True),
    sa.Column('last_error_code', sa.String(length=64), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('idem_key', name='uq_outbox_idem_key')
    )
    op.create_index('ix_outbox_due', 'outbox', ['state', 'next_at'], unique=False)
    op.create_table('recipient',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('source_key', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('country', sa.String(), nullable=True),
    sa.Column('service', sa.String(), nullable=True),
    sa.Column('data_items', sa.String(), nullable=True),
    sa.Column('scale', sa.String(), nullable=True),
    sa.Column('contracted_on', sa.Date(), nullable=True),
    sa.Column('expires_on', sa.Date(), nullable=True),
    sa.Column('auto_renewal', sa.Boolean(), nullable=False),
    sa.Column('subprocessing', sa.String(), nullable=True),
    sa.Column('subprocessor', sa.String(), nullable=True),
    sa.Column('transfer_basis', sa.String(), nullable=True),
    sa.Column('foreign_system_on', sa.Date(), nullable=True),
    sa.Column('safeguards', sa.String(), nullable=True),
    sa.Column('audited_on', sa.Date(), nullable=True),
    sa.Column('provision_record', sa.Boolean(), nullable=False),
    sa.Column('notes', sa.String(), nullable=True),
    sa.Column('contact', sa.LargeBinary(), nullable=True),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('source_key')
    )
    op.create_table('retention_plan',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('ground', sa.String(), nullable=False),
    sa.Column('schedule_name', sa.String(), nullable=False),
    sa.Column('schedule_version', sa.Integer(), nullable=False),
    sa.Column('schedule_digest', sa.String(length=64), nullable=False),
    sa.Column('cutoff', sa.Date(), nullable=False),
    sa.Column('persons', sa.Integer(), nullable=False),
    sa.Column('due', sa.Integer(), nullable=False),
    sa.Column('kept', sa.Integer(), nullable=False),
    sa.Column('review', sa.Integer(), nullable=False),
    sa.Column('counts', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('second_person', sa.String(), nullable=False),
    sa.Column('made_by', sa.String(), nullable=False),
    sa.Column('made_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('retention_schedule',
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('approval_id', sa.String(length=36), nullable=False),
    sa.Column('proposed_by', sa.String(), nullable=False),
    sa.Column('approved_by', sa.String(), nullable=False),
    sa.Column('adopted_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint('approved_by <> proposed_by', name='ck_retention_schedule_two_persons'),
    sa.PrimaryKeyConstraint('version')
    )
    op.create_table('session',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('csrf', sa.String(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.Column('revoked_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('digest')
    )
    op.create_index(op.f('ix_session_actor'), 'session', ['actor'], unique=False)
    op.create_table('staff',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('login', sa.String(), nullable=False),
    sa.Column('display_name', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('login')
    )
    op.create_table('subject',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('restricted_at', UtcDateTime(), nullable=True),
    sa.Column('kept_by_law', sa.String(), nullable=True),
    sa.Column('birth_band', sa.String(), nullable=True),
    sa.Column('guardian_verified', sa.Boolean(), nullable=False),
    sa.Column('fence', sa.Integer(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('suppression',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('field', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('token', sa.LargeBinary(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('placed_at', UtcDateTime(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('field', 'version', 'token')
    )
    op.create_table('audit_leaf',
    sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('leaf', sa.LargeBinary(length=32), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['audit_event.id'], ),
    sa.PrimaryKeyConstraint('seq'),
    sa.UniqueConstraint('event_id')
    )
    op.create_table('audit_part',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('ord', sa.SmallInteger(), nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('salt', sa.LargeBinary(length=32), nullable=True),
    sa.Column('payload', sa.LargeBinary(), nullable=True),
    sa.Column('commitment', sa.LargeBinary(length=32), nullable=False),
    sa.Column('sealed_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('destroyed_by', sa.String(length=36), nullable=True),
    sa.CheckConstraint('(salt IS NULL) = (payload IS NULL)', name='ck_audit_part_whole'),
    sa.ForeignKeyConstraint(['destroyed_by'], ['audit_event.id'], ),
    sa.ForeignKeyConstraint(['event_id'], ['audit_event.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('event_id', 'ord')
    )
    op.create_index('ix_audit_part_subject', 'audit_part', ['subject'], unique=False)
    op.create_table('company',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('source_key', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('kana', sa.String(), nullable=True),
    sa.Column('corporate_number', sa.String(), nullable=True),
    sa.Column('industry', sa.String(), nullable=True),
    sa.Column('employees', sa.Integer(), nullable=True),
    sa.Column('postal_code', sa.String(), nullable=True),
    sa.Column('address', sa.String(), nullable=True),
    sa.Column('phone', sa.String(), nullable=True),
    sa.Column('fax', sa.String(), nullable=True),
    sa.Column('website', sa.String(), nullable=True),
    sa.Column('contact_department', sa.String(), nullable=True),
    sa.Column('relation', sa.String(), nullable=True),
    sa.Column('since', sa.Date(), nullable=True),
    sa.Column('credit_rank', sa.String(), nullable=True),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('representative', sa.LargeBinary(), nullable=True),
    sa.Column('notes', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('source_key')
    )
    op.create_index(op.f('ix_company_subject_id'), 'company', ['subject_id'], unique=False)
    op.create_table('consent_event',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('recipient_class', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('occurred_at', UtcDateTime(), nullable=False),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('notice', sa.String(), nullable=True),
    sa.Column('notice_version', sa.String(), nullable=True),
    sa.Column('notice_lang', sa.String(), nullable=True),
    sa.Column('notice_hash', sa.String(), nullable=True),
    sa.Column('evidence', sa.String(), nullable=False),
    sa.Column('guardian', sa.Boolean(), nullable=False),
    sa.Column('valid_until', UtcDateTime(), nullable=True),
    sa.Column('import_run', sa.String(), nullable=True),
    sa.Column('source_key', sa.String(), nullable=True),
    sa.Column('proof', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('seq')
    )
    op.create_index(op.f('ix_consent_event_source_key'), 'consent_event', ['source_key'], unique=False)
    op.create_index('ix_consent_event_subject', 'consent_event', ['subject_id', 'purpose', 'seq'], unique=False)
    op.create_table('dsar_request',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('requester', sa.String(), nullable=False),
    sa.Column('requester_id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=True),
    sa.Column('intake', sa.String(), nullable=False),
    sa.Column('delivery', sa.String(), nullable=False),
    sa.Column('lang', sa.String(), nullable=False),
    sa.Column('calendar', sa.String(), nullable=False),
    sa.Column('policy_days', sa.Integer(), nullable=False),
    sa.Column('rule_set_version', sa.String(), nullable=False),
    sa.Column('received_at', UtcDateTime(), nullable=False),
    sa.Column('last_at', UtcDateTime(), nullable=False),
    sa.Column('answer_by', sa.Date(), nullable=True),
    sa.Column('open', sa.Boolean(), nullable=False),
    sa.Column('executed', sa.Boolean(), nullable=False),
    sa.Column('assignee', sa.String(), nullable=True),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.Column('grounds', sa.String(), nullable=True),
    sa.Column('decided_by', sa.String(), nullable=True),
    sa.Column('decided_at', UtcDateTime(), nullable=True),
    sa.Column('approval_id', sa.String(), nullable=True),
    sa.Column('approved_by', sa.String(), nullable=True),
    sa.Column('approved_at', UtcDateTime(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('words', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('reference')
    )
    op.create_index('ix_dsar_request_open', 'dsar_request', ['open', 'answer_by'], unique=False)
    op.create_index(op.f('ix_dsar_request_subject_id'), 'dsar_request', ['subject_id'], unique=False)
    op.create_table('duplicate_candidate',
    sa.Column('left_id', sa.String(length=36), nullable=False),
    sa.Column('right_id', sa.String(length=36), nullable=False),
    sa.Column('left_subject_id', sa.String(length=36), nullable=False),
    sa.Column('right_subject_id', sa.String(length=36), nullable=False),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.Column('evidence', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('found_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['left_subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['right_subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('left_id', 'right_id')
    )
    op.create_index(op.f('ix_duplicate_candidate_left_subject_id'), 'duplicate_candidate', ['left_subject_id'], unique=False)
    op.create_index(op.f('ix_duplicate_candidate_right_subject_id'), 'duplicate_candidate', ['right_subject_id'], unique=False)
    op.create_index('ix_duplicate_state', 'duplicate_candidate', ['state'], unique=False)
    op.create_table('import_problem',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('run_id', sa.String(length=36), nullable=False),
    sa.Column('row', sa.Integer(), nullable=False),
    sa.Column('column', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['import_run.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_import_problem_run_id'), 'import_problem', ['run_id'], unique=False)
    op.create_table('import_quarantine',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('run_id', sa.String(length=36), nullable=False),
    sa.Column('row', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['import_run.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_import_quarantine_run_id'), 'import_quarantine', ['run_id'], unique=False)
    op.create_table('inquiry',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('source_key', sa.String(), nullable=False),
    sa.Column('received_at', UtcDateTime(), nullable=True),
    sa.Column('closed_at', UtcDateTime(), nullable=True),
    sa.Column('channel', sa.String(), nullable=True),
    sa.Column('category', sa.String(), nullable=True),
    sa.Column('status', sa.String(), nullable=True),
    sa.Column('request_kind', sa.String(), nullable=True),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('subject', sa.LargeBinary(), nullable=True),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.Column('response', sa.LargeBinary(), nullable=True),
    sa.Column('clerk', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('source_key')
    )
    op.create_index(op.f('ix_inquiry_subject_id'), 'inquiry', ['subject_id'], unique=False)
    op.create_table('legal_hold',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('matter', sa.String(), nullable=False),
    sa.Column('field', sa.String(), nullable=True),
    sa.Column('placed_by', sa.String(), nullable=False),
    sa.Column('placed_at', UtcDateTime(), nullable=False),
    sa.Column('released_by', sa.String(), nullable=True),
    sa.Column('released_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_legal_hold_subject_id'), 'legal_hold', ['subject_id'], unique=False)
    op.create_table('person',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('source_file', sa.String(), nullable=False),
    sa.Column('source_row', sa.Integer(), nullable=False),
    sa.Column('acquired_on', sa.Date(), nullable=True),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('rank', sa.String(), nullable=True),
    sa.Column('contact_permission', sa.String(), nullable=False),
    sa.Column('preferred_channel', sa.String(), nullable=True),
    sa.Column('registered_on', sa.Date(), nullable=True),
    sa.Column('last_purchase_on', sa.Date(), nullable=True),
    sa.Column('withdrawn_on', sa.Date(), nullable=True),
    sa.Column('guardian_consent_on', sa.Date(), nullable=True),
    sa.Column('source', sa.String(), nullable=True),
    sa.Column('origin', sa.String(), nullable=True),
    sa.Column('problems', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.LargeBinary(), nullable=True),
    sa.Column('name', sa.LargeBinary(), nullable=True),
    sa.Column('kana', sa.LargeBinary(), nullable=True),
    sa.Column('sex', sa.LargeBinary(), nullable=True),
    sa.Column('birth_date', sa.LargeBinary(), nullable=True),
    sa.Column('occupation', sa.LargeBinary(), nullable=True),
    sa.Column('company_name', sa.LargeBinary(), nullable=True),
    sa.Column('department', sa.LargeBinary(), nullable=True),
    sa.Column('title', sa.LargeBinary(), nullable=True),
    sa.Column('postal_code', sa.LargeBinary(), nullable=True),
    sa.Column('address', sa.LargeBinary(), nullable=True),
    sa.Column('phone', sa.LargeBinary(), nullable=True),
    sa.Column('mobile', sa.LargeBinary(), nullable=True),
    sa.Column('fax', sa.LargeBinary(), nullable=True),
    sa.Column('email', sa.LargeBinary(), nullable=True),
    sa.Column('sns', sa.LargeBinary(), nullable=True),
    sa.Column('interests', sa.LargeBinary(), nullable=True),
    sa.Column('unpaid_balance', sa.LargeBinary(), nullable=True),
    sa.Column('guardian_name', sa.LargeBinary(), nullable=True),
    sa.Column('clerk', sa.LargeBinary(), nullable=True),
    sa.Column('notes', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('source_file', 'source_row')
    )
    op.create_index(op.f('ix_person_subject_id'), 'person', ['subject_id'], unique=False)
    op.create_table('purchase',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('source_key', sa.String(), nullable=False),
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('product_code', sa.String(), nullable=True),
    sa.Column('quantity', sa.Integer(), nullable=True),
    sa.Column('unit_price', sa.Integer(), nullable=True),
    sa.Column('amount', sa.Integer(), nullable=True),
    sa.Column('purchased_on', sa.Date(), nullable=True),
    sa.Column('contracted_on', sa.Date(), nullable=True),
    sa.Column('renewed_on', sa.Date(), nullable=True),
    sa.Column('cancelled_on', sa.Date(), nullable=True),
    sa.Column('contract_status', sa.String(), nullable=True),
    sa.Column('payment_method', sa.String(), nullable=True),
    sa.Column('payment_status', sa.String(), nullable=True),
    sa.Column('channel', sa.String(), nullable=True),
    sa.Column('store', sa.String(), nullable=True),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('product_name', sa.LargeBinary(), nullable=True),
    sa.Column('card_last4', sa.LargeBinary(), nullable=True),
    sa.Column('recipient_name', sa.LargeBinary(), nullable=True),
    sa.Column('recipient_address', sa.LargeBinary(), nullable=True),
    sa.Column('notes', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('source_key')
    )
    op.create_index(op.f('ix_purchase_subject_id'), 'purchase', ['subject_id'], unique=False)
    op.create_table('purge_run',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('plan_id', sa.String(length=36), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('approval_id', sa.String(), nullable=True),
    sa.Column('requested_by', sa.String(), nullable=False),
    sa.Column('approved_by', sa.String(), nullable=True),
    sa.Column('started_at', UtcDateTime(), nullable=False),
    sa.Column('finished_at', UtcDateTime(), nullable=True),
    sa.Column('erased', sa.Integer(), nullable=False),
    sa.Column('skipped', sa.Integer(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('wal_pages', sa.Integer(), nullable=True),
    sa.CheckConstraint('approved_by IS NULL OR approved_by <> requested_by', name='ck_purge_run_two_persons'),
    sa.ForeignKeyConstraint(['plan_id'], ['retention_plan.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('plan_id')
    )
    op.create_table('recipient_problem',
    sa.Column('recipient_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('found_on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['recipient_id'], ['recipient.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('recipient_id', 'kind')
    )
    op.create_table('retention_plan_item',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('plan_id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('decision', sa.String(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('basis', sa.Date(), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('ledger_until', sa.Date(), nullable=True),
    sa.Column('fence', sa.Integer(), nullable=False),
    sa.Column('keeps', sa.Text(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('skipped_because', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['plan_id'], ['retention_plan.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('plan_id', 'subject_id')
    )
    op.create_index('ix_retention_plan_item_order', 'retention_plan_item', ['plan_id', 'decision', 'id'], unique=False)
    op.create_index(op.f('ix_retention_plan_item_plan_id'), 'retention_plan_item', ['plan_id'], unique=False)
    op.create_index(op.f('ix_retention_plan_item_subject_id'), 'retention_plan_item', ['subject_id'], unique=False)
    op.create_table('search_token',
    sa.Column('field', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('token', sa.LargeBinary(), nullable=False),
    sa.Column('row_id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('field', 'version', 'token', 'row_id')
    )
    op.create_index(op.f('ix_search_token_subject_id'), 'search_token', ['subject_id'], unique=False)
    op.create_table('staff_role',
    sa.Column('staff_id', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('given_by', sa.String(), nullable=False),
    sa.Column('given_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ),
    sa.PrimaryKeyConstraint('staff_id', 'role')
    )
    op.create_table('subject_law',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('law', sa.String(), nullable=False),
    sa.Column('evidence', sa.String(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_subject_law_subject_id'), 'subject_law', ['subject_id'], unique=False)
    op.create_table('text_finding',
    sa.Column('row_id', sa.String(length=36), nullable=False),
    sa.Column('field', sa.String(), nullable=False),
    sa.Column('entity', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.Column('ground', sa.String(), nullable=True),
    sa.Column('found_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('row_id', 'field', 'entity', 'kind')
    )
    op.create_index(op.f('ix_text_finding_subject_id'), 'text_finding', ['subject_id'], unique=False)
    op.create_table('deal',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('company_id', sa.String(length=36), nullable=True),
    sa.Column('source_key', sa.String(), nullable=False),
    sa.Column('company_name', sa.String(), nullable=True),
    sa.Column('phase', sa.String(), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('probability', sa.Integer(), nullable=True),
    sa.Column('started_on', sa.Date(), nullable=True),
    sa.Column('expected_on', sa.Date(), nullable=True),
    sa.Column('result', sa.String(), nullable=True),
    sa.Column('card_source', sa.String(), nullable=True),
    sa.Column('recorded_at', UtcDateTime(), nullable=False),
    sa.Column('contact_name', sa.LargeBinary(), nullable=True),
    sa.Column('contact_department', sa.LargeBinary(), nullable=True),
    sa.Column('contact_title', sa.LargeBinary(), nullable=True),
    sa.Column('contact_email', sa.LargeBinary(), nullable=True),
    sa.Column('contact_phone', sa.LargeBinary(), nullable=True),
    sa.Column('deal_name', sa.LargeBinary(), nullable=True),
    sa.Column('product', sa.LargeBinary(), nullable=True),
    sa.Column('clerk', sa.LargeBinary(), nullable=True),
    sa.Column('memo', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('source_key')
    )
    op.create_index(op.f('ix_deal_company_id'), 'deal', ['company_id'], unique=False)
    op.create_index(op.f('ix_deal_subject_id'), 'deal', ['subject_id'], unique=False)
    op.create_table('dsar_clock',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('law', sa.String(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.Column('ground', sa.String(), nullable=True),
    sa.Column('actor', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_dsar_clock_request_id'), 'dsar_clock', ['request_id'], unique=False)
    op.create_table('dsar_event',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.Column('event', sa.String(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('law', sa.String(), nullable=True),
    sa.Column('source', sa.String(), nullable=True),
    sa.Column('target', sa.String(), nullable=True),
    sa.Column('ground', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('request_id', 'seq')
    )
    op.create_table('dsar_evidence',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('accepted', sa.Boolean(), nullable=False),
    sa.Column('contact_days', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_dsar_evidence_request_id'), 'dsar_evidence', ['request_id'], unique=False)
    op.create_table('dsar_item',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('field', sa.String(), nullable=False),
    sa.Column('row_id', sa.String(length=36), nullable=True),
    sa.Column('grounds', sa.String(), nullable=False),
    sa.Column('decided_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_dsar_item_request_id'), 'dsar_item', ['request_id'], unique=False)
    op.create_table('dsar_package',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('manifest_hash', sa.String(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.Column('token_digest', sa.String(), nullable=True),
    sa.Column('token_expires_at', UtcDateTime(), nullable=True),
    sa.Column('downloaded_at', UtcDateTime(), nullable=True),
    sa.Column('purged_at', UtcDateTime(), nullable=True),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('token_digest')
    )
    op.create_index(op.f('ix_dsar_package_request_id'), 'dsar_package', ['request_id'], unique=False)
    op.create_table('dsar_source_result',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=True),
    sa.Column('records', sa.Integer(), nullable=False),
    sa.Column('fields', sa.Integer(), nullable=False),
    sa.Column('redactions', sa.Integer(), nullable=False),
    sa.Column('withheld', sa.Integer(), nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.Column('found', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_dsar_source_result_request_id'), 'dsar_source_result', ['request_id'], unique=False)
    op.create_table('dsar_track',
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('law', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('act_by', sa.Date(), nullable=True),
    sa.Column('nominal', sa.Date(), nullable=True),
    sa.Column('legal', sa.Date(), nullable=True),
    sa.Column('policy_due', sa.Date(), nullable=True),
    sa.Column('suit_from', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['dsar_request.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('request_id', 'law')
    )
    op.create_table('erasure_ledger',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject_id', sa.String(length=36), nullable=False),
    sa.Column('run_id', sa.String(length=36), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('kept', sa.Text(), nullable=False),
    sa.Column('key_classes', sa.String(), nullable=False),
    sa.Column('keys_ended_at', UtcDateTime(), nullable=True),
    sa.Column('last_epoch', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['run_id'], ['purge_run.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_erasure_ledger_ends_on'), 'erasure_ledger', ['ends_on'], unique=False)
    op.create_index(op.f('ix_erasure_ledger_run_id'), 'erasure_ledger', ['run_id'], unique=False)
    op.create_index(op.f('ix_erasure_ledger_subject_id'), 'erasure_ledger', ['subject_id'], unique=False)
    op.create_table('purge_batch',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('run_id', sa.String(length=36), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('first_key', sa.String(length=36), nullable=False),
    sa.Column('last_key', sa.String(length=36), nullable=False),
    sa.Column('persons', sa.Integer(), nullable=False),
    sa.Column('skipped', sa.Integer(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=True),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['purge_run.id'], ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('run_id', 'n')
    )
    op.create_index(op.f('ix_purge_batch_run_id'), 'purge_batch', ['run_id'], unique=False)
    
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement.replace(":", "\\:")))
