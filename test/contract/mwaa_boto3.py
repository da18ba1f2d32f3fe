"""Drives every operation of our MWAA control plane with AWS's own client, and prints what that client parsed.

Usage: python mwaa_boto3.py <endpoint>. Prints one JSON document: operation to parsed answer or error.
The client's requests and its parsing come from botocore's service model, which is independent of our fake.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

NAME = "orders"
REQUIRED = {
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/execution",
    "SourceBucketArn": "arn:aws:s3:::customer-dags",
    "DagS3Path": "dags",
    "NetworkConfiguration": {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
}
ALL_MEMBERS = {
    **REQUIRED,
    "PluginsS3Path": "plugins.zip",
    "PluginsS3ObjectVersion": "v1",
    "RequirementsS3Path": "requirements.txt",
    "RequirementsS3ObjectVersion": "v2",
    "StartupScriptS3Path": "startup.sh",
    "StartupScriptS3ObjectVersion": "v3",
    "AirflowConfigurationOptions": {"core.default_timezone": "utc"},
    "EnvironmentClass": "mw1.medium",
    "MaxWorkers": 5,
    "MinWorkers": 2,
    "Schedulers": 2,
    "MinWebservers": 2,
    "MaxWebservers": 3,
    "KmsKey": "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
    "AirflowVersion": "2.10.3",
    "LoggingConfiguration": {"TaskLogs": {"Enabled": True, "LogLevel": "INFO"}},
    "WeeklyMaintenanceWindowStart": "TUE:03:30",
    "Tags": {"team": "data"},
    "WebserverAccessMode": "PUBLIC_ONLY",
    "EndpointManagement": "SERVICE",
}

KEY = "key/01234567-89ab-cdef-0123-456789abcdef"
# What the client lets through and the service does not take.
REFUSED: dict[str, dict[str, Any]] = {
    "class": {"EnvironmentClass": "mw1.tiny"},
    "version": {"AirflowVersion": "2.2.2"},
    "object version": {"PluginsS3Path": "plugins.zip", "PluginsS3ObjectVersion": "v9"},
    "object": {"StartupScriptS3Path": "nothing.sh"},
    "key of another Region": {"KmsKey": f"arn:aws:kms:eu-central-1:123456789012:{KEY}"},
    "alias": {"KmsKey": "alias/orders"},
    "multi-Region key": {"KmsKey": "arn:aws:kms:eu-west-1:123456789012:key/mrk-0123456789abcdef0123456789abcdef"},
    "subnets": {"NetworkConfiguration": {"SubnetIds": ["subnet-1", "subnet-9"], "SecurityGroupIds": ["sg-1"]}},
    "micro": {"EnvironmentClass": "mw1.micro", "Schedulers": 2},
    "one scheduler": {"Schedulers": 1},
    "workers": {"MinWorkers": 11},
    "reserved tag": {"Tags": {"aws:cloudformation:stack-name": "x"}},
    "no tags": {"Tags": {}},
}
OUTPUT_ONLY: dict[str, dict[str, Any]] = {
    "Arn": {"Arn": "arn:aws:airflow:eu-west-1:123456789012:environment/other"},
    "Status": {"Status": "AVAILABLE"},
    "CloudWatchLogGroupArn": {
        "LoggingConfiguration": {"TaskLogs": {"Enabled": True, "LogLevel": "INFO", "CloudWatchLogGroupArn": "arn"}},
    },
}


def call(operation: Callable[..., dict[str, Any]], **members: object) -> dict[str, Any]:
    """Returns the parsed answer, or the parsed error with its name, status and members."""
    try:
        answer = operation(**members)
    except ClientError as error:
        failed: dict[str, Any] = dict(error.response)
        failed["Type"] = type(error).__name__
        return failed
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def not_sent(operation: Callable[..., dict[str, Any]], members: dict[str, dict[str, Any]]) -> list[str]:
    """Returns the names of the members with which the client refuses to send the request at all."""
    unsent = []
    for name, member in members.items():
        try:
            operation(Name="other", **{**REQUIRED, **member})
        except ParamValidationError:
            unsent.append(name)
    return unsent


def until(client: BaseClient, name: str, status: str) -> dict[str, Any]:
    """Reads the environment until it has the status, or fails after 20 s."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        answer = call(client.get_environment, Name=name)
        found = answer["Environment"]["Status"] if "Environment" in answer else answer["Error"]["Code"]
        if found == status:
            return answer
        time.sleep(0.05)
    raise TimeoutError(status)


def fetch(url: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, str, str]:
    """Sends one plain request: status, body, cookie."""
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - an address of this machine
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, answer.read().decode(), answer.headers.get("Set-Cookie") or ""
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), ""


