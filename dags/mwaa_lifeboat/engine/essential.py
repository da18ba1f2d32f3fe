"""Import before promotion: one connection, one transaction, all or nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mwaa_lifeboat.engine.credentials import SECRET_TABLES, reconcile
from mwaa_lifeboat.engine.database import Database, Transaction, quoted
from mwaa_lifeboat.engine.envelope import open_envelope
from mwaa_lifeboat.engine.errors import StaleEpochError
from mwaa_lifeboat.engine.interrupted import settle
from mwaa_lifeboat.engine.manifest import Manifest
from mwaa_lifeboat.engine.moments import iso
from mwaa_lifeboat.engine.request import Request
from mwaa_lifeboat.engine.reserved_row import (
    LastImport,
    ReservedRow,
    check_import,
    check_newer,
    check_site,
    lock_row,
    write_row,
)
from mwaa_lifeboat.engine.rows import expressions, insert, map_datasets, map_events, map_runs, target_columns
from mwaa_lifeboat.engine.staging import Fetched, Staged, check_schema, fetched, read_manifest, stage
from mwaa_lifeboat.engine.storage import Bucket, aws_client
from mwaa_lifeboat.engine.tables import BY_NAME, HELPERS_SQL, RUN_CHILDREN, RUN_DONE, TABLES, TASK_DONE

# Pools and queue rows come with the promotion: a queue row refers to a parsed DAG, and both let things start.
PROMOTED = ("slot_pool", "dataset_dag_run_queue")
CARRIED = tuple(table.name for table in TABLES if table.name not in PROMOTED)
_UNCHANGED = " AND ".join(
    f"o.{name} IS NOT DISTINCT FROM s.{name}" for name in ("state", "clear_number", "start_date", "end_date")
)


def unchanged() -> str:
    """Condition: the run o of this database is still as the snapshot's s has it."""
    return _UNCHANGED


def import_essential(database: Database, bucket: Bucket, request: Request) -> dict[str, Any]:
    """Bring the terminal runs (`terminal`), or everything essential (`unfinished`), with secrets and datasets."""
    manifest = read_manifest(bucket, request, request.text("manifestSha256"))
    check_epoch_of(manifest, request)
    tables = (*CARRIED, *(table.name for table in SECRET_TABLES))
    with fetched(bucket, manifest, tables, ("essential",)) as source:
        kms = aws_client("kms", request.region)
        secrets = manifest.document["secrets"]
        envelope = open_envelope(kms, request.text("keyAlias"), secrets, request.secrets_context)
        records = [(table, source.records(table, envelope)) for table in SECRET_TABLES]
        with database.transaction() as tx:
            row = _lock_and_check(tx, manifest, request)
            result = _write(tx, source, request)
            for table, wanted in records:
                result["rows"][table.name] = reconcile(tx, table, wanted)
            result["alreadyDone"] = _already_done(row, manifest, request)
            result["committedAt"] = _record(tx, row, manifest, request)
    return result


def check_epoch_of(manifest: Manifest, request: Request) -> None:
    """Refuse an op that is older than the snapshot it names."""
    if manifest.epoch > request.epoch:
        message = f"the request carries epoch {request.epoch}, its snapshot is of epoch {manifest.epoch}"
        raise StaleEpochError(message)


def _lock_and_check(tx: Transaction, manifest: Manifest, request: Request) -> ReservedRow:
    row = lock_row(tx)
    check_site(row, request.site)
    check_import(row, stage=request.stage(), epoch=request.epoch, op=request.op)
    check_newer(row, manifest.epoch, manifest.snapshot_at)
    check_schema(tx, manifest)
    return row


def _write(tx: Transaction, source: Fetched, request: Request) -> dict[str, Any]:
    staged = {name: stage(tx, source, name) for name in CARRIED if tx.columns(name)}
    superseded = _supersede(tx)
    interrupted: list[dict[str, Any]] = []
    # A run that is not finished always counts as carried whole, and only its staged state can tell.
    _mark_whole(tx)
    if request.stage() == "unfinished":
        interrupted = settle(tx, source.manifest, request.policy())
    else:
        tx.execute(f"DELETE FROM s_dag_run WHERE (state IN {RUN_DONE}) IS NOT TRUE")  # noqa: S608  a constant
    rows = _write_datasets(tx, staged)
    superseded += _write_runs(tx, staged["dag_run"])
    map_runs(tx)
    rows["dag_run"] = int(tx.value("SELECT count(*) FROM s_dag_run"))
    rows |= {table.name: insert(tx, table, staged[table.name]) for table in RUN_CHILDREN if table.name in staged}
    rows |= _write_events(tx, staged)
    return {
        "stage": request.stage(),
        "rows": rows,
        "interrupted": interrupted,
        "columnsDropped": sorted(f"{item.table}.{name}" for item in staged.values() for name in item.dropped),
        "superseded": superseded,
        "skippedRuns": 0,
    }


