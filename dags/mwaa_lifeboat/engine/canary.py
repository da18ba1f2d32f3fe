"""Canary: prove that this site works from scheduler to bucket, and obey a fence that was written while it was away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mwaa_lifeboat.engine.database import Database, Transaction
from mwaa_lifeboat.engine.export import HELPER_VERSION, read_marker
from mwaa_lifeboat.engine.moments import iso
from mwaa_lifeboat.engine.reserved_row import ReservedRow, lock_row, read_row, write_row
from mwaa_lifeboat.engine.settings import Pair, load_pair
from mwaa_lifeboat.engine.storage import Bucket
from mwaa_lifeboat.engine.tables import HELPER_DAG_IDS

# Name of the gate's entry point in plugins/.
GATE = "mwaa_lifeboat_gate"


def stamp(run_id: str) -> None:
    """Write this site's stamp; the task of the DAG calls it."""
    database = Database.of_airflow()
    pair = load_pair()
    with database.transaction() as tx:
        side = pair.side_of(read_row(tx).site)
    site = pair.sites[side]
    stamp_site(database, Bucket.of(site.bucket, site.region), pair=pair, side=side, run_id=run_id)


def stamp_site(database: Database, bucket: Bucket, *, pair: Pair, side: str, run_id: str) -> dict[str, Any]:
    """Look at the fence's marker first: a site that returns must stop before it says that it is well."""
    marker = read_marker(bucket, pair.pair, side)
    fenced_epoch = 0 if marker is None else int(marker["epoch"])
    with database.transaction() as tx:
        row = read_row(tx)
        if fenced_epoch > row.epoch or row.mode == "fenced":
            row = _fence(tx, lock_row(tx), side, fenced_epoch, marker)
    document = {
        "site": side,
        "epoch": row.epoch,
        "mode": row.mode,
        "at": iso(datetime.now(UTC)),
        "runId": run_id,
        "paused": row.mode == "fenced",
        "gate": read_gate(),
        "helperVersion": HELPER_VERSION,
    }
    bucket.write_json(f"{pair.pair}/sites/{side}/canary.json", document)
    return document


def read_gate() -> dict[str, Any] | None:
    """Which standby gate Airflow has loaded in this process; None when it has none.

    All containers of an environment get the same plugins.zip, so what a worker has loaded the DAG processor has, too.
    """
    from airflow import settings

    gate = settings.POLICY_PLUGIN_MANAGER.get_plugin(GATE)
    return None if gate is None else {"installed": True, "version": str(gate.VERSION)}


def _fence(
    tx: Transaction, row: ReservedRow, side: str, fenced_epoch: int, marker: dict[str, Any] | None
) -> ReservedRow:
    if marker is not None and fenced_epoch > row.epoch:
        row = replace(row, site=side, epoch=fenced_epoch, op=marker.get("op"), mode="fenced")
        write_row(tx, row)
    if row.mode == "fenced":
        sql = "UPDATE dag SET is_paused = true WHERE NOT is_paused AND dag_id <> ALL(%(helpers)s)"
        tx.execute(sql, {"helpers": list(HELPER_DAG_IDS)})
    return row
