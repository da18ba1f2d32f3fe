"""moto's server with what the sandbox needs inside its process.

Started by `moto.ts`. It adds to moto: S3 replication that keeps version ids (`POST /_lifeboat/replicate`), one
conditional write at a time, an engine of Step Functions that stays fast when executions pile up, and forgetting of
old metric samples. Everything else is moto as it is.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import io
import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import boto3
from botocore.config import Config
from moto.cloudwatch import models as cloudwatch
from moto.core.config import default_user_config
from moto.kms import models as kms
from moto.kms.exceptions import NotFoundException
from moto.kms.responses import KmsResponse
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.stepfunctions.parser import models as stepfunctions
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.utils import TMP_THREADS
from moto_replication import replicate, show_replication_status, with_zone
from werkzeug.serving import make_server

ENGINE_ACCESS_KEY = "AKENGINE"
FINISHED_EXECUTIONS_KEPT = 300
METRIC_HOURS_KEPT = 3
METRIC_SAMPLES_BETWEEN_CLEANINGS = 2000

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
# Objects of moto's inside, which has no useful types.
Internal: TypeAlias = Any
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def use_front_for_lambda(front_port: int) -> None:
    """Lets the engine invoke functions through the front, with one client for each Region instead of one per task."""

    @functools.cache
    def client(region: str, service: str) -> Internal:
        return boto3.session.Session().client(
            service,
            region_name=region,
            endpoint_url=f"http://127.0.0.1:{front_port}",
            aws_access_key_id=ENGINE_ACCESS_KEY,
            aws_secret_access_key=ENGINE_ACCESS_KEY,
            config=Config(
                parameter_validation=False,
                retries={"total_max_attempts": 1},
                connect_timeout=60,
                read_timeout=1000,
                max_pool_connections=50,
            ),
        )

    lock = threading.Lock()

    def boto_client_for(region: str, service: str, state_credentials: object = None) -> Internal:
        with lock:
            return client(region, service)

    setattr(lambda_eval_utils, "boto_client_for", boto_client_for)  # noqa: B010 (the name is not exported)


def keep_engine_fast() -> None:
    """Parses each definition once and forgets old executions."""
    # A parsed program holds no state of a run (attempt counters live in the run's own heap), so that runs may share it.
    parse = functools.lru_cache(maxsize=64)(AmazonStateLanguageParser.parse)
    AmazonStateLanguageParser.parse = staticmethod(parse)  # type: ignore[method-assign]

    start_execution = stepfunctions.StepFunctionsParserBackend.start_execution

    def start_and_trim(self: Internal, state_machine_arn: str, *args: Internal, **kwargs: Internal) -> Internal:
        execution = start_execution(self, state_machine_arn, *args, **kwargs)
        executions = self.describe_state_machine(state_machine_arn).executions
        surplus = len(executions) - 2 * FINISHED_EXECUTIONS_KEPT
        if surplus > 0:
            finished = [e for e in executions if e.status != "RUNNING"]
            for old in finished[: max(0, len(finished) - FINISHED_EXECUTIONS_KEPT)]:
                executions.remove(old)
        TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]
        return execution

    stepfunctions.StepFunctionsParserBackend.start_execution = start_and_trim  # type: ignore[method-assign]


def stop_at_once() -> None:
    """An execution is ABORTED as soon as it is stopped, even while a function of it runs on, and even at its start."""
    stop_worker = ExecutionWorker.stop
    stop_execution = Execution.stop
    show_end = BaseExecutionWorkerCommunication.terminated

    def stop_once_started(self: Internal, *args: Internal, **kwargs: Internal) -> None:
        deadline = time.monotonic() + 5
        while self.env is None and time.monotonic() < deadline:
            time.sleep(0.01)
        stop_worker(self, *args, **kwargs)

    def stop_and_show(self: Internal, *args: Internal, **kwargs: Internal) -> None:
        stop_execution(self, *args, **kwargs)
        if self.exec_status == ExecutionStatus.RUNNING:
            self.exec_status = ExecutionStatus.ABORTED
            self.stop_date = datetime.datetime.now(datetime.UTC)

    def end_unless_aborted(self: Internal) -> None:
        # What a function answers after the stop does not count any more.
        if self.execution.exec_status != ExecutionStatus.ABORTED:
            show_end(self)

    BaseExecutionWorkerCommunication.terminated = end_unless_aborted  # type: ignore[method-assign]
    ExecutionWorker.stop = stop_once_started  # type: ignore[method-assign]
    Execution.stop = stop_and_show  # type: ignore[method-assign]


def forget_old_metrics() -> None:
    """moto reads all samples at each query: those older than anybody looks at are dropped."""
    put_metric_data = cloudwatch.CloudWatchBackend.put_metric_data

    def put_and_clean(self: Internal, *args: Internal, **kwargs: Internal) -> None:
        put_metric_data(self, *args, **kwargs)
        cleaned_at = getattr(self, "lifeboat_cleaned_at", 0)
        if len(self.metric_data) - cleaned_at < METRIC_SAMPLES_BETWEEN_CLEANINGS:
            return
        newest = datetime.datetime.now(datetime.UTC)
        limit = newest - datetime.timedelta(hours=METRIC_HOURS_KEPT)
        self.metric_data = [d for d in self.metric_data if with_zone(d.timestamp) >= limit]
        self.lifeboat_cleaned_at = len(self.metric_data)

    cloudwatch.CloudWatchBackend.put_metric_data = put_and_clean  # type: ignore[method-assign]


def compare_dimensions_in_any_order() -> None:
    """GetMetricData of moto sorts dimensions before it compares them, by an order that is none."""

    def less(self: Internal, other: Internal) -> bool:
        return bool((self.name, self.value) < (other.name, other.value))

    cloudwatch.Dimension.__lt__ = less  # type: ignore[method-assign]


def name_keys_as_aws_does() -> None:
    """Ids of multi-Region keys get the 36 characters of AWS's: moto cuts its own longer ones off in ciphertexts."""

    def generate_key_id(multi_region: bool = False) -> str:
        return f"mrk-{uuid.uuid4().hex}" if multi_region else str(uuid.uuid4())

    def validate_key(self: Internal, key_id: str) -> None:
        if self.kms_backend.get_key_id(key_id) not in self.kms_backend.keys:
            raise NotFoundException(f"Invalid keyId {key_id}")

    setattr(kms, "generate_key_id", generate_key_id)  # noqa: B010 (the name is not exported)
    KmsResponse._validate_cmk_id = validate_key  # type: ignore[method-assign]


