"""Promotion: after a parse that saw the import, consumers first, and only what passes its check."""

# ruff: noqa: S608  statements are put together from constants of the tests

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow import DAG
from airflow.operators.empty import EmptyOperator
from mwaa_lifeboat.engine import errors
from mwaa_lifeboat.engine.manifest import parse_manifest
from mwaa_lifeboat.engine.promote import NOT_IN_SNAPSHOT, Pace, promote_site
from seed import HOSTILE, consumer_dag, fill, producer_dag, sales_dag
from sites import PAIR, Site, bring, exported, request

HOUR = timedelta(hours=1)


def this_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


class Waits:
    """A clock that only waiting moves; what happens meanwhile is the test's."""

    def __init__(self, meanwhile: Callable[[float], None] = lambda _: None) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self._meanwhile = meanwhile

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)
        self._meanwhile(seconds)

    def pace(self) -> Pace:
        return Pace(sleep=self.sleep, monotonic=lambda: self.now, parse_deadline_seconds=10)


def recent(dag: Callable[..., DAG] = sales_dag, **arguments: Any) -> DAG:
    return dag(start_date=this_hour() - timedelta(days=2), **arguments)


def standby(a: Site, b: Site) -> dict[str, Any]:
    """b holds a's snapshot and has parsed the same DAGs after it."""
    snapshot = exported(a, b)
    bring(b, snapshot, "unfinished", op="X", epoch=2)
    reparse(b)
    return snapshot


def reparse(b: Site, *only: str) -> None:
    """Parse, and stamp a time that is later than the import's margin."""
    b.parse(*(dag for dag_id, dag in b.dags.items() if not only or dag_id in only))
    where = "dag_id = ANY(%(ids)s)" if only else "true"
    b.execute(f"UPDATE dag SET last_parsed_time = now() + interval '10 s' WHERE {where}", ids=list(only))


def promote(b: Site, snapshot: dict[str, Any], waits: Waits | None = None, **fields: Any) -> dict[str, Any]:
    body = b.bucket.read(snapshot["manifestKey"])
    manifest = parse_manifest(body, pair=PAIR, snapshot_id=snapshot["snapshotId"], sha256=None)
    dags = manifest.document["dags"]
    defaults = {
        "op": "X",
        "epoch": 2,
        "snapshotId": snapshot["snapshotId"],
        "pauseMap": [{"dagId": dag["dagId"], "isPaused": dag["isPaused"]} for dag in dags],
        "expected": dags,
        "catchUpBudget": 5,
        "exportedSiteEpoch": 1,
    }
    return promote_site(
        b.database, b.bucket, request("promote", b, **{**defaults, **fields}), (waits or Waits()).pace()
    )


def paused(site: Site) -> dict[str, bool]:
    return dict(site.rows("SELECT dag_id, is_paused FROM dag"))


def test_the_site_goes_on_with_the_next_slot(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent())
    for hour in range(5, 1, -1):
        a.run("sales", this_hour() - hour * HOUR)
    a.pause("sales", paused=False)
    result = promote(b, standby(a, b))
    expected = (this_hour() - HOUR).isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert result["nextRuns"] == [{"dagId": "sales", "logicalDate": expected}]
    assert result["dags"] == [
        {"dagId": "sales", "wave": 2, "unpaused": True, "expectedNext": expected, "actualNext": expected, "why": None}
    ]
    assert paused(b) == {"sales": False}
    row = b.row()
    assert (row.mode, row.epoch, row.op) == ("active", 2, "X")


def test_it_waits_until_every_dag_was_parsed_after_the_import(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent())
    a.run("sales", this_hour() - 2 * HOUR)
    a.pause("sales", paused=False)
    snapshot = exported(a, b)
    bring(b, snapshot, "unfinished", op="X", epoch=2)
    seen: list[tuple[str, bool]] = []

    def parse_at_last(_: float) -> None:
        seen.append((b.row().mode, paused(b)["sales"]))
        if len(seen) == 3:
            reparse(b)

    result = promote(b, snapshot, Waits(parse_at_last))
    assert seen == [("standby", True)] * 3
    assert result["leftPaused"] == []


def test_no_parse_at_all_leaves_the_site_a_standby(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent())
    a.pause("sales", paused=False)
    snapshot = exported(a, b)
    bring(b, snapshot, "unfinished", op="X", epoch=2)
    with pytest.raises(errors.DagNotReadyError):
        promote(b, snapshot)
    assert b.row().mode == "standby"
    assert paused(b) == {"sales": True}


