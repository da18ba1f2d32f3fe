"""Export: one instant of the database into one sealed snapshot."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import Any

from mwaa_lifeboat.engine.credentials import SECRET_TABLES, VARIABLE, SecretTable, format_records, read_records
from mwaa_lifeboat.engine.dag_facts import read_dags, read_in_flight
from mwaa_lifeboat.engine.database import Database, Transaction, quoted
from mwaa_lifeboat.engine.envelope import Envelope, new_envelope
from mwaa_lifeboat.engine.errors import ManifestInvalidError
from mwaa_lifeboat.engine.manifest import (
    FORMAT_VERSION,
    SnapshotObject,
    folder,
    format_manifest,
    manifest_key,
    parse_manifest,
    sha256_of,
)
from mwaa_lifeboat.engine.moments import iso
from mwaa_lifeboat.engine.request import Request
from mwaa_lifeboat.engine.reserved_row import RESERVED_KEY, check_export, check_site, read_row
from mwaa_lifeboat.engine.scope import Scope, read_scope
from mwaa_lifeboat.engine.storage import Bucket, aws_client
from mwaa_lifeboat.engine.tables import HELPER_POOL, HELPERS_SQL, LEFT_OUT, TABLES, Stage, Table, object_name

HELPER_VERSION = "0.1.0"


def export_snapshot(database: Database, bucket: Bucket, request: Request) -> dict[str, Any]:
    """Write the snapshot that the request names. A repeated request answers with what is sealed already."""
    key = manifest_key(request.pair, request.snapshot_id)
    sealed = bucket.read(key)
    if sealed is None:
        started_at = datetime.now(UTC)
        with database.snapshot() as tx:
            document = _write_objects(tx, bucket, request)
        document["startedAt"] = iso(started_at)
        document["sealedAt"] = iso(datetime.now(UTC))
        sealed = format_manifest(document)
        if not bucket.write_once(key, sealed):
            message = f"another export sealed {request.snapshot_id} meanwhile; take a new snapshot id"
            raise ManifestInvalidError(message)
    return _result(sealed, request)


def read_marker(bucket: Bucket, pair: str, site: str) -> dict[str, Any] | None:
    """Read the fence's marker of this site, None when it was never fenced."""
    body = bucket.read(f"{pair}/sites/{site}/fence.json")
    return None if body is None else json.loads(body)


def _write_objects(tx: Transaction, bucket: Bucket, request: Request) -> dict[str, Any]:
    # The first statement fixes the instant that everything below is read at.
    snapshot_at: datetime = tx.value("SELECT transaction_timestamp()")
    _check(tx, bucket, request)
    history_days = request.number("historyDays")
    scope = read_scope(tx, snapshot_at, history_days)
    envelope = new_envelope(aws_client("kms", request.region), request.text("keyAlias"), request.secrets_context)
    prefix = folder(request.pair, request.snapshot_id)
    objects = []
    names = []
    for secret in SECRET_TABLES:
        records = read_records(tx, secret)
        objects.append(_write_secret(bucket, prefix, secret, records, envelope))
        names += [{"kind": secret.name, "name": record[secret.key]} for record in records]
    for table in TABLES:
        columns = tx.columns(table.name)
        if columns:
            written = [_write_table(tx, bucket, prefix, table, columns, scope, stage) for stage in table.stages]
            # A table without a row in a stage has no object: most have none in one stage or the other.
            objects += [item for item in written if item.rows > 0]
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "snapshot",
        "snapshotId": request.snapshot_id,
        "base": None,
        "pair": request.pair,
        "site": request.site,
        "epoch": request.epoch,
        "environment": {**request.document["environment"], "alembicHeads": tx.alembic_heads()},
        "engine": "sql",
        "consistency": "transaction",
        "historyDays": history_days,
        "helperVersion": HELPER_VERSION,
        "snapshotAt": iso(snapshot_at),
        "objects": [item.document() for item in objects],
        "dags": read_dags(tx),
        "inFlight": read_in_flight(tx),
        "secrets": {
            "variables": "envelope",
            "connections": "envelope",
            "keyArn": envelope.key_arn,
            "wrappedKey": envelope.wrapped_key,
            "names": names,
        },
        "bundle": request.document.get("bundle"),
        "excluded": _excluded(tx, scope),
    }


