"""The manifest: the JSON that seals a snapshot."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mwaa_lifeboat.engine.errors import ManifestInvalidError
from mwaa_lifeboat.engine.tables import Stage

FORMAT_VERSION = 1
SNAPSHOT_ID = re.compile(r"\d{6}-[0-9A-HJKMNP-TV-Z]{26}")


@dataclass(frozen=True)
class SnapshotObject:
    """One object as the manifest lists it; sha256 and bytes are of what is stored."""

    key: str
    table: str
    stage: Stage
    columns: list[list[str]]
    rows: int
    raw_bytes: int
    bytes: int
    sha256: str
    encrypted: bool

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "key": self.key,
            "table": self.table,
            "stage": self.stage,
            "columns": self.columns,
            "rows": self.rows,
            "rawBytes": self.raw_bytes,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "encrypted": self.encrypted,
        }


@dataclass(frozen=True)
class Manifest:
    """A manifest that was read and checked."""

    document: dict[str, Any]
    sha256: str
    objects: tuple[SnapshotObject, ...]

    @property
    def snapshot_id(self) -> str:
        """Folder name of the snapshot."""
        return str(self.document["snapshotId"])

    @property
    def epoch(self) -> int:
        """Epoch that the exporting site was active in."""
        return int(self.document["epoch"])

    @property
    def snapshot_at(self) -> str:
        """The recovery point."""
        return str(self.document["snapshotAt"])

    def needed(self, tables: Iterable[str], stages: Iterable[Stage]) -> list[SnapshotObject]:
        """Objects of these tables and stages."""
        return [item for item in self.objects if item.table in set(tables) and item.stage in set(stages)]

    def dags(self) -> dict[str, dict[str, Any]]:
        """What the source knew of each DAG."""
        return {dag["dagId"]: dag for dag in self.document["dags"]}


def folder(pair: str, snapshot_id: str) -> str:
    """Prefix of a snapshot's keys, with the slash."""
    return f"{pair}/snapshots/{snapshot_id}/"


def manifest_key(pair: str, snapshot_id: str) -> str:
    """Key of a snapshot's manifest."""
    return folder(pair, snapshot_id) + "manifest.json"


def format_manifest(document: dict[str, Any]) -> bytes:
    """The bytes that are stored and hashed."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def sha256_of(body: bytes) -> str:
    """Lower-case hex."""
    return hashlib.sha256(body).hexdigest()


def parse_manifest(body: bytes | None, *, pair: str, snapshot_id: str, sha256: str | None) -> Manifest:
    """Read a manifest; raises ManifestInvalidError unless it is the one that was asked for, unchanged."""
    if body is None:
        message = f"there is no manifest at {manifest_key(pair, snapshot_id)}"
        raise ManifestInvalidError(message)
    found = sha256_of(body)
    if sha256 not in {None, found}:
        message = f"the manifest of {snapshot_id} has sha256 {found}, {sha256} was verified"
        raise ManifestInvalidError(message)
    try:
        document = json.loads(body)
        manifest = Manifest(document, found, tuple(_parse_object(item) for item in document["objects"]))
        _check(manifest, pair=pair, snapshot_id=snapshot_id)
    except (ValueError, KeyError, TypeError) as error:
        message = f"the manifest of {snapshot_id} cannot be read: {type(error).__name__}: {error}"
        raise ManifestInvalidError(message) from None
    return manifest


def _parse_object(item: dict[str, Any]) -> SnapshotObject:
    stage: Stage = "essential" if item["stage"] == "essential" else "history"
    return SnapshotObject(
        key=item["key"],
        table=item["table"],
        stage=stage,
        columns=item["columns"],
        rows=item["rows"],
        raw_bytes=item["rawBytes"],
        bytes=item["bytes"],
        sha256=item["sha256"],
        encrypted=item["encrypted"],
    )


def _check(manifest: Manifest, *, pair: str, snapshot_id: str) -> None:
    document = manifest.document
    expected = {"formatVersion": FORMAT_VERSION, "kind": "snapshot", "engine": "sql", "pair": pair}
    for name, value in {**expected, "snapshotId": snapshot_id}.items():
        if document[name] != value:
            message = f"the manifest of {snapshot_id} says {name} {document[name]!r}, expected {value!r}"
            raise ManifestInvalidError(message)
    for item in manifest.objects:
        if not item.key.startswith(folder(pair, snapshot_id)):
            message = f"the manifest of {snapshot_id} lists {item.key}, which is outside its folder"
            raise ManifestInvalidError(message)
    if not all(document[name] for name in ("snapshotAt", "epoch")) or "alembicHeads" not in document["environment"]:
        message = f"the manifest of {snapshot_id} does not say when, in which epoch or at which migration it was made"
        raise ManifestInvalidError(message)
