#!/usr/bin/env python3
"""Reads bundles and decides by them as crates/verifier/SPECIFICATION.md says, sharing nothing with this project.

    read_bundle.py crates/verifier/vectors/bundles.json

Every bundle of the test vectors must have its outcome, every text its verdict, checks and data age; of MALFORMED bundles the reason is
left alone. Exit code 0 if all of it is so, else 1. CBOR is `cbor2`'s, the signatures are judged by `cwt`; tokens are read by by_cwt.py.
"""

import bisect
import json
import pathlib
import re
import sys
from dataclasses import dataclass, field

import cbor2
import cwt
from cwt.exceptions import VerifyError

import by_cwt
from by_cwt import BadKey, Key, Malformed, canonical

LEEWAY = 60
MAX_LENGTH = 16 * 1024 * 1024
MEDIA_TYPE = "application/fsp-bundle+cbor"
REVOKED, SUPERSEDED, SUSPENDED, REINSTATED = 1, 2, 3, 4
CHECKS = ["FORMAT", "KEY", "SIGNATURE", "TIME", "CODE", "REGISTRATION", "DATA_AGE"]
# The gravest first.
VERDICTS = [
    ({"MALFORMED_TEXT"}, "MALFORMED"),
    ({"WRONG_SIGNATURE"}, "BAD_SIGNATURE"),
    ({"CODE_REVOKED"}, "REVOKED"),
    ({"CODE_SUPERSEDED"}, "SUPERSEDED"),
    ({"CODE_SUSPENDED"}, "SUSPENDED"),
    ({"CONTENT_EXPIRED"}, "EXPIRED"),
    ({"NOT_YET_ISSUED"}, "NOT_YET_VALID"),
    ({"NO_DATA", "DATA_TOO_OLD", "CLOCK_BEHIND"}, "CANNOT_DECIDE"),
    ({"KEY_UNKNOWN", "ISSUER_UNKNOWN", "KEY_NOT_SIGNING_THEN", "CONTENT_OUTLIVES_KEY"}, "UNKNOWN_KEY"),
]


class Refused(Exception):
    """The bundle is not accepted."""


def demand(holds: object) -> None:
    if not holds:
        raise Malformed("form")


def is_instant(value: object) -> bool:
    return type(value) is int and 0 <= value <= 0xFFFF_FFFF


@dataclass
class TrustedKey:
    key: Key
    cose_key: bytes
    signs_from: int
    signs_until: int | None
    verifies_until: int | None

    def has_ended_by(self, instant: int) -> bool:
        return self.signs_until is not None and instant >= self.signs_until + LEEWAY

    def thumbprint(self) -> str:
        needed = {label: value for label, value in self.key.parameters.items() if label not in (2, 3)}
        return by_cwt.hashlib.sha256(canonical(needed)).hexdigest()


