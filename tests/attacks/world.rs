//! What an attacker knows who has been let in: people who are registered, their names, resources and codes. With it a request is right
//! in all but what is then done to it, and goes deep.

use entrypass_e2e::{System, Traveller};
use entrypass_proto::{epass::v1 as epass, gateway::v1 as pb, registration::v1::RegistrationForm};
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use prost_types::{Duration, FieldMask, Timestamp};

use crate::dice::Dice;

/// The requests whose etag is a correction's.
const CORRECTION_ETAGS: [&str; 2] = ["WithdrawCorrectionRequest", "ReviewCorrectionRequest"];

/// 2026-11-23 02:00 UTC, when every journey begins.
const NOW: i64 = 1_795_399_200;

/// One person, as an entry pass showed them.
struct Known {
    traveller: Traveller,
    pass: pb::EntryPass,
    /// The code by which they may agree to be somebody's companion.
    confirmation_code: String,
}

/// Everything that is known.
pub struct World {
    people: Vec<Known>,
    notice_version: String,
    applications: Vec<(String, String)>,
    corrections: Vec<(String, String)>,
    passes: Vec<(String, String)>,
    quarantine: String,
    cursor: String,
}

impl World {
    /// Registers whoever is not, and reads what there is to know of everybody. `round` makes each round's requests its own.
    pub async fn explore(system: &System, round: usize) -> Self {
        let notice_version = system.notice_version().await;
        let mut people = Vec::new();
        let known =
            [Traveller::wang(), Traveller::li(), Traveller::chan(), Traveller::lin(), Traveller::smith()];
        for (index, traveller) in known.into_iter().enumerate() {
            // A document may have been replaced or a registration cancelled by what was tried.
            let _ = traveller.register(system, &format!("known-{round}-{index}")).await;
            if let Ok(pass) = traveller.entry_pass(system).await {
                people.push(Known { traveller, pass, confirmation_code: "0000-0000".to_owned() });
            }
        }
        assert!(people.len() > 1, "in round {round} nearly nobody is registered any more");
        let applications = applications(system, &people, round).await;
        bind(system, &mut people, round).await;
        let corrections = corrections(system, &people, round).await;
        let passes = passes(system, &people, round).await;
        let quarantine = quarantine(system, &people[0], round).await;
        let cursor = String::new();
        Self { people, notice_version, applications, corrections, passes, quarantine, cursor }
    }

    /// A request that is right, as far as can be told from the names of its fields.
    pub fn request(&self, of: &MessageDescriptor, dice: &Dice) -> DynamicMessage {
        let person = dice.pick(&self.people);
        self.fill(of, person, dice)
    }

    fn fill(&self, of: &MessageDescriptor, person: &Known, dice: &Dice) -> DynamicMessage {
        if let Some(ready) = ready(of, person, dice) {
            return ready;
        }
        let mut message = DynamicMessage::new(of.clone());
        for field in of.fields() {
            // Some rules are about fields that exclude each other: this or that is left out.
            if dice.once_in(5) {
                continue;
            }
            let value = self.value(&field, person, dice);
            message.set_field(&field, if field.is_list() { Value::List(vec![value]) } else { value });
        }
        message
    }

    fn value(&self, field: &FieldDescriptor, person: &Known, dice: &Dice) -> Value {
        let number = dice.below(8);
        match field.kind() {
            Kind::Message(of) => Value::Message(self.fill(&of, person, dice)),
            Kind::Enum(of) => {
                let values: Vec<_> = of.values().map(|value| value.number()).collect();
                Value::EnumNumber(*dice.pick(&values))
            }
            Kind::Bool => Value::Bool(!dice.once_in(4)),
            Kind::Int32 => Value::I32(i32::try_from(number).expect("few")),
            Kind::Int64 => Value::I64(i64::try_from(number).expect("few")),
            Kind::Bytes => Value::Bytes(vec![dice.byte(); number].into()),
            _ => Value::String(self.text(field, person, dice)),
        }
    }

    fn text(&self, field: &FieldDescriptor, person: &Known, dice: &Dice) -> String {
        let pass = &person.pass;
        let registration = pass.registration.clone().unwrap_or_default();
        let code = pass.qr_code.clone().unwrap_or_default();
        let application = self.applications.first().cloned().unwrap_or_default();
        let correction = dice.pick(&self.corrections).clone();
        let electronic_pass = dice.pick(&self.passes).clone();
        let companion = pass.companions.first().map(|one| one.name.clone()).unwrap_or_default();
        match field.name() {
            "request_id" => format!("m-{:x}", dice.word()),
            "registration" | "registrations" => registration.name,
            "traveller" => registration.traveller,
            "etag" if field.parent_message().name().contains("Application") => application.1,
            "etag" if field.parent_message().name().contains("ElectronicPass") => electronic_pass.1,
            "electronic_pass" => electronic_pass.0,
            "etag" if CORRECTION_ETAGS.contains(&field.parent_message().name()) => correction.1,
            "correction" => correction.0,
            "etag" => registration.etag,
            "application" => application.0,
            "quarantine" => self.quarantine.clone(),
            "reviewer" => "reviewer-1".to_owned(),
            "text" => entrypass_policy::DEFAULT.to_owned(),
            "companion" => companion,
            "confirmation_code" => person.confirmation_code.clone(),
            "holder_name" | "companion_name" => person.traveller.name(),
            "acknowledged_notice_version" => self.notice_version.clone(),
            "content" | "contents" => code.content,
            "code_id" => code.code_id,
            "cursor" => self.cursor.clone(),
            "checkpoint" => "gate-1".to_owned(),
            "page_token" => String::new(),
            "chinese_name" => person.traveller.form.chinese_name.clone(),
            "birth_date" => person.traveller.form.birth_date.clone(),
            "nationality" => person.traveller.form.nationality.clone(),
            _ => "A1".to_owned(),
        }
    }
}

