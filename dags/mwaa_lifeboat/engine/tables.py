"""What a snapshot carries, as data: tables, how their rows are chosen, and which columns belong to one site only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["essential", "history"]
HELPER_DAG_IDS = ("lifeboat_export", "lifeboat_import", "lifeboat_promote", "lifeboat_canary")
HELPER_POOL = "lifeboat"
RUN_DONE = "('success', 'failed')"
TASK_DONE = "('success', 'failed', 'skipped', 'upstream_failed', 'removed')"
HELPERS_SQL = "(" + ", ".join(f"'{dag_id}'" for dag_id in HELPER_DAG_IDS) + ")"
BOTH: tuple[Stage, ...] = ("essential", "history")

# How the rows of a table are reached: the whole table; the run itself; by (dag_id, run_id) of a run; by its id; a
# dataset event; a link from a run to an event; a link from an alias to an event.
Rows = Literal["all", "self", "run", "run-id", "event", "run-event", "alias-event"]


@dataclass(frozen=True)
class Table:
    """One table. In `rewritten`, r is the run map, d datasets, a aliases, e events, each with a target_id."""

    name: str
    rows: Rows
    order: str
    stages: tuple[Stage, ...] = BOTH
    where: str = "true"
    # Ids that the target's sequence gives anew; they travel because other rows refer to them.
    assigned: tuple[str, ...] = ()
    # Columns that mean something only beside the source's job, trigger, process or user.
    emptied: tuple[str, ...] = ()
    rewritten: dict[str, str] = field(default_factory=dict)


_PROCESS = ("job_id", "queued_by_job_id", "trigger_id", "trigger_timeout", "pid", "external_executor_id")
_TASK_ORDER = "r.id, t.task_id, t.map_index"

# Parents come before children: this is also the order of the import.
TABLES: tuple[Table, ...] = (
    Table("slot_pool", "all", "t.id", ("essential",), where=f"t.pool <> '{HELPER_POOL}'", assigned=("id",)),
    Table("dataset", "all", "t.id", ("essential",), assigned=("id",)),
    Table("dataset_alias", "all", "t.id", ("essential",), assigned=("id",)),
    Table(
        "dataset_alias_dataset",
        "all",
        "t.alias_id, t.dataset_id",
        ("essential",),
        rewritten={"alias_id": "a.target_id", "dataset_id": "d.target_id"},
    ),
    Table(
        "dataset_dag_run_queue",
        "all",
        "t.dataset_id, t.target_dag_id",
        ("essential",),
        where=f"t.target_dag_id NOT IN {HELPERS_SQL}",
        rewritten={"dataset_id": "d.target_id"},
    ),
    Table(
        "dag_run",
        "self",
        "r.id",
        assigned=("id",),
        emptied=("creating_job_id",),
        # Templates are numbered by each site's own upgrades; the newest is the one that its new runs get.
        rewritten={"log_template_id": "(SELECT max(id) FROM log_template)"},
    ),
    Table("task_instance", "run", _TASK_ORDER, emptied=_PROCESS),
    Table("task_instance_history", "run", "t.id", assigned=("id",), emptied=_PROCESS),
    Table("task_map", "run", _TASK_ORDER),
    Table("task_reschedule", "run", "t.id", assigned=("id",)),
    Table("task_fail", "run", "t.id", assigned=("id",)),
    Table("xcom", "run", _TASK_ORDER + ", t.key", rewritten={"dag_run_id": "r.target_id"}),
    Table("dag_run_note", "run-id", "r.id", emptied=("user_id",), rewritten={"dag_run_id": "r.target_id"}),
    Table("task_instance_note", "run", _TASK_ORDER, emptied=("user_id",)),
    Table("dataset_event", "event", "t.id", assigned=("id",), rewritten={"dataset_id": "d.target_id"}),
    Table(
        "dagrun_dataset_event",
        "run-event",
        "r.id, t.event_id",
        rewritten={"dag_run_id": "r.target_id", "event_id": "e.target_id"},
    ),
    Table(
        "dataset_alias_dataset_event",
        "alias-event",
        "t.event_id, t.alias_id",
        rewritten={"alias_id": "a.target_id", "event_id": "e.target_id"},
    ),
)
BY_NAME = {table.name: table for table in TABLES}
RUN_CHILDREN = tuple(table for table in TABLES if table.rows in {"run", "run-id"})

# Counted in the manifest, so that nobody thinks that they were forgotten.
LEFT_OUT: dict[str, str] = {
    "log": "audit log: on request only",
    "rendered_task_instance_fields": "rendered fields: on request only",
    "sla_miss": "not carried",
    "job": "belongs to the processes of one site",
    "trigger": "belongs to the triggerer of one site; deferred tasks follow the policy for interrupted tasks",
    "callback_request": "would fire alerts from the other site",
}


def object_name(table: str, stage: Stage) -> str:
    """Name of a table's object inside the snapshot's folder."""
    return f"{table}.copy.gz" if stage == "essential" else f"{table}.history.copy.gz"
