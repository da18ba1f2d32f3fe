"""A site with rows in every table that a snapshot carries, full of characters that break careless formats."""

# ruff: noqa: S608  statements are put together from constants of the tests

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mwaa_lifeboat.engine.tables import BY_NAME
from sites import NOON, Site

if TYPE_CHECKING:
    from airflow import DAG

HOSTILE = "tab\t newline\n crlf\r\n cr\r back\\slash \\N \\. 'single' \"double\" comma, %s %(x)s {} € 😀 \u2028 end "
# What stands for an id that each database gives itself.
BYTES = HOSTILE.encode() + b"\x00\xff"
NATURAL = {
    "dag_run_id": "(SELECT r.dag_id || '/' || r.run_id FROM dag_run r WHERE r.id = t.dag_run_id)",
    "dataset_id": "(SELECT d.uri FROM dataset d WHERE d.id = t.dataset_id)",
    "alias_id": "(SELECT a.name FROM dataset_alias a WHERE a.id = t.alias_id)",
    "event_id": "(SELECT concat_ws('/', e.timestamp, e.source_run_id) FROM dataset_event e WHERE e.id = t.event_id)",
}


def sales_dag(**arguments: Any) -> DAG:
    """An hourly DAG with three tasks; `arguments` overrides."""
    from airflow import DAG
    from airflow.operators.empty import EmptyOperator

    defaults: dict[str, Any] = {"start_date": NOON - timedelta(days=2), "catchup": True}
    with DAG("sales", schedule="0 * * * *", **{**defaults, **arguments}) as dag:
        EmptyOperator(task_id="load", retries=2) >> EmptyOperator(task_id="check") >> EmptyOperator(task_id="publish")
    return dag


def consumer_dag() -> DAG:
    """A DAG that a dataset starts."""
    from airflow import DAG
    from airflow.datasets import Dataset
    from airflow.operators.empty import EmptyOperator

    with DAG("report", schedule=[Dataset("s3://lake/sales")], start_date=NOON - timedelta(days=2)) as dag:
        EmptyOperator(task_id="write")
    return dag


def producer_dag() -> DAG:
    """A DAG that writes the dataset."""
    from airflow import DAG
    from airflow.datasets import Dataset
    from airflow.operators.empty import EmptyOperator

    with DAG("ingest", schedule="30 * * * *", start_date=NOON - timedelta(days=2), catchup=False) as dag:
        EmptyOperator(task_id="fetch", outlets=[Dataset("s3://lake/sales")])
    return dag


def helper_dag() -> DAG:
    """A helper, as far as the database sees it."""
    from airflow import DAG
    from airflow.operators.empty import EmptyOperator

    with DAG("lifeboat_import", schedule=None, start_date=NOON - timedelta(days=2)) as dag:
        EmptyOperator(task_id="import")
    return dag


def shift_ids(site: Site) -> None:
    """Make ids of this site differ from any other's, and give it a second log template."""
    for number, table in enumerate(("dag_run", "dataset", "dataset_event", "dataset_alias", "task_reschedule")):
        site.rows(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {1000 + 100 * number})")
    site.execute("INSERT INTO log_template (filename, elasticsearch_id, created_at) VALUES ('old', 'old', now())")


def set_secrets(site: Site) -> None:
    """Variables and connections, encrypted under the site's own key as Airflow stores them."""
    variables = {"token": HOSTILE, "empty": "", "json": json.dumps({"a": HOSTILE})}
    with site.database.transaction() as tx:
        for key, value in variables.items():
            stored, encrypted = tx.encrypt(value)
            tx.execute(
                "INSERT INTO variable (key, val, description, is_encrypted) VALUES (%(k)s, %(v)s, %(d)s, %(e)s)",
                {"k": key, "v": stored, "d": HOSTILE if key == "token" else None, "e": encrypted},
            )
        for conn_id, password, extra, port in (("warehouse", HOSTILE, HOSTILE, 5432), ("bare", None, None, None)):
            password_stored, password_encrypted = tx.encrypt(password)
            extra_stored, extra_encrypted = tx.encrypt(extra)
            tx.execute(
                """
                INSERT INTO connection (conn_id, conn_type, description, host, schema, login, password, port,
                    is_encrypted, is_extra_encrypted, extra)
                VALUES (%(id)s, 'postgres', %(text)s, %(text)s, '', %(text)s, %(p)s, %(port)s, %(pe)s, %(ee)s, %(x)s)
                """,
                {
                    "id": conn_id,
                    "text": HOSTILE if port else None,
                    "p": password_stored,
                    "port": port,
                    "pe": password_encrypted,
                    "ee": extra_encrypted,
                    "x": extra_stored,
                },
            )


def fill(site: Site, hours: int = 6) -> list[str]:
    """Every carried table; all runs are finished. Returns the run ids of `sales`, oldest first."""
    shift_ids(site)
    site.parse(sales_dag(), consumer_dag(), producer_dag(), helper_dag())
    site.run("lifeboat_import", NOON - timedelta(hours=1))
    runs = []
    for hour in range(hours, 0, -1):
        start = NOON - timedelta(hours=hour + 1)
        runs.append(site.add_run("sales", start, conf={"text": HOSTILE}))
        site.run("ingest", start + timedelta(minutes=30))
        _children(site, runs[-1], start)
    site.execute("UPDATE dag_run SET creating_job_id = 77, log_template_id = (SELECT max(id) FROM log_template)")
    _datasets(site, runs)
    set_secrets(site)
    site.execute(
        "INSERT INTO slot_pool (pool, slots, description, include_deferred) VALUES (%(p)s, 7, %(p)s, true)", p=HOSTILE
    )
    site.execute("UPDATE slot_pool SET slots = 99, include_deferred = true WHERE pool = 'default_pool'")
    site.execute("INSERT INTO slot_pool (pool, slots, include_deferred) VALUES ('lifeboat', 3, false)")
    return runs