def _check(tx: Transaction, bucket: Bucket, request: Request) -> None:
    row = read_row(tx)
    check_site(row, request.site)
    final = False
    if row.mode == "fenced":
        marker = read_marker(bucket, request.pair, request.site)
        final = marker is not None and request.op is not None and marker.get("op") == request.op
    check_export(row, request.epoch, final=final)


def _write_table(  # noqa: PLR0913, PLR0917  what is read, and where it goes
    tx: Transaction,
    bucket: Bucket,
    prefix: str,
    table: Table,
    columns: dict[str, str],
    scope: Scope,
    stage: Stage,
) -> SnapshotObject:
    selected = ", ".join(f"t.{quoted(name)}" for name in columns)
    with bucket.gzip_writer(prefix + object_name(table.name, stage)) as stream:
        rows = tx.copy(f"COPY ({scope.query(table, selected, stage)}) TO STDOUT", stream)  # type: ignore[arg-type]
    return SnapshotObject(
        key=stream.key,
        table=table.name,
        stage=stage,
        columns=[[name, kind] for name, kind in columns.items()],
        rows=rows,
        raw_bytes=stream.raw_bytes,
        bytes=stream.bytes,
        sha256=stream.sha256,
        encrypted=False,
    )


def _write_secret(
    bucket: Bucket, prefix: str, table: SecretTable, records: list[dict[str, Any]], envelope: Envelope
) -> SnapshotObject:
    plain = format_records(records)
    key = prefix + table.object_name
    body = envelope.seal(key, zlib.compress(plain, 1, zlib.MAX_WBITS | 16))
    bucket.write(key, body)
    return SnapshotObject(
        key=key,
        table=table.name,
        stage="essential",
        columns=[list(column) for column in table.columns],
        rows=len(records),
        raw_bytes=len(plain),
        bytes=len(body),
        sha256=sha256_of(body),
        encrypted=True,
    )


def _excluded(tx: Transaction, scope: Scope) -> list[dict[str, Any]]:
    counts = [
        (VARIABLE.name, "key = %(key)s", "the reserved row", {"key": RESERVED_KEY}),
        ("slot_pool", "pool = %(pool)s", "the pool of the helper DAGs", {"pool": HELPER_POOL}),
        ("dag_run", f"dag_id IN {HELPERS_SQL}", "rows of the helper DAGs", None),
        ("task_instance", f"dag_id IN {HELPERS_SQL}", "rows of the helper DAGs", None),
        *((table, "true", why, None) for table, why in LEFT_OUT.items()),
    ]
    found = []
    for table, where, why, values in counts:
        rows = tx.value(f"SELECT count(*) FROM {table} WHERE {where}", values) if tx.columns(table) else 0  # noqa: S608
        found.append({"table": table, "rows": rows, "why": why})
    old = f"""
        SELECT count(*) FROM task_instance t JOIN dag_run r ON r.dag_id = t.dag_id AND r.run_id = t.run_id
        WHERE {scope.too_old()}
    """  # noqa: S608
    found.append(
        {
            "table": "task_instance",
            "rows": tx.value(old),
            "why": "older than historyDays: only the run itself is carried",
        }
    )
    return [item for item in found if item["rows"]]


def _result(sealed: bytes, request: Request) -> dict[str, Any]:
    manifest = parse_manifest(sealed, pair=request.pair, snapshot_id=request.snapshot_id, sha256=None)
    rows: dict[str, int] = {}
    for item in manifest.objects:
        rows[item.table] = rows.get(item.table, 0) + item.rows
    return {
        "snapshotId": manifest.snapshot_id,
        "manifestKey": manifest_key(request.pair, request.snapshot_id),
        "manifestSha256": manifest.sha256,
        "snapshotAt": manifest.snapshot_at,
        "sealedAt": manifest.document["sealedAt"],
        "rows": rows,
    }