def test_one_dag_that_is_not_parsed_stays_paused_and_stops_no_other(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent(), producer_dag())
    a.pause("sales", "ingest", paused=False)
    snapshot = exported(a, b)
    bring(b, snapshot, "unfinished", op="X", epoch=2)
    reparse(b, "ingest")
    result = promote(b, snapshot)
    assert [dag["dagId"] for dag in result["leftPaused"]] == ["sales"]
    assert "not parsed since" in result["leftPaused"][0]["why"]
    assert paused(b) == {"sales": True, "ingest": False}


def test_consumers_open_first_and_producers_last(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent(catchup=False), consumer_dag(), producer_dag())
    a.pause("sales", "report", "ingest", paused=False)
    snapshot = standby(a, b)
    steps: list[dict[str, bool]] = []
    result = promote(b, snapshot, Waits(lambda _: steps.append(paused(b))))
    assert [step["report"] for step in steps] == [False, False]
    assert [step["sales"] for step in steps] == [True, False]
    assert [step["ingest"] for step in steps] == [True, True]
    assert paused(b) == {"report": False, "sales": False, "ingest": False}
    assert {dag["dagId"]: dag["wave"] for dag in result["dags"]} == {"report": 1, "sales": 2, "ingest": 3}


def test_the_pause_map_decides_and_not_what_the_standby_shows(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent(), producer_dag())
    a.pause("ingest", paused=False)
    snapshot = standby(a, b)
    b.pause("sales", paused=False)
    promote(b, snapshot)
    assert paused(b) == {"sales": True, "ingest": False}


def test_pools_and_queue_come_with_the_promotion(a: Site, b: Site) -> None:
    fill(a)
    b.parse(*a.dags.values())
    snapshot = standby(a, b)
    b.execute("INSERT INTO dataset (uri, extra, created_at, updated_at) VALUES ('left', '{}', now(), now())")
    b.execute(
        "INSERT INTO dataset_dag_run_queue (dataset_id, target_dag_id, created_at) SELECT id, 'report', now() "
        "FROM dataset WHERE uri = 'left'"
    )
    promote(b, snapshot)
    queue = (
        "SELECT d.uri, q.target_dag_id, q.created_at FROM dataset_dag_run_queue q JOIN dataset d ON d.id = q.dataset_id"
    )
    assert b.rows(queue) == a.rows(queue) != []
    pools = "SELECT pool, slots, description, include_deferred FROM slot_pool WHERE pool <> 'lifeboat' ORDER BY pool"
    assert b.rows(pools) == a.rows(pools)
    assert HOSTILE in {row[0] for row in b.rows(pools)}


def test_a_pointer_that_went_back_keeps_the_dag_paused(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent())
    a.run("sales", this_hour() - 2 * HOUR)
    a.pause("sales", paused=False)
    snapshot = standby(a, b)
    b.execute("UPDATE dag SET next_dagrun = next_dagrun - interval '5 hours'")
    result = promote(b, snapshot)
    assert "its timetable expects" in result["leftPaused"][0]["why"]
    assert paused(b) == {"sales": True}
    assert b.row().mode == "active"


def test_without_catchup_the_newest_slot_is_next(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent(catchup=False))
    a.run("sales", this_hour() - 9 * HOUR)
    a.pause("sales", paused=False)
    result = promote(b, standby(a, b))
    assert result["leftPaused"] == []
    assert result["nextRuns"][0]["logicalDate"] == (this_hour() - HOUR).isoformat(timespec="microseconds").replace(
        "+00:00", "Z"
    )


def test_more_catch_up_runs_than_the_budget_wait_for_a_person(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent())
    a.run("sales", this_hour() - 9 * HOUR)
    a.pause("sales", paused=False)
    snapshot = standby(a, b)
    result = promote(b, snapshot, catchUpBudget=7)
    assert "more than 7 runs are due" in result["leftPaused"][0]["why"]
    assert paused(b) == {"sales": True}


def test_exactly_the_budget_may_run(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent())
    a.run("sales", this_hour() - 9 * HOUR)
    a.pause("sales", paused=False)
    assert promote(b, standby(a, b), catchUpBudget=8)["leftPaused"] == []


def test_a_dag_at_its_run_limit_may_open_though_its_next_run_is_not_known(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent(max_active_runs=1))
    a.run("sales", this_hour() - 2 * HOUR, "running", load=None, check=None, publish=None)
    a.pause("sales", paused=False)
    result = promote(b, standby(a, b))
    assert b.rows("SELECT next_dagrun_create_after FROM dag") == [(None,)]
    assert result["leftPaused"] == []


