"""What all demo workloads share: since when they run, and the trace that proves what ran where.

LIFEBOAT_DEMO_START  ISO time with offset: since when the workloads have been in production. It must not change during
                     a demo, so it is set from outside and never derived from the clock.
                     Default: 2026-11-01T00:00:00+00:00; then those that catch up have a lot to do.
LIFEBOAT_DEMO_TRACE  File that gets one JSON line for each task that really ran. Default: no trace.

Airflow's parser skips this file, because the other word that it looks for does not stand in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

DEFAULT_START = "2026-11-01T00:00:00+00:00"


def production_start() -> datetime:
    """Since when the workloads have been in production."""
    return datetime.fromisoformat(os.environ.get("LIFEBOAT_DEMO_START", DEFAULT_START))


def trace(context: Mapping[str, Any], **facts: object) -> None:
    """Adds one line to the trace: when, where, which task of which run, and the given facts."""
    file = os.environ.get("LIFEBOAT_DEMO_TRACE")
    if file is None:
        return
    workload, task, run, attempt, _ = context["ti"].key
    line = {
        "at": datetime.now(UTC).isoformat(),
        "environment": os.environ.get("AIRFLOW_ENV_NAME", ""),
        "workload": workload,
        "run": run,
        "task": task,
        "try": attempt,
        "pid": os.getpid(),
        **facts,
    }
    # One short write to a file opened for appending is never mixed with another process's.
    with Path(file).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(line) + "\n")
