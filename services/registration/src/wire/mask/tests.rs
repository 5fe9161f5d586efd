//! What survives the mask, over every field of every answer, and what each rule leaves.

use std::collections::BTreeSet;

use entrypass_proto::{FILE_DESCRIPTOR_SET, registration::v1 as pb};
use proptest::prelude::*;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value,
};

use super::Masked;
use crate::wire::form::fixture;

/// What a caller who is shown personal data masked sees as it is. Whoever adds to this list shows something more of a person.
const SHOWN: &str = "
    CheckDocumentResponse.notice_version CheckDocumentResponse.outcome CheckDocumentResponse.prefill_available
    AccessRecord.caller AccessRecord.outcome AccessRecord.peer AccessRecord.purpose AccessRecord.resource AccessRecord.rpc
    AccessRecord.time AccessRecord.trace_id
    BindCompanionResponse.confirmation_code BindCompanionResponse.confirmation_expire_time
    Companion.confirmation_expire_time Companion.create_time Companion.document_type Companion.expire_time
    Companion.guardian_declare_time Companion.masked_number Companion.name Companion.reference
    Companion.registration Companion.relationship Companion.revision Companion.state
    Holder.confirmation_expire_time Holder.create_time Holder.guardian_declare_time Holder.masked_name Holder.name
    Holder.relationship Holder.state ListHoldersResponse.next_page_token
    Correction.changed_paths Correction.create_time Correction.end_time Correction.etag Correction.name Correction.registration
    Correction.revision Correction.state
    Destination.accommodation Destination.division_code
    Document.issuing_state Document.type
    DocumentDetails.gat_code DocumentDetails.issuing_state DocumentDetails.masked_number DocumentDetails.sex DocumentDetails.type
    DocumentDetails.type_name_en DocumentDetails.type_name_zh_cn
    Entry.departure_country Entry.entry_date Entry.port_of_entry Entry.transport
    EraseTravellerResponse.registrations EraseTravellerResponse.traveller
    ExportTravellerResponse.create_time ExportTravellerResponse.traveller
    GetPrefillResponse.form_version
    GetRegistrationFactsResponse.document_type GetRegistrationFactsResponse.expire_time GetRegistrationFactsResponse.fever_declared
    GetRegistrationFactsResponse.fever_declared_time GetRegistrationFactsResponse.health_declared
    GetRegistrationFactsResponse.symptoms_declared GetRegistrationFactsResponse.entry_date GetRegistrationFactsResponse.age
    GetRegistrationFactsResponse.guardian_declared ListRegistrationFactsResponse.next_page_token
    GetRegistrationFactsResponse.home_division GetRegistrationFactsResponse.registration GetRegistrationFactsResponse.revision
    GetRegistrationFactsResponse.state GetRegistrationFactsResponse.traveller
    IdentityCheck.check IdentityCheck.result IdentityCheck.text_en IdentityCheck.text_zh_cn
    ListAccessResponse.next_page_token ListCorrectionsResponse.next_page_token ListRegistrationRevisionsResponse.next_page_token
    ListRegistrationsResponse.next_page_token
    Notice.language Notice.paragraphs Notice.title Notice.version
    Registration.create_time Registration.etag Registration.expire_time Registration.form_version Registration.masked_number
    Registration.name Registration.notice_version Registration.reference Registration.revision Registration.state
    Registration.traveller Registration.update_time Registration.verified_time
    RegistrationChange.change_time RegistrationChange.companion RegistrationChange.cursor RegistrationChange.expire_time
    RegistrationChange.kind RegistrationChange.registration RegistrationChange.revision RegistrationChange.state
    RegistrationChange.traveller
    RegistrationForm.nationality RegistrationForm.purpose RegistrationForm.sex RegistrationForm.single_name RegistrationForm.stay_days
    RegistrationRevision.changed_paths RegistrationRevision.create_time RegistrationRevision.form_version RegistrationRevision.kind
    RegistrationRevision.revision
    ResolveTravellerResponse.traveller
    Stay.country Stay.first_date Stay.last_date
    TravelGroupCompanion.relationship
    TravelGroupMember.document_type TravelGroupMember.expire_time TravelGroupMember.masked_name TravelGroupMember.masked_number
    TravelGroupMember.registration TravelGroupMember.revision TravelGroupMember.state TravelGroupMember.verified_time
    VerifyTravellerIdentityResponse.outcome VerifyTravellerIdentityResponse.revision VerifyTravellerIdentityResponse.strength
    WatchRegistrationsResponse.as_of_time WatchRegistrationsResponse.cursor
";

/// A message in which every field has a value, no two of them alike.
fn full(of: &MessageDescriptor, count: &mut i32) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields() {
        let one = value(&field, count);
        message.set_field(&field, if field.is_list() { Value::List(vec![one]) } else { one });
    }
    message
}

fn value(field: &FieldDescriptor, count: &mut i32) -> Value {
    *count += 1;
    match field.kind() {
        Kind::String if field.name().ends_with("_date") => Value::String(format!("1985-01-{count:02}")),
        Kind::String => Value::String(format!("Zq{count}-wx{count}")),
        Kind::Bool => Value::Bool(true),
        Kind::Int32 => Value::I32(*count),
        Kind::Int64 => Value::I64(i64::from(*count)),
        Kind::Enum(_) => Value::EnumNumber(1),
        Kind::Message(of) => Value::Message(full(&of, count)),
        other => panic!("{} has a kind that this test does not know: {other:?}", field.full_name()),
    }
}