class Bundle:
    """A bundle of the one accepted form; whose it is, is not yet asked."""

    def __init__(self, message: bytes):
        demand(len(message) <= MAX_LENGTH)
        try:
            self.read(message)
        except (BadKey, Malformed):
            raise Malformed("key or form") from None
        except Exception as error:  # whatever the library raises on foreign bytes is the same finding
            raise Malformed("CBOR") from error

    def read(self, message: bytes) -> None:
        self.message = message
        protected, unprotected, payload, self.signature = cbor2.loads(message).value
        headers, contents = cbor2.loads(protected), cbor2.loads(payload)
        demand(unprotected == {} and set(headers) == {1, 3, 4} and headers[3] == MEDIA_TYPE)
        demand(type(headers[4]) is bytes and len(headers[4]) == 8 and len(self.signature) == 64)
        demand(list(contents) == list(range(1, 10)) and contents[1] == 1)
        anew = cbor2.CBORTag(18, [canonical(headers), {}, canonical(contents), self.signature])
        demand(canonical(anew) == message)
        _, self.issuer, self.feed, self.version, self.since, self.as_of, self.not_after, keys, groups = contents.values()
        self.check_numbers()
        demand(type(keys) is list and 1 <= len(keys) <= 64)
        self.keys = {trusted.key.key_id: trusted for trusted in map(self.trusted_key, keys)}
        demand(list(self.keys) == sorted(self.keys) and len(self.keys) == len(keys))
        self.signer = self.keys[headers[4]]
        demand(self.signer.key.algorithm == headers[1])
        self.read_groups(groups)

    def check_numbers(self) -> None:
        demand(re.fullmatch("[A-Z0-9]{2}", self.issuer))
        demand(type(self.feed) is bytes and len(self.feed) == 16)
        demand(type(self.version) is int and 0 <= self.version < 2**63)
        demand(self.since is None or type(self.since) is int and 0 <= self.since <= self.version)
        demand(is_instant(self.as_of) and is_instant(self.not_after))
        demand(1 <= self.not_after - self.as_of <= 86_400)

    @staticmethod
    def trusted_key(parts: list) -> TrustedKey:
        cose_key, signs_from, signs_until, verifies_until = parts
        demand(type(cose_key) is bytes and is_instant(signs_from))
        demand(all(end is None or is_instant(end) for end in (signs_until, verifies_until)))
        return TrustedKey(Key(cose_key), cose_key, signs_from, signs_until, verifies_until)

    def read_groups(self, groups: list) -> None:
        demand(type(groups) is list)
        self.withdrawals, order = [], []
        for kind, until, drop_time, ids in groups:
            demand(kind in {REVOKED, SUPERSEDED, SUSPENDED, REINSTATED} and type(kind) is int)
            demand(is_instant(until) if kind == SUSPENDED else until is None)
            demand(is_instant(drop_time) and drop_time % 900 == 0)
            demand(kind != REINSTATED or self.since is not None)
            demand(type(ids) is bytes and ids and len(ids) % 16 == 0)
            codes = [ids[at:at + 16] for at in range(0, len(ids), 16)]
            demand(codes == sorted(codes))
            order.append((kind, until or 0, drop_time))
            self.withdrawals += [(code, kind, until, drop_time) for code in codes]
        demand(order == sorted(set(order)))
        demand(len({code for code, *_ in self.withdrawals}) == len(self.withdrawals))

    def is_signed(self) -> bool:
        key = self.signer.key
        if not by_cwt.has_one_spelling(key.algorithm, self.signature):
            return False
        try:
            cwt.COSE.new().decode(self.message, key.verifier)
        except VerifyError:
            return False
        return True


def joined(changes: list) -> dict:
    """What is to be known of each code, after changes in their order."""
    known = {}
    for code, kind, until, drop_time in changes:
        before = known.get(code)
        if before is not None:
            drop_time = max(drop_time, before[2])
            final = min(kind, before[0])
            if final in (REVOKED, SUPERSEDED):
                kind, until = final, None
        known[code] = (kind, until, drop_time)
    return known


