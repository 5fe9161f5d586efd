"""How a partner system calls: with a deadline and a language, reading errors by code, reason and field."""

import datetime
import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

DEADLINE_SECONDS = 20
CITY = datetime.timezone(datetime.timedelta(hours=8))


@dataclass
class Refusal:
    """What a refused call said."""

    code: grpc.StatusCode
    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    message: str = ""
    locale: str = ""
    violations: dict[tuple[str, str], str] = field(default_factory=dict)
    """Description by field path and rule."""


def connect(address: str, caller: str) -> grpc.Channel:
    """A channel to the server: over mutual TLS as `caller`, where tests/live has made certificates."""
    folder = os.environ.get("ENTRYPASS_CERTIFICATES")
    if folder is None:
        return grpc.insecure_channel(address)
    names = ("ca.pem", f"{caller}.key", f"{caller}.pem")
    trust, key, certificate = (Path(folder, name).read_bytes() for name in names)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(trust, key, certificate))


def call(method, request, language: str = "en"):
    """Makes a call that is to succeed, and says for what; a refusal raises grpc.RpcError."""
    metadata = [("accept-language", language), ("entrypass-purpose", "REVIEW")]
    return method(request, timeout=DEADLINE_SECONDS, metadata=metadata)


def refused(method, request, code: grpc.StatusCode, reason: str, language: str = "en") -> Refusal:
    """Makes a call that is to be refused with `code` and `reason`, and returns what the refusal says."""
    try:
        answer = call(method, request, language)
    except grpc.RpcError as error:
        refusal = read_refusal(error)
    else:
        raise AssertionError(f"should be refused with {reason}, but was answered: {answer}")
    assert (refusal.code, refusal.reason) == (code, reason), (
        f"should be refused with {code}, {reason}: {refusal}"
    )
    return refusal


def read_refusal(error: grpc.RpcError) -> Refusal:
    """Reads the google.rpc.Status of an error."""
    refusal = Refusal(error.code())
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        read_detail(refusal, detail)
    return refusal


def read_detail(refusal: Refusal, detail) -> None:
    info, text, request = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.LocalizedMessage(),
        error_details_pb2.BadRequest(),
    )
    if detail.Unpack(info):
        assert info.domain == "entrypass", f"foreign domain {info.domain}"
        refusal.reason, refusal.metadata = info.reason, dict(info.metadata)
    elif detail.Unpack(text):
        refusal.locale, refusal.message = text.locale, text.message
    elif detail.Unpack(request):
        refusal.violations = {
            (each.field, each.reason): each.description for each in request.field_violations
        }


def fresh_id() -> str:
    """A request_id for a new intent."""
    return str(uuid.uuid4())


def day(offset: int = 0) -> str:
    """The date so many days from today, in the city's time."""
    return (datetime.datetime.now(CITY).date() + datetime.timedelta(days=offset)).isoformat()
