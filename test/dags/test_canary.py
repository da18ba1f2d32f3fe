"""The canary stamps, and a site that returns obeys the fence's marker first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mwaa_lifeboat_gate
import pytest
from mwaa_lifeboat.engine import errors
from mwaa_lifeboat.engine.canary import stamp_site
from mwaa_lifeboat.engine.export import HELPER_VERSION
from mwaa_lifeboat.engine.settings import Pair, load_pair
from mwaa_lifeboat.engine.settings import Site as PairSite
from pluggy import PluginManager
from seed import helper_dag, producer_dag, sales_dag
from sites import KEY_ALIAS, PAIR, REGION, Site


def stamp(site: Site) -> dict[str, Any]:
    pair = Pair(PAIR, KEY_ALIAS, {site.side: PairSite("demo", REGION, site.bucket.name)})
    written = stamp_site(site.database, site.bucket, pair=pair, side=site.side, run_id="run")
    assert json.loads(site.bucket.read(f"{PAIR}/sites/{site.side}/canary.json") or b"") == written
    return written


def mark(site: Site, epoch: int) -> None:
    site.bucket.write_json(f"{PAIR}/sites/{site.side}/fence.json", {"epoch": epoch, "op": "X", "writtenAt": ""})


def test_a_site_stamps_what_its_row_says(a: Site) -> None:
    found = stamp(a)
    assert {name: found[name] for name in found if name != "at"} == {
        "site": "a",
        "epoch": 1,
        "mode": "active",
        "runId": "run",
        "paused": False,
        "gate": {"installed": True, "version": mwaa_lifeboat_gate.VERSION},
        "helperVersion": HELPER_VERSION,
    }
    assert found["at"].endswith("Z")


def test_a_site_without_the_gate_says_so(a: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow.settings.POLICY_PLUGIN_MANAGER", PluginManager("airflow.policy"))
    assert stamp(a)["gate"] is None


def test_a_site_without_a_row_is_a_standby(b: Site) -> None:
    found = stamp(b)
    assert (found["mode"], found["epoch"]) == ("standby", 0)
    assert b.rows("SELECT count(*) FROM variable") == [(0,)]


def test_a_marker_above_the_row_fences_and_pauses_all_production(a: Site) -> None:
    a.parse(sales_dag(), producer_dag(), helper_dag())
    a.execute("UPDATE dag SET is_paused = false")
    mark(a, 2)
    found = stamp(a)
    assert (found["paused"], found["mode"], found["epoch"]) == (True, "fenced", 2)
    assert dict(a.rows("SELECT dag_id, is_paused FROM dag")) == {
        "sales": True,
        "ingest": True,
        "lifeboat_import": False,
    }
    row = a.row()
    assert (row.mode, row.epoch, row.op, row.site) == ("fenced", 2, "X", "a")


def test_a_marker_of_an_older_epoch_does_nothing(a: Site) -> None:
    a.parse(sales_dag())
    a.execute("UPDATE dag SET is_paused = false")
    mark(a, 1)
    assert not stamp(a)["paused"]
    assert a.rows("SELECT is_paused FROM dag") == [(False,)]


def test_a_dag_that_is_unpaused_on_a_fenced_site_is_paused_again(a: Site) -> None:
    a.parse(sales_dag())
    mark(a, 2)
    stamp(a)
    a.execute("UPDATE dag SET is_paused = false")
    assert stamp(a)["paused"]
    assert a.rows("SELECT is_paused FROM dag") == [(True,)]


def test_an_environment_that_the_pair_does_not_name_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(PAIR, KEY_ALIAS, {"a": PairSite("demo-a", REGION, "x"), "b": PairSite("demo-b", REGION, "y")})
    monkeypatch.setenv("AIRFLOW_ENV_NAME", "demo-b")
    assert pair.side_of(None) == "b"
    assert pair.side_of("a") == "a"
    monkeypatch.setenv("AIRFLOW_ENV_NAME", "demo-b-2")
    assert pair.side_of(None) == "b"
    monkeypatch.setenv("AIRFLOW_ENV_NAME", "strange")
    with pytest.raises(errors.RequestInvalidError, match="strange"):
        pair.side_of(None)


def test_a_missing_or_incomplete_pair_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.RequestInvalidError, match=r"pair\.json"):
        load_pair(tmp_path / "pair.json")
    (tmp_path / "pair.json").write_text('{"pair": "demo"}')
    with pytest.raises(errors.RequestInvalidError, match="sites"):
        load_pair(tmp_path / "pair.json")