def _children(site: Site, run_id: str, at: datetime) -> None:
    values = {
        "run": run_id,
        "at": at,
        "text": HOSTILE,
        "json": json.dumps({"k": HOSTILE}),
        "bytes": BYTES,
    }
    names = [name for name in _columns(site, "task_instance") if name != "map_index"]
    listed = ", ".join(names)
    key = "dag_id = 'sales' AND run_id = %(run)s AND task_id = 'load'"
    statements = (
        f"INSERT INTO task_instance ({listed}, map_index) SELECT {listed}, 0 FROM task_instance WHERE {key}",
        """UPDATE task_instance SET hostname = %(text)s, job_id = 5, pid = 6, queued_by_job_id = 7, operator = '',
           external_executor_id = 'x', executor_config = %(bytes)s, next_kwargs = %(json)s, custom_operator_name = NULL,
           duration = 'NaN' WHERE dag_id = 'sales' AND run_id = %(run)s""",
        """INSERT INTO task_instance_history (dag_id, task_id, run_id, map_index, try_number, state, pool, pool_slots,
           executor_config, hostname)
           SELECT dag_id, task_id, run_id, map_index, 0, 'failed', pool, 1, %(bytes)s, %(text)s FROM task_instance
           WHERE """ + key,
        """INSERT INTO task_map (dag_id, task_id, run_id, map_index, length, keys)
           VALUES ('sales', 'load', %(run)s, -1, 1, %(json)s)""",
        """INSERT INTO task_reschedule (task_id, dag_id, run_id, map_index, try_number, start_date, end_date, duration,
           reschedule_date) VALUES ('load', 'sales', %(run)s, 0, 1, %(at)s, %(at)s, 1, %(at)s)""",
        """INSERT INTO task_fail (task_id, dag_id, run_id, map_index, start_date, end_date, duration)
           VALUES ('load', 'sales', %(run)s, -1, %(at)s, 'infinity', 3)""",
        """INSERT INTO xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp)
           SELECT id, 'load', 0, %(text)s, dag_id, run_id, %(bytes)s, %(at)s FROM dag_run
           WHERE dag_id = 'sales' AND run_id = %(run)s""",
        """INSERT INTO dag_run_note (user_id, dag_run_id, content, created_at, updated_at)
           SELECT NULL, id, %(text)s, %(at)s, %(at)s FROM dag_run WHERE dag_id = 'sales' AND run_id = %(run)s""",
        """INSERT INTO task_instance_note (user_id, task_id, dag_id, run_id, map_index, content, created_at, updated_at)
           VALUES (NULL, 'load', 'sales', %(run)s, 0, %(text)s, %(at)s, %(at)s)""",
    )  # fmt: skip
    for statement in statements:
        site.execute(statement, **values)


def _datasets(site: Site, runs: list[str]) -> None:
    for number, run_id in enumerate(runs):
        at = NOON - timedelta(hours=len(runs) - number)
        event = site.rows(
            f"""INSERT INTO dataset_event (dataset_id, extra, source_task_id, source_dag_id, source_run_id,
                source_map_index, timestamp) SELECT id, '{{"n": {number}}}', 'fetch', 'ingest', '{run_id}', -1,
                '{at.isoformat()}' FROM dataset WHERE uri = 's3://lake/sales' RETURNING id"""
        )[0][0]
        site.execute("INSERT INTO dataset_alias (name) VALUES (%(n)s) ON CONFLICT DO NOTHING", n="alias")
        site.execute(
            "INSERT INTO dataset_alias_dataset_event (alias_id, event_id) SELECT id, %(e)s FROM dataset_alias", e=event
        )
        if number < len(runs) - 1:
            report = site.add_run("report", at, run_type="dataset_triggered")
            site.execute(
                "INSERT INTO dagrun_dataset_event (dag_run_id, event_id) SELECT id, %(e)s FROM dag_run "
                "WHERE dag_id = 'report' AND run_id = %(r)s",
                e=event,
                r=report,
            )
    site.execute("INSERT INTO dataset_alias_dataset SELECT a.id, d.id FROM dataset_alias a, dataset d")
    # The newest event has not started the consumer yet.
    site.execute(
        "INSERT INTO dataset_dag_run_queue (dataset_id, target_dag_id, created_at) "
        "SELECT id, 'report', %(at)s FROM dataset",
        at=NOON - timedelta(hours=1),
    )


def contents(site: Site, name: str, where: str = "true") -> list[str]:
    """Rows of a table without what belongs to one site, and with names in the place of ids."""
    table = BY_NAME[name]
    gone = {*table.assigned, *table.emptied, *table.rewritten} - set(NATURAL)
    columns = ", ".join(
        NATURAL.get(column, f"t.{column}::text") for column in _columns(site, name) if column not in gone
    )
    return sorted(repr(row) for row in site.rows(f"SELECT {columns} FROM {name} t WHERE {where}"))


def _columns(site: Site, table: str) -> list[str]:
    with site.database.transaction() as tx:
        return list(tx.columns(table))
