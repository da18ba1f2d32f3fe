"""What Airflow knows of each DAG: the pause map, the schedule, and the code it came from."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Collection
from typing import Any

from mwaa_lifeboat.engine.database import Transaction
from mwaa_lifeboat.engine.moments import iso, iso_or_none
from mwaa_lifeboat.engine.tables import HELPER_DAG_IDS, RUN_DONE, TASK_DONE

# Where the file lies differs between two sites that run the same code.
PLACE_FIELDS = ("fileloc", "_processor_dags_folder")


def read_code(tx: Transaction) -> dict[str, dict[str, Any]]:
    """Serialized form of every DAG, with nothing in it that depends on the folder it was parsed from."""
    found = {}
    for dag_id, plain, compressed in tx.rows("SELECT dag_id, data::text, data_compressed FROM serialized_dag"):
        text = zlib.decompress(bytes(compressed)).decode() if compressed is not None else plain
        found[dag_id] = without_place(json.loads(text))
    return found


def without_place(serialized: dict[str, Any]) -> dict[str, Any]:
    """Drop the file's place, and write the DAG folder as a word wherever a value begins with it."""
    root = serialized["dag"].get("_processor_dags_folder")
    text = json.dumps({name: value for name, value in serialized["dag"].items() if name not in PLACE_FIELDS})
    if root:
        text = text.replace(json.dumps(root)[:-1], '"<dags>')
    dag: dict[str, Any] = json.loads(text)
    return dag


def code_hash(dag: dict[str, Any]) -> str:
    """Hash of the code as Airflow sees it: equal on both sites when the DAG is the same."""
    return hashlib.sha256(json.dumps(dag, sort_keys=True).encode()).hexdigest()


def read_dags(tx: Transaction) -> list[dict[str, Any]]:
    """The manifest's dags[]: every DAG but the helpers."""
    last_runs = _last_automated_runs(tx)
    tags = _tags(tx)
    code = read_code(tx)
    sql = """
        SELECT dag_id, is_paused, is_active, next_dagrun, next_dagrun_data_interval_start,
               next_dagrun_data_interval_end, next_dagrun_create_after
        FROM dag WHERE dag_id <> ALL(%(helpers)s) ORDER BY dag_id
    """
    dags = []
    for dag_id, is_paused, is_active, logical_date, start, end, create_after in tx.rows(sql, _helpers()):
        dag = code.get(dag_id)
        next_run = {
            "logicalDate": iso_or_none(logical_date),
            "start": iso_or_none(start),
            "end": iso_or_none(end),
            "createAfter": iso_or_none(create_after),
        }
        dags.append(
            {
                "dagId": dag_id,
                "dagHash": None if dag is None else code_hash(dag),
                "isPaused": bool(is_paused),
                "pausedUponCreation": None if dag is None else dag.get("is_paused_upon_creation"),
                "isActive": bool(is_active),
                "timetable": None if dag is None else _timetable(dag),
                "catchup": None if dag is None else dag.get("catchup", _catchup_by_default()),
                "tags": tags.get(dag_id, []),
                "nextRun": next_run if logical_date is not None else None,
                "lastRun": last_runs.get(dag_id),
            }
        )
    return dags


def read_held_back(tx: Transaction, known: Collection[str]) -> list[str]:
    """DAGs that only the standby gate kept from starting when they came here, and that are not among the known ones."""
    sql = """
        SELECT dag_id FROM dag WHERE is_paused AND is_active AND NOT coalesce(is_subdag, false)
        AND dag_id <> ALL(%(others)s) ORDER BY dag_id
    """
    paused = [row[0] for row in tx.rows(sql, {"others": [*known, *HELPER_DAG_IDS]})]
    if not paused:
        return []
    code = read_code(tx)
    by_default = _paused_by_default()
    return [dag_id for dag_id in paused if not code.get(dag_id, {}).get("is_paused_upon_creation", by_default)]


def read_in_flight(tx: Transaction) -> list[dict[str, Any]]:
    """The manifest's inFlight[]: every unfinished run with its tasks that are not finished."""
    # `IS NOT TRUE` keeps rows whose state is NULL.
    tasks: dict[tuple[str, str], list[dict[str, Any]]] = {}
    task_sql = f"""
        SELECT t.dag_id, t.run_id, t.task_id, t.map_index, t.state, t.try_number
        FROM task_instance t JOIN dag_run r ON r.dag_id = t.dag_id AND r.run_id = t.run_id
        WHERE (r.state IN {RUN_DONE}) IS NOT TRUE AND r.dag_id <> ALL(%(helpers)s)
          AND (t.state IN {TASK_DONE}) IS NOT TRUE
        ORDER BY r.id, t.task_id, t.map_index
    """  # noqa: S608  constants of ours
    for dag_id, run_id, task_id, map_index, state, try_number in tx.rows(task_sql, _helpers()):
        task = {"taskId": task_id, "mapIndex": map_index, "state": state, "tryNumber": try_number}
        tasks.setdefault((dag_id, run_id), []).append(task)
    run_sql = f"""
        SELECT dag_id, run_id, run_type, execution_date, state FROM dag_run
        WHERE (state IN {RUN_DONE}) IS NOT TRUE AND dag_id <> ALL(%(helpers)s) ORDER BY id
    """  # noqa: S608
    return [
        {
            "dagId": dag_id,
            "runId": run_id,
            "runType": run_type,
            "logicalDate": iso(logical_date),
            "state": state,
            "tasks": tasks.get((dag_id, run_id), []),
        }
        for dag_id, run_id, run_type, logical_date, state in tx.rows(run_sql, _helpers())
    ]


def _last_automated_runs(tx: Transaction) -> dict[str, dict[str, Any]]:
    sql = """
        SELECT DISTINCT ON (dag_id) dag_id, run_id, run_type, execution_date, data_interval_start, data_interval_end,
               state
        FROM dag_run WHERE run_type IN ('scheduled', 'backfill') ORDER BY dag_id, execution_date DESC
    """
    return {
        dag_id: {
            "runId": run_id,
            "runType": run_type,
            "logicalDate": iso(logical_date),
            "start": iso_or_none(start),
            "end": iso_or_none(end),
            "state": state,
        }
        for dag_id, run_id, run_type, logical_date, start, end, state in tx.rows(sql)
    }


def _tags(tx: Transaction) -> dict[str, list[str]]:
    tags: dict[str, list[str]] = {}
    for dag_id, name in tx.rows("SELECT dag_id, name FROM dag_tag ORDER BY dag_id, name"):
        tags.setdefault(dag_id, []).append(name)
    return tags


def _catchup_by_default() -> bool:
    """Airflow leaves a field out of the serialized form when it is the default."""
    from airflow.configuration import conf

    return bool(conf.getboolean("scheduler", "catchup_by_default"))


def _paused_by_default() -> bool:
    """What Airflow does with a new DAG that says nothing."""
    from airflow.configuration import conf

    return bool(conf.getboolean("core", "dags_are_paused_at_creation"))


def _timetable(dag: dict[str, Any]) -> str | None:
    timetable = dag.get("timetable")
    if timetable is None:
        interval = dag.get("schedule_interval")
        return None if interval is None else json.dumps(interval, sort_keys=True)
    return f"{timetable['__type']} {json.dumps(timetable['__var'], sort_keys=True)}"


def _helpers() -> dict[str, Any]:
    return {"helpers": list(HELPER_DAG_IDS)}
