"""Export: only from the active site, of one instant, and sealed once or not at all."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from mwaa_lifeboat.engine import errors
from mwaa_lifeboat.engine.export import export_snapshot
from mwaa_lifeboat.engine.manifest import sha256_of
from mwaa_lifeboat.engine.request import Request
from mwaa_lifeboat.engine.storage import PART_BYTES, Bucket
from seed import fill, sales_dag, set_secrets
from sites import NOON, PAIR, Site, export_request


def export(site: Site, **fields: Any) -> dict[str, Any]:
    return export_snapshot(site.database, site.bucket, export_request(site, **fields))


def manifest_of(site: Site, result: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(site.bucket.read(result["manifestKey"]) or b"")
    return document


def keys(site: Site) -> list[str]:
    return [item["Key"] for item in site.bucket.client.list_objects_v2(Bucket=site.bucket.name).get("Contents", [])]


def test_every_object_is_what_the_manifest_says(a: Site) -> None:
    fill(a)
    result = export(a)
    manifest = manifest_of(a, result)
    for item in manifest["objects"]:
        body = a.bucket.read(item["key"]) or b""
        assert (sha256_of(body), len(body)) == (item["sha256"], item["bytes"])
        if not item["encrypted"]:
            raw = gzip.decompress(body)
            assert (len(raw), raw.count(b"\n")) == (item["rawBytes"], item["rows"])
    assert sha256_of(a.bucket.read(result["manifestKey"]) or b"") == result["manifestSha256"]
    assert manifest["startedAt"] <= manifest["snapshotAt"] <= manifest["sealedAt"]
    assert manifest["environment"]["alembicHeads"] == ["5f2621c13b39"]


def test_no_secret_is_readable_in_any_object_or_answer(a: Site) -> None:
    secret = "correct horse battery staple"  # noqa: S105  what the test looks for
    with a.database.transaction() as tx:
        stored, encrypted = tx.encrypt(secret)
        tx.execute(
            "INSERT INTO variable (key, val, is_encrypted) VALUES ('k', %(v)s, %(e)s)", {"v": stored, "e": encrypted}
        )
    result = export(a)
    found = b"".join(a.bucket.read(key) or b"" for key in keys(a)) + json.dumps(result).encode()
    assert secret.encode() not in found
    assert {"kind": "variable", "name": "k"} in manifest_of(a, result)["secrets"]["names"]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"mode": "standby", "epoch": 1}, errors.NotActiveError),
        ({"mode": "active", "epoch": 2}, errors.StaleEpochError),
        ({"mode": "active", "epoch": 0}, errors.NotActiveError),
        ({"mode": "fenced", "epoch": 1}, errors.NotActiveError),
        ({"mode": "drill", "epoch": 1}, errors.NotActiveError),
    ],
)
def test_only_the_active_site_of_this_epoch_exports(a: Site, row: dict[str, Any], error: type[Exception]) -> None:
    a.set_row(**row)
    with pytest.raises(error):
        export(a)
    assert keys(a) == []


def test_the_op_that_stands_in_the_marker_may_take_the_final_export(a: Site) -> None:
    a.set_row(mode="fenced", epoch=2)
    a.bucket.write_json(f"{PAIR}/sites/a/fence.json", {"epoch": 2, "op": "X", "writtenAt": ""})
    assert manifest_of(a, export(a, op="X", epoch=2))["epoch"] == 2
    with pytest.raises(errors.NotActiveError):
        export(a, op="Y", epoch=2)


def test_an_export_that_dies_leaves_no_manifest_and_no_unfinished_upload(a: Site) -> None:
    a.parse(sales_dag())
    a.run("sales", NOON)
    # Incompressible, so that the table needs several parts; then the row that breaks the stream.
    a.execute("UPDATE task_instance SET executor_config = NULL")
    a.execute(
        """
        INSERT INTO xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp)
        SELECT r.id, 'load', -1, n::text, 'sales', r.run_id,
            (SELECT string_agg(sha512((n || '/' || m)::bytea), ''::bytea) FROM generate_series(1, 4000) m), now()
        FROM dag_run r, generate_series(1, 50) n
        """
    )
    broken = Bucket(_Breaking(a.bucket), a.bucket.name)
    with pytest.raises(ConnectionError):
        export_snapshot(a.database, broken, export_request(a))
    assert not any(key.endswith("manifest.json") for key in keys(a))
    assert "Uploads" not in a.bucket.client.list_multipart_uploads(Bucket=a.bucket.name)
    result = export(a)
    (xcom,) = [item for item in manifest_of(a, result)["objects"] if item["table"] == "xcom"]
    assert xcom["bytes"] > PART_BYTES
    assert sha256_of(a.bucket.read(xcom["key"]) or b"") == xcom["sha256"]


class _Breaking:
    """The bucket's client, until the second part of an upload."""

    def __init__(self, bucket: Bucket) -> None:
        self._client = bucket.client

    def __getattr__(self, name: str) -> object:
        return getattr(self._client, name)

    def upload_part(self, **arguments: Any) -> object:
        if arguments["PartNumber"] == 2:
            raise ConnectionError
        return self._client.upload_part(**arguments)


