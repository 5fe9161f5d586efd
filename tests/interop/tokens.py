#!/usr/bin/env python3
"""Holds three implementations of the token against each other: this project's, PyPI `cwt` and npm `cose-kit`.

    tokens.py OURS                    OURS is the example `interop` of crates/token; prints what was compared
    tokens.py --live TEXT COSE_KEY    this text, just issued under this key (hexadecimal), holds for both foreign ones

Each must find the outcome of every test vector, refuse every key that is none, verify what the others issue with either
algorithm, and refuse all of it with any one bit changed. Exit code 0 if all of it is so, else 1.

An implementation is a program that answers requests, one JSON object a line, with one JSON object a line:

    {"trust": COSE_KEY, "jwk": JWK}     {"key_id": ...}, and the key is known from then on; or {"refused": true}
    {"issue": CLAIMS, "cose_key": ..., "private_key": ...}       {"text": ...}
    {"read": TEXT, "now": SECONDS}      {"outcome": ..., "claims": ...}; the reason of MALFORMED is everybody's own
"""

import json
import pathlib
import subprocess
import sys
import time

import base45

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE / "../../crates/token/vectors/tokens.json"
PREFIX = "FSP1:"
FOREIGN = {"cwt": [sys.executable, str(HERE / "by_cwt.py")], "cose-kit": ["node", str(HERE / "by_cose_kit.mjs")]}
CLAIMS = {
    "issuer": "FS",
    "code_id": "00112233445566778899aabbccddeeff",
    "revision": 258,
    "issued_at": 1767225600,
    "expires_at": 1767225900,
}
NOW = 1767225660


class Disagreement(Exception):
    """Somebody does not answer as they must."""


def ask(command: list[str], requests: list[dict]) -> list[dict]:
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(requests):
        raise Disagreement(f"{command}: {len(answers)} answers to {len(requests)} requests")
    return answers


def demand(who: str, what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Disagreement(f"{who}: {what}: wanted {wanted}, found {found}")


def trusting(keys: list[dict]) -> list[dict]:
    return [{"trust": key["cose_key"], "jwk": key["jwk"]} for key in keys]


def with_one_bit_changed(text: str) -> list[str]:
    """The text with each bit of its message changed, one at a time."""
    message = base45.b45decode(text.removeprefix(PREFIX))
    changed = []
    for bit in range(len(message) * 8):
        other = bytearray(message)
        other[bit // 8] ^= 1 << bit % 8
        changed.append(PREFIX + base45.b45encode(bytes(other)).decode())
    return changed


def check_vectors(who: str, command: list[str], document: dict) -> None:
    keys, bad_keys, vectors = document["keys"], document["invalid_keys"], document["vectors"]
    requests = trusting(keys) + [{"trust": key["cose_key"]} for key in bad_keys]
    answers = iter(ask(command, requests + [{"read": it["text"], "now": it["now"]} for it in vectors]))
    for key in keys:
        demand(who, key["algorithm"], next(answers), {"key_id": key["key_id"]})
    for key in bad_keys:
        demand(who, key["name"], next(answers), {"refused": True})
    for vector in vectors:
        wanted = {name: vector[name] for name in ("outcome", "claims") if name in vector}
        found = {name: value for name, value in next(answers).items() if name != "reason"}
        demand(who, vector["name"], found, wanted)


def issued_by(command: list[str], keys: list[dict]) -> list[str]:
    # ES256 is not deterministic everywhere: of several signatures some have the higher s, which the issuer has to turn.
    requests = [
        {"issue": CLAIMS, "cose_key": key["cose_key"], "private_key": key["private_key"]}
        for key in keys
        for _ in range(8)
    ]
    return list(dict.fromkeys(answer["text"] for answer in ask(command, requests)))


def check_tokens(who: str, command: list[str], texts: list[str], keys: list[dict], now: int, claims: dict) -> None:
    # One mutated text of each algorithm is enough, and two thousand requests: the first and the last.
    mutated = [other for text in dict.fromkeys([texts[0], texts[-1]]) for other in with_one_bit_changed(text)]
    requests = trusting(keys) + [{"read": text, "now": now} for text in texts + mutated]
    answers = ask(command, requests)[len(keys):]
    for text, found in zip(texts, answers):
        demand(who, text, found, {"outcome": "VALID", "claims": claims})
    for text, found in zip(mutated, answers[len(texts):]):
        if found["outcome"] == "VALID":
            raise Disagreement(f"{who} accepts {text}, in which one bit is changed")


def compare(ours: str) -> None:
    document = json.loads(VECTORS.read_text(encoding="utf-8"))
    everybody = {"entrypass-token": [ours], **FOREIGN}
    for who, command in everybody.items():
        check_vectors(who, command, document)
    for issuer, command in everybody.items():
        texts = issued_by(command, document["keys"])
        for who, verifier in everybody.items():
            check_tokens(f"{who} reading from {issuer}", verifier, texts, document["keys"], NOW, CLAIMS)
    counts = len(document["vectors"]), len(document["invalid_keys"])
    print("{}: {} vectors, {} bad keys, and each other's tokens".format(", ".join(everybody), *counts))


def check_live(text: str, cose_key: str) -> None:
    now = int(time.time())
    request = [{"trust": cose_key}, {"read": text, "now": now}]
    found = {who: ask(command, request)[1] for who, command in FOREIGN.items()}
    claims = found["cwt"].get("claims")
    if claims is None:
        raise Disagreement(f"cwt: found {found['cwt']}")
    for who, command in FOREIGN.items():
        check_tokens(who, command, [text], [{"cose_key": cose_key, "jwk": None}], now, claims)
    print(json.dumps(claims))


def main() -> int:
    arguments = sys.argv[1:]
    try:
        if len(arguments) == 3 and arguments[0] == "--live":
            check_live(*arguments[1:])
        elif len(arguments) == 1:
            compare(arguments[0])
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except Disagreement as disagreement:
        print(disagreement, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
