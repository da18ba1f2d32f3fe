"""Two Airflow DAGs with the same cron schedule: one makes up for every missed minute, one only cares for the newest."""

from __future__ import annotations

from typing import Any

from airflow.decorators import dag, task
from airflow.operators.empty import EmptyOperator
from demo_world import production_start, trace


@task
def work(**context: Any) -> None:
    """Leaves its trace."""
    trace(context)


@dag(
    schedule="* * * * *",
    start_date=production_start(),
    catchup=True,
    max_active_runs=2,
    tags=["production", "lifeboat:resume"],
)
def billing_every_minute() -> None:
    """Bills every minute exactly once: no minute may be left out or billed twice."""
    EmptyOperator(task_id="open_books") >> work.override(task_id="bill")()


@dag(
    schedule="* * * * *",
    start_date=production_start(),
    catchup=False,
    # It would start by itself on a standby, too: there the standby gate holds it.
    is_paused_upon_creation=False,
    max_active_runs=1,
    tags=["production", "lifeboat:resume"],
)
def report_every_minute() -> None:
    """Reports the newest minute; what was missed stays missed."""
    EmptyOperator(task_id="collect") >> work.override(task_id="report")()


billing_every_minute()
report_every_minute()
