"""lifeboat_canary: a stamp at every interval, through scheduler, queue, worker, database and bucket of this site."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow import DAG
from airflow.operators.python import PythonOperator

DEFAULT_SECONDS = 60


def canary_seconds() -> int:
    """Read the interval from pair.json; without that file the DAG still parses, and its task says what is missing."""
    try:
        return int(json.loads((Path(__file__).parent / "pair.json").read_text("utf-8"))["canarySeconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return DEFAULT_SECONDS


def write_stamp(run_id: str, **_: object) -> None:
    """Look at the fence's marker, then stamp."""
    from mwaa_lifeboat.engine.canary import stamp

    stamp(run_id)


with DAG(
    dag_id="lifeboat_canary",
    description="MWAA Lifeboat: proves that this site works, and obeys a fence.",
    schedule=timedelta(seconds=canary_seconds()),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    # A run that hangs must not hold back the next stamps for long.
    dagrun_timeout=timedelta(seconds=120),
    is_paused_upon_creation=False,
    tags=["lifeboat"],
    default_args={
        "pool": "lifeboat",
        "priority_weight": 1_000_000_000,
        "weight_rule": "absolute",
        "retries": 0,
        "execution_timeout": timedelta(seconds=60),
    },
):
    # The first task is the stamp, and it waits for nothing.
    PythonOperator(task_id="stamp", python_callable=write_stamp)
