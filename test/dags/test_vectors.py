"""The example files that TypeScript reads have the shape that the helpers read and write."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from mwaa_lifeboat.engine.canary import stamp_site
from mwaa_lifeboat.engine.manifest import parse_manifest
from mwaa_lifeboat.engine.request import parse_request
from mwaa_lifeboat.engine.reserved_row import format_row, parse_row
from mwaa_lifeboat.engine.settings import Pair
from seed import fill
from sites import KEY_ALIAS, NOON, Site, bring, exported

VECTORS = Path(__file__).parent.parent / "contract" / "vectors"


def vector(name: str) -> Any:  # noqa: ANN401  a JSON document
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


def shape(value: object) -> object:
    """Names and kinds; of a list, what its items have in common."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    return "list" if isinstance(value, list) else "value"


@pytest.mark.parametrize("file", sorted(VECTORS.glob("request-*.json")), ids=lambda file: file.stem)
def test_every_request_can_be_read(file: Path) -> None:
    document = json.loads(file.read_text("utf-8"))
    request = parse_request(file.read_bytes(), kind=document["kind"], key=file.name, bucket=document["bucket"])
    assert request.snapshot_id == document["snapshotId"]
    if request.kind == "import":
        assert (request.stage(), request.policy()) == (document["stage"], document["interruptedDefault"])


def test_the_manifest_can_be_read() -> None:
    body = (VECTORS / "manifest.json").read_bytes()
    document = json.loads(body)
    manifest = parse_manifest(body, pair="demo", snapshot_id=document["snapshotId"], sha256=None)
    assert [item.document() for item in manifest.objects] == document["objects"]


def test_the_reserved_row_reads_and_writes_the_same() -> None:
    assert json.loads(format_row(parse_row(json.dumps(vector("reserved-row"))))) == vector("reserved-row")


def test_a_real_snapshot_and_its_answers_have_the_shape_of_the_examples(a: Site, b: Site) -> None:
    fill(a, hours=2)
    a.run("sales", NOON, "running", load="running", check=None, publish=None)
    a.run("lifeboat_import", NOON + timedelta(hours=1), "running")
    snapshot = exported(a, b)
    assert set(snapshot) | {"outcome", "seconds"} == set(vector("result-export"))
    manifest = json.loads(b.bucket.read(snapshot["manifestKey"]) or b"")
    example = vector("manifest")
    assert shape(manifest) == shape(example)
    for name in ("objects", "inFlight", "excluded"):
        assert shape(manifest[name][0]) == shape(example[name][0]), name
    assert shape(manifest["inFlight"][0]["tasks"][0]) == shape(example["inFlight"][0]["tasks"][0])
    assert shape(manifest["secrets"]["names"][0]) == shape(example["secrets"]["names"][0])
    (sales,) = [dag for dag in manifest["dags"] if dag["dagId"] == "sales"]
    assert shape(sales) == shape(example["dags"][0])
    result = bring(b, snapshot, "unfinished", op="X", epoch=2)
    expected = vector("result-import-unfinished")
    assert set(result) | {"outcome", "seconds"} == set(expected)
    assert shape(result["interrupted"][0]) == shape(expected["interrupted"][0])
    assert shape(result["interrupted"][0]["tasks"][0]) == shape(expected["interrupted"][0]["tasks"][0])
    history = bring(b, snapshot, "history", op="X", epoch=2)
    assert set(history) | {"outcome", "seconds"} == set(vector("result-import-history"))


def test_a_real_stamp_has_the_shape_of_the_example(a: Site) -> None:
    stamp = stamp_site(a.database, a.bucket, pair=Pair("demo", KEY_ALIAS, {}), side="a", run_id="r")
    assert shape(stamp) == shape(vector("canary"))
