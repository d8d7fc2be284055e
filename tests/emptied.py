"""PostgreSQL databases: copies of templates, and those that a test is done with, emptied.

A copy is some 1,500 files to the server, and so is its end; to delete a test's rows is a few
pages. A database whose schema a test has changed is dropped.
"""

from collections import Counter
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

EMPTY = "template1"  # what a database without tables is a copy of
USES = 25  # of one database: deleted rows keep their pages
SCHEMA = r"""
SELECT md5(string_agg(part, '|' ORDER BY part)) FROM (
  SELECT format('%s %s %s %s %s %s', relname, relkind, attname, atttypid, atttypmod,
                attnotnull) AS part
    FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
   WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s %s', tgrelid, tgname, tgenabled) FROM pg_trigger
  UNION ALL SELECT format('%s %s', conrelid, conname) FROM pg_constraint
  UNION ALL SELECT format('%s %s', proname, prosrc) FROM pg_proc
   WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT nspname FROM pg_namespace WHERE NOT starts_with(nspname, 'pg_')
) parts
"""
ALONE = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
WITHOUT_ROWS = """
DO $$ DECLARE kept regclass; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR kept IN SELECT oid FROM pg_class
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
  LOOP EXECUTE format('DELETE FROM %s', kept); END LOOP;
END $$
"""
WITHOUT_TABLES = """
DROP SCHEMA public CASCADE;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC
"""


def of_server(url: str) -> "psycopg.Connection[Any]":
    """A connection outside any transaction to the database at this SQLAlchemy URL."""
    plain = make_url(url).set(drivername="postgresql")
    return psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True)


class Databases:
    """The databases of one server that tests take and give back."""

    def __init__(self, admin: "psycopg.Connection[Any]") -> None:
        self._admin = admin
        self._schemas: dict[str, str] = {}  # of each template
        self._waiting: dict[str, list[str]] = {}  # empty ones by their template
        self._uses: Counter[str] = Counter()

    def know(self, template: str, url: str) -> None:
        """Copies of this template are used again."""
        with of_server(url) as connection:
            self._schemas[template] = _schema(connection)

    def take(self, name: str, template: str) -> None:
        """There is an empty database of this name with the tables of the template."""
        if waiting := self._waiting.get(template):
            old = waiting.pop()
            self._do(f"ALTER DATABASE {old} RENAME TO {name}")  # who was in it finds it no more
            self._uses[name] = self._uses.pop(old) + 1
        else:
            self._do(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
            self._uses[name] = 1

    def give_back(self, name: str, template: str, url: str) -> None:
        """Nobody is in the database any more; it waits, empty, or is gone."""
        if self._uses[name] < USES and self._emptied(template, url):
            self._waiting.setdefault(template, []).append(name)
            return
        del self._uses[name]
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def _emptied(self, template: str, url: str) -> bool:
        if template not in self._schemas:
            return False
        with of_server(url) as connection:
            connection.execute(ALONE)
            if template == EMPTY:
                connection.execute(WITHOUT_TABLES)
            if _schema(connection) != self._schemas[template]:
                return False
            connection.execute(WITHOUT_ROWS)
            return True

    def _do(self, statement: str) -> None:
        self._admin.execute(statement.encode())


def _schema(connection: "psycopg.Connection[Any]") -> str:
    (found,) = connection.execute(SCHEMA).fetchone() or ("",)
    return str(found)
