"""Unfinished runs: section 6 of the protocols, applied to the staged rows before they are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mwaa_lifeboat.engine.dag_facts import code_hash, read_code
from mwaa_lifeboat.engine.database import Transaction, quoted
from mwaa_lifeboat.engine.manifest import Manifest
from mwaa_lifeboat.engine.moments import iso, parse_iso
from mwaa_lifeboat.engine.request import Policy
from mwaa_lifeboat.engine.tables import RUN_DONE, TASK_DONE

# States of a task that nobody was working on: whatever else a task was, it may have done part of its work.
CLEAR_STATES = ("success", "failed", "skipped", "upstream_failed", "removed", "up_for_retry", "scheduled")
TAGS: dict[str, Policy] = {"lifeboat:fail": "fail", "lifeboat:resume": "resume", "lifeboat:rerun": "rerun"}
CODE_DIFFERS = "codeDiffers"
RunKey = tuple[str, str]
TaskKey = tuple[str, str]


@dataclass(frozen=True)
class Task:
    """A staged task instance of an unfinished run."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    state: str | None
    try_number: int
    max_tries: int

    @property
    def ambiguous(self) -> bool:
        """Nobody knows whether it finished."""
        return self.state is not None and self.state not in CLEAR_STATES


def settle(tx: Transaction, manifest: Manifest, default: Policy) -> list[dict[str, Any]]:
    """Decide every unfinished run in the staged tables; returns the report of those that were interrupted."""
    at = parse_iso(manifest.snapshot_at)
    tasks = _tasks(tx)
    differing = _differing(tx, manifest)
    dags = manifest.dags()
    report = []
    failed: list[Task] = []
    cleared: list[Task] = []
    ended: list[RunKey] = []
    for dag_id, run_id, run_type, logical_date in _runs(tx):
        mine = tasks.get((dag_id, run_id), [])
        ambiguous = [task for task in mine if task.ambiguous]
        action = CODE_DIFFERS if dag_id in differing else _policy(dags.get(dag_id, {}).get("tags", []), default)
        if not ambiguous and action != CODE_DIFFERS:
            continue
        if action == CODE_DIFFERS:
            ended.append((dag_id, run_id))
        if action == "rerun":
            cleared += [task for task in mine if task.state not in {None, "removed"}]
        else:
            (cleared if action == "resume" else failed).extend(ambiguous)
        report.append(
            {
                "dagId": dag_id,
                "runId": run_id,
                "runType": run_type,
                "logicalDate": iso(logical_date),
                "tasks": [
                    _task_report(task, "failed" if action in {"fail", CODE_DIFFERS} else "cleared")
                    for task in ambiguous
                ],
                "action": action,
            }
        )
    _fail(tx, failed, at, manifest.document["site"])
    _clear(tx, cleared, at)
    _set_runs(tx, ended, at)
    return report


def _policy(tags: list[str], default: Policy) -> Policy:
    declared = [TAGS[tag] for tag in tags if tag in TAGS]
    return declared[0] if declared else default


def _differing(tx: Transaction, manifest: Manifest) -> set[str]:
    """DAGs that this site has with other code. One that it does not have yet cannot be compared."""
    here = {dag_id: code_hash(dag) for dag_id, dag in read_code(tx).items()}
    there = {dag_id: dag["dagHash"] for dag_id, dag in manifest.dags().items()}
    return {dag_id for dag_id, known in there.items() if known and dag_id in here and here[dag_id] != known}


def _runs(tx: Transaction) -> list[tuple[str, str, str, datetime]]:
    sql = f"""
        SELECT dag_id, run_id, run_type, execution_date FROM s_dag_run
        WHERE (state IN {RUN_DONE}) IS NOT TRUE ORDER BY id
    """  # noqa: S608  a constant of ours
    return [(row[0], row[1], row[2], row[3]) for row in tx.rows(sql)]


def _tasks(tx: Transaction) -> dict[RunKey, list[Task]]:
    sql = f"""
        SELECT t.dag_id, t.run_id, t.task_id, t.map_index, t.state, coalesce(t.try_number, 0), coalesce(t.max_tries, 0)
        FROM s_task_instance t JOIN s_dag_run r ON r.dag_id = t.dag_id AND r.run_id = t.run_id
        WHERE (r.state IN {RUN_DONE}) IS NOT TRUE ORDER BY r.id, t.task_id, t.map_index
    """  # noqa: S608
    found: dict[RunKey, list[Task]] = {}
    for row in tx.rows(sql):
        found.setdefault((row[0], row[1]), []).append(Task(*row))
    return found


def _task_report(task: Task, action: str) -> dict[str, Any]:
    return {
        "taskId": task.task_id,
        "mapIndex": task.map_index,
        "state": task.state,
        "tryNumber": task.try_number,
        "action": action,
    }


def _mark(tx: Transaction, name: str, tasks: list[Task], retries: dict[TaskKey, int] | None = None) -> None:
    """Put the keys of tasks into a temporary table, with the max_tries that a clear gives each."""
    tx.execute(
        f"CREATE TEMP TABLE {name} (dag_id text, run_id text, task_id text, map_index int, max_tries int, was text) "
        "ON COMMIT DROP"
    )
    values = [
        (t.dag_id, t.run_id, t.task_id, t.map_index, _max_tries(t, (retries or {}).get((t.dag_id, t.task_id))), t.state)
        for t in tasks
    ]
    tx.execute_values(f"INSERT INTO {name} VALUES %s", values)  # noqa: S608


