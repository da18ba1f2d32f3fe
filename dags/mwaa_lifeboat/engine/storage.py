"""A site's bucket: streamed writes, checked reads, and the write that happens at most once."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PART_BYTES = 8 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024


def aws_client(service: str, region: str) -> Any:  # noqa: ANN401  boto3 clients have no type of their own
    """Make a client that gives up soon: a hung endpoint must not hold a helper."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "max_attempts": 2})
    return boto3.client(service, region_name=region, config=config)


@dataclass(frozen=True)
class Bucket:
    """One bucket through one client."""

    client: Any
    name: str

    @classmethod
    def of(cls, name: str, region: str) -> Bucket:
        """Open a bucket by its name and Region."""
        return cls(client=aws_client("s3", region), name=name)

    def read(self, key: str, version: str | None = None) -> bytes | None:
        """Read a small object, None when it does not exist."""
        from botocore.exceptions import ClientError

        try:
            return bytes(self.client.get_object(**self._address(key, version))["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "NoSuchVersion", "404"}:
                return None
            raise

    def write(self, key: str, body: bytes) -> None:
        """Write a small object over whatever is there."""
        self.client.put_object(Bucket=self.name, Key=key, Body=body)

    def write_json(self, key: str, document: dict[str, Any]) -> None:
        """Write a small JSON document."""
        self.write(key, json.dumps(document).encode())

    def write_once(self, key: str, body: bytes) -> bool:
        """Write an object only if there is none; False when there is one."""
        from botocore.exceptions import ClientError

        try:
            self.client.put_object(Bucket=self.name, Key=key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] in {"PreconditionFailed", "ConditionalRequestConflict", "412"}:
                return False
            raise
        return True

    def download(self, key: str, path: Path) -> str | None:
        """Fetch an object into a file and return the sha256 of its bytes, None when it does not exist."""
        from botocore.exceptions import ClientError

        digest = hashlib.sha256()
        try:
            body = self.client.get_object(**self._address(key, None))["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise
        with path.open("wb") as file:
            for chunk in body.iter_chunks(CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()

    def gzip_writer(self, key: str) -> GzipWriter:
        """Open a stream that compresses and uploads as it goes."""
        return GzipWriter(self, key)

    def _address(self, key: str, version: str | None) -> dict[str, str]:
        address = {"Bucket": self.name, "Key": key}
        return address if version is None else {**address, "VersionId": version}


class GzipWriter:
    """A byte stream into one object, in constant memory; no byte, or an exception inside, leaves no object behind."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        """Nothing is sent before the first part is full."""
        self.key = key
        self.raw_bytes = 0
        self.bytes = 0
        self._bucket = bucket
        self._gzip = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        self._digest = hashlib.sha256()
        self._buffer = bytearray()
        self._upload: str | None = None
        self._parts: list[dict[str, Any]] = []

    @property
    def sha256(self) -> str:
        """Of the stored bytes, once closed."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> int:
        """Take raw bytes."""
        self.raw_bytes += len(data)
        self._take(self._gzip.compress(data))
        if len(self._buffer) >= PART_BYTES:
            self._send_part()
        return len(data)

    def __enter__(self) -> Self:
        """The stream is open from its construction."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the object, or take back what was sent."""
        if kind is not None:
            self._abort()
            return
        try:
            self._finish()
        except BaseException:
            self._abort()
            raise

    def _take(self, compressed: bytes) -> None:
        self._buffer += compressed
        self._digest.update(compressed)
        self.bytes += len(compressed)

    def _finish(self) -> None:
        if self.raw_bytes == 0:
            return
        self._take(self._gzip.flush())
        if self._upload is None:
            self._bucket.write(self.key, bytes(self._buffer))
            return
        if self._buffer:
            self._send_part()
        self._bucket.client.complete_multipart_upload(**self._target(), MultipartUpload={"Parts": self._parts})

    def _send_part(self) -> None:
        client = self._bucket.client
        if self._upload is None:
            self._upload = client.create_multipart_upload(Bucket=self._bucket.name, Key=self.key)["UploadId"]
        number = len(self._parts) + 1
        answer = client.upload_part(**self._target(), PartNumber=number, Body=bytes(self._buffer))
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self._buffer.clear()

    def _abort(self) -> None:
        if self._upload is not None:
            self._bucket.client.abort_multipart_upload(**self._target())

    def _target(self) -> dict[str, Any]:
        return {"Bucket": self._bucket.name, "Key": self.key, "UploadId": self._upload}
