#!/usr/bin/env python3
"""Walks the operation guide as a partner system would: journey.py HOST:PORT

The server must be fresh: nobody of people.py is registered.
"""

import sys
import time

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from grpc_health.v1 import health_pb2, health_pb2_grpc

from contract import (
    applications,
    checkpoint,
    companion,
    document,
    electronic_pass,
    epass_stubs,
    errors,
    gateway,
    gateway_stubs,
    identity_words,
    offer,
    registration,
    registration_service,
    registration_stubs,
    verification,
)
from partner import call, connect, fresh_id, refused
from people import (
    CHILD,
    CHILD_CARD,
    DUPONT,
    DUPONT_PASSPORT,
    DUPONT_RENEWED,
    LI,
    LI_CARD,
    MISTAKES,
    NOBODY,
    WONG,
    WONG_PERMIT,
    form,
    form_with_many_mistakes,
)

Code = grpc.StatusCode
SERVICES = [
    "",
    "entrypass.gateway.v1.EntryPassService",
    "entrypass.registration.v1.RegistrationService",
    "entrypass.qr.v1.QrService",
    "entrypass.epass.v1.EpassService",
    "entrypass.identity.v1.IdentityService",
]


class Journey:
    """One walk. Each step is a method that does a step of the guide and says what must hold after it."""

    def __init__(self, channel: grpc.Channel, reviewers: grpc.Channel):
        self.health = health_pb2_grpc.HealthStub(channel)
        self.gateway = gateway_stubs.EntryPassServiceStub(channel)
        self.reviewers = epass_stubs.EpassServiceStub(reviewers)
        self.behind = registration_stubs.RegistrationServiceStub(channel)

    def walk(self) -> None:
        self.every_service_is_healthy()
        notice = self.check_and_read_notice()
        self.nobody_has_a_prefill()
        self.all_mistakes_are_told_at_once(notice)
        li = self.register(LI_CARD, LI, "+447700900011", notice)
        self.a_repetition_gets_the_first_answer(li, notice)
        self.the_pass_opens_with_document_and_name(li)
        self.amend(li)
        child = self.bind_a_child(li.registration.name, notice)
        self.bind_somebody_registered(li.registration.name, child, notice)
        self.the_city_says_who_they_are(li.registration.name)
        self.electronic_pass(li.registration.name)
        self.a_renewed_passport_takes_the_place_of_the_old(notice)
        self.cancel(li.registration.name)

    # What the steps share.

    def pass_of(self, name: str):
        """The entry pass of a registration."""
        return call(self.gateway.GetEntryPass, gateway.GetEntryPassRequest(registration=name)).entry_pass

    def outcome(self, checked_document):
        request = gateway.CheckDocumentRequest(document=checked_document)
        return call(self.gateway.CheckDocument, request).outcome

    def verdict(self, content: str) -> str:
        decision = call(self.gateway.VerifyQrCode, checkpoint.VerifyQrCodeRequest(content=content))
        return verification.Verdict.Name(decision.verdict).removeprefix("VERDICT_")

    def submission(self, chosen_document, person: dict, mobile_phone: str, notice: str):
        return gateway.SubmitRegistrationRequest(
            request_id=fresh_id(),
            document=chosen_document,
            form=form(person, mobile_phone),
            acknowledged_notice_version=notice,
            truth_declared=True,
        )

    def register(self, chosen_document, person: dict, mobile_phone: str, notice: str):
        request = self.submission(chosen_document, person, mobile_phone, notice)
        entry_pass = call(self.gateway.SubmitRegistration, request).entry_pass
        assert entry_pass.registration.state == registration.REGISTRATION_STATE_ACTIVE
        assert self.verdict(entry_pass.qr_code.content) == "VALID"
        assert self.outcome(chosen_document) == registration_service.CHECK_OUTCOME_REGISTERED
        return entry_pass

    # The steps.

    def every_service_is_healthy(self) -> None:
        for service in SERVICES:
            health = call(self.health.Check, health_pb2.HealthCheckRequest(service=service))
            assert health.status == health_pb2.HealthCheckResponse.SERVING, (
                f"{service or 'the whole'}: {health}"
            )

    def check_and_read_notice(self) -> str:
        """Steps 2, 3 and 3.2.1. Returns the version of the notice."""
        request = gateway.CheckDocumentRequest(document=LI_CARD)
        checked = call(self.gateway.CheckDocument, request)
        assert checked.outcome == registration_service.CHECK_OUTCOME_NEW
        assert checked.document.birth_date == LI["birth_date"] and checked.document.sex == LI["sex"]
        texts = set()
        for language in ("zh-CN", "en"):
            notice = call(self.gateway.GetNotice, gateway.GetNoticeRequest(), language).notice
            assert (notice.language, notice.version) == (language, checked.notice_version)
            texts.add(tuple(notice.paragraphs))
        assert len(texts) == 2, "the notice should read differently in the two languages"
        return checked.notice_version

    def nobody_has_a_prefill(self) -> None:
        request = gateway.GetPrefillRequest(document=LI_CARD, holder_name=LI["chinese_name"])
        refused(self.gateway.GetPrefill, request, Code.NOT_FOUND, "HOLDER_NOT_FOUND")

    def all_mistakes_are_told_at_once(self, notice: str) -> None:
        """Step 3.2.2, gone wrong: each rule that is broken is named by field, in the caller's language."""
        request = gateway.SubmitRegistrationRequest(
            request_id=fresh_id(),
            document=LI_CARD,
            form=form_with_many_mistakes(),
            acknowledged_notice_version=notice,
        )
        texts = {}
        for language in ("zh-CN", "en"):
            refusal = refused(
                self.gateway.SubmitRegistration, request, Code.INVALID_ARGUMENT, "INVALID_FIELDS", language
            )
            assert refusal.locale == language and refusal.message, refusal
            found = set(refusal.violations)
            assert found == MISTAKES, f"not told: {MISTAKES - found}; told without cause: {found - MISTAKES}"
            texts[language] = refusal.violations
        published = {name.removeprefix("VIOLATION_REASON_") for name in errors.ViolationReason.keys()}
        assert {rule for _, rule in MISTAKES} <= published
        same = [each for each in MISTAKES if texts["zh-CN"][each] == texts["en"][each]]
        assert not same, f"not in the caller's language: {same}"

    def a_repetition_gets_the_first_answer(self, li, notice: str) -> None:
        """What to do when an answer was lost, and what a request_id is not for."""
        request = self.submission(WONG_PERMIT, WONG, "+447700900013", notice)
        first = call(self.gateway.SubmitRegistration, request).entry_pass.registration
        again = call(self.gateway.SubmitRegistration, request).entry_pass.registration
        assert (first.name, first.etag) == (again.name, again.etag), "a second registration was made"
        assert first.name != li.registration.name
        request.form.stay_days = 7
        refused(self.gateway.SubmitRegistration, request, Code.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
        request.request_id = fresh_id()
        refused(self.gateway.SubmitRegistration, request, Code.ALREADY_EXISTS, "ALREADY_REGISTERED")

    def the_pass_opens_with_document_and_name(self, li) -> None:
        """Step 4. Careless typing is understood; a wrong name learns as little as an unknown number."""
        typed = document.Document(type=LI_CARD.type, number="４４０６９９ 1990-0615 0024")
        request = gateway.GetEntryPassRequest(document=typed, holder_name=LI["chinese_name"])
        shown = call(self.gateway.GetEntryPass, request).entry_pass
        assert shown.registration == li.registration, "the pass should show what was submitted"
        assert shown.qr_code.code_id == li.qr_code.code_id, "one revision should have one code id"
        request.holder_name = "李方"
        wrong_name = refused(self.gateway.GetEntryPass, request, Code.NOT_FOUND, "HOLDER_NOT_FOUND")
        request.document.CopyFrom(NOBODY)
        unknown = refused(self.gateway.GetEntryPass, request, Code.NOT_FOUND, "HOLDER_NOT_FOUND")
        assert wrong_name == unknown, "the answers tell a wrong name from an unknown number"

    def amend(self, li) -> None:
        """Step 6."""
        request = gateway.UpdateRegistrationRequest(
            request_id=fresh_id(),
            registration=li.registration.name,
            etag=li.registration.etag,
            update_mask=FieldMask(paths=["destination.address", "emergency_contact"]),
        )
        request.form.destination.address = "大良街道德民路1号"
        amended = call(self.gateway.UpdateRegistration, request).entry_pass
        assert amended.registration.revision == 2 and amended.registration.etag != li.registration.etag
        assert amended.registration.form.destination.address == "大良街道德民路1号"
        assert amended.registration.form.destination.division_code == "440605", "not named, and yet changed"
        assert not amended.registration.form.HasField("emergency_contact"), (
            "named and unset should be cleared"
        )
        assert self.verdict(li.qr_code.content) == "SUPERSEDED"
        assert self.verdict(amended.qr_code.content) == "VALID"
        request.request_id = fresh_id()
        refused(self.gateway.UpdateRegistration, request, Code.ABORTED, "ETAG_MISMATCH")

    def bind_a_child(self, holder: str, notice: str):
        """Step 7, for somebody new. Returns the holder's pass."""
        request = gateway.BindCompanionRequest(
            request_id=fresh_id(),
            registration=holder,
            relationship=registration.RELATIONSHIP_CHILD,
            document=CHILD_CARD,
            form=form(CHILD, "+447700900012"),
            acknowledged_notice_version=notice,
            truth_declared=True,
            shared_paths=FieldMask(paths=["travel_history", "destination"]),
        )
        for field in request.shared_paths.paths:
            request.form.ClearField(field)
        refusal = refused(self.gateway.BindCompanion, request, Code.INVALID_ARGUMENT, "INVALID_FIELDS")
        assert set(refusal.violations) == {("guardian_declaration", "GUARDIAN_REQUIRED")}, refusal
        request.guardian_declaration.responsible = True
        answer = call(self.gateway.BindCompanion, request)
        assert not answer.confirmation_code, "there is nobody to ask"
        bound = answer.entry_pass
        (child,) = bound.companions
        assert child.display_name == CHILD["chinese_name"] and child.masked_number == "44**************66"
        assert child.state == registration.COMPANION_STATE_CONFIRMED
        assert child.HasField("guardian_declare_time"), "the declaration should be on record"
        assert child.qr_code.code_id != bound.qr_code.code_id, "a companion should have a code of their own"
        assert self.verdict(child.qr_code.content) == "VALID"
        own = gateway.GetEntryPassRequest(document=CHILD_CARD, holder_name=CHILD["chinese_name"])
        assert call(self.gateway.GetEntryPass, own).entry_pass.registration.reference == child.reference
        return child

    def bind_somebody_registered(self, holder: str, child, notice: str) -> None:
        """Step 7, for somebody who has an active registration; then the bond is ended."""
        request = gateway.BindCompanionRequest(
            request_id=fresh_id(),
            registration=holder,
            relationship=registration.RELATIONSHIP_RELATIVE,
            document=WONG_PERMIT,
            companion_name=WONG["chinese_name"],
        )
        answer = call(self.gateway.BindCompanion, request)
        bound = answer.entry_pass.companions
        assert [each.display_name for each in bound] == [child.display_name, WONG["chinese_name"]]
        assert bound[1].state == registration.COMPANION_STATE_PENDING
        assert not bound[1].HasField("qr_code"), "a code of somebody who has not agreed"
        own = self.own_registration(WONG_PERMIT, WONG["chinese_name"])
        (asking,) = call(self.gateway.ListHolders, companion.ListHoldersRequest(registration=own)).holders
        assert asking.name == bound[1].name and asking.masked_name == "李*"
        confirmation = gateway.ConfirmCompanionRequest(
            request_id=fresh_id(), registration=own, confirmation_code="0000-0000"
        )
        refused(self.gateway.ConfirmCompanion, confirmation, Code.NOT_FOUND, "CONFIRMATION_CODE_WRONG")
        confirmation.confirmation_code = answer.confirmation_code.lower()
        confirmation.request_id = fresh_id()
        confirmed = call(self.gateway.ConfirmCompanion, confirmation).companion
        assert confirmed.state == registration.COMPANION_STATE_CONFIRMED
        request.request_id = fresh_id()
        refused(self.gateway.BindCompanion, request, Code.ALREADY_EXISTS, "COMPANION_ALREADY_BOUND")
        request.document.CopyFrom(NOBODY)
        refused(self.gateway.BindCompanion, request, Code.NOT_FOUND, "HOLDER_NOT_FOUND")
        unbinding = gateway.UnbindCompanionRequest(
            request_id=fresh_id(), registration=holder, companion=bound[1].name
        )
        left = call(self.gateway.UnbindCompanion, unbinding).entry_pass.companions
        assert [each.name for each in left] == [child.name]
        assert self.outcome(WONG_PERMIT) == registration_service.CHECK_OUTCOME_REGISTERED

    def own_registration(self, document, name: str) -> str:
        request = gateway.GetEntryPassRequest(document=document, holder_name=name)
        return call(self.gateway.GetEntryPass, request).entry_pass.registration.name

    def electronic_pass(self, name: str) -> None:
        """Step 5: offered, applied for, returned, resubmitted, approved, no longer offered."""
        assert self.offer_codes(name) == (True, ["CODE_ELIGIBLE"])
        self.apply(name)
        assert self.offer_codes(name) == (False, ["CODE_APPLICATION_IN_PROGRESS"])
        self.review(name, applications.REVIEW_DECISION_RETURN_FOR_CORRECTION, "photo is missing")
        assert self.offer_codes(name) == (True, ["CODE_APPLICATION_RETURNED"])
        assert self.apply(name).submission_count == 2
        issued = self.review(name, applications.REVIEW_DECISION_APPROVE).electronic_pass
        assert issued.pass_number and issued.origin == electronic_pass.ElectronicPass.ORIGIN_APPLICATION
        assert self.offer_codes(name) == (False, ["CODE_ALREADY_COMPLETED"])
        found = call(self.gateway.GetElectronicPass, gateway.GetElectronicPassRequest(registration=name))
        assert found.electronic_pass == issued
        self.a_residence_permit_never_qualifies()

    def offer_codes(self, name: str) -> tuple[bool, list[str]]:
        told = self.pass_of(name).electronic_pass
        assert all(each.text_zh_cn and each.text_en for each in told.reasons), "a reason without a text"
        return told.offered, [offer.OfferReason.Code.Name(each.code) for each in told.reasons]

    def apply(self, name: str):
        request = gateway.ApplyForElectronicPassRequest(request_id=fresh_id(), registration=name)
        application = call(self.gateway.ApplyForElectronicPass, request).application
        assert application.state == applications.ElectronicPassApplication.STATE_SUBMITTED
        return application

    def review(self, name: str, decision, note: str = ""):
        """What a reviewer's system does with the queue."""
        application = self.claimed(name)
        request = applications.ReviewElectronicPassApplicationRequest(
            request_id=fresh_id(),
            application=application.name,
            etag=application.etag,
            decision=decision,
            note=note,
            reviewer="reviewer-1",
        )
        return call(self.reviewers.ReviewElectronicPassApplication, request)

    def claimed(self, name: str):
        """Takes from the queue until the application of `name` is among it: its holder's identity is verified in the background first."""
        for _ in range(100):
            request = applications.ClaimElectronicPassApplicationsRequest(
                request_id=fresh_id(), reviewer="reviewer-1", count=20
            )
            taken = call(self.reviewers.ClaimElectronicPassApplications, request).applications
            found = [each for each in taken if each.registration == name]
            if found:
                return found[0]
            time.sleep(0.1)
        raise AssertionError("the application never came to the reviewers")

    def a_residence_permit_never_qualifies(self) -> None:
        request = gateway.GetEntryPassRequest(document=WONG_PERMIT, holder_name=WONG["chinese_name"])
        name = call(self.gateway.GetEntryPass, request).entry_pass.registration.name
        assert self.offer_codes(name) == (False, ["CODE_DOCUMENT_TYPE_NOT_ELIGIBLE"])
        application = gateway.ApplyForElectronicPassRequest(request_id=fresh_id(), registration=name)
        refusal = refused(
            self.gateway.ApplyForElectronicPass,
            application,
            Code.FAILED_PRECONDITION,
            "ELECTRONIC_PASS_NOT_OFFERED",
        )
        assert refusal.metadata["reasons"] == "DOCUMENT_TYPE_NOT_ELIGIBLE", refusal

    def the_city_says_who_they_are(self, li: str) -> None:
        """real_names.py is the city's own identity service: it knows 李芳 and her face, and no children."""

        def verdict(name: str, strength: str, evidence: bytes = b"") -> tuple[str, str]:
            request = identity_words.VerifyTravellerIdentityRequest(
                request_id=fresh_id(),
                registration=name,
                strength=f"IDENTITY_STRENGTH_{strength}",
                evidence=evidence,
            )
            found = call(self.behind.VerifyTravellerIdentity, request)
            return (
                identity_words.IdentityOutcome.Name(found.outcome).removeprefix("IDENTITY_OUTCOME_"),
                identity_words.IdentityStrength.Name(found.strength).removeprefix("IDENTITY_STRENGTH_"),
            )

        assert verdict(li, "REAL_NAME") == ("VERIFIED", "REAL_NAME")
        assert verdict(li, "REAL_PERSON") == ("CANNOT_VERIFY", "REAL_NAME")
        assert verdict(li, "REAL_PERSON", b"a face that is hers") == ("VERIFIED", "REAL_PERSON")
        own = gateway.GetEntryPassRequest(document=CHILD_CARD, holder_name=CHILD["chinese_name"])
        child = call(self.gateway.GetEntryPass, own).entry_pass.registration.name
        assert verdict(child, "REAL_NAME") == ("CANNOT_VERIFY", "UNSPECIFIED")

    def a_renewed_passport_takes_the_place_of_the_old(self, notice: str) -> None:
        """The traveller is found by either; the code of the old one is superseded."""
        dupont = self.register(DUPONT_PASSPORT, DUPONT, "+33639980012", notice)
        request = gateway.ReplaceDocumentRequest(
            request_id=fresh_id(),
            registration=dupont.registration.name,
            etag=dupont.registration.etag,
            old_document=DUPONT_PASSPORT,
            holder_name="Dupont Jean",
            new_document=DUPONT_RENEWED,
        )
        replaced = call(self.gateway.ReplaceDocument, request).entry_pass
        assert replaced.registration.document == DUPONT_RENEWED
        assert self.verdict(dupont.qr_code.content) == "SUPERSEDED"
        for either in (DUPONT_PASSPORT, DUPONT_RENEWED):
            assert self.outcome(either) == registration_service.CHECK_OUTCOME_REGISTERED

    def cancel(self, name: str) -> None:
        shown = self.pass_of(name)
        request = gateway.CancelRegistrationRequest(
            request_id=fresh_id(), registration=name, etag=shown.registration.etag
        )
        cancelled = call(self.gateway.CancelRegistration, request).registration
        assert cancelled.state == registration.REGISTRATION_STATE_CANCELLED
        assert self.verdict(shown.qr_code.content) == "REVOKED"
        assert not self.pass_of(name).HasField("qr_code"), "a cancelled registration should show no code"
        assert self.outcome(LI_CARD) == registration_service.CHECK_OUTCOME_NEW
        refused(
            self.gateway.RenderQrCode,
            gateway.RenderQrCodeRequest(registration=name),
            Code.FAILED_PRECONDITION,
            "REGISTRATION_NOT_ACTIVE",
        )


def main() -> None:
    (address,) = sys.argv[1:]
    with connect(address, "operator") as channel, connect(address, "reviewer") as reviewers:
        Journey(channel, reviewers).walk()
    print("  the partner's journey ends well")


if __name__ == "__main__":
    main()
