"""The reserved row: what this site may do, checked inside the transaction that does it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from mwaa_lifeboat.engine.database import Transaction
from mwaa_lifeboat.engine.errors import (
    ActiveSiteError,
    FencedSiteError,
    NotActiveError,
    OlderSnapshotError,
    OtherOpError,
    RequestInvalidError,
    ReservedRowError,
    StaleEpochError,
)

RESERVED_KEY = "lifeboat__state"
DESCRIPTION = "MWAA Lifeboat: what this site may do. Do not edit."
MODES = ("standby", "active", "drill", "fenced")


@dataclass(frozen=True)
class LastImport:
    """Which snapshot the database was last filled from. Times as text, so that they stay as they were written."""

    epoch: int
    snapshot_at: str
    snapshot_id: str | None = None
    manifest_sha256: str | None = None
    stage: str | None = None
    committed_at: str | None = None


@dataclass(frozen=True)
class ReservedRow:
    """The row as a value. `site` is None only while no controller has ever written or imported here."""

    site: str | None
    epoch: int
    op: str | None
    mode: str
    last_import: LastImport | None

    def with_import(self, last_import: LastImport, *, site: str, op: str | None) -> ReservedRow:
        """After an import: an op's first import takes the site, a refresh belongs to no op."""
        return replace(self, site=site, op=op or self.op, last_import=last_import)


NEW_ROW = ReservedRow(site=None, epoch=0, op=None, mode="standby", last_import=None)
_IMPORT_NAMES = {
    "epoch": "epoch",
    "snapshot_at": "snapshotAt",
    "snapshot_id": "snapshotId",
    "manifest_sha256": "manifestSha256",
    "stage": "stage",
    "committed_at": "committedAt",
}


def parse_row(text: str) -> ReservedRow:
    """Read the JSON; raises ReservedRowError when it says nothing that can be relied on."""
    try:
        document = json.loads(text)
        last = document.get("lastImport")
        row = ReservedRow(
            site=document["site"],
            epoch=int(document["epoch"]),
            op=document.get("op"),
            mode=document["mode"],
            last_import=None if last is None else LastImport(**{k: last.get(v) for k, v in _IMPORT_NAMES.items()}),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"the variable {RESERVED_KEY} is not the JSON that Lifeboat writes ({type(error).__name__})"
        raise ReservedRowError(message) from None
    if row.mode not in MODES:
        message = f"the variable {RESERVED_KEY} has the unknown mode {row.mode!r}"
        raise ReservedRowError(message)
    return row


def format_row(row: ReservedRow) -> str:
    """Write the JSON."""
    document: dict[str, Any] = {"site": row.site, "epoch": row.epoch, "op": row.op, "mode": row.mode}
    last = None if row.last_import is None else asdict(row.last_import)
    document["lastImport"] = None if last is None else {name: last[field] for field, name in _IMPORT_NAMES.items()}
    return json.dumps(document)


def read_row(tx: Transaction, lock: str = "") -> ReservedRow:
    """Read the row, `NEW_ROW` when there is none."""
    sql = f"SELECT val, is_encrypted FROM variable WHERE key = %(key)s {lock}"  # noqa: S608  a constant clause
    rows = tx.rows(sql, {"key": RESERVED_KEY})
    if not rows:
        return NEW_ROW
    value = tx.decrypt(rows[0][0], encrypted=rows[0][1], name=f"the variable {RESERVED_KEY}")
    return NEW_ROW if value is None else parse_row(value)


def lock_row(tx: Transaction) -> ReservedRow:
    """Lock the row until the transaction ends, so that nobody else decides on it meanwhile."""
    value, encrypted = tx.encrypt(format_row(NEW_ROW))
    sql = """
        INSERT INTO variable (key, val, description, is_encrypted)
        VALUES (%(key)s, %(val)s, %(description)s, %(encrypted)s) ON CONFLICT (key) DO NOTHING
    """
    values = {"key": RESERVED_KEY, "val": value, "description": DESCRIPTION, "encrypted": encrypted}
    tx.execute(sql, values)
    return read_row(tx, "FOR UPDATE")


def write_row(tx: Transaction, row: ReservedRow) -> None:
    """Write the row that `lock_row` locked."""
    value, encrypted = tx.encrypt(format_row(row))
    sql = "UPDATE variable SET val = %(val)s, is_encrypted = %(encrypted)s WHERE key = %(key)s"
    tx.execute(sql, {"key": RESERVED_KEY, "val": value, "encrypted": encrypted})


def check_site(row: ReservedRow, site: str) -> None:
    """Refuse a request that was meant for the other environment."""
    if row.site not in {None, site}:
        message = f"the request is for site {site}, and this environment is site {row.site}"
        raise RequestInvalidError(message)


def check_epoch(row: ReservedRow, epoch: int) -> None:
    """Refuse a request of an epoch that is over."""
    if epoch < row.epoch:
        message = f"the request carries epoch {epoch}, and this site is already at epoch {row.epoch}"
        raise StaleEpochError(message)


def check_export(row: ReservedRow, epoch: int, *, final: bool) -> None:
    """Only the site that runs production exports, or the fenced one for the op that its marker names (`final`)."""
    check_epoch(row, epoch)
    if row.epoch != epoch or not (row.mode == "active" or (final and row.mode == "fenced")):
        message = f"this site is {row.mode} at epoch {row.epoch}, the export asks for an active site at epoch {epoch}"
        raise NotActiveError(message)


def check_import(row: ReservedRow, *, stage: str, epoch: int, op: str | None) -> None:
    """Section 3 of the protocols: which import may write here."""
    check_epoch(row, epoch)
    if row.mode == "fenced":
        message = f"this site was fenced at epoch {row.epoch}; it needs a recorded rejoin before any import"
        raise FencedSiteError(message)
    if row.op not in {None, op} or (row.mode == "drill" and row.op is None):
        message = f"this site belongs to {row.op or 'a drill'}, the import comes from {op or 'no op'}"
        raise OtherOpError(message)
    if row.mode == "active" and (stage != "history" or epoch != row.epoch):
        message = f"this site runs production at epoch {row.epoch}; only the history of that epoch may be brought"
        raise ActiveSiteError(message)


def check_newer(row: ReservedRow, epoch: int, snapshot_at: str) -> None:
    """Refuse to go back to an older snapshot; the same one again is fine."""
    last = row.last_import
    if last is not None and (epoch, snapshot_at) < (last.epoch, last.snapshot_at):
        message = f"the snapshot is of {snapshot_at}, epoch {epoch}; this site holds {last.snapshot_at}, {last.epoch}"
        raise OlderSnapshotError(message)


def check_promote(row: ReservedRow, *, epoch: int, op: str | None) -> None:
    """A promotion raises the epoch, or repeats the one that raised it."""
    check_epoch(row, epoch)
    if row.mode == "fenced":
        message = f"this site was fenced at epoch {row.epoch}; it needs a recorded rejoin before it may run"
        raise FencedSiteError(message)
    if row.mode == "drill" or row.op not in {None, op}:
        message = f"this site belongs to {row.op or 'a drill'}, the promotion comes from {op or 'no op'}"
        raise OtherOpError(message)
    if row.mode == "active" and not (epoch == row.epoch and op == row.op):
        message = f"this site runs production at epoch {row.epoch} already"
        raise ActiveSiteError(message)
    if row.mode == "standby" and epoch == row.epoch:
        message = f"the promotion carries epoch {epoch}, and only a higher one may make this site active"
        raise StaleEpochError(message)