@dataclass
class Verifier:
    pins: list[str]
    held: Bundle | None = None
    withdrawn: dict = field(default_factory=dict)
    sorted_codes: list = field(default_factory=list)
    as_of: int = 0
    not_after: int = 0

    def accept(self, bundle: Bundle, now: int) -> None:
        self.check_signer(bundle)
        if bundle.as_of > now + LEEWAY:
            raise Refused("FROM_THE_FUTURE")
        self.check_sequence(bundle)
        follows = self.held is not None and bundle.feed == self.held.feed
        if not follows or bundle.as_of >= self.as_of:
            self.as_of, self.not_after = bundle.as_of, bundle.not_after
        changes = bundle.withdrawals
        if bundle.since is not None:
            changes = [(code, *entry) for code, entry in self.withdrawn.items()] + changes
        self.withdrawn = {
            code: (kind, until, drop_time)
            for code, (kind, until, drop_time) in joined(changes).items()
            if bundle.since is None or kind != REINSTATED and drop_time + LEEWAY > self.as_of
        }
        self.sorted_codes, self.held = sorted(self.withdrawn), bundle

    def check_signer(self, bundle: Bundle) -> None:
        signer = bundle.signer
        may = signer.signs_from - LEEWAY <= bundle.not_after and not signer.has_ended_by(bundle.as_of)
        if self.held is None:
            may = may and signer.thumbprint() in self.pins
        else:
            known = self.held.keys.get(signer.key.key_id)
            latest = max(bundle.as_of, self.as_of)
            may = may and known is not None and known.cose_key == signer.cose_key and not known.has_ended_by(latest)
        if not may:
            raise Refused("UNTRUSTED_KEY")
        if not bundle.is_signed():
            raise Refused("WRONG_SIGNATURE")

    def check_sequence(self, bundle: Bundle) -> None:
        held = self.held
        same_feed = held is not None and bundle.feed == held.feed
        if bundle.since is not None and (not same_feed or bundle.since > held.version):
            raise Refused("NEEDS_SNAPSHOT")
        if held is not None and not same_feed and bundle.as_of < self.as_of:
            raise Refused("GOES_BACK")
        if same_feed and bundle.version < held.version:
            raise Refused("GOES_BACK")

    def decide(self, text: str, now: int) -> dict:
        checks = dict.fromkeys(CHECKS, "NOT_PERFORMED EARLIER_CHECK_FAILED")
        checks["REGISTRATION"] = "NOT_PERFORMED OFFLINE"
        for check, reason in [("DATA_AGE", self.data_age(now)), *self.examine(text, now)]:
            checks[check] = f"FAILED {reason}" if reason else "PASSED"
        reasons = {outcome.partition(" ")[2] for outcome in checks.values() if outcome.startswith("FAILED")}
        verdict = next((verdict for of_it, verdict in VERDICTS if reasons & of_it), "VALID")
        age = None if self.held is None else max(0, now - self.as_of)
        return {"verdict": verdict, "checks": checks, "data_age": age}

    def data_age(self, now: int) -> str | None:
        if self.held is None:
            return "NO_DATA"
        if now >= self.not_after:
            return "DATA_TOO_OLD"
        return "CLOCK_BEHIND" if now + LEEWAY < self.as_of else None

    def examine(self, text: str, now: int):
        try:
            message = by_cwt.message_of(text)
            headers, claims, signature = by_cwt.parts_of(message)
        except Malformed:
            yield "FORMAT", "MALFORMED_TEXT"
            return
        yield "FORMAT", None
        trusted = self.held and self.held.keys.get(headers[4])
        yield "KEY", None if trusted else "KEY_UNKNOWN"
        if not trusted:
            return
        if not self.is_signed(message, headers, signature, trusted.key):
            yield "SIGNATURE", "WRONG_SIGNATURE"
            return
        yield "SIGNATURE", None
        disbelief = self.disbelief(claims, trusted)
        yield "KEY", disbelief
        if disbelief:
            return
        late, early = now >= claims[4], now < claims[6] - LEEWAY
        yield "TIME", "CONTENT_EXPIRED" if late else "NOT_YET_ISSUED" if early else None
        yield "CODE", self.withdrawal(claims[7][:16], now)

    @staticmethod
    def is_signed(message: bytes, headers: dict, signature: bytes, key: Key) -> bool:
        if headers[1] != key.algorithm or not by_cwt.has_one_spelling(key.algorithm, signature):
            return False
        try:
            cwt.COSE.new().decode(message, key.verifier)
        except VerifyError:
            return False
        return True

    def disbelief(self, claims: dict, trusted: TrustedKey) -> str | None:
        if claims[6] < trusted.signs_from - LEEWAY or trusted.has_ended_by(claims[6]):
            return "KEY_NOT_SIGNING_THEN"
        if trusted.verifies_until is not None and claims[4] > trusted.verifies_until:
            return "CONTENT_OUTLIVES_KEY"
        return "ISSUER_UNKNOWN" if claims[1] != self.held.issuer else None

    def withdrawal(self, code: bytes, now: int) -> str | None:
        at = bisect.bisect_left(self.sorted_codes, code)
        if self.sorted_codes[at:at + 1] != [code]:
            return None
        kind, until, _ = self.withdrawn[code]
        if kind == SUSPENDED:
            return "CODE_SUSPENDED" if now < until else None
        return "CODE_REVOKED" if kind == REVOKED else "CODE_SUPERSEDED"


def taken(verifier: Verifier, given: dict) -> dict:
    try:
        verifier.accept(Bundle(bytes.fromhex(given["bundle"])), given["now"])
    except Malformed:
        return {"outcome": "MALFORMED"}
    except Refused as refused:
        return {"outcome": "REFUSED", "reason": str(refused)}
    return {"outcome": "ACCEPTED"}


def differences(vector: dict) -> list[str]:
    verifier, found = Verifier(vector["pins"]), []
    for place, given in enumerate(vector["bundles"]):
        wanted = {name: given[name] for name in ("outcome", "reason") if name in given}
        if wanted["outcome"] == "MALFORMED":
            del wanted["reason"]
        answer = taken(verifier, given)
        if answer != wanted:
            found.append(f"bundle {place}: wanted {wanted}, found {answer}")
    for place, asked in enumerate(vector["texts"]):
        wanted = {name: asked[name] for name in ("verdict", "checks", "data_age")}
        answer = verifier.decide(asked["text"], asked["now"])
        if answer != wanted:
            found.append(f"text {place}: wanted {wanted}, found {answer}")
    return [f"{vector['name']}: {line}" for line in found]


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    document = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    wrong = [line for vector in document["vectors"] for line in differences(vector)]
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    print(f"cwt: {len(document['vectors'])} vectors of bundles {'DISAGREE' if wrong else 'agree'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
