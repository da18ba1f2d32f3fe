"""Unfinished runs: only ambiguous tasks fall under the policy, and nothing is ever marked success."""

# ruff: noqa: S608  statements are put together from constants of the tests

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow import DAG
from mwaa_lifeboat.engine.request import Policy
from seed import sales_dag
from sites import NOON, Site, bring, exported

START = NOON - timedelta(hours=1)
AMBIGUOUS = ["running", "queued", "deferred", "up_for_reschedule", "restarting"]


def interrupted(
    a: Site, b: Site, default: Policy = "fail", dag: DAG | None = None, **tasks: str | None
) -> tuple[str, Any]:
    """A run that was going on at the loss, brought to b; returns its id and the import's result."""
    a.parse(dag or sales_dag())
    run_id = a.run("sales", START, "running", **tasks)
    a.execute("UPDATE dag_run SET last_scheduling_decision = now()")
    a.execute("UPDATE task_instance SET trigger_timeout = now(), next_method = 'resume' WHERE state = 'deferred'")
    snapshot = exported(a, b)
    return run_id, bring(b, snapshot, "unfinished", op="X", epoch=2, interruptedDefault=default)


@pytest.mark.parametrize("state", AMBIGUOUS)
def test_by_default_an_ambiguous_task_fails_with_a_note(a: Site, b: Site, state: str) -> None:
    run_id, result = interrupted(a, b, load="success", check=state, publish=None)
    assert b.task_states(run_id) == {"load": "success", "check": "failed", "publish": None}
    assert b.rows("SELECT state, last_scheduling_decision FROM dag_run") == [("queued", None)]
    ((note,),) = b.rows("SELECT content FROM task_instance_note WHERE task_id = 'check'")
    assert f"was {state} on site a" in note
    assert result["interrupted"] == [
        {
            "dagId": "sales",
            "runId": run_id,
            "runType": "scheduled",
            "logicalDate": "2026-11-24T11:00:00.000000Z",
            "tasks": [{"taskId": "check", "mapIndex": -1, "state": state, "tryNumber": 1, "action": "failed"}],
            "action": "fail",
        }
    ]


@pytest.mark.parametrize("state", AMBIGUOUS)
@pytest.mark.parametrize("policy", ["fail", "resume", "rerun"])
def test_no_policy_makes_a_task_success_or_leaves_it_running(a: Site, b: Site, state: str, policy: Policy) -> None:
    run_id, _ = interrupted(a, b, policy, load=state, check=None, publish=None)
    assert b.task_states(run_id) == {"load": "failed" if policy == "fail" else None, "check": None, "publish": None}


def test_a_run_without_an_ambiguous_task_resumes_as_it_is(a: Site, b: Site) -> None:
    run_id, result = interrupted(a, b, load="success", check="up_for_retry", publish=None)
    assert b.task_states(run_id) == {"load": "success", "check": "up_for_retry", "publish": None}
    assert b.rows("SELECT state FROM dag_run") == [("queued",)]
    assert result["interrupted"] == []


def test_a_dag_that_declares_resume_runs_its_interrupted_task_again(a: Site, b: Site) -> None:
    dag = sales_dag(tags=["lifeboat:resume"])
    b.parse(sales_dag(tags=["lifeboat:resume"]))
    run_id, result = interrupted(a, b, dag=dag, load="running", check=None, publish=None)
    # As Airflow's own clear: the tries so far (1) and the two retries of the task.
    assert b.rows("SELECT state, try_number, max_tries FROM task_instance WHERE task_id = 'load'") == [(None, 1, 3)]
    assert b.rows("SELECT task_id, try_number, state FROM task_instance_history") == [("load", 1, "failed")]
    assert result["interrupted"][0]["action"] == "resume"
    assert b.task_states(run_id)["check"] is None


def test_a_deferred_task_that_runs_again_starts_from_its_beginning(a: Site, b: Site) -> None:
    interrupted(a, b, "resume", load="deferred", check=None, publish=None)
    columns = "state, trigger_id, trigger_timeout, next_method"
    assert b.rows(f"SELECT {columns} FROM task_instance WHERE task_id = 'load'") == [(None, None, None, None)]


def test_reschedules_of_the_interrupted_try_are_forgotten_as_a_clear_does(a: Site, b: Site) -> None:
    a.parse(sales_dag())
    run_id = a.run("sales", START, "running", load="up_for_reschedule", check=None, publish=None)
    for number in (0, 1):
        a.execute(
            """INSERT INTO task_reschedule (task_id, dag_id, run_id, map_index, try_number, start_date, end_date,
            duration, reschedule_date) VALUES ('load', 'sales', %(run)s, -1, %(n)s, now(), now(), 1, now())""",
            run=run_id,
            n=number,
        )
    bring(b, exported(a, b), "unfinished", op="X", epoch=2, interruptedDefault="resume")
    assert b.rows("SELECT try_number FROM task_reschedule") == [(0,)]


