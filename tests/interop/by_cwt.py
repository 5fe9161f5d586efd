#!/usr/bin/env python3
"""Issues and verifies tokens with PyPI `cwt`, `cbor2` and `base45`, which share nothing with this project.

Answers to the requests of tokens.py, one JSON object a line. What SPECIFICATION.md demands beyond COSE and CWT, and these
libraries therefore cannot know, stands here; the signature and the expiry are judged by `cwt`.

The packages stand in tests/requirements.txt.
"""

import datetime
import functools
import hashlib
import json
import re
import sys
from unittest import mock

import base45
import cbor2
import cwt
from cwt.exceptions import VerifyError

PREFIX = "FSP1:"
MAX_TEXT_LENGTH = 189
CLOCK_LEEWAY_SECONDS = 60
EDDSA, ES256 = -8, -7

ED25519_PRIME = 2**255 - 19
ED25519_D = -121665 * pow(121666, -1, ED25519_PRIME) % ED25519_PRIME
ORDER_8_Y = int.from_bytes(
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"
)
SMALL_ORDER_Y = {0, 1, ED25519_PRIME - 1, ORDER_8_Y, ED25519_PRIME - ORDER_8_Y}
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

canonical = functools.partial(cbor2.dumps, canonical=True)


class Malformed(Exception):
    """The text is no token."""


class BadKey(Exception):
    """The bytes are no key that a verifier may take."""


class Key:
    """A public key, read from its COSE_Key as SPECIFICATION.md demands."""

    def __init__(self, cose_key: bytes):
        try:
            parameters = cbor2.loads(cose_key)
            in_order = canonical(parameters) == cose_key
        except Exception as error:  # whatever the library raises on foreign bytes is the same finding
            raise BadKey("CBOR") from error
        if not in_order or not self.is_of_known_form(parameters):
            raise BadKey("form")
        needed = {label: value for label, value in parameters.items() if label not in (2, 3)}
        self.key_id = hashlib.sha256(canonical(needed)).digest()[:8]  # RFC 9679
        if parameters[2] != self.key_id:
            raise BadKey("key id")
        if parameters[-1] == 6 and not is_usable_ed25519(parameters[-2]):
            raise BadKey("point")
        self.algorithm, self.parameters = parameters[3], parameters
        try:
            self.verifier = cwt.COSEKey.new(dict(parameters))
        except ValueError as error:
            raise BadKey("point") from error

    @staticmethod
    def is_of_known_form(parameters: object) -> bool:
        if not isinstance(parameters, dict) or any(type(label) is not int for label in parameters):
            return False
        fixed = {label: parameters.get(label) for label in (1, 3, -1)}
        coordinates = {(1, EDDSA, 6): {-2}, (2, ES256, 1): {-2, -3}}.get(tuple(fixed.values()), set())
        return (
            bool(coordinates)
            and set(parameters) == {1, 2, 3, -1} | coordinates
            and all(type(parameters[label]) is bytes and len(parameters[label]) == 32 for label in coordinates)
        )

    def is_also(self, jwk: dict) -> bool:
        """Whether `cwt` takes the JWK for the same key."""
        read = cwt.COSEKey.from_jwk(jwk).to_dict()
        return (
            all(read.get(label) == self.parameters.get(label) for label in (1, 3, -1, -2, -3))
            and jwk["kid"] == self.key_id.hex()
            and jwk["use"] == "sig"
        )


