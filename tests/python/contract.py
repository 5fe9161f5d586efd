"""The contract as a partner has it: Python made from the .proto files, and nothing else of this project."""

import sys
import tempfile
from importlib import import_module, resources
from pathlib import Path

from grpc_tools import protoc

PROTO = Path(__file__).resolve().parents[2] / "proto"


def generate(target: str) -> None:
    """Writes messages and stubs for every file of the contract to `target`."""
    files = [str(path) for path in sorted(PROTO.rglob("*.proto"))]
    well_known = resources.files("grpc_tools") / "_proto"
    outputs = [f"--python_out={target}", f"--grpc_python_out={target}"]
    if protoc.main(["protoc", f"-I{PROTO}", f"-I{well_known}", *outputs, *files]) != 0:
        sys.exit("the .proto files do not compile")


with tempfile.TemporaryDirectory() as directory:
    generate(directory)
    sys.path.insert(0, directory)
    gateway = import_module("entrypass.gateway.v1.entry_pass_service_pb2")
    gateway_stubs = import_module("entrypass.gateway.v1.entry_pass_service_pb2_grpc")
    checkpoint = import_module("entrypass.gateway.v1.checkpoint_pb2")
    companion = import_module("entrypass.gateway.v1.companion_pb2")
    document = import_module("entrypass.registration.v1.document_pb2")
    registration = import_module("entrypass.registration.v1.registration_pb2")
    registration_service = import_module("entrypass.registration.v1.registration_service_pb2")
    registration_stubs = import_module("entrypass.registration.v1.registration_service_pb2_grpc")
    identity_words = import_module("entrypass.registration.v1.identity_pb2")
    identity_service = import_module("entrypass.identity.v1.identity_service_pb2")
    identity_stubs = import_module("entrypass.identity.v1.identity_service_pb2_grpc")
    qr = import_module("entrypass.qr.v1.qr_service_pb2")
    verification = import_module("entrypass.qr.v1.verification_pb2")
    applications = import_module("entrypass.epass.v1.application_pb2")
    electronic_pass = import_module("entrypass.epass.v1.pass_pb2")
    offer = import_module("entrypass.epass.v1.offer_pb2")
    epass_stubs = import_module("entrypass.epass.v1.epass_service_pb2_grpc")
    errors = import_module("entrypass.errors.v1.error_reason_pb2")
    sys.path.remove(directory)