def drive(client: BaseClient) -> dict[str, Any]:
    """Calls every operation, good and bad, in the order of an environment's life."""
    seen: dict[str, Any] = {}
    seen["create"] = call(client.create_environment, Name=NAME, **ALL_MEMBERS)
    seen["creating"] = call(client.get_environment, Name=NAME)
    seen["createAgain"] = call(client.create_environment, Name=NAME, **REQUIRED)
    seen["createWrong"] = call(client.create_environment, Name="other", **{**REQUIRED, "SourceBucketArn": "nonsense"})
    seen["createRefused"] = {
        what: call(client.create_environment, Name="other", **{**REQUIRED, **wrong}) for what, wrong in REFUSED.items()
    }
    seen["createOutputOnly"] = not_sent(client.create_environment, OUTPUT_ONLY)
    seen["updateTooSoon"] = call(client.update_environment, Name=NAME, MaxWorkers=6)
    seen["available"] = until(client, NAME, "AVAILABLE")
    arn = seen["create"]["Arn"]

    seen["update"] = call(client.update_environment, Name=NAME, MaxWorkers=6, WorkerReplacementStrategy="GRACEFUL")
    seen["updated"] = until(client, NAME, "AVAILABLE")
    seen["unknown"] = call(client.get_environment, Name="nobody")

    seen["tag"] = call(client.tag_resource, ResourceArn=arn, Tags={"a b": "c/d", "cost": "1"})
    seen["tags"] = call(client.list_tags_for_resource, ResourceArn=arn)
    seen["untag"] = call(client.untag_resource, ResourceArn=arn, tagKeys=["a b", "team"])
    seen["tagsLeft"] = call(client.list_tags_for_resource, ResourceArn=arn)
    seen["tagsOfNobody"] = call(client.list_tags_for_resource, ResourceArn=arn + "-not")

    for number in range(3):
        call(client.create_environment, Name=f"list-{number}", **REQUIRED)
    pages = client.get_paginator("list_environments").paginate(PaginationConfig={"PageSize": 2})
    seen["pages"] = [page["Environments"] for page in pages]

    drive_rest(client, seen)
    drive_web(client, seen)
    seen["delete"] = call(client.delete_environment, Name=NAME)
    until(client, NAME, "ResourceNotFoundException")
    seen["deleteAgain"] = call(client.delete_environment, Name=NAME)
    return seen


def drive_rest(client: BaseClient, seen: dict[str, Any]) -> None:
    """InvokeRestApi: success, the two errors of Airflow, and a path that is too long."""
    query = {"dag_id_pattern": "%", "limit": 2}
    body = {"is_paused": True}
    invoke = client.invoke_rest_api
    seen["invoke"] = call(invoke, Name=NAME, Method="PATCH", Path="/dags", QueryParameters=query, Body=body)
    seen["invokeEmpty"] = call(invoke, Name=NAME, Method="DELETE", Path="/empty")
    seen["invoke404"] = call(invoke, Name=NAME, Method="GET", Path="/status/404")
    seen["invoke500"] = call(invoke, Name=NAME, Method="GET", Path="/status/500")
    seen["invokeLong"] = call(invoke, Name=NAME, Method="GET", Path="/" + "x" * 64)
    seen["invokeNobody"] = call(invoke, Name="nobody", Method="GET", Path="/health")


def drive_web(client: BaseClient, seen: dict[str, Any]) -> None:
    """Both tokens, and what the user guide does with them."""
    cli = call(client.create_cli_token, Name=NAME)
    headers = {"Authorization": "Bearer " + cli["CliToken"], "Content-Type": "text/plain"}
    status, text, _ = fetch(cli["WebServerHostname"] + "/aws_mwaa/cli", b"dags list", headers)
    seen["cli"] = {"status": status, "answer": json.loads(text)}
    seen["cliNobody"] = call(client.create_cli_token, Name="nobody")

    web = call(client.create_web_login_token, Name=NAME)
    form = urllib.parse.urlencode({"token": web["WebToken"]}).encode()
    status, _, cookie = fetch(web["WebServerHostname"] + "/aws_mwaa/login", form, {})
    seen["login"] = {"status": status, "members": sorted(web)}
    api = web["WebServerHostname"] + "/api/v1/dags"
    status, text, _ = fetch(api, None, {"Cookie": cookie.split(";")[0]})
    seen["session"] = {"status": status, "answer": json.loads(text)}
    seen["noSession"] = {"status": fetch(api, None, {})[0]}


def main() -> None:
    """Makes a client for the endpoint; it sends everything to one host."""
    client = boto3.client(
        "mwaa",
        endpoint_url=sys.argv[1],
        region_name="eu-west-1",
        aws_access_key_id="AKSANDBOX",
        aws_secret_access_key="sandbox",  # noqa: S106 - nobody checks it
        config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}),
    )
    json.dump(drive(client), sys.stdout, default=str)


if __name__ == "__main__":
    main()
