"""Everything that is refused, is refused before the first write."""

# ruff: noqa: S608  statements are put together from constants of the tests

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from mwaa_lifeboat.engine import errors
from mwaa_lifeboat.engine.export import export_snapshot
from mwaa_lifeboat.engine.importing import import_snapshot
from mwaa_lifeboat.engine.manifest import format_manifest, sha256_of
from mwaa_lifeboat.engine.request import HelperFailedError, answer
from mwaa_lifeboat.engine.reserved_row import LastImport
from seed import sales_dag, set_secrets
from sites import NOON, Site, bring, export_request, exported, import_request, replicate, request

TABLES = ("dag_run", "task_instance", "variable", "connection", "dataset", "dag", "slot_pool")


def untouched(site: Site) -> dict[str, list[tuple[Any, ...]]]:
    return {table: site.rows(f"SELECT t::text FROM {table} t ORDER BY 1") for table in TABLES}


@pytest.fixture
def snapshot(a: Site, b: Site) -> dict[str, Any]:
    a.parse(sales_dag())
    a.run("sales", NOON)
    set_secrets(a)
    return exported(a, b)


Refusal = tuple[dict[str, Any], str, dict[str, Any], type[errors.LifeboatError]]
LAST = LastImport(epoch=1, snapshot_at="2099-01-01T00:00:00.000000Z")
REFUSALS: dict[str, Refusal] = {
    "an epoch that is over": ({"epoch": 3}, "terminal", {"epoch": 2}, errors.StaleEpochError),
    "a snapshot newer than the op": ({}, "terminal", {"epoch": 0}, errors.StaleEpochError),
    "an active site": ({"mode": "active", "epoch": 1}, "terminal", {}, errors.ActiveSiteError),
    "unfinished runs into an active site": ({"mode": "active", "epoch": 1}, "unfinished", {}, errors.ActiveSiteError),
    "history of another epoch into an active site": (
        {"mode": "active", "epoch": 1},
        "history",
        {"epoch": 2},
        errors.ActiveSiteError,
    ),
    "a fenced site": ({"mode": "fenced", "epoch": 1}, "terminal", {}, errors.FencedSiteError),
    "history into a fenced site": ({"mode": "fenced", "epoch": 1}, "history", {}, errors.FencedSiteError),
    "a site that another op took": ({"op": "X"}, "terminal", {"op": "Y", "epoch": 2}, errors.OtherOpError),
    "a refresh while an op is open": ({"op": "X"}, "terminal", {}, errors.OtherOpError),
    "a drill's site": ({"mode": "drill"}, "terminal", {}, errors.OtherOpError),
    "a snapshot older than the last import": ({"last_import": LAST}, "terminal", {}, errors.OlderSnapshotError),
    "the other site": ({"site": "a"}, "terminal", {}, errors.RequestInvalidError),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_an_import_is_refused_with_nothing_written(b: Site, snapshot: dict[str, Any], name: str) -> None:
    row, stage, fields, error = REFUSALS[name]
    b.set_row(**row)
    before = untouched(b)
    with pytest.raises(error):
        bring(b, snapshot, stage, **fields)
    assert untouched(b) == before


def test_a_missing_row_is_a_standby_at_epoch_zero_and_a_refusal_does_not_make_one(
    b: Site, snapshot: dict[str, Any]
) -> None:
    b.execute("UPDATE alembic_version SET version_num = '000000000000'")
    with pytest.raises(errors.SchemaMismatchError, match="000000000000"):
        bring(b, snapshot, "terminal")
    assert b.rows("SELECT count(*) FROM variable") == [(0,)]


def test_the_first_import_of_an_op_takes_the_site_and_leaves_the_epoch(b: Site, snapshot: dict[str, Any]) -> None:
    bring(b, snapshot, "terminal", op="X", epoch=2)
    row = b.row()
    assert (row.site, row.op, row.epoch, row.mode) == ("b", "X", 0, "standby")
    assert row.last_import is not None
    assert row.last_import.snapshot_at == snapshot["snapshotAt"]
    with pytest.raises(errors.OtherOpError):
        bring(b, snapshot, "unfinished", op="Y", epoch=2)


@pytest.mark.parametrize("table", ["task_instance.copy.gz", "variable.json.gz.enc", "dag_run.copy.gz"])
@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_object_is_named_and_the_standby_untouched(a: Site, b: Site, table: str, damage: str) -> None:
    a.parse(sales_dag())
    a.run("sales", NOON)
    result = export_snapshot(a.database, a.bucket, export_request(a))
    replicate(a, b, lambda key, body: _damage(body, damage) if key.endswith("/" + table) else body)
    before = untouched(b)
    with pytest.raises(errors.ObjectCorruptError, match=table):
        bring(b, result, "terminal")
    assert untouched(b) == before


def _damage(body: bytes, damage: str) -> bytes | None:
    return body[:-1] + bytes([body[-1] ^ 1]) if damage == "changed" else None


def test_a_changed_manifest_is_refused(b: Site, snapshot: dict[str, Any]) -> None:
    body = b.bucket.read(snapshot["manifestKey"])
    assert body is not None
    b.bucket.write(snapshot["manifestKey"], body.replace(b'"demo"', b'"demo" '))
    with pytest.raises(errors.ManifestInvalidError, match="sha256"):
        bring(b, snapshot, "terminal")


@pytest.mark.parametrize(
    "change", [{"formatVersion": 2}, {"kind": "delta"}, {"pair": "other"}, {"snapshotId": "x"}, {"objects": 1}]
)
def test_a_manifest_of_another_kind_is_refused(b: Site, snapshot: dict[str, Any], change: dict[str, Any]) -> None:
    body = b.bucket.read(snapshot["manifestKey"])
    assert body is not None
    changed = format_manifest({**json.loads(body), **change})
    b.bucket.write(snapshot["manifestKey"], changed)
    with pytest.raises(errors.ManifestInvalidError):
        bring(b, {**snapshot, "manifestSha256": sha256_of(changed)}, "terminal")


def test_an_object_moved_to_another_place_is_refused(b: Site, snapshot: dict[str, Any]) -> None:
    body = b.bucket.read(snapshot["manifestKey"])
    assert body is not None
    document = json.loads(body)
    variable, connection = document["objects"][0], document["objects"][1]
    assert (variable["table"], connection["table"]) == ("variable", "connection")
    variable["key"], connection["key"] = connection["key"], variable["key"]
    variable["sha256"], connection["sha256"] = connection["sha256"], variable["sha256"]
    swapped = b.bucket.read(variable["key"]), b.bucket.read(connection["key"])
    assert None not in swapped
    b.bucket.write(variable["key"], swapped[1] or b"")
    b.bucket.write(connection["key"], swapped[0] or b"")
    variable["sha256"], connection["sha256"] = connection["sha256"], variable["sha256"]
    changed = format_manifest(document)
    b.bucket.write(snapshot["manifestKey"], changed)
    with pytest.raises(errors.ObjectCorruptError, match="was not encrypted"):
        bring(b, {**snapshot, "manifestSha256": sha256_of(changed)}, "terminal")


def test_a_key_that_this_site_may_not_use_is_a_secrets_key_error(b: Site, snapshot: dict[str, Any]) -> None:
    before = untouched(b)
    with pytest.raises(errors.SecretsKeyError):
        bring(b, snapshot, "terminal", keyAlias="alias/other")
    assert untouched(b) == before


def test_a_crash_in_the_middle_of_the_transaction_leaves_nothing(b: Site, snapshot: dict[str, Any]) -> None:
    from psycopg2.errors import RaiseException

    before = untouched(b)
    # The database itself fails at the very last write: the reserved row's.
    b.execute(
        """
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'power cut'; END $$;
        CREATE TRIGGER fail BEFORE UPDATE ON variable FOR EACH ROW EXECUTE FUNCTION fail();
        """
    )
    with pytest.raises(RaiseException):
        bring(b, snapshot, "unfinished", op="X", epoch=2)
    assert untouched(b) == before
    b.execute("DROP TRIGGER fail ON variable")
    assert bring(b, snapshot, "unfinished", op="X", epoch=2)["rows"]["dag_run"] == 1


def test_the_answer_is_written_before_the_run_fails(b: Site, snapshot: dict[str, Any]) -> None:
    b.set_row(epoch=5)
    sent = import_request(b, snapshot, "terminal")
    b.bucket.write_json("demo/ops/X/lb-1.request.json", sent.document)
    with pytest.raises(HelperFailedError, match="StaleEpochError"):
        answer(b.database, b.bucket, key="demo/ops/X/lb-1.request.json", kind="import", work=import_snapshot)
    result = json.loads(b.bucket.read("demo/ops/X/lb-1.result.json") or b"")
    assert result["outcome"] == "refused"
    assert result["error"]["name"] == "StaleEpochError"


def test_an_unexpected_error_is_answered_without_its_text(b: Site, caplog: pytest.LogCaptureFixture) -> None:
    sent = request("import", b)
    b.bucket.write_json("demo/ops/X/lb-2.request.json", sent.document)

    def work(*_: object) -> dict[str, Any]:
        secret = "s3cret"  # noqa: S105  what the test looks for
        raise RuntimeError(secret)

    with pytest.raises(HelperFailedError) as caught:
        answer(b.database, b.bucket, key="demo/ops/X/lb-2.request.json", kind="import", work=work)
    body = (b.bucket.read("demo/ops/X/lb-2.result.json") or b"").decode()
    assert json.loads(body)["outcome"] == "failed"
    assert json.loads(body)["error"]["name"] == "RuntimeError"
    assert "s3cret" not in body + caplog.text + str(caught.value)


def test_a_request_for_another_bucket_or_kind_is_refused(b: Site) -> None:
    b.bucket.write_json("demo/ops/X/lb-3.request.json", request("export", b).document)
    with pytest.raises(HelperFailedError, match="RequestInvalidError"):
        answer(b.database, b.bucket, key="demo/ops/X/lb-3.request.json", kind="import", work=import_snapshot)


def test_an_unreadable_reserved_row_is_named(b: Site, snapshot: dict[str, Any]) -> None:
    b.execute("INSERT INTO variable (key, val, is_encrypted) VALUES ('lifeboat__state', 'nonsense', false)")
    with pytest.raises(errors.ReservedRowError):
        bring(b, snapshot, "terminal")
    b.execute("UPDATE variable SET val = 'nonsense', is_encrypted = true")
    with pytest.raises(errors.SecretsKeyError):
        bring(b, snapshot, "terminal")


def test_times_are_written_so_that_text_order_is_time_order(snapshot: dict[str, Any]) -> None:
    assert len(snapshot["snapshotAt"]) == len("2026-11-24T12:00:00.000000Z")
    assert datetime.fromisoformat(snapshot["snapshotAt"]).tzinfo == UTC
