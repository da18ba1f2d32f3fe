"""Two Airflow DAGs joined by a dataset: one produces orders every minute, one runs when there are new ones."""

from __future__ import annotations

from typing import Any

from airflow.datasets import Dataset
from airflow.decorators import dag, task
from demo_world import production_start, trace

ORDERS = Dataset("s3://demo-orders/orders.json")


@task
def work(**context: Any) -> None:
    """Leaves its trace."""
    trace(context)


@dag(
    schedule="* * * * *",
    start_date=production_start(),
    catchup=False,
    max_active_runs=1,
    tags=["production", "lifeboat:resume"],
)
def orders_producer() -> None:
    """Writes the orders of a minute."""
    work.override(task_id="write_orders", outlets=[ORDERS])()


@dag(
    schedule=[ORDERS],
    start_date=production_start(),
    catchup=False,
    max_active_runs=1,
    tags=["production", "lifeboat:resume"],
)
def orders_consumer() -> None:
    """Ships what was ordered; its run exists only because of a dataset event."""
    work.override(task_id="ship_orders")()


orders_producer()
orders_consumer()
