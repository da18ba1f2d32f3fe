"""History: the rest of the runs, brought while the site runs production. Nothing that is here is written over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mwaa_lifeboat.engine.database import Connection, Database, Transaction
from mwaa_lifeboat.engine.essential import check_epoch_of, unchanged
from mwaa_lifeboat.engine.moments import iso
from mwaa_lifeboat.engine.request import Request
from mwaa_lifeboat.engine.reserved_row import check_import, check_site, read_row
from mwaa_lifeboat.engine.rows import insert, map_datasets, map_events, map_runs
from mwaa_lifeboat.engine.staging import Fetched, Staged, check_schema, fetched, read_manifest, stage
from mwaa_lifeboat.engine.storage import Bucket
from mwaa_lifeboat.engine.tables import BY_NAME, RUN_CHILDREN, TABLES

BATCH_RUNS = 500
CARRIED = tuple(table.name for table in TABLES if "history" in table.stages)
# Needed to find what a row refers to, though nothing of them is written.
LOOKED_UP = ("dataset", "dataset_alias")


def import_history(
    database: Database, bucket: Bucket, request: Request, batch_runs: int = BATCH_RUNS
) -> dict[str, Any]:
    """Bring history in batches of runs, each a transaction of its own; a repeated request goes on where it stopped."""
    manifest = read_manifest(bucket, request, request.text("manifestSha256"))
    check_epoch_of(manifest, request)
    with (
        fetched(bucket, manifest, (*CARRIED, *LOOKED_UP), ("essential", "history")) as source,
        database.connection() as connection,
    ):
        try:
            result = _bring(connection, source, request, batch_runs)
        finally:
            connection.discard()
    return {**result, "committedAt": iso(datetime.now(UTC))}


def _bring(connection: Connection, source: Fetched, request: Request, batch_runs: int) -> dict[str, Any]:
    with connection.transaction() as tx:
        _check(tx, request)
        check_schema(tx, source.manifest)
        names = [name for name in (*CARRIED, *LOOKED_UP) if tx.columns(name)]
        staged = {name: stage(tx, source, name, keep=True) for name in names}
        ids = _prepare(tx)
    rows: dict[str, int] = {}
    skipped = 0
    with connection.transaction() as tx:
        _check(tx, request)
        map_datasets(tx)
        rows["dataset_event"] = insert(tx, BY_NAME["dataset_event"], staged["dataset_event"])
    for start in range(0, len(ids), batch_runs):
        with connection.transaction() as tx:
            _check(tx, request)
            brought, changed = _bring_runs(tx, staged, ids[start : start + batch_runs])
        skipped += changed
        rows = {name: rows.get(name, 0) + brought.get(name, 0) for name in {*rows, *brought}}
    with connection.transaction() as tx:
        _check(tx, request)
        rows |= _bring_links(tx, staged)
    return {
        "stage": "history",
        "rows": dict(sorted(rows.items())),
        "alreadyDone": not any(rows.values()),
        "interrupted": [],
        "columnsDropped": sorted(f"{item.table}.{name}" for item in staged.values() for name in item.dropped),
        "superseded": [],
        "skippedRuns": skipped,
    }


def _check(tx: Transaction, request: Request) -> None:
    """Each batch asks again: FOR SHARE makes a fence wait for the end of the batch, and the next one is refused."""
    row = read_row(tx, "FOR SHARE")
    check_site(row, request.site)
    check_import(row, stage="history", epoch=request.epoch, op=request.op)


def _prepare(tx: Transaction) -> list[int]:
    """Index what is joined, and list the runs that come whole with the history, or only as a row."""
    for table in RUN_CHILDREN:
        if table.rows == "run" and tx.columns(f"s_{table.name}"):
            tx.execute(f"CREATE INDEX ON s_{table.name} (dag_id, run_id)")
    # Runs of the essential stage that came with their tasks have none here.
    tx.execute(
        """
        CREATE TEMP TABLE lb_history ON COMMIT PRESERVE ROWS AS
        SELECT s.id, EXISTS (SELECT 1 FROM s_task_instance t WHERE t.dag_id = s.dag_id AND t.run_id = s.run_id) AS tasks
        FROM s_dag_run s WHERE s.state IN ('success', 'failed')
        """
    )
    return [row[0] for row in tx.rows("SELECT id FROM lb_history ORDER BY id")]


def _bring_runs(tx: Transaction, staged: dict[str, Staged], ids: list[int]) -> tuple[dict[str, int], int]:
    batch = f"s.id BETWEEN {ids[0]} AND {ids[-1]} AND s.state IN ('success', 'failed')"
    runs = BY_NAME["dag_run"]
    rows = {"dag_run": insert(tx, runs, staged["dag_run"], joins=f"WHERE {batch}", conflict="ON CONFLICT DO NOTHING")}
    # Locked as a foreign key would lock them: the parent cannot go away, and the scheduler does not wait.
    tx.execute(
        f"""
        SELECT o.id FROM dag_run o JOIN s_dag_run s ON s.dag_id = o.dag_id AND s.run_id = o.run_id WHERE {batch}
        FOR KEY SHARE OF o
        """  # noqa: S608  numbers and constants
    )
    skipped = tx.value(
        f"""
        SELECT count(*) FROM s_dag_run s JOIN lb_history h ON h.id = s.id AND h.tasks
        LEFT JOIN dag_run o ON o.dag_id = s.dag_id AND o.run_id = s.run_id
        WHERE {batch} AND (o.id IS NULL OR NOT ({unchanged()}))
        """  # noqa: S608
    )
    # A run that has tasks already was brought by an earlier batch, or has begun a life of its own here.
    bare = "NOT EXISTS (SELECT 1 FROM task_instance t WHERE t.dag_id = s.dag_id AND t.run_id = s.run_id)"
    map_runs(tx, f"{batch} AND {unchanged()} AND {bare}")
    for table in RUN_CHILDREN:
        if table.name in staged:
            rows[table.name] = insert(tx, table, staged[table.name], conflict="ON CONFLICT DO NOTHING")
    return rows, int(skipped)


def _bring_links(tx: Transaction, staged: dict[str, Staged]) -> dict[str, int]:
    map_datasets(tx)
    map_events(tx)
    map_runs(tx, f"s.state IN ('success', 'failed') AND {unchanged()}")
    return {
        name: insert(tx, BY_NAME[name], staged[name], conflict="ON CONFLICT DO NOTHING")
        for name in ("dagrun_dataset_event", "dataset_alias_dataset_event")
        if name in staged
    }
