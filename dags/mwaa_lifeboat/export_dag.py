"""lifeboat_export: writes a snapshot of this site into its bucket.

Started by the controller only: the run's conf names a request, and the answer is written beside it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow import DAG
from airflow.operators.python import PythonOperator

if TYPE_CHECKING:
    from airflow.models import DagRun


def serve_request(dag_run: DagRun, **_: object) -> None:
    """Do what the request asks; returns nothing, so that nothing lands in an XCom."""
    from mwaa_lifeboat.engine.export import export_snapshot
    from mwaa_lifeboat.engine.request import serve

    serve("export", dict(dag_run.conf or {}), export_snapshot)


with DAG(
    dag_id="lifeboat_export",
    description="MWAA Lifeboat: writes a snapshot of this site into its bucket.",
    schedule=None,
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["lifeboat"],
    default_args={
        "pool": "lifeboat",
        "priority_weight": 1_000_000_000,
        "weight_rule": "absolute",
        "retries": 0,
        "execution_timeout": timedelta(hours=2),
    },
):
    PythonOperator(task_id="export", python_callable=serve_request)
