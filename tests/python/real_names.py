#!/usr/bin/env python3
"""A city's own identity service, of the contract alone: real_names.py, which prints the port that it listens on.

Over mutual TLS with the certificate `identity` of `entrypass dev-certs`, where tests/live has made certificates.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from contract import identity_service, identity_stubs, identity_words as words
from people import LI, LI_CARD

NAMES = {LI_CARD.number: LI["chinese_name"]}
FACES = {LI_CARD.number: b"a face that is hers"}
Check = words.IdentityCheck


class RealNames(identity_stubs.IdentityServiceServicer):
    """A register of real names, with faces."""

    def VerifyIdentity(self, request, context):  # noqa: N802 - as the contract has it
        number = request.document.number
        if number not in NAMES:
            return answer(words.IDENTITY_OUTCOME_CANNOT_VERIFY, checks=[check(Check.RESULT_NOT_PERFORMED)])
        if request.chinese_name != NAMES[number]:
            return answer(words.IDENTITY_OUTCOME_MISMATCH, checks=[check(Check.RESULT_FAILED)])
        strength = words.IDENTITY_STRENGTH_REAL_NAME
        if request.evidence == FACES[number]:
            strength = words.IDENTITY_STRENGTH_REAL_PERSON
        enough = strength >= request.strength
        outcome = words.IDENTITY_OUTCOME_VERIFIED if enough else words.IDENTITY_OUTCOME_CANNOT_VERIFY
        return answer(outcome, strength, [check(Check.RESULT_PASSED)])


def answer(outcome, strength=words.IDENTITY_STRENGTH_UNSPECIFIED, checks=()):
    return identity_service.VerifyIdentityResponse(outcome=outcome, strength=strength, checks=checks)


def check(result):
    return Check(
        check="REGISTER",
        result=result,
        text_zh_cn="已向实名登记库查询。",
        text_en="The register of real names was asked.",
    )


def listen(server: grpc.Server) -> int:
    folder = os.environ.get("ENTRYPASS_CERTIFICATES")
    if folder is None:
        return server.add_insecure_port("127.0.0.1:0")
    names = ("ca.pem", "identity.key", "identity.pem")
    trust, key, certificate = (Path(folder, name).read_bytes() for name in names)
    credentials = grpc.ssl_server_credentials([(key, certificate)], trust, require_client_auth=True)
    return server.add_secure_port("127.0.0.1:0", credentials)


def main() -> None:
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    identity_stubs.add_IdentityServiceServicer_to_server(RealNames(), server)
    port = listen(server)
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
