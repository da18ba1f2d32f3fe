"""Standby gate of MWAA Lifeboat: no DAG starts by itself on a site that does not run production.

A DAG that declares `is_paused_upon_creation=False` runs as soon as Airflow writes its row for the first time, whatever
the settings say. The gate therefore looks at every row of table `dag` in the transaction that writes it: unless the
site's reserved row (Variable lifeboat__state) says `active`, the row is written paused. The DAG itself stays as its
author wrote it, so that both sites have the same serialized form.

Airflow loads this module by the entry point in the *.dist-info folder beside it, in every process and before it has a
database: nothing here may import more than it must. It depends on no other part of Lifeboat.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from airflow.policies import hookimpl

if TYPE_CHECKING:
    from airflow import DAG
    from sqlalchemy.orm import Session

VERSION = "1.0.0"
RESERVED_KEY = "lifeboat__state"
HELPER_DAG_IDS = frozenset({"lifeboat_export", "lifeboat_import", "lifeboat_promote", "lifeboat_canary"})
ACTIVE = "active"
CLOSED_MODES = frozenset({"standby", "drill", "fenced"})

log = logging.getLogger(__name__)
# Airflow makes its session factory anew in each process that parses. An old one is kept: no new one has its identity.
_watched: list[Any] = []


@hookimpl
def dag_policy(dag: DAG) -> None:
    """Watch the sessions of this process; Airflow calls this for every DAG it parses, before it writes the first."""
    from airflow import settings
    from sqlalchemy import event

    factory = settings.Session
    if factory is None or any(watched is factory for watched in _watched):
        return
    event.listen(factory, "before_flush", hold)
    _watched.append(factory)


def hold(session: Session, *_: object) -> None:
    """Pause the DAGs that are about to be written open where they must not run.

    Airflow has locked the rows by now and a promotion opens none before the reserved row is committed as active, so
    the promotion comes either before this read, which then sees it, or after this write, which it then replaces. A
    read that fails takes the transaction with it: nothing is written.
    """
    from airflow.models.dag import DagModel

    written = [row for row in (*session.new, *session.dirty) if isinstance(row, DagModel)]
    opened = [row for row in written if not row.is_paused and row.dag_id not in HELPER_DAG_IDS]
    if not opened:
        return
    mode = mode_in(session)
    if mode == ACTIVE:
        return
    site = mode or "not known to be active"
    for row in opened:
        # Without a row to rely on this may be production: nothing starts that is new, and nothing that runs is stopped.
        if row in session.new or mode in CLOSED_MODES:
            row.is_paused = True
            log.warning("the standby gate keeps %s paused: this site is %s", row.dag_id, site)


def mode_in(session: Session) -> str | None:
    """Read the row once in a transaction: Airflow flushes for each DAG of a file, and has locked all of them before."""
    session.connection()
    transaction = session.get_transaction()
    known: tuple[Any, str | None] = session.info.get(RESERVED_KEY, (None, None))
    if known[0] is not transaction:
        known = (transaction, read_mode(session))
        session.info[RESERVED_KEY] = known
    return known[1]


def read_mode(session: Session) -> str | None:
    """Read what the reserved row says in this transaction; None when there is none, or none that can be read."""
    from airflow.models.crypto import get_fernet
    from cryptography.fernet import InvalidToken
    from sqlalchemy import text

    # Not by Variable.get: a secrets backend may answer for it, and only this table is the resource.
    statement = text("SELECT val, is_encrypted FROM variable WHERE key = :key")
    found = session.connection().execute(statement, {"key": RESERVED_KEY}).first()
    if found is None or found[0] is None:
        return None
    try:
        value = get_fernet().decrypt(found[0].encode()).decode() if found[1] else found[0]
        return str(json.loads(value)["mode"])
    except (InvalidToken, ValueError, KeyError, TypeError) as error:
        log.warning("the standby gate cannot read the variable %s (%s)", RESERVED_KEY, type(error).__name__)
        return None
