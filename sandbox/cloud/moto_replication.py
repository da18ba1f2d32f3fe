"""S3 replication inside moto: versions keep their id on the other side, as on AWS."""

from __future__ import annotations

import datetime
from typing import Any, TypeAlias

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3 import models as s3

# Objects of moto's inside, which has no useful types.
Internal: TypeAlias = Any


def with_zone(moment: datetime.datetime) -> datetime.datetime:
    """moto keeps some moments without a zone; they are UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def show_replication_status() -> None:
    """Answers `x-amz-replication-status` as S3 does."""
    response_dict = s3.FakeKey.response_dict.fget  # type: ignore[attr-defined]

    def with_status(self: Internal) -> dict[str, Any]:
        answer: dict[str, Any] = response_dict(self)
        status = getattr(self, "lifeboat_replication", None)
        return answer if status is None else {**answer, "x-amz-replication-status": status}

    s3.FakeKey.response_dict = property(with_status)  # type: ignore[assignment,method-assign]


def replicate(rules: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Copies the versions not copied yet. A rule has id, source, destination, prefix, deleteMarkers, lagSeconds."""
    backend = s3.s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    copied: list[dict[str, str]] = []
    for rule in rules:
        source, destination = backend.buckets.get(rule["source"]), backend.buckets.get(rule["destination"])
        if source is None or destination is None or not is_enabled(source, rule["id"]):
            continue
        ripe_at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=rule.get("lagSeconds", 0))
        for name in [n for n in list(source.keys.keys()) if n.startswith(rule.get("prefix", ""))]:
            for version in list(source.keys.getlist(name, [])):
                if is_due(version, rule, ripe_at):
                    copy_version(backend, version, destination, name)
                    copied.append({"source": source.name, "key": name, "versionId": str(version.version_id)})
    return copied


def is_enabled(source: Internal, rule_id: str) -> bool:
    """True while the bucket itself has the rule: somebody may have switched it off after the deployment."""
    configuration = getattr(source, "replication", None) or {}
    rules = configuration.get("Rule", [])
    return any(rule.get("ID") == rule_id and rule.get("Status") == "Enabled" for rule in rules)


def is_due(version: Internal, rule: dict[str, Any], ripe_at: datetime.datetime) -> bool:
    """True for a version that was written here, is old enough, and has not been replicated."""
    if getattr(version, "lifeboat_replication", None) in ("COMPLETED", "REPLICA"):
        return False
    if isinstance(version, s3.FakeDeleteMarker) and not rule.get("deleteMarkers", False):
        return False
    if with_zone(version.last_modified) > ripe_at:
        version.lifeboat_replication = "PENDING"
        return False
    return True


def copy_version(backend: Internal, version: Internal, destination: Internal, name: str) -> None:
    """Adds `version` to `destination` under the same version id, in the order of modification, as S3 does."""
    if isinstance(version, s3.FakeDeleteMarker):
        replica: Internal = s3.FakeDeleteMarker(version.key)
        replica._version_id = version.version_id
    else:
        replica = s3.FakeKey(
            name=name,
            value=version.value,
            account_id=version.account_id,
            region_name=version.region_name,
            storage=version.storage_class,
            etag=version._etag,
            is_versioned=True,
            version_id=version.version_id,
            multipart=version.multipart,
            bucket_name=destination.name,
            encryption=version.encryption,
            kms_key_id=version.kms_key_id,
            bucket_key_enabled=version.bucket_key_enabled,
            lock_mode=version.lock_mode,
            lock_legal_status=version.lock_legal_status,
            lock_until=version.lock_until,
            checksum_value=version.checksum_value,
        )
        replica.set_metadata(dict(version.metadata), replace=True)
        replica.checksum_algorithm = version.checksum_algorithm
        backend.tagger.copy_tags(version.arn, replica.arn)
    replica.last_modified = version.last_modified
    replica.lifeboat_replication = "REPLICA"
    present = destination.keys.getlist(name, [])
    # The replica of an older version must not hide a newer one that is there already.
    ordered = sorted([*present, replica], key=lambda v: with_zone(v.last_modified))
    destination.keys.setlist(name, ordered)
    version.lifeboat_replication = "COMPLETED"
