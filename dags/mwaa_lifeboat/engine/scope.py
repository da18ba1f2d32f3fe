"""Which runs a snapshot carries in which stage: section 5 of the protocols as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mwaa_lifeboat.engine.database import Transaction
from mwaa_lifeboat.engine.tables import HELPERS_SQL, RUN_DONE, Stage, Table

_RUNS = f"runs AS MATERIALIZED (SELECT * FROM dag_run WHERE dag_id NOT IN {HELPERS_SQL})"  # noqa: S608  constants
_UNFINISHED = f"unfinished AS (SELECT * FROM runs WHERE (state IN {RUN_DONE}) IS NOT TRUE)"  # noqa: S608

# The unfinished runs; the run, and the run that was not manual, before each (depends_on_past asks for one or the
# other); the newest run of every type; the newest success.
_FULL = f"""
    WITH {_RUNS}, {_UNFINISHED}
    SELECT id FROM unfinished
    UNION SELECT before.id FROM unfinished u CROSS JOIN LATERAL (
        SELECT p.id FROM runs p WHERE p.dag_id = u.dag_id AND p.execution_date < u.execution_date
        ORDER BY p.execution_date DESC LIMIT 1) before
    UNION SELECT before.id FROM unfinished u CROSS JOIN LATERAL (
        SELECT p.id FROM runs p WHERE p.dag_id = u.dag_id AND p.execution_date < u.execution_date
          AND p.run_type <> 'manual' ORDER BY p.execution_date DESC LIMIT 1) before
    UNION (SELECT DISTINCT ON (dag_id, run_type) id FROM runs ORDER BY dag_id, run_type, execution_date DESC)
    UNION (SELECT DISTINCT ON (dag_id) id FROM runs WHERE state = 'success' ORDER BY dag_id, execution_date DESC)
"""  # noqa: S608
_BARE = f"""
    WITH {_RUNS}, {_UNFINISHED}, oldest AS (SELECT dag_id, min(execution_date) AS since FROM unfinished GROUP BY dag_id)
    SELECT r.id FROM runs r JOIN oldest o ON o.dag_id = r.dag_id WHERE r.execution_date > o.since
"""  # noqa: S608
# Events that a consumer's newest dataset-triggered run took in, and those its next one will: everything later. For a
# consumer that never ran, only when something is queued for it, else its first run would drag a whole history along.
_EVENTS = f"""
    WITH {_RUNS},
    newest AS (SELECT dag_id, max(execution_date) AS at FROM runs WHERE run_type = 'dataset_triggered' GROUP BY dag_id),
    consumers AS (
        SELECT q.target_dag_id AS dag_id, q.dataset_id FROM dataset_dag_run_queue q
        UNION SELECT s.dag_id, s.dataset_id FROM dag_schedule_dataset_reference s JOIN newest n ON n.dag_id = s.dag_id)
    SELECT e.id FROM dataset_event e JOIN consumers c ON c.dataset_id = e.dataset_id
    LEFT JOIN newest n ON n.dag_id = c.dag_id WHERE e.timestamp > coalesce(n.at, '-infinity')
    UNION SELECT event_id FROM dagrun_dataset_event WHERE dag_run_id = ANY(%(full)s)
"""  # noqa: S608


@dataclass(frozen=True)
class Scope:
    """Source ids of the essential runs: `full` with children, `bare` rows without; and of the essential events."""

    full: tuple[int, ...]
    bare: tuple[int, ...]
    events: tuple[int, ...]
    since: datetime

    def query(self, table: Table, columns: str, stage: Stage) -> str:
        """Select a table's rows of a stage; the table is t, its run r."""
        return f"SELECT {columns} {self.source(table)} WHERE {self.condition(table, stage)} ORDER BY {table.order}"

    def source(self, table: Table) -> str:
        """FROM clause."""
        joins = {
            "self": "JOIN dag_run r ON r.id = t.id",
            "run": "JOIN dag_run r ON r.dag_id = t.dag_id AND r.run_id = t.run_id",
            "run-id": "JOIN dag_run r ON r.id = t.dag_run_id",
            "run-event": "JOIN dag_run r ON r.id = t.dag_run_id",
            "alias-event": "JOIN dataset_event v ON v.id = t.event_id",
        }
        return f"FROM {table.name} t {joins.get(table.rows, '')}"

    def condition(self, table: Table, stage: Stage) -> str:
        """WHERE clause."""
        if table.rows == "all":
            return table.where
        if table.rows in {"event", "alias-event"}:
            event = "t" if table.rows == "event" else "v"
            inside = f"{event}.id IN {_list(self.events)}"
            return inside if stage == "essential" else f"NOT {inside} AND {event}.timestamp >= {self._since()}"
        if table.rows == "self":
            inside = f"r.id IN {_list(self.full + self.bare)}"
            return inside if stage == "essential" else f"NOT {inside} AND r.dag_id NOT IN {HELPERS_SQL}"
        inside = f"r.id IN {_list(self.full)}"
        recent = f"NOT {inside} AND r.dag_id NOT IN {HELPERS_SQL} AND {self._recent()}"
        return inside if stage == "essential" else recent

    def too_old(self) -> str:
        """Condition on r: a run whose row is carried, and whose children are not."""
        return f"r.id NOT IN {_list(self.full)} AND r.dag_id NOT IN {HELPERS_SQL} AND NOT {self._recent()}"

    def _recent(self) -> str:
        return f"coalesce(r.end_date, r.start_date, r.execution_date) >= {self._since()}"

    def _since(self) -> str:
        return f"'{self.since.isoformat()}'::timestamptz"


def read_scope(tx: Transaction, at: datetime, history_days: int) -> Scope:
    """Decide what is essential at this instant."""
    full = sorted(row[0] for row in tx.rows(_FULL))
    bare = sorted({row[0] for row in tx.rows(_BARE)} - set(full))
    events = sorted(row[0] for row in tx.rows(_EVENTS, {"full": full}))
    return Scope(tuple(full), tuple(bare), tuple(events), at - timedelta(days=history_days))


def _list(ids: tuple[int, ...]) -> str:
    """Ids as a subquery, which PostgreSQL hashes, unlike a long IN list under NOT."""
    return f"(SELECT unnest('{{{','.join(map(str, ids))}}}'::bigint[]))"
