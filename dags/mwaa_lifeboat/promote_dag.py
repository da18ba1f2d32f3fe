"""lifeboat_promote: opens the DAGs of the site that received the grant.

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
    from mwaa_lifeboat.engine.promote import promote_site
    from mwaa_lifeboat.engine.request import serve

    serve("promote", dict(dag_run.conf or {}), promote_site)


with DAG(
    dag_id="lifeboat_promote",
    description="MWAA Lifeboat: opens the DAGs of the site that received the grant.",
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
    PythonOperator(task_id="promote", python_callable=serve_request)
