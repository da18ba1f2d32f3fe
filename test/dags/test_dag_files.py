"""The DAG files parse, cheaply, and say what the rest relies on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from airflow.models import DagBag
from mwaa_lifeboat.engine.tables import HELPER_DAG_IDS, HELPER_POOL

DAGS = Path(__file__).parent.parent.parent / "dags"


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(DAGS, include_examples=False)


def test_every_helper_parses_and_nothing_else_is_read(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) == set(HELPER_DAG_IDS)
    read = {Path(file).relative_to(DAGS).as_posix() for file in bag.file_last_changed}
    assert not any("engine" in file for file in read)


def test_helpers_run_whatever_else_waits(bag: DagBag) -> None:
    for dag in bag.dags.values():
        assert (dag.tags, dag.is_paused_upon_creation, dag.max_active_runs, dag.catchup) == (
            ["lifeboat"],
            False,
            1,
            False,
        )
        for task in dag.tasks:
            assert (task.pool, task.retries, task.weight_rule.__class__.__name__) == (
                HELPER_POOL,
                0,
                "_AbsolutePriorityWeightStrategy",
            )


def test_only_the_canary_starts_by_itself(bag: DagBag) -> None:
    assert {dag_id for dag_id, dag in bag.dags.items() if dag.timetable.can_be_scheduled} == {"lifeboat_canary"}
    assert [task.task_id for task in bag.dags["lifeboat_canary"].roots] == ["stamp"]


@pytest.mark.parametrize(("pair", "seconds"), [({"canarySeconds": 10}, 10), ({}, 60)])
def test_the_canary_takes_its_interval_from_the_pair(tmp_path: Path, pair: dict[str, int], seconds: int) -> None:
    place = tmp_path / "mwaa_lifeboat"
    place.mkdir()
    shutil.copy(DAGS / "mwaa_lifeboat" / "canary_dag.py", place)
    (place / "pair.json").write_text(json.dumps(pair))
    found = DagBag(tmp_path, include_examples=False)
    assert found.dags["lifeboat_canary"].schedule_interval == timedelta(seconds=seconds)


def test_a_parse_loads_nothing_of_the_engine(tmp_path: Path) -> None:
    script = f"""
import runpy, sys
sys.path.insert(0, {str(DAGS)!r})
for name in ("canary", "export", "import", "promote"):
    runpy.run_path({str(DAGS)!r} + f"/mwaa_lifeboat/{{name}}_dag.py")
print([name for name in sys.modules if name.startswith(("boto", "mwaa_lifeboat.engine"))])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[]"
