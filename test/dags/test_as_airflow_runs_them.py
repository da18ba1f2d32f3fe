"""The helper DAGs in a process of Airflow's own, against its own database, key and configuration."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mwaa_lifeboat.engine.request import Request
from seed import helper_dag, sales_dag, set_secrets
from sites import NOON, PAIR, REGION, Site, export_request, import_request, replicate

DAGS = Path(__file__).parent.parent.parent / "dags"
RUN = """
import json, sys
from airflow.models import DagBag
dag = DagBag(sys.argv[1], include_examples=False).dags[sys.argv[2]]
run = dag.test(run_conf=json.loads(sys.argv[3]))
print("state", run.state)
"""


@pytest.fixture
def place(a: Site, b: Site, tmp_path: Path) -> Path:
    """A DAG folder as the deployment writes it."""
    folder = tmp_path / "deployed"
    shutil.copytree(DAGS, folder, ignore=shutil.ignore_patterns("__pycache__", "pair.json"))
    sites = {
        site.side: {"environment": f"demo-{site.side}", "region": REGION, "bucket": site.bucket.name} for site in (a, b)
    }
    pair = {"pair": PAIR, "canarySeconds": 10, "keyAlias": "alias/lifeboat-demo", "sites": sites}
    (folder / "mwaa_lifeboat" / "pair.json").write_text(json.dumps(pair))
    return folder


def run_dag(site: Site, place: Path, dag_id: str, conf: dict[str, Any]) -> tuple[str, str]:
    """Run a DAG once; returns its state and everything that was logged."""
    environment = {
        **os.environ,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": site.engine.url.render_as_string(hide_password=False),
        "AIRFLOW__CORE__FERNET_KEY": site.fernet_key,
        "AIRFLOW__CORE__DAGS_FOLDER": str(place),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "AIRFLOW_ENV_NAME": f"demo-{site.side}",
        "PYTHONPATH": str(place),
    }
    command = [sys.executable, "-c", RUN, str(place), dag_id, json.dumps(conf)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    state = next((line.split()[1] for line in done.stdout.splitlines() if line.startswith("state ")), "crashed")
    return state, done.stdout + done.stderr


def ask(site: Site, request: Request, name: str) -> dict[str, str]:
    key = f"{PAIR}/ops/tick/{name}.request.json"
    site.bucket.write_json(key, request.document)
    return {"request": key}


def result_of(site: Site, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(site.bucket.read(f"{PAIR}/ops/tick/{name}.result.json") or b"{}")
    return document


def test_export_import_and_canary(a: Site, b: Site, place: Path) -> None:
    a.parse(sales_dag())
    b.parse(helper_dag())
    a.run("sales", NOON)
    set_secrets(a)
    state, log = run_dag(a, place, "lifeboat_export", ask(a, export_request(a), "lb-1"))
    assert state == "success", log
    exported = result_of(a, "lb-1")
    assert exported["outcome"] == "done"
    replicate(a, b)
    state, log = run_dag(b, place, "lifeboat_import", ask(b, import_request(b, exported, "terminal"), "lb-2"))
    assert state == "success", log
    assert result_of(b, "lb-2")["rows"]["dag_run"] == 1
    assert b.rows("SELECT count(*) FROM xcom") == [(0,)]
    state, log = run_dag(b, place, "lifeboat_canary", {})
    assert state == "success", log
    stamp = json.loads(b.bucket.read(f"{PAIR}/sites/b/canary.json") or b"{}")
    assert (stamp["site"], stamp["mode"], stamp["runId"][:8]) == ("b", "standby", "manual__")


def test_a_refusal_fails_the_run_and_is_answered_though_the_row_is_unreadable(a: Site, b: Site, place: Path) -> None:
    b.execute("INSERT INTO variable (key, val, is_encrypted) VALUES ('lifeboat__state', 'gAAAAAB', true)")
    exported = {"snapshotId": export_request(a).snapshot_id, "manifestSha256": "0"}
    request = import_request(b, exported, "terminal")
    state, _ = run_dag(b, place, "lifeboat_import", ask(b, request, "lb-3"))
    assert state == "failed"
    assert result_of(b, "lb-3")["error"]["name"] == "ManifestInvalidError"
