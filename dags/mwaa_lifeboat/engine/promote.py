"""Promotion: open the DAGs of the site that received the grant."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mwaa_lifeboat.engine.dag_facts import code_hash, read_code, read_held_back
from mwaa_lifeboat.engine.database import Database, Transaction
from mwaa_lifeboat.engine.errors import DagNotReadyError, ManifestInvalidError, StaleEpochError
from mwaa_lifeboat.engine.moments import iso, parse_iso
from mwaa_lifeboat.engine.request import Request
from mwaa_lifeboat.engine.reserved_row import ReservedRow, check_promote, check_site, lock_row, read_row, write_row
from mwaa_lifeboat.engine.rows import expressions, map_datasets
from mwaa_lifeboat.engine.schedule import (
    NEEDS_HISTORY,
    Judgement,
    Parsed,
    check_next,
    expected_next,
    read_parsed,
    slots_due,
)
from mwaa_lifeboat.engine.staging import Fetched, check_schema, fetched, read_manifest, stage
from mwaa_lifeboat.engine.storage import Bucket
from mwaa_lifeboat.engine.tables import BY_NAME, HELPER_DAG_IDS, HELPERS_SQL

PARSE_DEADLINE_SECONDS = 300
POLL_SECONDS = 0.5
WAVE_SECONDS = 2.0
# A parse reads the runs a little before it stamps its time, so one that ended just after the commit may be too early.
PARSE_MARGIN = timedelta(seconds=2)
WAVES = (1, 2, 3)
NOT_IN_SNAPSHOT = "the snapshot does not know the DAG, which the standby gate kept paused: a person opens it"


@dataclass(frozen=True)
class Pace:
    """How the promotion waits; tests bring their own."""

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    parse_deadline_seconds: float = PARSE_DEADLINE_SECONDS


def promote_site(database: Database, bucket: Bucket, request: Request, pace: Pace | None = None) -> dict[str, Any]:
    """Make the site active and un-pause what was un-paused; a repeated request goes on where it stopped."""
    pace = pace or Pace()
    with database.transaction() as tx:
        row = _check(read_row(tx), request)
    last = row.last_import
    if last is None or last.snapshot_id != request.snapshot_id:
        held = last.snapshot_id if last else "no snapshot"
        message = f"the promotion is for {request.snapshot_id}, this site holds {held}"
        raise ManifestInvalidError(message)
    manifest = read_manifest(bucket, request, last.manifest_sha256)
    wanted = _wanted(request)
    after = parse_iso(last.committed_at) + PARSE_MARGIN if last.committed_at else datetime.now(UTC)
    _wait_for_parse(database, wanted, after, pace)
    with (
        fetched(bucket, manifest, ("slot_pool", "dataset", "dataset_dag_run_queue"), ("essential",)) as source,
        database.transaction() as tx,
    ):
        row = _check(lock_row(tx), request)
        if row.mode != "active":
            check_schema(tx, source.manifest)
            _pause_all(tx)
            _write_pools_and_queue(tx, source)
            write_row(tx, replace(row, site=request.site, epoch=request.epoch, op=request.op, mode="active"))
        parsed, judgements = _judge_all(tx, request, wanted, after)
        held_back = read_held_back(tx, _known(request))
    _open(database, request, parsed, judgements, pace)
    return _result(parsed, judgements, held_back)


def _check(row: ReservedRow, request: Request) -> ReservedRow:
    check_site(row, request.site)
    check_promote(row, epoch=request.epoch, op=request.op)
    return row


def _wanted(request: Request) -> list[str]:
    found = [entry["dagId"] for entry in request.document["pauseMap"] if not entry["isPaused"]]
    return sorted(set(found) - set(HELPER_DAG_IDS))


def _known(request: Request) -> set[str]:
    return {entry["dagId"] for name in ("expected", "pauseMap") for entry in request.document[name]}


def _wait_for_parse(database: Database, wanted: list[str], after: datetime, pace: Pace) -> None:
    """Poll until every DAG was parsed later than `after`; raises DagNotReadyError when none was by the deadline."""
    deadline = pace.monotonic() + pace.parse_deadline_seconds
    while True:
        with database.transaction() as tx:
            awaited = [dag for dag in read_parsed(tx, wanted).values() if dag.waits_for_parse]
        late = [dag.dag_id for dag in awaited if not _is_fresh(dag, after)]
        if not late:
            return
        if pace.monotonic() >= deadline:
            break
        pace.sleep(POLL_SECONDS)
    if len(late) == len(awaited):
        message = (
            f"no DAG was parsed since {iso(after)} within {pace.parse_deadline_seconds} s: does the DAG processor run?"
        )
        raise DagNotReadyError(message)


def _is_fresh(dag: Parsed, after: datetime) -> bool:
    return dag.last_parsed is not None and dag.last_parsed > after


def _write_pools_and_queue(tx: Transaction, source: Fetched) -> None:
    pools = stage(tx, source, "slot_pool")
    stage(tx, source, "dataset")
    queue = stage(tx, source, "dataset_dag_run_queue")
    map_datasets(tx)
    names = [name for name in pools.columns if name != "id"]
    updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in names)
    tx.execute(
        f"INSERT INTO slot_pool ({', '.join(names)}) SELECT {', '.join(names)} FROM s_slot_pool "  # noqa: S608
        f"ON CONFLICT (pool) DO UPDATE SET {updates}"
    )
    # What an earlier life of this site left queued would start consumers again.
    tx.execute(f"DELETE FROM dataset_dag_run_queue WHERE target_dag_id NOT IN {HELPERS_SQL}")  # noqa: S608
    columns = list(queue.columns)
    tx.execute(
        f"""
        INSERT INTO dataset_dag_run_queue ({", ".join(columns)})
        SELECT {expressions(BY_NAME["dataset_dag_run_queue"], columns)} FROM s_dataset_dag_run_queue s
        JOIN lb_datasets d ON d.source_id = s.dataset_id JOIN dag g ON g.dag_id = s.target_dag_id
        """  # noqa: S608  columns are those that this database has
    )


def _pause_all(tx: Transaction) -> None:
    """A DAG that somebody un-paused on the standby is judged like any other."""
    tx.execute(f"UPDATE dag SET is_paused = true WHERE NOT is_paused AND dag_id NOT IN {HELPERS_SQL}")  # noqa: S608


def _judge_all(
    tx: Transaction, request: Request, wanted: list[str], after: datetime
) -> tuple[dict[str, Parsed], dict[str, Judgement]]:
    from airflow.models.serialized_dag import SerializedDagModel

    parsed = read_parsed(tx, wanted)
    expected = {dag["dagId"]: dag for dag in request.document["expected"]}
    code = read_code(tx)
    judgements = {}
    with tx.session() as session:
        for dag_id in wanted:
            here = parsed.get(dag_id)
            why = _not_ready(here, expected.get(dag_id), code.get(dag_id), after)
            row = None if here is None else SerializedDagModel.get(dag_id, session=session)
            if here is None or row is None or why is not None:
                judgements[dag_id] = Judgement(None, here.next_run if here else None, why)
            else:
                judgements[dag_id] = _judge(here, row.dag, expected[dag_id], request.number("catchUpBudget"))
    return parsed, judgements


def _not_ready(
    here: Parsed | None, expected: dict[str, Any] | None, code: dict[str, Any] | None, after: datetime
) -> str | None:
    if here is None or code is None:
        return "this site does not have the DAG"
    if expected is None:
        return "the snapshot does not know the DAG"
    differs = expected["dagHash"] is not None and expected["dagHash"] != code_hash(code)
    reasons = (
        (here.has_import_errors, "its file has import errors on this site"),
        (not here.is_active, "this site no longer finds the DAG in its file"),
        (not _is_fresh(here, after), f"it was not parsed since {iso(after)}"),
        (differs and here.unfinished > 0, "its code differs from the snapshot's, and it has unfinished runs"),
        (NEEDS_HISTORY in expected.get("tags", []), f"it is tagged {NEEDS_HISTORY} and waits for the history"),
    )
    return next((why for bad, why in reasons if bad), None)


def _judge(here: Parsed, dag: Any, expected: dict[str, Any], budget: int) -> Judgement:  # noqa: ANN401  Airflow's DAG
    if not here.is_paused:
        # An earlier attempt opened it, and it has moved on since: the first one paused everything.
        return Judgement(here.next_run, here.next_run, None)
    last_run = expected["lastRun"]
    info = expected_next(dag, last_run)
    next_date = None if info is None else info.logical_date
    last = None if last_run is None else parse_iso(last_run["logicalDate"])
    why = check_next(next_date, here, last, catchup=bool(dag.catchup))
    if why is None and dag.catchup and slots_due(dag, info, datetime.now(UTC), budget) > budget:
        why = f"more than {budget} runs are due at once; a person decides"
    return Judgement(next_date, here.next_run, why)


def _open(
    database: Database, request: Request, parsed: dict[str, Parsed], judgements: dict[str, Judgement], pace: Pace
) -> None:
    """Un-pause wave by wave; each wave asks again whether this site still may."""
    opened = False
    for wave in WAVES:
        ready = [dag_id for dag_id, found in judgements.items() if found.why is None and parsed[dag_id].wave == wave]
        if not ready:
            continue
        if opened:
            pace.sleep(WAVE_SECONDS)
        with database.transaction() as tx:
            row = lock_row(tx)
            if (row.mode, row.epoch, row.op) != ("active", request.epoch, request.op):
                message = f"this site became {row.mode} at epoch {row.epoch} while its DAGs were being opened"
                raise StaleEpochError(message)
            tx.execute("UPDATE dag SET is_paused = false WHERE dag_id = ANY(%(ids)s) AND is_paused", {"ids": ready})
        opened = True


def _result(parsed: dict[str, Parsed], judgements: dict[str, Judgement], held_back: list[str]) -> dict[str, Any]:
    dags = [
        {
            "dagId": dag_id,
            "wave": parsed[dag_id].wave if dag_id in parsed else None,
            "unpaused": found.why is None,
            **found.document(),
        }
        for dag_id, found in judgements.items()
    ]
    return {
        "dags": dags,
        "nextRuns": [
            {"dagId": dag["dagId"], "logicalDate": dag["actualNext"]}
            for dag in dags
            if dag["unpaused"] and dag["actualNext"]
        ],
        "leftPaused": [
            *({"dagId": dag["dagId"], "why": dag["why"]} for dag in dags if not dag["unpaused"]),
            *({"dagId": dag_id, "why": NOT_IN_SNAPSHOT} for dag_id in held_back),
        ],
    }
