"""History comes while the site runs: nothing is written over, and a stopped import goes on where it was."""

# ruff: noqa: S608  statements are put together from constants of the tests

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from mwaa_lifeboat.engine import errors
from mwaa_lifeboat.engine.history import import_history
from seed import contents, fill, sales_dag
from sites import NOON, Site, bring, exported, import_request


def recovered(a: Site, b: Site) -> dict[str, Any]:
    """b runs production at epoch 2 with the essential rows."""
    fill(a)
    snapshot = exported(a, b)
    bring(b, snapshot, "unfinished", op="X", epoch=2)
    b.execute("UPDATE dag_run SET last_scheduling_decision = NULL WHERE state = 'queued'")
    last = b.row().last_import
    b.set_row(mode="active", epoch=2, op="X", last_import=last)
    return snapshot


def history(b: Site, snapshot: dict[str, Any], batch_runs: int = 500) -> dict[str, Any]:
    return import_history(b.database, b.bucket, import_request(b, snapshot, "history", op="X", epoch=2), batch_runs)


def test_an_active_site_of_the_same_epoch_takes_the_history(a: Site, b: Site) -> None:
    snapshot = recovered(a, b)
    result = history(b, snapshot)
    assert result["skippedRuns"] == 0
    assert contents(b, "xcom") == contents(a, "xcom")
    assert contents(b, "dagrun_dataset_event") == contents(a, "dagrun_dataset_event")


def test_a_run_that_was_cleared_here_keeps_what_it_has(a: Site, b: Site) -> None:
    snapshot = recovered(a, b)
    history(b, snapshot)
    run = "scheduled__2026-11-24T06:00:00+00:00"
    b.execute("DELETE FROM task_instance WHERE run_id = %(r)s AND dag_id = 'sales'", r=run)
    b.execute("UPDATE dag_run SET clear_number = 1 WHERE run_id = %(r)s AND dag_id = 'sales'", r=run)
    again = history(b, snapshot)
    assert b.task_states(run, "sales") == {}
    assert again["skippedRuns"] == 1


def test_a_slot_that_ran_here_is_not_written_over(a: Site, b: Site) -> None:
    snapshot = recovered(a, b)
    b.parse(sales_dag())
    start = NOON - timedelta(hours=6)
    own = b.add_run("sales", start, run_type="manual", state="failed")
    result = history(b, snapshot)
    assert b.rows(f"SELECT run_id, state FROM dag_run WHERE dag_id = 'sales' AND execution_date = '{start}'") == [
        (own, "failed")
    ]
    assert result["skippedRuns"] == 1


def test_batches_are_transactions_of_their_own_and_a_repeated_request_goes_on(a: Site, b: Site) -> None:
    from psycopg2.errors import RaiseException

    snapshot = recovered(a, b)
    before = b.rows("SELECT count(*) FROM dag_run WHERE dag_id = 'sales'")[0][0]
    b.execute(
        """
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF NEW.run_id LIKE '%T08:00%' THEN RAISE EXCEPTION 'power cut'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER fail BEFORE INSERT ON xcom FOR EACH ROW EXECUTE FUNCTION fail();
        """
    )
    with pytest.raises(RaiseException):
        history(b, snapshot, batch_runs=1)
    between = b.rows("SELECT count(*) FROM dag_run WHERE dag_id = 'sales'")[0][0]
    assert before < between < a.rows("SELECT count(*) FROM dag_run WHERE dag_id = 'sales'")[0][0]
    b.execute("DROP TRIGGER fail ON xcom")
    history(b, snapshot, batch_runs=2)
    for table in ("xcom", "task_instance", "task_reschedule", "task_fail", "task_instance_history"):
        assert contents(b, table, "dag_id = 'sales'") == contents(a, table, "dag_id = 'sales'"), table


def test_a_fence_between_two_batches_stops_the_import(a: Site, b: Site) -> None:
    snapshot = recovered(a, b)
    b.execute(
        """
        CREATE FUNCTION fence() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN UPDATE variable SET val = '{"site":"b","epoch":3,"op":"Y","mode":"fenced"}', is_encrypted = false
        WHERE key = 'lifeboat__state'; RETURN NEW; END $$;
        CREATE TRIGGER fence AFTER INSERT ON dag_run FOR EACH ROW EXECUTE FUNCTION fence();
        """
    )
    with pytest.raises(errors.StaleEpochError):
        history(b, snapshot, batch_runs=1)
    assert b.row().mode == "fenced"


def test_children_of_bare_rows_come_with_the_history(a: Site, b: Site) -> None:
    a.parse(sales_dag())
    runs = [
        a.run("sales", NOON - timedelta(hours=hour), "running" if hour == 5 else "success", load="running")
        for hour in range(6, 0, -1)
    ]
    snapshot = exported(a, b)
    bring(b, snapshot, "unfinished", op="X", epoch=2)
    bare = runs[2]
    assert b.task_states(bare) == {}
    bring(b, snapshot, "history", op="X", epoch=2)
    assert b.task_states(bare) == a.task_states(bare)


def test_beyond_the_days_of_history_only_the_row_of_a_run_is_carried(a: Site, b: Site) -> None:
    a.parse(sales_dag(start_date=NOON - timedelta(days=900)))
    old = a.run("sales", NOON - timedelta(days=800))
    a.run("sales", NOON)
    snapshot = exported(a, b, historyDays=100)
    bring(b, snapshot, "terminal")
    bring(b, snapshot, "history")
    assert b.rows(f"SELECT count(*) FROM dag_run WHERE run_id = '{old}'") == [(1,)]
    assert b.task_states(old) == {}