def is_usable_ed25519(x: bytes) -> bool:
    """One spelling of a point that is on the curve and not of small order (RFC 8032, section 5.1.3)."""
    y = int.from_bytes(x, "little") % 2**255
    if y >= ED25519_PRIME or y in SMALL_ORDER_Y:
        return False
    x_squared = (y * y - 1) * pow(ED25519_D * y * y + 1, -1, ED25519_PRIME)
    return pow(x_squared, (ED25519_PRIME - 1) // 2, ED25519_PRIME) == 1


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


def parts_of(message: bytes) -> tuple[dict, dict, bytes]:
    """Headers, claims and signature, if the form is the one of SPECIFICATION.md."""
    try:
        tagged = cbor2.loads(message)
        protected, unprotected, payload, signature = tagged.value
        headers, claims = cbor2.loads(protected), cbor2.loads(payload)
        code = claims[7]
        anew = [canonical(headers), {}, canonical(claims), signature]
        well_formed = (
            canonical(cbor2.CBORTag(18, anew)) == message
            and set(headers) == {1, 4}
            and headers[1] in (EDDSA, ES256)
            and type(headers[4]) is bytes
            and len(headers[4]) == 8
            and set(claims) == {1, 4, 6, 7}
            and re.fullmatch("[A-Z0-9]{2}", claims[1])
            and type(claims[4]) is type(claims[6]) is int
            and 0x1_0000 <= claims[6] < claims[4] <= 0xFFFF_FFFF
            and type(code) is bytes
            and len(code) == 18
            and int.from_bytes(code[16:], "big") >= 1
            and len(signature) == 64
        )
    except Exception as error:  # whatever the libraries raise on foreign bytes is the same finding
        raise Malformed("CBOR") from error
    if not well_formed:
        raise Malformed("form")
    return headers, claims, signature


def has_one_spelling(algorithm: int, signature: bytes) -> bool:
    """What the library behind `cwt` leaves open: a second right value for s, and R of small order."""
    if algorithm == ES256:
        return int.from_bytes(signature[32:], "big") <= P256_ORDER // 2
    return int.from_bytes(signature[:32], "little") % 2**255 not in SMALL_ORDER_Y


def outcome(text: str, now: int, keys: list[Key]) -> dict:
    """What a verifier that knows these keys finds at `now`."""
    try:
        message = message_of(text)
        headers, claims, signature = parts_of(message)
    except Malformed:
        return {"outcome": "MALFORMED"}
    key = next((key for key in keys if key.key_id == headers[4]), None)
    if key is None:
        return {"outcome": "UNKNOWN_KEY"}
    if headers[1] != key.algorithm or not has_one_spelling(key.algorithm, signature):
        return {"outcome": "BAD_SIGNATURE"}
    try:
        verified = verified_claims(message, key, now)
    except VerifyError as error:
        return {"outcome": "EXPIRED" if "expired" in str(error) else "BAD_SIGNATURE"}
    if now >= claims[4]:  # `cwt` grants a leeway of at least a second, this format none
        return {"outcome": "EXPIRED"}
    if now < claims[6] - CLOCK_LEEWAY_SECONDS:  # `cwt` does not judge `iat`
        return {"outcome": "NOT_YET_VALID"}
    return {"outcome": "VALID", "claims": named(verified)}


def verified_claims(message: bytes, key: Key, now: int) -> dict:
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


def issued(claims: dict, cose_key: bytes, private_key: bytes) -> str:
    """A token that `cwt` signs."""
    parameters = cbor2.loads(cose_key)
    code = bytes.fromhex(claims["code_id"]) + claims["revision"].to_bytes(2, "big")
    payload = canonical({1: claims["issuer"], 4: claims["expires_at"], 6: claims["issued_at"], 7: code})
    headers = {1: parameters[3], 4: parameters[2]}
    signer = cwt.COSEKey.new({**parameters, -4: private_key})
    message = bytearray(cwt.COSE.new().encode_and_sign(payload, signer, protected=headers, unprotected={}))
    if headers[1] == ES256:  # of both right values for s the lower one
        s = int.from_bytes(message[-32:], "big")
        message[-32:] = min(s, P256_ORDER - s).to_bytes(32, "big")
    return PREFIX + base45.b45encode(bytes(message)).decode()


def answer(request: dict, keys: list[Key]) -> dict:
    if "trust" in request:
        try:
            key = Key(bytes.fromhex(request["trust"]))
        except BadKey:
            return {"refused": True}
        if request.get("jwk") and not key.is_also(request["jwk"]):
            return {"refused": True}
        keys.append(key)
        return {"key_id": key.key_id.hex()}
    if "issue" in request:
        keys_of_it = bytes.fromhex(request["cose_key"]), bytes.fromhex(request["private_key"])
        return {"text": issued(request["issue"], *keys_of_it)}
    return outcome(request["read"], request["now"], keys)


def main() -> None:
    keys: list[Key] = []
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), keys)))


if __name__ == "__main__":
    main()
