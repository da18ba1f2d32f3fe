"""Import: which part of a snapshot a request asks for."""

from __future__ import annotations

from typing import Any

from mwaa_lifeboat.engine.database import Database
from mwaa_lifeboat.engine.essential import import_essential
from mwaa_lifeboat.engine.history import import_history
from mwaa_lifeboat.engine.request import Request
from mwaa_lifeboat.engine.storage import Bucket


def import_snapshot(database: Database, bucket: Bucket, request: Request) -> dict[str, Any]:
    """Bring the stage that the request names."""
    if request.stage() == "history":
        return import_history(database, bucket, request)
    return import_essential(database, bucket, request)
