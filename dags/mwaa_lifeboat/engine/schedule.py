"""Is a DAG ready to be opened: the target's own timetable against what Airflow's parse has set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mwaa_lifeboat.engine.database import Transaction
from mwaa_lifeboat.engine.moments import iso_or_none, parse_iso

NEEDS_HISTORY = "lifeboat:needs-history"


@dataclass(frozen=True)
class Parsed:
    """A DAG as the last parse on this site left it."""

    dag_id: str
    is_paused: bool
    is_active: bool
    has_import_errors: bool
    last_parsed: datetime | None
    next_run: datetime | None
    create_after: datetime | None
    max_active_runs: int
    unfinished: int
    consumes: bool
    produces: bool

    @property
    def wave(self) -> int:
        """Dataset consumers open first, or they would miss what producers write; producers last."""
        if self.consumes:
            return 1
        return 3 if self.produces else 2

    @property
    def waits_for_parse(self) -> bool:
        """Whether a parse can be expected at all."""
        return self.is_active and not self.has_import_errors


@dataclass(frozen=True)
class Judgement:
    """Whether a DAG may be opened; `why` is None when it may."""

    expected_next: datetime | None
    actual_next: datetime | None
    why: str | None

    def document(self) -> dict[str, Any]:
        """The part of the result that this decides."""
        return {
            "expectedNext": iso_or_none(self.expected_next),
            "actualNext": iso_or_none(self.actual_next),
            "why": self.why,
        }


def read_parsed(tx: Transaction, dag_ids: list[str]) -> dict[str, Parsed]:
    """Read the DAGs that this site has."""
    aliases = ""
    if tx.columns("dag_schedule_dataset_alias_reference"):
        aliases = "OR EXISTS (SELECT 1 FROM dag_schedule_dataset_alias_reference r WHERE r.dag_id = d.dag_id)"
    sql = f"""
        SELECT d.dag_id, d.is_paused, d.is_active, coalesce(d.has_import_errors, false), d.last_parsed_time,
            d.next_dagrun, d.next_dagrun_create_after, d.max_active_runs,
            (SELECT count(*) FROM dag_run r WHERE r.dag_id = d.dag_id AND r.state IN ('queued', 'running')),
            EXISTS (SELECT 1 FROM dag_schedule_dataset_reference r WHERE r.dag_id = d.dag_id) {aliases},
            EXISTS (SELECT 1 FROM task_outlet_dataset_reference r WHERE r.dag_id = d.dag_id)
        FROM dag d JOIN serialized_dag s ON s.dag_id = d.dag_id WHERE d.dag_id = ANY(%(ids)s)
    """  # noqa: S608  a constant clause
    return {row[0]: Parsed(*row) for row in tx.rows(sql, {"ids": dag_ids})}


def expected_next(dag: Any, last_run: dict[str, Any] | None) -> Any:  # noqa: ANN401  Airflow's DAG, DagRunInfo or None
    """Ask the DAG's own timetable for the run after the last automated one."""
    from airflow.timetables.base import DataInterval
    from airflow.utils.timezone import coerce_datetime

    interval = None
    if last_run is not None and last_run["start"] is not None and last_run["end"] is not None:
        start, end = coerce_datetime(parse_iso(last_run["start"])), coerce_datetime(parse_iso(last_run["end"]))
        interval = DataInterval(start=start, end=end)
    elif last_run is not None:
        interval = dag.infer_automated_data_interval(coerce_datetime(parse_iso(last_run["logicalDate"])))
    return dag.next_dagrun_info(interval)


def slots_due(dag: Any, info: Any, now: datetime, limit: int) -> int:  # noqa: ANN401  Airflow's DAG and DagRunInfo
    """How many runs of a catchup DAG would start at once; stops counting above the limit."""
    count = 0
    while info is not None and info.run_after <= now and count <= limit:
        count += 1
        info = dag.next_dagrun_info(info.data_interval)
    return count


def check_next(expected: datetime | None, parsed: Parsed, last: datetime | None, *, catchup: bool) -> str | None:
    """Compare; None when Airflow will go on where it should."""
    actual = parsed.next_run
    if parsed.create_after is None and parsed.unfinished >= parsed.max_active_runs:
        # Airflow sets the next run anew when one of these ends.
        return None
    if actual == expected:
        return None
    # Without catchup the timetable looks at the clock: a parse some seconds ago may have seen the slot before.
    moved_on = actual is not None and expected is not None and actual <= expected and (last is None or actual > last)
    if not catchup and moved_on:
        return None
    return f"the next run is {iso_or_none(actual)} here, its timetable expects {iso_or_none(expected)}"
