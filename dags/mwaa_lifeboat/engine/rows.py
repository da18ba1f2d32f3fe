"""From temporary tables into Airflow's: ids of the source become ids of this database."""

from __future__ import annotations

from mwaa_lifeboat.engine.database import Transaction, quoted
from mwaa_lifeboat.engine.staging import Staged
from mwaa_lifeboat.engine.tables import Table

# An event has no name: it is the same event when dataset, time and producer are the same.
_SAME_EVENT = """
    o.dataset_id = d.target_id AND o.timestamp = s.timestamp
    AND o.source_dag_id IS NOT DISTINCT FROM s.source_dag_id AND o.source_task_id IS NOT DISTINCT FROM s.source_task_id
    AND o.source_run_id IS NOT DISTINCT FROM s.source_run_id
    AND o.source_map_index IS NOT DISTINCT FROM s.source_map_index
"""
JOINS = {
    "run": "JOIN lb_runs r ON r.dag_id = s.dag_id AND r.run_id = s.run_id",
    "run-id": "JOIN lb_runs r ON r.source_id = s.dag_run_id",
    "event": f"""JOIN lb_datasets d ON d.source_id = s.dataset_id
        WHERE NOT EXISTS (SELECT 1 FROM dataset_event o WHERE {_SAME_EVENT})""",  # noqa: S608
    "run-event": "JOIN lb_runs r ON r.source_id = s.dag_run_id JOIN lb_events e ON e.source_id = s.event_id",
    "alias-event": "JOIN lb_aliases a ON a.source_id = s.alias_id JOIN lb_events e ON e.source_id = s.event_id",
}


def target_columns(table: Table, columns: tuple[str, ...]) -> list[str]:
    """Columns that an import writes: those of both sides, without the ids that this database gives itself."""
    return [name for name in columns if name not in table.assigned]


def expressions(table: Table, columns: list[str]) -> str:
    """What is written into each column, from the staged row s and the maps."""
    return ", ".join(
        "NULL" if name in table.emptied else table.rewritten.get(name, f"s.{quoted(name)}") for name in columns
    )


def insert(tx: Transaction, table: Table, staged: Staged, *, conflict: str = "", joins: str | None = None) -> int:
    """Insert the staged rows whose parents are in the maps, in the order of the source."""
    columns = target_columns(table, staged.columns)
    order = "ORDER BY s.id" if "id" in staged.columns else ""
    sql = f"""
        INSERT INTO {table.name} ({quoted(*columns)})
        SELECT {expressions(table, columns)} FROM s_{table.name} s {JOINS[table.rows] if joins is None else joins}
        {order} {conflict}
    """  # noqa: S608  names come from tables.py, columns are quoted
    return tx.execute(sql)


def map_runs(tx: Transaction, condition: str = "true") -> None:
    """Make `lb_runs`: staged runs that exist here and meet a condition on s (staged) and o (here)."""
    tx.execute(
        f"""
        CREATE TEMP TABLE lb_runs ON COMMIT DROP AS
        SELECT s.id AS source_id, s.dag_id, s.run_id, o.id AS target_id
        FROM s_dag_run s JOIN dag_run o ON o.dag_id = s.dag_id AND o.run_id = s.run_id WHERE {condition}
        """  # noqa: S608
    )
    tx.execute("CREATE UNIQUE INDEX ON lb_runs (dag_id, run_id)")
    tx.execute("ANALYZE lb_runs")


def map_datasets(tx: Transaction) -> None:
    """Make `lb_datasets` and `lb_aliases`: by uri, by name."""
    tx.execute(
        """
        CREATE TEMP TABLE lb_datasets ON COMMIT DROP AS
        SELECT s.id AS source_id, o.id AS target_id FROM s_dataset s JOIN dataset o ON o.uri = s.uri
        """
    )
    if tx.columns("s_dataset_alias"):
        tx.execute(
            """
            CREATE TEMP TABLE lb_aliases ON COMMIT DROP AS
            SELECT s.id AS source_id, o.id AS target_id FROM s_dataset_alias s JOIN dataset_alias o ON o.name = s.name
            """
        )


def map_events(tx: Transaction) -> None:
    """Make `lb_events`: staged events and the same events here."""
    tx.execute(
        f"""
        CREATE TEMP TABLE lb_events ON COMMIT DROP AS
        SELECT s.id AS source_id, min(o.id) AS target_id
        FROM s_dataset_event s JOIN lb_datasets d ON d.source_id = s.dataset_id
        JOIN dataset_event o ON {_SAME_EVENT} GROUP BY s.id
        """  # noqa: S608
    )
