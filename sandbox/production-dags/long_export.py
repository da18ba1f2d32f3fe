"""An Airflow DAG with one task that takes ten minutes and shows every second that it still runs, started by hand."""

from __future__ import annotations

import os
import time
from typing import Any

from airflow.decorators import dag, task
from demo_world import production_start, trace


@task
def export_for_long(**context: Any) -> None:
    """Works for LIFEBOAT_DEMO_LONG_SECONDS (default 600) and leaves a trace each second, also of its end."""
    seconds = int(os.environ.get("LIFEBOAT_DEMO_LONG_SECONDS", "600"))
    for second in range(seconds):
        trace(context, second=second, seconds=seconds)
        time.sleep(1)


@dag(schedule=None, start_date=production_start(), catchup=False, max_active_runs=1, tags=["production"])
def long_export() -> None:
    """Is in the middle of its work when its site is lost."""
    export_for_long()


long_export()