def test_rerun_clears_every_task_of_the_run(a: Site, b: Site) -> None:
    run_id, result = interrupted(a, b, "rerun", load="success", check="running", publish=None)
    assert b.task_states(run_id) == {"load": None, "check": None, "publish": None}
    assert [task["taskId"] for task in result["interrupted"][0]["tasks"]] == ["check"]
    history = dict(b.rows("SELECT task_id, state FROM task_instance_history"))
    assert history == {"load": "success", "check": "failed"}


def test_a_dag_whose_code_differs_is_named_and_not_resumed(a: Site, b: Site) -> None:
    b.parse(sales_dag(description="another version"))
    run_id, result = interrupted(a, b, "resume", load="success", check="running", publish=None)
    assert b.rows("SELECT state FROM dag_run") == [("failed",)]
    assert b.task_states(run_id) == {"load": "success", "check": "failed", "publish": None}
    assert result["interrupted"][0]["action"] == "codeDiffers"


def test_the_same_code_in_another_folder_is_the_same_code(a: Site, b: Site) -> None:
    b.parse(sales_dag())
    assert b.folder != a.folder
    _, result = interrupted(a, b, "resume", load="running", check=None, publish=None)
    assert result["interrupted"][0]["action"] == "resume"


def test_a_note_of_the_source_is_kept_above_ours(a: Site, b: Site) -> None:
    a.parse(sales_dag())
    run_id = a.run("sales", START, "running", load="running", check=None, publish=None)
    a.execute(
        """INSERT INTO task_instance_note (task_id, dag_id, run_id, map_index, content, created_at, updated_at)
        VALUES ('load', 'sales', %(run)s, -1, 'mine', now(), now())""",
        run=run_id,
    )
    bring(b, exported(a, b), "unfinished", op="X", epoch=2)
    ((note,),) = b.rows("SELECT content FROM task_instance_note")
    assert note.startswith("mine\n\nMWAA Lifeboat: this task was running")


def test_a_rolling_import_never_brings_an_unfinished_run(a: Site, b: Site) -> None:
    a.parse(sales_dag())
    a.run("sales", START - timedelta(hours=1))
    a.run("sales", START, "running", load="running")
    bring(b, exported(a, b), "terminal")
    assert b.rows("SELECT state FROM dag_run") == [("success",)]
    assert b.rows("SELECT count(*) FROM task_instance") == [(3,)]


def test_rows_newer_than_the_oldest_unfinished_run_come_with_the_essential_stage(a: Site, b: Site) -> None:
    a.parse(sales_dag())
    for hour in range(8, 0, -1):
        a.run(
            "sales",
            NOON - timedelta(hours=hour),
            "running" if hour == 5 else "success",
            load="running" if hour == 5 else "success",
        )
    bring(b, exported(a, b), "unfinished", op="X", epoch=2)
    hours = [
        int((NOON - row[0]).total_seconds() // 3600) for row in b.rows("SELECT execution_date FROM dag_run ORDER BY 1")
    ]
    # The run before the unfinished one, itself, and every later row: none of their slots runs again.
    assert hours == [6, 5, 4, 3, 2, 1]
    with_tasks = b.rows("SELECT count(DISTINCT run_id) FROM task_instance")
    assert with_tasks == [(3,)]


def test_what_an_earlier_life_left_running_here_is_ended_and_named(a: Site, b: Site) -> None:
    a.parse(sales_dag())
    b.parse(sales_dag())
    a.run("sales", START)
    old = b.run("sales", START - timedelta(days=1), "running", load="running", check=None, publish=None)
    result = bring(b, exported(a, b), "unfinished", op="X", epoch=2)
    assert result["superseded"] == [{"dagId": "sales", "runId": old}]
    assert b.task_states(old) == {"load": "failed", "check": None, "publish": None}
    assert b.rows(f"SELECT state FROM dag_run WHERE run_id = '{old}'") == [("failed",)]


def test_a_run_of_its_own_on_the_same_slot_gives_way_to_the_snapshot(a: Site, b: Site) -> None:
    a.parse(sales_dag())
    b.parse(sales_dag())
    kept = a.run("sales", START)
    own = b.add_run("sales", START, run_type="manual", state="failed")
    result = bring(b, exported(a, b), "terminal")
    assert result["superseded"] == [{"dagId": "sales", "runId": own}]
    assert b.rows("SELECT run_id, state FROM dag_run") == [(kept, "success")]
