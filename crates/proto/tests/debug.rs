//! No message prints what is of a person, however deep it lies.

use entrypass_proto::{
    epass::v1 as epass, gateway::v1 as gateway, identity::v1 as identity, qr::v1 as qr,
    registration::v1 as pb,
};
use pb::{
    Contact, Destination, Document, DocumentDetails, DocumentType, Entry, HealthDeclaration, RegistrationForm,
};

/// What stands in every text below.
const SECRET: &str = "Zq7wx";

fn secret() -> String {
    SECRET.to_owned()
}

fn document() -> Document {
    Document { r#type: DocumentType::Passport.into(), number: secret(), issuing_state: secret() }
}

fn form() -> RegistrationForm {
    RegistrationForm {
        chinese_name: secret(),
        surname: secret(),
        given_names: secret(),
        birth_date: secret(),
        nationality: secret(),
        occupation: secret(),
        mobile_phone: secret(),
        second_phone: secret(),
        email: secret(),
        entry: Some(Entry { seat: secret(), plate_number: secret(), ..Entry::default() }),
        travel_history: vec![pb::Stay { country: secret(), first_date: secret(), last_date: secret() }],
        destination: Some(Destination {
            address: secret(),
            accommodation_name: secret(),
            ..Default::default()
        }),
        host: secret(),
        domestic_contact: Some(Contact { name: secret(), phone: secret() }),
        health: Some(HealthDeclaration {
            contact_note: secret(),
            temperature_decicelsius: 391,
            ..Default::default()
        }),
        ..RegistrationForm::default()
    }
}

/// What `{:?}` and `{:#?}` say; also of the message inside a request, which is what would be logged by mistake.
fn printed<M: std::fmt::Debug>(message: M) -> String {
    let text = format!("{message:?}{:#?}", tonic::Request::new(&message));
    for value in [SECRET, "391"] {
        assert!(!text.contains(value), "{value} in {text}");
    }
    text
}

#[test]
fn requests_and_answers_print_nothing_of_a_person() {
    let registration =
        pb::Registration { name: secret(), masked_number: secret(), revision: 7, ..Default::default() };
    let registration =
        pb::Registration { document: Some(document()), form: Some(form()), state: 1, ..registration };
    let text = printed(gateway::EntryPass {
        registration: Some(registration),
        qr_code: Some(qr::QrCode { content: secret(), ..Default::default() }),
        companions: vec![gateway::EntryPassCompanion {
            name: secret(),
            display_name: secret(),
            masked_number: secret(),
            ..Default::default()
        }],
        ..Default::default()
    });
    for shown in
        ["EntryPass {", "Registration {", "revision: 7", "REGISTRATION_STATE_ACTIVE", "companions: [", ".."]
    {
        assert!(text.contains(shown), "{shown} not in {text}");
    }
    printed(gateway::SubmitRegistrationRequest {
        document: Some(document()),
        form: Some(form()),
        ..Default::default()
    });
    printed(pb::GetPrefillRequest { document: Some(document()), holder_name: secret() });
    printed(pb::BindCompanionRequest {
        registration: secret(),
        companion_name: secret(),
        ..Default::default()
    });
    printed(pb::BindCompanionResponse { confirmation_code: secret(), ..Default::default() });
    printed(pb::ConfirmCompanionRequest {
        registration: secret(),
        confirmation_code: secret(),
        ..Default::default()
    });
    printed(pb::Holder { masked_name: secret(), display_name: secret(), ..Default::default() });
    printed(pb::ReplaceDocumentRequest {
        old_document: Some(document()),
        holder_name: secret(),
        surname: secret(),
        document_expire_date: secret(),
        ..Default::default()
    });
    printed(DocumentDetails { number: secret(), birth_date: secret(), ..Default::default() });
    printed(pb::TravelGroupMember { masked_name: secret(), masked_number: secret(), ..Default::default() });
    let text = printed(identity::VerifyIdentityRequest {
        strength: 2,
        document: Some(document()),
        chinese_name: secret(),
        surname: secret(),
        given_names: secret(),
        birth_date: secret(),
        nationality: secret(),
        evidence: secret().into_bytes(),
        ..Default::default()
    });
    let evidence = format!("{:?}", secret().into_bytes());
    assert!(text.contains("REAL_NAME") && !text.contains(&evidence), "{text}");
    let text = printed(pb::VerifyTravellerIdentityRequest {
        registration: secret(),
        evidence: secret().into_bytes(),
        ..Default::default()
    });
    assert!(!text.contains(&evidence), "{text}");
    printed(qr::VerifyQrCodeRequest { content: secret(), ..Default::default() });
    printed(epass::ReviewElectronicPassApplicationRequest {
        note: secret(),
        application: secret(),
        ..Default::default()
    });
}

#[test]
fn what_has_no_person_in_it_is_printed_whole() {
    let check = qr::VerificationCheck { check: 1, outcome: 1, reason: 0 };
    let text = format!("{check:?}");
    assert!(!text.contains("..") && text.contains("CHECK_"), "{text}");
    let check = pb::IdentityCheck { check: "REGISTER".to_owned(), result: 2, ..Default::default() };
    let text = format!("{check:?}");
    assert!(!text.contains("..") && text.contains("REGISTER") && text.contains("RESULT_FAILED"), "{text}");
    let change = qr::QrCodeChange {
        registration: secret(),
        change: Some(qr::qr_code_change::Change::Revoke(qr::qr_code_change::Revoke {
            reason: 1,
            fraud: true,
        })),
        ..Default::default()
    };
    let text = printed(change);
    assert!(text.contains("Revoke(Revoke { reason:") && text.contains("fraud: true"), "{text}");
}
