"""Fetch and check every object before the first write, then put rows into temporary tables."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mwaa_lifeboat.engine.credentials import SecretTable, parse_records
from mwaa_lifeboat.engine.database import Transaction, quoted
from mwaa_lifeboat.engine.envelope import Envelope
from mwaa_lifeboat.engine.errors import ObjectCorruptError, SchemaMismatchError
from mwaa_lifeboat.engine.manifest import Manifest, SnapshotObject, manifest_key, parse_manifest
from mwaa_lifeboat.engine.request import Request
from mwaa_lifeboat.engine.storage import Bucket
from mwaa_lifeboat.engine.tables import Stage


@dataclass(frozen=True)
class Fetched:
    """A snapshot whose needed objects lie on this machine, each equal to what was sealed."""

    manifest: Manifest
    files: dict[str, Path]

    def objects(self, table: str) -> list[SnapshotObject]:
        """Fetched objects of one table, essential first."""
        found = [item for item in self.manifest.objects if item.table == table and item.key in self.files]
        return sorted(found, key=lambda item: item.stage)

    def records(self, table: SecretTable, envelope: Envelope) -> list[dict[str, Any]]:
        """Decrypt the rows of a table of secrets."""
        (item,) = self.objects(table.name)
        packed = envelope.open(item.key, self.files[item.key].read_bytes())
        return parse_records(zlib.decompress(packed, zlib.MAX_WBITS | 16))


def read_manifest(bucket: Bucket, request: Request, sha256: str | None) -> Manifest:
    """Read the manifest that the request names, by version when it names one."""
    key = manifest_key(request.pair, request.snapshot_id)
    body = bucket.read(key, request.optional_text("manifestVersionId"))
    return parse_manifest(body, pair=request.pair, snapshot_id=request.snapshot_id, sha256=sha256)


@contextmanager
def fetched(bucket: Bucket, manifest: Manifest, tables: Iterable[str], stages: Iterable[Stage]) -> Iterator[Fetched]:
    """Fetch objects into a folder that is gone afterwards; raises ObjectCorruptError naming the first bad one."""
    with TemporaryDirectory(prefix="lifeboat-") as place:
        files = {}
        for number, item in enumerate(manifest.needed(tables, stages)):
            path = Path(place) / str(number)
            found = bucket.download(item.key, path)
            if found != item.sha256:
                what = "is missing" if found is None else f"has sha256 {found}, {item.sha256} was sealed"
                message = f"{item.key} {what}"
                raise ObjectCorruptError(message)
            files[item.key] = path
        yield Fetched(manifest, files)


def check_schema(tx: Transaction, manifest: Manifest) -> None:
    """Refuse a snapshot of another migration."""
    here = tx.alembic_heads()
    there = manifest.document["environment"]["alembicHeads"]
    if here != there:
        message = f"the snapshot is of migration {', '.join(there)}, this database stands at {', '.join(here)}"
        raise SchemaMismatchError(message)


@dataclass(frozen=True)
class Staged:
    """A table's rows in `s_<table>`, and the columns that both sides have."""

    table: str
    columns: tuple[str, ...]
    dropped: tuple[str, ...]


def stage(tx: Transaction, source: Fetched, table: str, *, keep: bool = False) -> Staged:
    """Put a table's rows into a temporary table; it is dropped at commit unless it is kept for later transactions."""
    here = tx.columns(table)
    objects = source.objects(table)
    listed = [name for name, _ in objects[0].columns] if objects else list(here)
    # A column that does not exist here is taken as text, so that the rows can be read at all.
    columns = ", ".join(f"{quoted(name)} {here.get(name, 'text')}" for name in listed)
    tx.execute(f"CREATE TEMP TABLE s_{table} ({columns}) ON COMMIT {'PRESERVE ROWS' if keep else 'DROP'}")
    for item in objects:
        names = quoted(*(name for name, _ in item.columns))
        with gzip.open(source.files[item.key], "rb") as stream:
            rows = tx.copy(f"COPY s_{table} ({names}) FROM STDIN", stream)  # type: ignore[arg-type]
        if rows != item.rows:
            message = f"{item.key} holds {rows} rows, {item.rows} were sealed"
            raise ObjectCorruptError(message)
    tx.execute(f"ANALYZE s_{table}")
    return Staged(table, tuple(name for name in listed if name in here), tuple(n for n in listed if n not in here))
