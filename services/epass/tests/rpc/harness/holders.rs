//! People with passes, and their levels.

use entrypass_proto::{
    epass::v1::{self as pb, PassLevel},
    registration::v1::{DocumentType, GetRegistrationFactsResponse, RegistrationState},
};
use entrypass_rpc::{instant, timestamp};
use time::OffsetDateTime;

use super::{App, Person, decision};

impl App {
    /// A person with a pass that was issued here, the `number`-th of this test, and the pass.
    pub async fn with_pass(&self, number: u128) -> (Person, pb::ElectronicPass) {
        let person = self.person(number);
        let application = self.apply(&format!("apply-{number}"), &person).await.expect("offered");
        let approval = decision(&format!("approve-{number}"), &application, pb::ReviewDecision::Approve);
        let pass = self.review(approval).await.expect("approved").electronic_pass;
        (person, pass.expect("a pass"))
    }

    /// The level of a person's pass, and until when it is that.
    pub async fn level(&self, person: &Person) -> (PassLevel, Option<OffsetDateTime>) {
        let request = pb::GetElectronicPassLevelsRequest { registrations: vec![person.registration.clone()] };
        let answer = self.client().get_electronic_pass_levels(request).await.expect("levels").into_inner();
        let level = &answer.levels[0];
        (level.level(), level.level_until_time.as_ref().and_then(instant))
    }

    /// What the registration service tells of a person who has declared a fever since `since`, or declares none.
    pub fn declares(&self, person: &Person, since: Option<OffsetDateTime>) {
        self.registrations.put(GetRegistrationFactsResponse {
            registration: person.registration.clone(),
            traveller: person.traveller.clone(),
            state: RegistrationState::Active.into(),
            revision: 2,
            document_type: DocumentType::ResidentIdCard.into(),
            home_division: "4406".to_owned(),
            fever_declared: since.is_some(),
            fever_declared_time: since.map(timestamp),
            ..GetRegistrationFactsResponse::default()
        });
    }
}
