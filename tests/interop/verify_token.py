#!/usr/bin/env python3
"""Verifies QR tokens with software that shares nothing with this project: PyPI `cwt`, `cbor2`, `base45`.

    verify_token.py <token text> <public key hex>        prints the claims as JSON
    verify_token.py --vectors crates/token/vectors/tokens.json

In the first form the token must hold now, and with any one bit of its message changed it must be refused. In the
second form every vector must have the outcome that it names; only the reason of MALFORMED is left alone, since
`cwt` does not know this project's words. Exit code 0 if all of it is so, else 1.

The packages stand in tests/requirements.txt.
"""

import argparse
import datetime
import hashlib
import json
import pathlib
import re
import sys
import time
from unittest import mock

import base45
import cbor2
import cwt
from cwt.exceptions import VerifyError

PREFIX = "FSP1:"
MAX_TEXT_LENGTH = 189
CLOCK_LEEWAY_SECONDS = 60
EDDSA = -8


class Malformed(Exception):
    """The text is no token."""


class Key:
    """The one key that is known, as its 32 bytes."""

    def __init__(self, x: bytes):
        thumbprint = hashlib.sha256(cbor2.dumps({1: 1, -1: 6, -2: x}, canonical=True))  # RFC 9679
        self.key_id = thumbprint.digest()[:8]
        self.cose_key = {1: 1, 2: self.key_id, 3: EDDSA, -1: 6, -2: x}
        self.verifier = cwt.COSEKey.new(dict(self.cose_key))


def message_of(text: str) -> bytes:
    """The COSE message inside the text."""
    if len(text.encode()) > MAX_TEXT_LENGTH or not text.startswith(PREFIX):
        raise Malformed("length or prefix")
    encoded = text[len(PREFIX):]
    try:
        message = base45.b45decode(encoded)
    except (ValueError, UnicodeError) as error:
        raise Malformed("Base45") from error
    if base45.b45encode(message).decode() != encoded:
        raise Malformed("Base45")
    return message


def key_id_and_claims(message: bytes) -> tuple[bytes, dict]:
    """What SPECIFICATION.md demands of the form, beyond what COSE and CWT do."""
    try:
        tagged = cbor2.loads(message)
        protected, unprotected, payload, signature = tagged.value
        headers, claims = cbor2.loads(protected), cbor2.loads(payload)
        code = claims[7]
        anew = [cbor2.dumps(headers, canonical=True), {}, cbor2.dumps(claims, canonical=True), signature]
        spelt_anew = cbor2.dumps(cbor2.CBORTag(18, anew), canonical=True)
        revision = int.from_bytes(code[16:], "big")
        well_formed = (
            spelt_anew == message
            and set(headers) == {1, 4}
            and headers[1] == EDDSA
            and type(headers[4]) is bytes
            and len(headers[4]) == 8
            and set(claims) == {1, 4, 6, 7}
            and re.fullmatch("[A-Z0-9]{2}", claims[1])
            and type(claims[4]) is type(claims[6]) is int
            and 0x1_0000 <= claims[6] < claims[4] <= 0xFFFF_FFFF
            and type(code) is bytes
            and len(code) == 18
            and revision >= 1
            and len(signature) == 64
        )
    except Exception as error:  # whatever the libraries raise on foreign bytes is the same finding
        raise Malformed("CBOR") from error
    if not well_formed:
        raise Malformed("form")
    return headers[4], claims


def verdict(text: str, key: Key, now: int) -> dict:
    """The outcome at `now`, the signature and the expiry being judged by `cwt`."""
    try:
        message = message_of(text)
        key_id, claims = key_id_and_claims(message)
    except Malformed:
        return {"outcome": "MALFORMED"}
    if key_id != key.key_id:
        return {"outcome": "UNKNOWN_KEY"}
    try:
        verified = decode(message, key, now)
    except VerifyError as error:
        return {"outcome": "EXPIRED" if "expired" in str(error) else "BAD_SIGNATURE"}
    if now >= claims[4]:  # `cwt` grants a leeway of at least a second, this format none
        return {"outcome": "EXPIRED"}
    if now < claims[6] - CLOCK_LEEWAY_SECONDS:  # `cwt` does not judge `iat`
        return {"outcome": "NOT_YET_VALID"}
    return {"outcome": "VALID", "claims": named(verified)}


def decode(message: bytes, key: Key, now: int) -> dict:
    """The claims, verified by `cwt` as if the clock stood at `now`."""
    clock = mock.Mock(wraps=datetime.datetime)
    clock.now.return_value = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)
    with mock.patch("cwt.cwt.datetime", clock):
        return cwt.CWT.new(leeway=1).decode(message, key.verifier)


def named(claims: dict) -> dict:
    """The claims under the names of SPECIFICATION.md."""
    return {
        "issuer": claims[1],
        "code_id": claims[7][:16].hex(),
        "revision": int.from_bytes(claims[7][16:], "big"),
        "issued_at": claims[6],
        "expires_at": claims[4],
    }


def check_token(text: str, public_key: str) -> bool:
    key, now = Key(bytes.fromhex(public_key)), int(time.time())
    found = verdict(text, key, now)
    print(json.dumps(found.get("claims", found)))
    if found["outcome"] != "VALID":
        return False
    message = message_of(text)
    for bit in range(len(message) * 8):
        changed = bytearray(message)
        changed[bit // 8] ^= 1 << bit % 8
        if verdict(PREFIX + base45.b45encode(bytes(changed)).decode(), key, now)["outcome"] == "VALID":
            print(f"accepted with bit {bit} changed", file=sys.stderr)
            return False
    return True


def check_vectors(path: pathlib.Path) -> bool:
    document = json.loads(path.read_text(encoding="utf-8"))
    key = Key(bytes.fromhex(document["key"]["public_key"]))
    published = cbor2.dumps(key.cose_key, canonical=True).hex(), key.key_id.hex()
    right = published == (document["key"]["cose_key"], document["key"]["key_id"])
    if not right:
        print(f"key: found {published}", file=sys.stderr)
    for vector in document["vectors"]:
        wanted = {name: vector[name] for name in ("outcome", "claims") if name in vector}
        found = verdict(vector["text"], key, vector["now"])
        if found != wanted:
            print(f"{vector['name']}: wanted {wanted}, found {found}", file=sys.stderr)
            right = False
    print(f"{len(document['vectors'])} vectors {'agree' if right else 'DISAGREE'}")
    return right


def main() -> bool:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=pathlib.Path, help="file of test vectors")
    parser.add_argument("token", nargs="?", help="text of a QR code")
    parser.add_argument("public_key", nargs="?", help="Ed25519 public key, 64 hexadecimal digits")
    arguments = parser.parse_args()
    if arguments.vectors:
        return check_vectors(arguments.vectors)
    if not arguments.token or not arguments.public_key:
        parser.error("a token and a public key, or --vectors")
    return check_token(arguments.token, arguments.public_key)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
