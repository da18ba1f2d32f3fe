"""Transactions on Airflow's own metadata database, through Airflow's own engine and Fernet key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from mwaa_lifeboat.engine.errors import SecretsKeyError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Database:
    """A metadata database and the key its secrets are encrypted with."""

    engine: Any
    fernet: Any

    @classmethod
    def of_airflow(cls) -> Database:
        """Take both from the running Airflow: on MWAA the token for the login is made by a hook on this engine."""
        from airflow import settings
        from airflow.models.crypto import get_fernet

        return cls(engine=settings.engine, fernet=get_fernet())

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """Everything read inside is of one instant, and nothing can be written."""
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield Transaction(connection, self.fernet)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All or nothing: commits at the end, rolls back on any exception."""
        with self.connection() as connection, connection.transaction() as tx:
            yield tx

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """One connection for several transactions that share temporary tables."""
        with self.engine.connect() as connection:
            yield Connection(connection, self.fernet)


@dataclass(frozen=True)
class Connection:
    """A connection that is not in a transaction yet."""

    raw: Any
    fernet: Any

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All or nothing, on this connection."""
        with self.raw.begin():
            yield Transaction(self.raw, self.fernet)

    def discard(self) -> None:
        """Close the server's side too, so that no temporary table outlives its use in a pooled connection."""
        self.raw.invalidate()


@dataclass(frozen=True)
class Transaction:
    """SQL inside one open transaction."""

    raw: Any
    fernet: Any

    def execute(self, sql: str, parameters: dict[str, Any] | None = None) -> int:
        """Run a statement and count the rows it touched."""
        with self.raw.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return int(cursor.rowcount)

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Read all rows."""
        with self.raw.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall())

    def value(self, sql: str, parameters: dict[str, Any] | None = None) -> Any:  # noqa: ANN401  a column of any type
        """Read the first column of the first row, None when there is no row."""
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def execute_values(self, sql: str, values: list[tuple[Any, ...]]) -> None:
        """Run a statement with one `VALUES %s` list; nothing happens for an empty list."""
        from psycopg2.extras import execute_values

        with self.raw.connection.cursor() as cursor:
            if values:
                execute_values(cursor, sql, values, page_size=1000)

    def copy(self, statement: str, stream: IO[bytes]) -> int:
        """Run a COPY to or from a byte stream and count the rows."""
        with self.raw.connection.cursor() as cursor:
            cursor.copy_expert(statement, stream)
            return int(cursor.rowcount)

    def columns(self, table: str) -> dict[str, str]:
        """Columns of a table in their order, with their types; empty when the table does not exist."""
        sql = """
            SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
            WHERE a.attrelid = to_regclass(%(table)s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
        """
        return dict(self.rows(sql, {"table": table}))

    def alembic_heads(self) -> list[str]:
        """Migrations that this database stands at."""
        return [row[0] for row in self.rows("SELECT version_num FROM alembic_version ORDER BY 1")]

    def encrypt(self, value: str | None) -> tuple[str | None, bool]:
        """Encrypt as Airflow's models do; returns the stored text and whether it is encrypted."""
        if value is None:
            return None, False
        return self.fernet.encrypt(value.encode()).decode(), bool(self.fernet.is_encrypted)

    def decrypt(self, stored: str | None, *, encrypted: bool | None, name: str) -> str | None:
        """Decrypt a stored secret. Raises SecretsKeyError, where the models would return None or leak details."""
        from cryptography.fernet import InvalidToken

        if stored is None or not encrypted or stored == "":
            return stored
        try:
            return str(self.fernet.decrypt(stored.encode()).decode())
        except InvalidToken:
            message = f"{name} cannot be decrypted with the Fernet key of this site"
        raise SecretsKeyError(message)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Airflow's models inside this transaction."""
        from sqlalchemy.orm import Session

        session = Session(bind=self.raw)
        try:
            yield session
            session.flush()
        finally:
            session.close()


def quoted(*names: str) -> str:
    """Write names of tables or columns as SQL, whatever characters a manifest holds."""
    return ", ".join('"' + name.replace('"', '""') + '"' for name in names)
