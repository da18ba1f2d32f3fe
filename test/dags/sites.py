"""Two sites to test with: databases, buckets, requests, and DAGs parsed as Airflow's own processor stores them."""

# ruff: noqa: S608  statements are put together from constants of the tests

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mwaa_lifeboat.engine.database import Database
from mwaa_lifeboat.engine.export import export_snapshot
from mwaa_lifeboat.engine.importing import import_snapshot
from mwaa_lifeboat.engine.request import Request, parse_request
from mwaa_lifeboat.engine.reserved_row import NEW_ROW, ReservedRow, lock_row, read_row, write_row
from mwaa_lifeboat.engine.storage import Bucket, aws_client

if TYPE_CHECKING:
    from airflow import DAG
    from sqlalchemy.engine import Engine
    from sqlalchemy.orm import Session

REGION = "eu-west-1"
PAIR = "demo"
ALEMBIC_HEAD = "5f2621c13b39"
KEY_ALIAS = "alias/lifeboat-demo"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Cloud:
    """S3 and KMS."""

    s3: Any

    @classmethod
    def create(cls) -> Cloud:
        kms = aws_client("kms", REGION)
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=KEY_ALIAS, TargetKeyId=key)
        return cls(aws_client("s3", REGION))

    def new_bucket(self, name: str) -> Bucket:
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return Bucket(self.s3, name)


@dataclass
class Site:
    """One environment: its database, its Fernet key, its bucket."""

    side: str
    engine: Any
    database: Database
    bucket: Bucket
    folder: Path
    fernet_key: str
    dags: dict[str, DAG] = field(default_factory=dict)

    @classmethod
    def create(cls, side: str, engine: Engine, bucket: Bucket, folder: Path) -> Site:
        from cryptography.fernet import Fernet, MultiFernet

        key = Fernet.generate_key()
        fernet: Any = MultiFernet([Fernet(key)])
        fernet.is_encrypted = True
        return cls(side, engine, Database(engine, fernet), bucket, folder, key.decode())

    def empty(self) -> None:
        """Take back whatever the test before did, as far as these tests do anything."""
        kept = ("alembic_version", "log_template", "slot_pool")
        tables = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'ab%'")
        triggers = self.rows("SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal")
        statements = [
            *(f"DROP TRIGGER {name} ON {table}" for name, table in triggers),
            "DROP FUNCTION IF EXISTS fail, fence",
            "SET LOCAL session_replication_role = replica",
            *(f"DELETE FROM {name}" for (name,) in tables if name not in kept),
            "DELETE FROM log_template WHERE id > (SELECT min(id) FROM log_template)",
            "DELETE FROM slot_pool WHERE pool <> 'default_pool'",
            "UPDATE slot_pool SET slots = 128, include_deferred = false",
            f"UPDATE alembic_version SET version_num = '{ALEMBIC_HEAD}'",
        ]
        self.execute(";".join(statements))

    @contextmanager
    def session(self) -> Iterator[Session]:
        from sqlalchemy.orm import Session

        with Session(self.engine) as session, session.begin():
            yield session

    def row(self) -> ReservedRow:
        with self.database.transaction() as tx:
            return read_row(tx)

    def set_row(self, **changes: Any) -> None:
        with self.database.transaction() as tx:
            lock_row(tx)
            write_row(tx, replace(NEW_ROW, **{"site": self.side, **changes}))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.database.transaction() as tx:
            return tx.rows(sql)

    def execute(self, sql: str, **values: Any) -> int:
        with self.database.transaction() as tx:
            return tx.execute(sql, values or None)

    def parse(self, *dags: DAG) -> None:
        """Store DAGs as the DAG processor does, each from a file in this site's own folder."""
        from airflow import DAG
        from airflow.models.serialized_dag import SerializedDagModel

        for dag in dags:
            file = self.folder / f"{dag.dag_id}.py"
            file.write_text(f"# {dag.dag_id}")
            dag.fileloc = str(file)
            self.dags[dag.dag_id] = dag
        with self.session() as session:
            DAG.bulk_write_to_db(list(dags), session=session)
            for dag in dags:
                SerializedDagModel.write_dag(dag, session=session)

    def pause(self, *dag_ids: str, paused: bool = True) -> None:
        self.execute(
            "UPDATE dag SET is_paused = %(paused)s WHERE dag_id = ANY(%(ids)s)", paused=paused, ids=list(dag_ids)
        )

    def run(self, dag_id: str, start: datetime, state: str = "success", **tasks: str | None) -> str:
        """Add a run of an hour; tasks are all of the run's state unless named."""
        return self.add_run(dag_id, start, state=state, tasks=tasks)

    def add_run(  # noqa: PLR0913  what a test may want to choose
        self,
        dag_id: str,
        start: datetime,
        *,
        state: str = "success",
        run_type: str = "scheduled",
        tasks: dict[str, str | None] | None = None,
        conf: dict[str, Any] | None = None,
    ) -> str:
        from airflow.utils.types import DagRunType

        default = state if state in {"success", "failed"} else "success"
        with self.session() as session:
            run = self.dags[dag_id].create_dagrun(
                run_type=DagRunType(run_type),
                execution_date=start,
                data_interval=(start, start + timedelta(hours=1)),
                state=state,
                start_date=start + timedelta(hours=1),
                conf=conf,
                session=session,
            )
            if state in {"success", "failed"}:
                run.end_date = start + timedelta(hours=1, minutes=5)
            for ti in run.get_task_instances(session=session):
                ti.state = (tasks or {}).get(ti.task_id, default)
                ti.try_number = 0 if ti.state is None else 1
                ti.max_tries = 0
                ti.start_date = None if ti.state is None else start + timedelta(hours=1)
            return str(run.run_id)

    def task_states(self, run_id: str, dag_id: str | None = None) -> dict[str, str | None]:
        sql = "SELECT task_id, state FROM task_instance WHERE run_id = %(run)s AND dag_id = coalesce(%(dag)s, dag_id)"
        with self.database.transaction() as tx:
            return {row[0]: row[1] for row in tx.rows(sql, {"run": run_id, "dag": dag_id})}


