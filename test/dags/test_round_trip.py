"""What was exported is what is imported: every carried table, and secrets under another key."""

# ruff: noqa: S608  statements are put together from constants of the tests

from __future__ import annotations

import pytest
from mwaa_lifeboat.engine.credentials import CONNECTION, VARIABLE, read_records
from mwaa_lifeboat.engine.tables import HELPERS_SQL, TABLES
from seed import HOSTILE, contents, fill, helper_dag, set_secrets
from sites import NOON, Site, bring, exported

CARRIED = [table.name for table in TABLES if table.name not in {"slot_pool", "dataset_dag_run_queue"}]
OURS = f"dag_id NOT IN {HELPERS_SQL}"


def everything(site: Site) -> dict[str, list[str]]:
    found = {name: contents(site, name, OURS if name in {"dag_run", "task_instance"} else "true") for name in CARRIED}
    with site.database.transaction() as tx:
        secrets = {table.name: [repr(row) for row in read_records(tx, table)] for table in (VARIABLE, CONNECTION)}
    return {**found, **secrets}


def test_every_carried_row_arrives_as_it_was(a: Site, b: Site) -> None:
    fill(a)
    b.parse(helper_dag())
    b.run("lifeboat_import", NOON)
    snapshot = exported(a, b)
    bring(b, snapshot, "terminal")
    bring(b, snapshot, "history")
    there, here = everything(a), everything(b)
    for name in there:
        assert here[name] == there[name], name
        assert there[name], f"{name} has no row to test with"


def test_a_second_import_of_the_same_stages_changes_nothing(a: Site, b: Site) -> None:
    fill(a)
    a.run("sales", NOON, "running", load="success", check="running", publish=None)
    snapshot = exported(a, b)
    for stage in ("terminal", "unfinished", "history"):
        bring(b, snapshot, stage)
    before = everything(b)
    again = {stage: bring(b, snapshot, stage) for stage in ("unfinished", "history")}
    assert everything(b) == before
    assert again["unfinished"]["alreadyDone"]
    assert again["history"]["alreadyDone"]


def test_secrets_are_equal_byte_for_byte_under_the_other_key(a: Site, b: Site) -> None:
    set_secrets(a)
    bring(b, exported(a, b), "terminal")
    stored = {row[0]: row[1] for row in b.rows("SELECT key, val FROM variable")}
    for key, val in a.rows("SELECT key, val FROM variable WHERE key <> 'lifeboat__state'"):
        assert stored[key] != val
        assert b.database.fernet.decrypt(stored[key].encode()) == a.database.fernet.decrypt(val.encode())
    with a.database.transaction() as there, b.database.transaction() as here:
        assert read_records(here, CONNECTION) == read_records(there, CONNECTION)
    ((password, extra),) = b.rows("SELECT password, extra FROM connection WHERE conn_id = 'warehouse'")
    assert {b.database.fernet.decrypt(text.encode()).decode() for text in (password, extra)} == {HOSTILE}


def test_a_row_that_is_equal_already_is_not_written_again(a: Site, b: Site) -> None:
    set_secrets(a)
    snapshot = exported(a, b)
    bring(b, snapshot, "terminal")
    before = b.rows("SELECT key, val FROM variable WHERE key = 'token'")
    bring(b, snapshot, "terminal")
    assert b.rows("SELECT key, val FROM variable WHERE key = 'token'") == before


def test_what_was_deleted_at_the_source_is_deleted_here_but_the_reserved_row_stays(a: Site, b: Site) -> None:
    set_secrets(a)
    bring(b, exported(a, b), "terminal")
    a.execute("DELETE FROM variable WHERE key = 'token'")
    a.execute("DELETE FROM connection WHERE conn_id = 'bare'")
    bring(b, exported(a, b), "terminal")
    assert {row[0] for row in b.rows("SELECT key FROM variable")} == {"empty", "json", "lifeboat__state"}
    assert b.rows("SELECT conn_id FROM connection") == [("warehouse",)]
    assert b.row().mode == "standby"


def test_xcoms_point_to_their_own_run(a: Site, b: Site) -> None:
    fill(a)
    snapshot = exported(a, b)
    bring(b, snapshot, "terminal")
    bring(b, snapshot, "history")
    wrong = """SELECT count(*) FROM xcom x JOIN dag_run r ON r.id = x.dag_run_id
        WHERE r.run_id <> x.run_id OR r.dag_id <> x.dag_id"""
    assert b.rows(wrong) == [(0,)]
    ids = "SELECT min(dag_run_id) FROM xcom"
    assert a.rows(ids) != b.rows(ids)


def test_ids_of_processes_stay_behind_and_the_newest_template_is_used(a: Site, b: Site) -> None:
    fill(a)
    snapshot = exported(a, b)
    bring(b, snapshot, "terminal")
    columns = "job_id, queued_by_job_id, trigger_id, pid, external_executor_id"
    assert b.rows(f"SELECT DISTINCT {columns} FROM task_instance") == [(None,) * 5]
    assert b.rows("SELECT DISTINCT creating_job_id, log_template_id FROM dag_run") == b.rows(
        "SELECT NULL::int, max(id) FROM log_template"
    )


def test_rows_of_the_helpers_and_the_reserved_row_are_never_carried(a: Site, b: Site) -> None:
    fill(a)
    snapshot = exported(a, b)
    bring(b, snapshot, "terminal")
    bring(b, snapshot, "history")
    assert b.rows(f"SELECT count(*) FROM dag_run WHERE dag_id IN {HELPERS_SQL}") == [(0,)]
    row = b.row()
    assert (row.site, row.epoch, row.op, row.mode) == ("b", 0, None, "standby")


def test_a_refresh_unpauses_nothing_and_brings_neither_pools_nor_queue(a: Site, b: Site) -> None:
    fill(a)
    b.parse(*a.dags.values())
    before = b.rows("SELECT dag_id, is_paused FROM dag ORDER BY 1")
    bring(b, exported(a, b), "terminal")
    assert b.rows("SELECT dag_id, is_paused FROM dag ORDER BY 1") == before
    assert b.rows("SELECT pool FROM slot_pool") == [("default_pool",)]
    assert b.rows("SELECT count(*) FROM dataset_dag_run_queue") == [(0,)]


@pytest.mark.parametrize("stage", ["terminal", "unfinished"])
def test_dag_run_conf_travels_as_bytes(a: Site, b: Site, stage: str) -> None:
    fill(a, hours=1)
    bring(b, exported(a, b), stage)
    conf = "SELECT conf FROM dag_run WHERE dag_id = 'sales'"
    assert bytes(b.rows(conf)[0][0]) == bytes(a.rows(conf)[0][0])