class SandboxApplication:
    """moto's application with the sandbox's own route, and a lock for each service that has conditional writes."""

    def __init__(self) -> None:
        """Makes moto's application and the locks."""
        self.moto: Application = DomainDispatcherApplication(create_backend_app)
        self.locks = {"/dynamodb/": threading.Lock(), "/s3/": threading.Lock()}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request (WSGI)."""
        if environ.get("PATH_INFO") == "/_lifeboat/replicate":
            body = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
            with self.locks["/s3/"]:
                answer = json.dumps({"copied": replicate(body["rules"])}).encode()
            start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
            return [answer]
        scope = environ.get("HTTP_AUTHORIZATION", "")
        lock = next((lock for service, lock in self.locks.items() if service in scope), None)
        changes = environ.get("REQUEST_METHOD") in ("POST", "PUT", "DELETE")
        if lock is None or not changes:
            return self.moto(environ, start_response)
        length = environ.get("CONTENT_LENGTH")
        if length:
            # The body is read before the lock is taken, so that a slow client cannot hold up the others.
            environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(length)))
        # moto checks a condition and writes in two steps; its threads would otherwise let two writers pass.
        with lock:
            return list(self.moto(environ, start_response))


def main() -> None:
    """Listens on a free port of loopback and writes it to the port file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--front-port", type=int, required=True)
    parser.add_argument("--port-file", type=Path, required=True)
    options = parser.parse_args()
    os.environ["MOTO_PORT"] = str(options.front_port)
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    use_front_for_lambda(options.front_port)
    keep_engine_fast()
    stop_at_once()
    forget_old_metrics()
    compare_dimensions_in_any_order()
    name_keys_as_aws_does()
    show_replication_status()
    server = make_server("127.0.0.1", 0, SandboxApplication(), threaded=True, request_handler=MotoRequestHandler)
    unfinished = options.port_file.with_suffix(".new")
    unfinished.write_text(str(server.server_port))
    unfinished.replace(options.port_file)
    server.serve_forever()


if __name__ == "__main__":
    main()
