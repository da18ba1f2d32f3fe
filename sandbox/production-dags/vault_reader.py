"""An Airflow DAG that needs a variable and a connection's password, both encrypted with the site's own key."""

from __future__ import annotations

from typing import Any

from airflow.decorators import dag, task
from demo_world import production_start, trace


@task
def read_vault(**context: Any) -> str:
    """Reads variable `demo_tariff` and connection `demo_warehouse`; returns a digest, which does not tell them."""
    import hashlib

    from airflow.hooks.base import BaseHook
    from airflow.models import Variable

    tariff = Variable.get("demo_tariff")
    warehouse = BaseHook.get_connection("demo_warehouse")
    if not warehouse.password:
        message = "Connection demo_warehouse has no password."
        raise ValueError(message)
    digest = hashlib.sha256(f"{tariff}|{warehouse.login}|{warehouse.password}".encode()).hexdigest()
    trace(context, digest=digest)
    return digest


@dag(
    schedule="* * * * *",
    start_date=production_start(),
    catchup=False,
    max_active_runs=1,
    tags=["production", "lifeboat:resume"],
)
def vault_reader() -> None:
    """Fails on a site that cannot read the secrets."""
    read_vault()


vault_reader()
