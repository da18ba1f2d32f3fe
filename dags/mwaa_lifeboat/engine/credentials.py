"""Variables and connections: read in the clear for the envelope, written under the key of the site they come to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mwaa_lifeboat.engine.database import Transaction, quoted
from mwaa_lifeboat.engine.reserved_row import RESERVED_KEY

Record = dict[str, Any]


@dataclass(frozen=True)
class SecretTable:
    """A table with encrypted columns: column -> the column that says whether it is."""

    name: str
    key: str
    columns: tuple[tuple[str, str], ...]
    encrypted: dict[str, str]

    @property
    def object_name(self) -> str:
        """Name of its object inside the snapshot's folder."""
        return f"{self.name}.json.gz.enc"

    @property
    def names(self) -> list[str]:
        """Names of the columns, in the order of the object."""
        return [name for name, _ in self.columns]


VARIABLE = SecretTable(
    "variable", "key", (("key", "text"), ("val", "text"), ("description", "text")), {"val": "is_encrypted"}
)
CONNECTION = SecretTable(
    "connection",
    "conn_id",
    (
        ("conn_id", "text"),
        ("conn_type", "text"),
        ("description", "text"),
        ("host", "text"),
        ("schema", "text"),
        ("login", "text"),
        ("password", "text"),
        ("port", "integer"),
        ("extra", "text"),
    ),
    {"password": "is_encrypted", "extra": "is_extra_encrypted"},
)
SECRET_TABLES = (VARIABLE, CONNECTION)


def read_records(tx: Transaction, table: SecretTable) -> list[Record]:
    """All rows but the reserved one, in the clear. Raises SecretsKeyError where one cannot be decrypted."""
    names = [*table.names, *table.encrypted.values()]
    sql = f"SELECT {quoted(*names)} FROM {table.name} WHERE {quoted(table.key)} <> %(reserved)s ORDER BY id"  # noqa: S608
    records = []
    for row in tx.rows(sql, {"reserved": RESERVED_KEY}):
        stored = dict(zip(names, row, strict=True))
        record = {name: stored[name] for name in table.names}
        for name, flag in table.encrypted.items():
            label = f"{name} of {table.name} {stored[table.key]}"
            record[name] = tx.decrypt(stored[name], encrypted=stored[flag], name=label)
        records.append(record)
    return records


def format_records(records: list[Record]) -> bytes:
    """The plain bytes of the object, before compression and encryption."""
    return json.dumps(records, ensure_ascii=False).encode("utf-8")


def parse_records(body: bytes) -> list[Record]:
    """Read what `format_records` wrote."""
    records: list[Record] = json.loads(body.decode("utf-8"))
    return records


def reconcile(tx: Transaction, table: SecretTable, wanted: list[Record]) -> int:
    """Make the table hold exactly these rows, and the reserved one; rows that are equal already stay untouched."""
    present = {record[table.key]: record for record in _readable(tx, table)}
    for record in wanted:
        if record[table.key] != RESERVED_KEY and present.get(record[table.key]) != record:
            _write(tx, table, record)
    keys = [RESERVED_KEY, *(record[table.key] for record in wanted)]
    tx.execute(f"DELETE FROM {table.name} WHERE {quoted(table.key)} <> ALL(%(keys)s)", {"keys": keys})  # noqa: S608
    return len(wanted)


def _readable(tx: Transaction, table: SecretTable) -> list[Record]:
    """Rows as they are here; when one cannot be decrypted, all are written anew under the site's own key."""
    from mwaa_lifeboat.engine.errors import SecretsKeyError

    try:
        return read_records(tx, table)
    except SecretsKeyError:
        return []


def _write(tx: Transaction, table: SecretTable, record: Record) -> None:
    values = {name: record[name] for name in table.names}
    for name, flag in table.encrypted.items():
        values[name], values[flag] = tx.encrypt(record[name])
    places = ", ".join(f"%({name})s" for name in values)
    updates = ", ".join(f"{quoted(name)} = EXCLUDED.{quoted(name)}" for name in values)
    sql = f"""
        INSERT INTO {table.name} ({quoted(*values)}) VALUES ({places})
        ON CONFLICT ({quoted(table.key)}) DO UPDATE SET {updates}
    """  # noqa: S608  names come from this file
    tx.execute(sql, values)