/// Asks the next of the people as a companion for each of them, and notes the code that these agree with.
async fn bind(system: &System, people: &mut [Known], round: usize) {
    for index in 0..people.len() {
        let next = (index + 1) % people.len();
        let name = people[index].pass.registration.clone().unwrap_or_default().name;
        let bind =
            people[index].traveller.binding(&format!("bind-{round}-{index}"), &name, &people[next].traveller);
        // They may be bound already.
        if let Ok((_, code)) = system.bind(bind).await {
            people[next].confirmation_code = code;
        }
    }
}

/// Applications for the electronic pass, with their etags.
async fn applications(system: &System, people: &[Known], round: usize) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (index, person) in people.iter().enumerate() {
        let name = person.pass.registration.clone().unwrap_or_default().name;
        let apply = pb::ApplyForElectronicPassRequest {
            request_id: format!("apply-{round}-{index}"),
            registration: name.clone(),
            evidence: Vec::new(),
        };
        if let Ok(applied) = system.pass.clone().apply_for_electronic_pass(apply).await {
            found.extend(applied.into_inner().application.map(|one| (one.name, one.etag)));
        }
    }
    found
}

/// Corrections with their etags, of everybody who can have one; or one that there is not.
async fn corrections(system: &System, people: &[Known], round: usize) -> Vec<(String, String)> {
    let mut found = vec![("corrections/0193a1b2-0000-7000-8000-000000000000".to_owned(), "0-0".to_owned())];
    for (index, person) in people.iter().enumerate() {
        let registration = person.pass.registration.clone().unwrap_or_default();
        let ask = pb::RequestCorrectionRequest {
            request_id: format!("correct-{round}-{index}"),
            registration: registration.name.clone(),
            etag: registration.etag,
            form: Some(RegistrationForm {
                birth_date: "1985-07-01".to_owned(),
                ..RegistrationForm::default()
            }),
            update_mask: Some(FieldMask { paths: vec!["birth_date".to_owned()] }),
            document: None,
            correction_reason: "read wrongly".to_owned(),
        };
        // Some numbers say when their holder was born, and one may wait already.
        let _ = system.pass.clone().request_correction(ask).await;
        let list = pb::ListCorrectionsRequest { registration: registration.name, ..Default::default() };
        if let Ok(listed) = system.pass.clone().list_corrections(list).await {
            found.extend(listed.into_inner().corrections.into_iter().map(|one| (one.name, one.etag)));
        }
    }
    found
}

/// A pass of another channel with its etag, of everybody who can have one; or one that there is not.
async fn passes(system: &System, people: &[Known], round: usize) -> Vec<(String, String)> {
    let mut found =
        vec![("electronicPasses/0193a1b2-0000-7000-8000-000000000000".to_owned(), "0-0".to_owned())];
    for (index, person) in people.iter().enumerate() {
        let record = epass::RecordExternalPassRequest {
            request_id: format!("pass-{round}-{index}"),
            document: Some(person.traveller.document.clone()),
            issuer: "NH".to_owned(),
            pass_number: format!("NH-{round}-{index}"),
            issue_time: Some(Timestamp { seconds: NOW - 3600, nanos: 0 }),
            expire_time: None,
        };
        // Not everybody has the document for it, and one may have a pass already.
        if let Ok(recorded) = system.epass.clone().record_external_pass(record).await {
            found.extend(recorded.into_inner().electronic_pass.map(|one| (one.name, one.etag)));
        }
    }
    found
}

/// The name of a quarantine that somebody is in.
async fn quarantine(system: &System, of: &Known, round: usize) -> String {
    let record = epass::RecordQuarantineRequest {
        request_id: format!("quarantine-{round}"),
        registration: of.pass.registration.clone().unwrap_or_default().name,
        traveller: String::new(),
        from_time: Some(Timestamp { seconds: NOW, nanos: 0 }),
        until_time: Some(Timestamp { seconds: NOW + 20 * 86_400, nanos: 0 }),
    };
    let recorded = system.epass.clone().record_quarantine(record).await.expect("a recorded quarantine");
    recorded.into_inner().quarantine.unwrap_or_default().name
}

/// Messages that are known as a whole.
fn ready(of: &MessageDescriptor, person: &Known, dice: &Dice) -> Option<DynamicMessage> {
    let Traveller { document, form } = &person.traveller;
    let seconds = NOW + i64::try_from(dice.below(100_000)).expect("few");
    let paths =
        ["mobile_phone", "stay_days", "destination.address", "chinese_name", "health", "entry", "birth_date"];
    match of.full_name() {
        "entrypass.registration.v1.Document" => Some(dynamic(of, document)),
        "entrypass.registration.v1.RegistrationForm" => Some(dynamic(of, form)),
        "google.protobuf.Timestamp" => Some(dynamic(of, &Timestamp { seconds, nanos: 0 })),
        "google.protobuf.Duration" => Some(dynamic(of, &Duration { seconds: 60, nanos: 0 })),
        "google.protobuf.FieldMask" => {
            let paths = vec![(*dice.pick(&paths)).to_owned()];
            Some(dynamic(of, &FieldMask { paths }))
        }
        _ => None,
    }
}

fn dynamic(of: &MessageDescriptor, message: &impl Message) -> DynamicMessage {
    DynamicMessage::decode(of.clone(), message.encode_to_vec().as_slice()).expect("the same message")
}
