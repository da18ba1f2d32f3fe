"""The pair, as the deployment wrote it beside the DAG files."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from mwaa_lifeboat.engine.errors import RequestInvalidError

PAIR_FILE = Path(__file__).parent.parent / "pair.json"


@dataclass(frozen=True)
class Site:
    """One of the two environments and the bucket that lies in its Region."""

    environment: str
    region: str
    bucket: str


@dataclass(frozen=True)
class Pair:
    """Both sites, and what the helpers share."""

    pair: str
    key_alias: str
    sites: dict[str, Site]

    def side_of(self, reserved_site: str | None) -> str:
        """Which site this is: the reserved row says it, else the name that MWAA gives each environment."""
        if reserved_site in self.sites:
            return reserved_site
        name = os.environ.get("AIRFLOW_ENV_NAME", "")
        for side, site in self.sites.items():
            # The controller gives an environment that it creates a number when the name itself is not free.
            if re.fullmatch(rf"{re.escape(site.environment)}(-[2-5])?", name):
                return side
        message = (
            f"cannot tell which site of pair {self.pair} this is: there is no reserved row, and AIRFLOW_ENV_NAME "
            f"is {name!r}, which pair.json does not name"
        )
        raise RequestInvalidError(message)


def load_pair(path: Path = PAIR_FILE) -> Pair:
    """Read pair.json; raises RequestInvalidError naming the file when it is missing or incomplete."""
    try:
        document = json.loads(path.read_text("utf-8"))
        sites = {
            side: Site(environment=site["environment"], region=site["region"], bucket=site["bucket"])
            for side, site in document["sites"].items()
        }
        return Pair(pair=document["pair"], key_alias=document["keyAlias"], sites=sites)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path} is missing or incomplete ({type(error).__name__}: {error}); deploy the helper DAGs again"
        raise RequestInvalidError(message) from error
