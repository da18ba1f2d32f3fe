"""Envelope encryption of the objects that hold secrets: AES-256-GCM under a data key from the pair's KMS key."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from typing import Any

from mwaa_lifeboat.engine.errors import ObjectCorruptError, SecretsKeyError

NONCE_BYTES = 12


@dataclass(frozen=True)
class Envelope:
    """A data key in the clear, for as long as one export or import runs. Never logged: it has no useful repr."""

    key_arn: str
    wrapped_key: str
    _key: bytes

    def __repr__(self) -> str:
        """Name the KMS key only."""
        return f"Envelope({self.key_arn})"

    def seal(self, key: str, plain: bytes) -> bytes:
        """Encrypt the body of the object `key`: a random nonce, then the ciphertext with its tag."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._key).encrypt(nonce, plain, key.encode())

    def open(self, key: str, sealed: bytes) -> bytes:
        """Decrypt; raises ObjectCorruptError when the body was not sealed for this very key."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], key.encode())
        except InvalidTag:
            message = f"{key} was not encrypted under this snapshot's key for this place"
        raise ObjectCorruptError(message)


def new_envelope(kms: Any, key_alias: str, context: dict[str, str]) -> Envelope:  # noqa: ANN401  a boto3 client
    """Ask the site's own Region for a fresh data key."""
    answer = kms.generate_data_key(KeyId=key_alias, KeySpec="AES_256", EncryptionContext=context)
    wrapped = base64.b64encode(answer["CiphertextBlob"]).decode()
    return Envelope(key_arn=answer["KeyId"], wrapped_key=wrapped, _key=answer["Plaintext"])


def open_envelope(kms: Any, key_alias: str, secrets: dict[str, Any], context: dict[str, str]) -> Envelope:  # noqa: ANN401
    """Unwrap the data key in the site's own Region; raises SecretsKeyError when this site may or can not."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        blob = base64.b64decode(secrets["wrappedKey"])
        answer = kms.decrypt(CiphertextBlob=blob, KeyId=key_alias, EncryptionContext=context)
    except (ClientError, BotoCoreError) as error:
        reason = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        message = f"the data key of the snapshot cannot be unwrapped with {key_alias} in this Region: {reason}"
        raise SecretsKeyError(message) from None
    return Envelope(key_arn=secrets["keyArn"], wrapped_key=secrets["wrappedKey"], _key=answer["Plaintext"])
