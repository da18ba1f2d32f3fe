"""Requests that the controller leaves in the bucket, and the results that answer them."""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from mwaa_lifeboat.engine.database import Database
from mwaa_lifeboat.engine.errors import LifeboatError, RequestInvalidError
from mwaa_lifeboat.engine.manifest import SNAPSHOT_ID
from mwaa_lifeboat.engine.moments import parse_iso
from mwaa_lifeboat.engine.reserved_row import read_row
from mwaa_lifeboat.engine.settings import load_pair
from mwaa_lifeboat.engine.storage import Bucket

log = logging.getLogger(__name__)

ImportStage = Literal["terminal", "unfinished", "history"]
Policy = Literal["fail", "resume", "rerun"]
SUFFIX = ".request.json"


class HelperFailedError(Exception):
    """The run of a helper did not do what was asked; the result in the bucket says why."""


@dataclass(frozen=True)
class Request:
    """What every request says. `op` is None when no op stands behind it (the protect schedule)."""

    kind: str
    pair: str
    site: str
    op: str | None
    epoch: int
    bucket: str
    region: str
    document: dict[str, Any]

    @property
    def snapshot_id(self) -> str:
        """Folder name of the snapshot that is written or read."""
        value = self.text("snapshotId")
        if not SNAPSHOT_ID.fullmatch(value):
            message = f"snapshotId {value!r} is not <epoch, 6 digits>-<ulid>"
            raise RequestInvalidError(message)
        return value

    @property
    def secrets_context(self) -> dict[str, str]:
        """KMS encryption context of the snapshot's data key."""
        return {"pair": self.pair, "snapshotId": self.snapshot_id}

    def text(self, name: str) -> str:
        """Read a field that must be a text."""
        value = self.document.get(name)
        if not isinstance(value, str) or not value:
            message = f"the {self.kind} request has no {name}"
            raise RequestInvalidError(message)
        return value

    def optional_text(self, name: str) -> str | None:
        """Read a field that may be null or absent."""
        return None if self.document.get(name) is None else self.text(name)

    def number(self, name: str) -> int:
        """Read a field that must be a whole number, zero or more."""
        value = self.document.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            message = f"the {self.kind} request has no valid {name}"
            raise RequestInvalidError(message)
        return value

    def stage(self) -> ImportStage:
        """Which part an import brings."""
        value = self.text("stage")
        for stage in ("terminal", "unfinished", "history"):
            if value == stage:
                return stage
        message = f"the import request has the unknown stage {value!r}"
        raise RequestInvalidError(message)

    def policy(self) -> Policy:
        """What happens to interrupted tasks of DAGs that declare nothing."""
        value = self.text("interruptedDefault")
        for policy in ("fail", "resume", "rerun"):
            if value == policy:
                return policy
        message = f"the import request has the unknown interruptedDefault {value!r}"
        raise RequestInvalidError(message)


def parse_request(body: bytes | None, *, kind: str, key: str, bucket: str) -> Request:
    """Read a request; raises RequestInvalidError when it is missing, of another kind, or for another bucket."""
    if body is None:
        message = f"there is no request at {key} in {bucket}"
        raise RequestInvalidError(message)
    try:
        document = json.loads(body)
        parse_iso(document["requestedAt"])
        request = Request(
            kind=document["kind"],
            pair=document["pair"],
            site=document["site"],
            op=document["op"],
            epoch=int(document["epoch"]),
            bucket=document["bucket"],
            region=document["region"],
            document=document,
        )
    except (ValueError, KeyError, TypeError) as error:
        message = f"the request {key} cannot be read: {type(error).__name__}: {error}"
        raise RequestInvalidError(message) from None
    if (request.kind, request.bucket) != (kind, bucket):
        message = f"{key} asks for {request.kind} in {request.bucket}, this is {kind} in {bucket}"
        raise RequestInvalidError(message)
    return request


Work = Callable[[Database, Bucket, Request], dict[str, Any]]


def serve(kind: str, conf: dict[str, Any], work: Work) -> None:
    """Read the request that the run's conf names, do it, write its result beside it; fail the run unless done."""
    key = conf.get("request")
    if not isinstance(key, str) or not key.endswith(SUFFIX):
        message = f"start this DAG through Lifeboat: conf.request must be the key of a {SUFFIX} object"
        raise RequestInvalidError(message)
    database = Database.of_airflow()
    pair = load_pair()
    site = pair.sites[pair.side_of(_reserved_site(database))]
    answer(database, Bucket.of(site.bucket, site.region), key=key, kind=kind, work=work)


def _reserved_site(database: Database) -> str | None:
    """A row that cannot be read must not keep the refusal, which names that, from being written."""
    try:
        with database.transaction() as tx:
            return read_row(tx).site
    except LifeboatError:
        return None


def answer(database: Database, bucket: Bucket, *, key: str, kind: str, work: Work) -> None:
    """Do the request at `key`; raises HelperFailedError after the result was written."""
    started = time.monotonic()
    try:
        request = parse_request(bucket.read(key), kind=kind, key=key, bucket=bucket.name)
        result = {"outcome": "done", **work(database, bucket, request), "seconds": _since(started)}
    except LifeboatError as error:
        result = {"outcome": "refused", "error": {"name": type(error).__name__, "message": str(error)}}
    except Exception as error:  # noqa: BLE001  whatever it was, the controller must get an answer
        # The text of a database error may quote a row, and a row may hold a secret: only the frames are logged.
        name = type(error).__name__
        log.error("unexpected %s\n%s", name, "".join(traceback.format_tb(error.__traceback__)))  # noqa: TRY400
        text = f"the helper stopped on an unexpected {name}; its traceback is in the task's log"
        result = {"outcome": "failed", "error": {"name": name, "message": text}}
    bucket.write_json(key.removesuffix(SUFFIX) + ".result.json", result)
    if result["outcome"] != "done":
        message = f"{kind} {result['outcome']}: {result['error']['name']}: {result['error']['message']}"
        raise HelperFailedError(message)
    log.info("%s done in %s s", kind, result["seconds"])


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