def test_what_cannot_be_opened_is_named(a: Site, b: Site) -> None:
    a.parse(producer_dag(), consumer_dag(), _small("gone"), _small("later", tags=["lifeboat:needs-history"]))
    b.parse(producer_dag(), _small("gone"), _small("later"))
    a.execute("UPDATE dag SET is_paused = false")
    snapshot = standby(a, b)
    b.execute("UPDATE dag SET has_import_errors = true WHERE dag_id = 'ingest'")
    b.execute("UPDATE dag SET is_active = false WHERE dag_id = 'gone'")
    left = {dag["dagId"]: dag["why"] for dag in promote(b, snapshot)["leftPaused"]}
    assert left == {
        "report": "this site does not have the DAG",
        "ingest": "its file has import errors on this site",
        "gone": "this site no longer finds the DAG in its file",
        "later": "it is tagged lifeboat:needs-history and waits for the history",
    }


def _small(dag_id: str, **arguments: Any) -> DAG:
    with DAG(dag_id, schedule=None, start_date=this_hour(), **arguments) as dag:
        EmptyOperator(task_id="only")
    return dag


def test_a_repeated_promotion_opens_the_rest_and_touches_no_queue(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent(catchup=False), consumer_dag(), producer_dag())
    a.pause("sales", "report", "ingest", paused=False)
    snapshot = standby(a, b)

    def die(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        promote(b, snapshot, Waits(die))
    assert paused(b) == {"report": False, "sales": True, "ingest": True}
    b.execute(
        "INSERT INTO dataset_dag_run_queue (dataset_id, target_dag_id, created_at) "
        "SELECT id, 'report', now() FROM dataset"
    )
    result = promote(b, snapshot)
    assert paused(b) == {"report": False, "sales": False, "ingest": False}
    assert result["leftPaused"] == []
    assert b.rows("SELECT count(*) FROM dataset_dag_run_queue") == [(1,)]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"epoch": 3}, errors.StaleEpochError),
        ({"epoch": 2}, errors.StaleEpochError),
        ({"mode": "fenced", "epoch": 1}, errors.FencedSiteError),
        ({"mode": "active", "epoch": 1}, errors.ActiveSiteError),
        ({"mode": "drill", "op": "X"}, errors.OtherOpError),
        ({"op": "Y"}, errors.OtherOpError),
    ],
)
def test_a_promotion_is_refused_with_nothing_opened(
    a: Site, b: Site, row: dict[str, Any], error: type[errors.LifeboatError]
) -> None:
    for site in (a, b):
        site.parse(recent())
    a.pause("sales", paused=False)
    snapshot = standby(a, b)
    b.set_row(**{"op": "X", "last_import": b.row().last_import, **row})
    with pytest.raises(error):
        promote(b, snapshot)
    assert paused(b) == {"sales": True}


def test_a_fence_between_two_waves_stops_the_rest(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent(), consumer_dag(), producer_dag())
    a.pause("sales", "report", "ingest", paused=False)
    snapshot = standby(a, b)

    def fence(_: float) -> None:
        b.set_row(mode="fenced", epoch=3)

    with pytest.raises(errors.StaleEpochError):
        promote(b, snapshot, Waits(fence))
    assert paused(b) == {"report": False, "sales": True, "ingest": True}


def test_another_snapshot_than_the_one_this_site_holds_is_refused(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent())
    standby(a, b)
    other = exported(a, b)
    with pytest.raises(errors.ManifestInvalidError, match="this site holds"):
        promote(b, other)


def test_a_dag_that_starts_itself_and_came_after_the_snapshot_is_named(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent())
    a.run("sales", this_hour() - 2 * HOUR)
    a.pause("sales", paused=False)
    snapshot = standby(a, b)
    for dag_id, flag in (("starts_itself", False), ("waits", None), ("lifeboat_canary", False)):
        b.parse(DAG(dag_id, schedule=None, is_paused_upon_creation=flag))
    b.execute("UPDATE dag SET is_paused = true")
    result = promote(b, snapshot)
    assert result["leftPaused"] == [{"dagId": "starts_itself", "why": NOT_IN_SNAPSHOT}]
    assert paused(b)["starts_itself"]


def test_a_dag_that_the_gate_held_is_opened_as_it_was_on_the_other_site(a: Site, b: Site) -> None:
    for site in (a, b):
        site.parse(recent(is_paused_upon_creation=False))
    a.run("sales", this_hour() - 2 * HOUR)
    assert not paused(a)["sales"]
    b.pause("sales")
    snapshot = standby(a, b)
    body = json.loads(b.bucket.read(snapshot["manifestKey"]) or b"")
    assert [dag["pausedUponCreation"] for dag in body["dags"]] == [False]
    assert promote(b, snapshot)["leftPaused"] == []
    assert paused(b) == {"sales": False}
