"""The standby gate: what Airflow writes of a DAG on a site that does not run production."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import mwaa_lifeboat_gate as gate
import pytest
from airflow import DAG
from mwaa_lifeboat.engine.reserved_row import MODES, RESERVED_KEY
from mwaa_lifeboat.engine.tables import HELPER_DAG_IDS
from seed import producer_dag, sales_dag
from sites import Site

ROOT = Path(__file__).parent.parent.parent
BUILD = ROOT / "python" / "build_plugins.py"
DAG_FILE = """
from datetime import datetime
from airflow import DAG
for dag_id in ("starts_itself", "lifeboat_canary"):
    globals()[dag_id] = DAG(dag_id, schedule="@daily", start_date=datetime(2026, 1, 1), is_paused_upon_creation=False)
"""
SYNC = """
import sys
from airflow import settings
from airflow.models import DagBag
bag = DagBag(sys.argv[1], include_examples=False)
assert not bag.import_errors, bag.import_errors
bag.sync_to_db()
plugin = settings.POLICY_PLUGIN_MANAGER.get_plugin("mwaa_lifeboat_gate")
print("gate", plugin and plugin.VERSION)
"""


@pytest.fixture(autouse=True)
def fernet_of_the_site(b: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow.models.crypto.get_fernet", lambda: b.database.fernet)


def parse(site: Site, *dags: DAG) -> dict[str, bool]:
    """Write DAGs as the DAG processor does after it has called the policy; returns which are paused."""
    from sqlalchemy import event
    from sqlalchemy.orm import Session

    with Session(site.engine) as session, session.begin():
        event.listen(session, "before_flush", gate.hold)
        DAG.bulk_write_to_db(list(dags), session=session)
    return dict(site.rows("SELECT dag_id, is_paused FROM dag"))


def flagged(flag: bool | None = False, dag_id: str = "sales") -> DAG:
    dag = sales_dag() if dag_id == "sales" else DAG(dag_id, schedule=None)
    dag.is_paused_upon_creation = flag
    return dag


@pytest.mark.parametrize("mode", [None, *MODES])
def test_a_new_dag_arrives_open_only_where_the_row_says_active(b: Site, mode: str | None) -> None:
    if mode is not None:
        b.set_row(mode=mode, epoch=1)
    assert parse(b, flagged()) == {"sales": mode != "active"}


def test_a_dag_without_a_flag_is_held_whatever_the_settings_say(b: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.models.dag import DagModel

    monkeypatch.setattr(DagModel.__table__.c.is_paused.default, "arg", False)
    assert parse(b, flagged(None)) == {"sales": True}


def test_on_the_active_site_a_dag_keeps_its_own_flag(a: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow.models.crypto.get_fernet", lambda: a.database.fernet)
    assert parse(a, flagged(True), flagged(False, "other")) == {"sales": True, "other": False}


def test_the_four_helpers_are_exempt_and_nobody_else(b: Site) -> None:
    names = [*HELPER_DAG_IDS, "lifeboat_other", "my_lifeboat_canary"]
    found = parse(b, *(flagged(False, name) for name in names))
    assert {name for name, is_paused in found.items() if not is_paused} == set(HELPER_DAG_IDS)


@pytest.mark.parametrize("mode", sorted(gate.CLOSED_MODES))
def test_an_open_dag_is_paused_where_the_row_says_that_it_must_not_run(b: Site, mode: str) -> None:
    b.parse(sales_dag())
    b.pause("sales", paused=False)
    b.set_row(mode=mode, epoch=1)
    assert parse(b, flagged(), flagged(False, "lifeboat_export")) == {"sales": True, "lifeboat_export": False}


@pytest.mark.parametrize("value", [None, "not json", "[]", '{"site": "b"}', '{"mode": "frozen"}'])
def test_without_a_row_to_rely_on_new_dags_wait_and_open_ones_go_on(b: Site, value: str | None) -> None:
    b.parse(sales_dag())
    b.pause("sales", paused=False)
    if value is not None:
        sql = "INSERT INTO variable (key, val, is_encrypted) VALUES (%(key)s, %(val)s, false)"
        b.execute(sql, key=RESERVED_KEY, val=value)
    assert parse(b, flagged(), flagged(False, "new")) == {"sales": False, "new": True}


def test_a_row_under_another_fernet_key_is_a_row_that_cannot_be_read(b: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.fernet import Fernet

    b.set_row(mode="active", epoch=1)
    monkeypatch.setattr("airflow.models.crypto.get_fernet", lambda: Fernet(Fernet.generate_key()))
    assert parse(b, flagged()) == {"sales": True}


def test_a_variable_from_elsewhere_opens_nothing(b: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"AIRFLOW_VAR_{RESERVED_KEY.upper()}", '{"mode": "active"}')
    assert parse(b, flagged()) == {"sales": True}


def test_a_read_that_fails_writes_nothing(b: Site) -> None:
    from sqlalchemy.exc import ProgrammingError

    b.execute("ALTER TABLE variable RENAME TO away")
    try:
        with pytest.raises(ProgrammingError):
            parse(b, flagged())
    finally:
        b.execute("ALTER TABLE away RENAME TO variable")
    assert b.rows("SELECT count(*) FROM dag") == [(0,)]


def test_a_promotion_after_the_parse_has_locked_the_row_has_the_last_word(b: Site) -> None:
    from airflow.models.dag import DagModel
    from sqlalchemy import event
    from sqlalchemy.orm import Session

    b.parse(sales_dag())
    b.set_row(mode="standby", epoch=1)
    with Session(b.engine) as session, session.begin():
        event.listen(session, "before_flush", gate.hold)
        row = session.get(DagModel, "sales", with_for_update=True)
        assert row is not None
        b.set_row(mode="active", epoch=2)
        row.is_paused = False
    assert b.rows("SELECT is_paused FROM dag") == [(False,)]


def test_parsing_paused_dags_or_an_active_site_costs_at_most_one_read(b: Site) -> None:
    from sqlalchemy import event

    reads: list[str] = []

    def count(_c: object, _u: object, statement: str, *_: Any) -> None:
        reads.extend([statement] if "variable" in statement else [])

    b.set_row(mode="active", epoch=1)
    dags = [flagged(False, f"dag_{n}") for n in range(50)]
    parse(b, *dags)
    event.listen(b.engine, "before_cursor_execute", count)
    try:
        parse(b, *dags)
        assert len(reads) == 1
        b.pause(*(dag.dag_id for dag in dags))
        reads.clear()
        parse(b, *dags)
        assert reads == []
    finally:
        event.remove(b.engine, "before_cursor_execute", count)


def test_what_airflow_knows_of_the_dag_stays_the_same(a: Site, b: Site) -> None:
    from mwaa_lifeboat.engine.dag_facts import read_dags

    facts = []
    for site in (a, b):
        site.parse(producer_dag())
        parse(site, *site.dags.values())
        with site.database.snapshot() as tx:
            facts.append([(dag["dagHash"], dag["pausedUponCreation"]) for dag in read_dags(tx)])
    assert facts[0] == facts[1]


def test_names_are_those_of_the_helpers() -> None:
    assert set(HELPER_DAG_IDS) == gate.HELPER_DAG_IDS
    assert RESERVED_KEY == gate.RESERVED_KEY
    assert {gate.ACTIVE, *gate.CLOSED_MODES} == set(MODES)
    assert importlib.metadata.version("mwaa-lifeboat-gate") == gate.VERSION


def build(out: Path, *arguments: str) -> Path:
    command = [sys.executable, str(BUILD), "--out", str(out), *arguments]
    subprocess.run(command, check=True, capture_output=True)
    return out


def sync(site: Site, place: Path) -> str:
    """Parse and write a folder in a process of Airflow's own that has the plugins folder of `place`."""
    (place / "dags").mkdir()
    (place / "dags" / "file.py").write_text(DAG_FILE)
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": site.engine.url.render_as_string(hide_password=False),
        "AIRFLOW__CORE__FERNET_KEY": site.fernet_key,
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(place / "plugins"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(place / "dags"),
    }
    command = [sys.executable, "-c", SYNC, str(place / "dags")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(line for line in done.stdout.splitlines() if line.startswith("gate"))


def test_airflow_finds_the_gate_in_an_unzipped_plugins_zip(b: Site, tmp_path: Path) -> None:
    with zipfile.ZipFile(build(tmp_path / "plugins.zip")) as archive:
        archive.extractall(tmp_path / "plugins")
    assert sync(b, tmp_path) == f"gate {gate.VERSION}"
    assert dict(b.rows("SELECT dag_id, is_paused FROM dag")) == {"starts_itself": True, "lifeboat_canary": False}


def test_without_the_zip_the_dag_arrives_open(b: Site, tmp_path: Path) -> None:
    assert sync(b, tmp_path) == "gate None"
    assert dict(b.rows("SELECT dag_id, is_paused FROM dag")) == {"starts_itself": False, "lifeboat_canary": False}


def test_the_same_files_make_the_same_zip(tmp_path: Path) -> None:
    assert build(tmp_path / "1.zip").read_bytes() == build(tmp_path / "2.zip").read_bytes()


def test_the_gate_joins_a_plugins_zip_that_is_there(tmp_path: Path) -> None:
    own = tmp_path / "own.zip"
    script = zipfile.ZipInfo("tools/run.sh")
    script.external_attr = 0o755 << 16
    with zipfile.ZipFile(own, "w") as archive:
        archive.writestr("my_plugin.py", "mine")
        archive.writestr(script, "#!/bin/sh")
        archive.writestr("mwaa_lifeboat_gate-0.9.0.dist-info/METADATA", "an older gate")
    with zipfile.ZipFile(build(tmp_path / "both.zip", "--into", str(own))) as archive:
        assert archive.read("my_plugin.py") == b"mine"
        assert archive.getinfo("tools/run.sh").external_attr == 0o755 << 16
        gates = sorted(name for name in archive.namelist() if name.startswith("mwaa_lifeboat_gate"))
    assert gates == [
        "mwaa_lifeboat_gate-1.0.0.dist-info/METADATA",
        "mwaa_lifeboat_gate-1.0.0.dist-info/entry_points.txt",
        "mwaa_lifeboat_gate.py",
    ]