def test_a_repeated_export_answers_with_what_is_sealed(a: Site) -> None:
    request = export_request(a)
    first = export_snapshot(a.database, a.bucket, request)
    set_secrets(a)
    assert export_snapshot(a.database, a.bucket, request) == first


def test_two_exports_of_one_id_cannot_both_seal(a: Site) -> None:
    request = export_request(a)
    other = Bucket(_Late(a, request), a.bucket.name)
    with pytest.raises(errors.ManifestInvalidError, match="another export sealed"):
        export_snapshot(a.database, other, request)


class _Late:
    """A client that sees no manifest when it looks; the other export seals before it does."""

    def __init__(self, site: Site, request: Request) -> None:
        self._site, self._request = site, request

    def __getattr__(self, name: str) -> object:
        return getattr(self._site.bucket.client, name)

    def put_object(self, **arguments: Any) -> object:
        if arguments["Key"].endswith("manifest.json"):
            export_snapshot(self._site.database, self._site.bucket, self._request)
        return self._site.bucket.client.put_object(**arguments)


def test_a_value_that_cannot_be_decrypted_stops_the_export(a: Site) -> None:
    a.execute("INSERT INTO variable (key, val, is_encrypted) VALUES ('foreign', 'gAAAAABnonsense', true)")
    with pytest.raises(errors.SecretsKeyError, match="foreign"):
        export(a)
    assert not any(key.endswith("manifest.json") for key in keys(a))


def test_the_manifest_tells_of_every_dag_and_of_what_was_going_on(a: Site) -> None:
    a.parse(sales_dag(tags=["x"], is_paused_upon_creation=False))
    a.run("sales", NOON)
    run_id = a.run("sales", NOON.replace(hour=13), "running", load="success", check="deferred", publish=None)
    a.pause("sales", paused=False)
    manifest = manifest_of(a, export(a))
    (dag,) = manifest["dags"]
    assert (dag["dagId"], dag["isPaused"], dag["pausedUponCreation"], dag["isActive"]) == ("sales", False, False, True)
    assert (dag["catchup"], dag["tags"]) == (True, ["x"])
    assert "CronDataIntervalTimetable" in dag["timetable"]
    assert dag["lastRun"] == {
        "runId": run_id,
        "runType": "scheduled",
        "logicalDate": "2026-11-24T13:00:00.000000Z",
        "start": "2026-11-24T13:00:00.000000Z",
        "end": "2026-11-24T14:00:00.000000Z",
        "state": "running",
    }
    assert dag["nextRun"]["logicalDate"] == "2026-11-22T12:00:00.000000Z"
    (flight,) = manifest["inFlight"]
    assert flight["runId"] == run_id
    assert [(task["taskId"], task["state"]) for task in flight["tasks"]] == [("check", "deferred"), ("publish", None)]


def test_what_is_left_out_is_counted(a: Site) -> None:
    fill(a)
    excluded = manifest_of(a, export(a))["excluded"]
    found = {(item["table"], item["why"]): item["rows"] for item in excluded}
    assert found["dag_run", "rows of the helper DAGs"] == 1
    assert found["variable", "the reserved row"] == 1
    assert found["slot_pool", "the pool of the helper DAGs"] == 1