def new_snapshot_id(epoch: int = 1) -> str:
    number = uuid.uuid4().int
    ulid = ""
    for _ in range(26):
        number, digit = divmod(number, 32)
        ulid += CROCKFORD[digit]
    return f"{epoch:06d}-{ulid}"


def request(kind: str, site: Site, **fields: Any) -> Request:
    """A request as the controller writes it."""
    document = {
        "kind": kind,
        "pair": PAIR,
        "site": site.side,
        "op": None,
        "epoch": 1,
        "bucket": site.bucket.name,
        "region": REGION,
        "requestedAt": "2026-11-24T12:00:00.000000Z",
        "keyAlias": KEY_ALIAS,
        **fields,
    }
    return parse_request(json.dumps(document).encode(), kind=kind, key="test", bucket=site.bucket.name)


def export_request(site: Site, **fields: Any) -> Request:
    environment = {"name": "demo-a", "arn": "arn:aws:airflow:eu-west-1:1:environment/demo-a", "region": REGION}
    defaults = {
        "snapshotId": new_snapshot_id(fields.get("epoch", 1)),
        "environment": {**environment, "airflowVersion": "2.10.3"},
        "historyDays": 36500,
        "bundle": None,
    }
    return request("export", site, **{**defaults, **fields})


def import_request(site: Site, exported: dict[str, Any], stage: str, **fields: Any) -> Request:
    defaults = {
        "stage": stage,
        "snapshotId": exported["snapshotId"],
        "manifestSha256": exported["manifestSha256"],
        "manifestVersionId": None,
        "interruptedDefault": "fail",
    }
    return request("import", site, **{**defaults, **fields})


def replicate(source: Site, target: Site, change: Callable[[str, bytes], bytes | None] | None = None) -> None:
    """Copy every object to the other bucket, as S3 replication does; `change` may corrupt or drop one."""
    client = source.bucket.client
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=source.bucket.name):
        for item in page.get("Contents", []):
            body = source.bucket.read(item["Key"])
            assert body is not None
            changed = body if change is None else change(item["Key"], body)
            if changed is not None:
                target.bucket.write(item["Key"], changed)


def exported(a: Site, b: Site, **fields: Any) -> dict[str, Any]:
    """Export a, and let the objects arrive in b's bucket."""
    result = export_snapshot(a.database, a.bucket, export_request(a, **fields))
    replicate(a, b)
    return result


def bring(b: Site, snapshot: dict[str, Any], stage: str, **fields: Any) -> dict[str, Any]:
    """Import one stage of a snapshot into b."""
    return import_snapshot(b.database, b.bucket, import_request(b, snapshot, stage, **fields))