/// The leaves, as `Message.field`, that are the same in both.
fn same(before: &DynamicMessage, after: &DynamicMessage, found: &mut BTreeSet<String>) {
    for field in before.descriptor().fields() {
        let (before, after) = (before.get_field(&field), after.get_field(&field));
        match (&*before, &*after) {
            (Value::Message(before), Value::Message(after)) if !is_time(&field) => same(before, after, found),
            (Value::List(before), Value::List(after)) if matches!(field.kind(), Kind::Message(_)) => {
                for (before, after) in before.iter().zip(after) {
                    let (Value::Message(before), Value::Message(after)) = (before, after) else { continue };
                    same(before, after, found);
                }
            }
            (before, after) if before == after => {
                found.insert(format!("{}.{}", field.parent_message().name(), field.name()));
            }
            _ => {}
        }
    }
}

fn is_time(field: &FieldDescriptor) -> bool {
    matches!(field.kind(), Kind::Message(of) if of.full_name().starts_with("google.protobuf."))
}

/// Masks a full answer of the type `name`, and notes which leaves survive.
fn survivors<M: Masked + Message + Default>(
    pool: &DescriptorPool,
    name: &str,
    found: &mut BTreeSet<String>,
) -> String {
    let name = format!("entrypass.registration.v1.{name}");
    let of = pool.get_message_by_name(&name).expect("a message of the contract");
    let before = full(&of, &mut 100);
    let masked = before.transcode_to::<M>().expect("the same message").masked();
    let mut after = DynamicMessage::new(of);
    after.transcode_from(&masked).expect("the same message");
    same(&before, &after, found);
    name
}

macro_rules! over_answers {
    ($pool:expr, $found:expr; $($answer:ident)+) => {
        BTreeSet::from([$(survivors::<pb::$answer>($pool, stringify!($answer), $found)),+])
    };
}

#[test]
fn nothing_survives_the_mask_but_what_is_listed() {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the contract");
    let mut found = BTreeSet::new();
    let tried = over_answers!(&pool, &mut found;
        CheckDocumentResponse GetNoticeResponse SubmitRegistrationResponse GetRegistrationResponse GetPrefillResponse
        GetRegistrationFactsResponse BatchGetRegistrationFactsResponse GetTravelGroupsResponse ResolveTravellerResponse
        ListRegistrationFactsResponse
        UpdateRegistrationResponse ReplaceDocumentResponse CancelRegistrationResponse ListRegistrationRevisionsResponse
        BindCompanionResponse ListAccessResponse ConfirmCompanionResponse ListHoldersResponse UnbindCompanionResponse
        WatchRegistrationsResponse EraseTravellerResponse ExportTravellerResponse VerifyTravellerIdentityResponse
        NoteVerificationsResponse ListRegistrationsResponse SubmitNextRegistrationResponse
        RequestCorrectionResponse WithdrawCorrectionResponse GetCorrectionResponse ListCorrectionsResponse ReviewCorrectionResponse
    );
    let service = pool.get_service_by_name("entrypass.registration.v1.RegistrationService").expect("ours");
    let answers: BTreeSet<_> = service.methods().map(|rpc| rpc.output().full_name().to_owned()).collect();
    assert_eq!(tried, answers, "every RPC is tried");
    let shown: BTreeSet<_> = SHOWN.split_whitespace().collect();
    assert_eq!(found.iter().map(String::as_str).collect::<BTreeSet<_>>(), shown);
}

#[test]
fn of_a_person_first_letters_ends_and_the_year_are_left() {
    let form = pb::RegistrationForm {
        chinese_name: "王小明".to_owned(),
        surname: "ERIKSSON".to_owned(),
        given_names: "ANNA MARIA".to_owned(),
        birth_date: "1985-01-01".to_owned(),
        mobile_phone: "+8613800138000".to_owned(),
        domestic_contact: Some(pb::Contact { name: "张三".to_owned(), phone: "110".to_owned() }),
        ..fixture::visitor()
    }
    .masked();
    let names = [&form.chinese_name, &form.surname, &form.given_names, &form.birth_date];
    assert_eq!(names, ["王*", "E*", "A*", "1985-**-**"]);
    assert_eq!((form.mobile_phone.as_str(), form.second_phone.as_str()), ("*8000", "*7500"));
    let contact = form.domestic_contact.expect("it is there");
    assert_eq!((contact.name.as_str(), contact.phone.as_str()), ("张*", "*"));
    let document = pb::Document { number: "440699198501010016".to_owned(), ..Default::default() };
    assert_eq!(document.masked().number, "44**************16");
    let short = pb::Document { number: "X000001".to_owned(), ..Default::default() };
    assert_eq!(short.masked().number, "*******");
}

proptest! {
    #[test]
    fn no_text_of_a_person_is_shown_whole(name in r"\PC{2,80}", phone in r"\+[0-9]{3,15}", number in "[A-Z0-9]{5,20}") {
        let shown = pb::Contact { name: name.clone(), phone: phone.clone() }.masked();
        prop_assert!(shown.name.chars().count() <= 2, "{name:?} became {:?}", shown.name);
        prop_assert!(!shown.phone.contains(&phone) && shown.phone.len() <= 5);
        prop_assert!(2 * (shown.phone.len() - 1) <= phone.len(), "at most half of it");
        let document = pb::Document { number: number.clone(), ..Default::default() }.masked();
        prop_assert!(document.number.contains('*') && document.number != number);
    }
}