def _max_tries(task: Task, retries: int | None) -> int:
    """As Airflow's own clear: the tries so far plus the task's retries, where the task is known here."""
    if retries is None:
        return max(task.max_tries, task.try_number)
    return task.try_number + retries


_SAME = "k.dag_id = s.dag_id AND k.run_id = s.run_id AND k.task_id = s.task_id AND k.map_index = s.map_index"


def _fail(tx: Transaction, tasks: list[Task], at: datetime, site: str) -> None:
    _mark(tx, "lb_failed", tasks)
    tx.execute(
        f"""
        UPDATE s_task_instance s SET state = 'failed', end_date = %(at)s, next_method = NULL, next_kwargs = NULL,
            duration = extract(epoch FROM %(at)s - s.start_date)
        FROM lb_failed k WHERE {_SAME}
        """,  # noqa: S608
        {"at": at},
    )
    text = (
        f" on site {site} at the recovery point {iso(at)}. Whether it finished there is not known, so it was set "
        "failed and does not run again by itself. Check what it did, then clear it."
    )
    values = {"at": at, "text": text}
    note = "'MWAA Lifeboat: this task was ' || k.was || %(text)s"
    tx.execute(
        f"UPDATE s_task_instance_note s SET content = coalesce(s.content || E'\\n\\n', '') || {note} "  # noqa: S608
        f"FROM lb_failed k WHERE {_SAME}",
        values,
    )
    tx.execute(
        f"""
        INSERT INTO s_task_instance_note (dag_id, run_id, task_id, map_index, content, created_at, updated_at)
        SELECT k.dag_id, k.run_id, k.task_id, k.map_index, {note}, %(at)s, %(at)s FROM lb_failed k
        WHERE NOT EXISTS (SELECT 1 FROM s_task_instance_note s WHERE {_SAME})
        """,  # noqa: S608
        values,
    )


def _clear(tx: Transaction, tasks: list[Task], at: datetime) -> None:
    _mark(tx, "lb_cleared", tasks, _retries(tx, tasks))
    if tx.columns("s_task_instance_history"):
        _keep_tries(tx, at)
    tx.execute(
        f"DELETE FROM s_task_reschedule s USING lb_cleared k, s_task_instance t WHERE {_SAME} "  # noqa: S608
        "AND t.dag_id = k.dag_id AND t.run_id = k.run_id AND t.task_id = k.task_id AND t.map_index = k.map_index "
        "AND s.try_number = t.try_number"
    )
    tx.execute(
        f"UPDATE s_task_instance s SET state = NULL, max_tries = k.max_tries, next_method = NULL, next_kwargs = NULL "  # noqa: S608
        f"FROM lb_cleared k WHERE {_SAME}"
    )


def _keep_tries(tx: Transaction, at: datetime) -> None:
    """The try that is given up stays visible, as it does after a clear; one that was cut off counts as failed."""
    there = tx.columns("s_task_instance_history")
    names = [name for name in tx.columns("s_task_instance") if name in there and name != "id"]
    cut = f"s.state NOT IN {TASK_DONE}"
    changed = {
        "state": f"CASE WHEN {cut} THEN 'failed' ELSE s.state END",
        "end_date": f"CASE WHEN {cut} THEN %(at)s ELSE s.end_date END",
        "duration": f"CASE WHEN {cut} THEN extract(epoch FROM %(at)s - s.start_date) ELSE s.duration END",
    }
    selected = ", ".join(changed.get(name, f"s.{quoted(name)}") for name in names)
    tx.execute(
        f"""
        INSERT INTO s_task_instance_history ({quoted(*names)})
        SELECT {selected} FROM s_task_instance s JOIN lb_cleared k ON {_SAME}
        WHERE NOT EXISTS (SELECT 1 FROM s_task_instance_history o WHERE o.dag_id = s.dag_id AND o.run_id = s.run_id
            AND o.task_id = s.task_id AND o.map_index = s.map_index AND o.try_number = s.try_number)
        """,  # noqa: S608
        {"at": at},
    )


def _retries(tx: Transaction, tasks: list[Task]) -> dict[TaskKey, int]:
    """Retries of each (DAG, task) as this site's code declares them."""
    from airflow.models.serialized_dag import SerializedDagModel

    found: dict[TaskKey, int] = {}
    with tx.session() as session:
        for dag_id in {task.dag_id for task in tasks}:
            row = SerializedDagModel.get(dag_id, session=session)
            for task in row.dag.tasks if row is not None else []:
                found[dag_id, task.task_id] = int(task.retries or 0)
    return found


def _set_runs(tx: Transaction, ended: list[RunKey], at: datetime) -> None:
    """Runs wait as queued; one whose code differs ends, so that nothing goes on with other code by itself."""
    tx.execute("CREATE TEMP TABLE lb_ended (dag_id text, run_id text) ON COMMIT DROP")
    tx.execute_values("INSERT INTO lb_ended VALUES %s", list(ended))
    tx.execute(
        f"UPDATE s_dag_run SET state = 'queued', last_scheduling_decision = NULL "  # noqa: S608
        f"WHERE (state IN {RUN_DONE}) IS NOT TRUE"
    )
    tx.execute(
        "UPDATE s_dag_run s SET state = 'failed', end_date = %(at)s FROM lb_ended k "
        "WHERE k.dag_id = s.dag_id AND k.run_id = s.run_id",
        {"at": at},
    )