def _supersede(tx: Transaction) -> list[dict[str, str]]:
    """End what this site left unfinished in an earlier life, so that a promotion does not go on with it."""
    unfinished = f"(o.state IN {RUN_DONE}) IS NOT TRUE AND o.dag_id NOT IN {HELPERS_SQL}"
    known = "EXISTS (SELECT 1 FROM s_dag_run s WHERE s.dag_id = o.dag_id AND s.run_id = o.run_id)"
    tx.execute(
        f"UPDATE dag_run o SET state = 'queued', last_scheduling_decision = NULL WHERE {unfinished} AND {known} "  # noqa: S608
        "AND o.state IS DISTINCT FROM 'queued'"
    )
    tx.execute(
        f"""
        UPDATE task_instance t SET state = 'failed', end_date = now() FROM dag_run o
        WHERE o.dag_id = t.dag_id AND o.run_id = t.run_id AND {unfinished} AND NOT {known}
          AND t.state NOT IN {TASK_DONE}
        """  # noqa: S608
    )
    ended = tx.rows(
        f"UPDATE dag_run o SET state = 'failed', end_date = now() WHERE {unfinished} AND NOT {known} "  # noqa: S608
        "RETURNING o.dag_id, o.run_id"
    )
    return [{"dagId": dag_id, "runId": run_id} for dag_id, run_id in ended]


def _mark_whole(tx: Transaction) -> None:
    """Runs that come with their tasks: all others are bare rows, whose tasks come with the history."""
    tx.execute(
        f"""
        CREATE TEMP TABLE lb_whole ON COMMIT DROP AS
        SELECT s.dag_id, s.run_id FROM s_dag_run s
        WHERE (s.state IN {RUN_DONE}) IS NOT TRUE
           OR EXISTS (SELECT 1 FROM s_task_instance t WHERE t.dag_id = s.dag_id AND t.run_id = s.run_id)
        """  # noqa: S608
    )


def _write_runs(tx: Transaction, staged: Staged) -> list[dict[str, str]]:
    table = BY_NAME["dag_run"]
    taken = tx.rows(
        """
        DELETE FROM dag_run o USING s_dag_run s
        WHERE o.dag_id = s.dag_id AND o.execution_date = s.execution_date AND o.run_id <> s.run_id
        RETURNING o.dag_id, o.run_id
        """
    )
    tx.execute(
        f"""
        CREATE TEMP TABLE lb_replaced ON COMMIT DROP AS
        SELECT o.id, o.dag_id, o.run_id FROM dag_run o JOIN s_dag_run s ON s.dag_id = o.dag_id AND s.run_id = o.run_id
        WHERE NOT ({_UNCHANGED})
           OR EXISTS (SELECT 1 FROM lb_whole w WHERE w.dag_id = s.dag_id AND w.run_id = s.run_id)
        """  # noqa: S608
    )
    # Everything else of a task goes with it by cascade.
    tx.execute("DELETE FROM task_instance t USING lb_replaced k WHERE t.dag_id = k.dag_id AND t.run_id = k.run_id")
    tx.execute("DELETE FROM dag_run_note t USING lb_replaced k WHERE t.dag_run_id = k.id")
    tx.execute("DELETE FROM dagrun_dataset_event t USING lb_replaced k WHERE t.dag_run_id = k.id")
    columns = target_columns(table, staged.columns)
    updates = ", ".join(f"{quoted(name)} = EXCLUDED.{quoted(name)}" for name in columns)
    tx.execute(
        f"""
        INSERT INTO dag_run ({quoted(*columns)}) SELECT {expressions(table, columns)} FROM s_dag_run s ORDER BY s.id
        ON CONFLICT (dag_id, run_id) DO UPDATE SET {updates}
        """  # noqa: S608
    )
    return [{"dagId": dag_id, "runId": run_id} for dag_id, run_id in taken]


def _write_datasets(tx: Transaction, staged: dict[str, Staged]) -> dict[str, int]:
    """Definitions that this site has from its own code stay as they are."""
    rows: dict[str, int] = {}
    for name in ("dataset", "dataset_alias"):
        if name in staged:
            rows[name] = insert(tx, BY_NAME[name], staged[name], conflict="ON CONFLICT DO NOTHING", joins="")
    map_datasets(tx)
    if "dataset_alias_dataset" in staged:
        joins = "JOIN lb_aliases a ON a.source_id = s.alias_id JOIN lb_datasets d ON d.source_id = s.dataset_id"
        name = "dataset_alias_dataset"
        rows[name] = insert(tx, BY_NAME[name], staged[name], conflict="ON CONFLICT DO NOTHING", joins=joins)
    return rows


def _write_events(tx: Transaction, staged: dict[str, Staged]) -> dict[str, int]:
    rows = {"dataset_event": insert(tx, BY_NAME["dataset_event"], staged["dataset_event"])}
    map_events(tx)
    for name in ("dagrun_dataset_event", "dataset_alias_dataset_event"):
        if name in staged:
            rows[name] = insert(tx, BY_NAME[name], staged[name], conflict="ON CONFLICT DO NOTHING")
    return rows


def _already_done(row: ReservedRow, manifest: Manifest, request: Request) -> bool:
    last = row.last_import
    same_op = request.op in {None, row.op}
    return last is not None and same_op and (last.manifest_sha256, last.stage) == (manifest.sha256, request.stage())


def _record(tx: Transaction, row: ReservedRow, manifest: Manifest, request: Request) -> str:
    committed_at: datetime = tx.value("SELECT clock_timestamp()")
    last = LastImport(
        epoch=manifest.epoch,
        snapshot_at=manifest.snapshot_at,
        snapshot_id=manifest.snapshot_id,
        manifest_sha256=manifest.sha256,
        stage=request.stage(),
        committed_at=iso(committed_at.astimezone(UTC)),
    )
    write_row(tx, row.with_import(last, site=request.site, op=request.op))
    return str(last.committed_at)
