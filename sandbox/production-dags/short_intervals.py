"""Two Airflow DAGs with fixed intervals: a meter that catches up, and a ledger whose runs need the one before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.decorators import dag, task
from demo_world import production_start, trace


@task
def work(**context: Any) -> None:
    """Leaves its trace."""
    trace(context)


@dag(
    schedule=timedelta(seconds=20),
    start_date=production_start(),
    catchup=True,
    max_active_runs=2,
    tags=["production", "lifeboat:resume"],
)
def meter_every_20_seconds() -> None:
    """Reads a meter for each 20 s."""
    work.override(task_id="read_meter")()


@dag(
    schedule=timedelta(seconds=30),
    start_date=production_start(),
    catchup=True,
    max_active_runs=1,
    default_args={"depends_on_past": True},
    tags=["production", "lifeboat:resume"],
)
def ledger_every_30_seconds() -> None:
    """Adds a page to the ledger; a page needs the page before."""
    work.override(task_id="add_page")()


meter_every_20_seconds()
ledger_every_30_seconds()
