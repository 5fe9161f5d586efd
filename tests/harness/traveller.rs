//! People with synthetic documents: no living person has these numbers.

use entrypass_proto::{
    gateway::v1::{self as pb, EntryPass},
    registration::v1::{
        Contact, Destination, Document, DocumentType, Entry, RegistrationForm, Sex, Stay, entry::Transport,
        registration_form::Purpose,
    },
};
use tonic::Status;

use crate::System;

/// Somebody who enters the city.
#[derive(Debug, Clone)]
pub struct Traveller {
    /// The document that they carry.
    pub document: Document,
    /// What they declare.
    pub form: RegistrationForm,
}

impl Traveller {
    /// 王小明, a mainland resident, born 1985-01-01.
    #[must_use]
    pub fn wang() -> Self {
        Self::chinese(
            DocumentType::ResidentIdCard,
            "440699198501010016",
            "王小明",
            Sex::Male,
            "1985-01-01",
            "CHN",
        )
    }

    /// 李芳, a mainland resident, born 1990-06-15.
    #[must_use]
    pub fn li() -> Self {
        Self::chinese(
            DocumentType::ResidentIdCard,
            "440699199006150024",
            "李芳",
            Sex::Female,
            "1990-06-15",
            "CHN",
        )
    }

    /// 陈大文 from Hong Kong, with a travel permit.
    #[must_use]
    pub fn chan() -> Self {
        Self::chinese(
            DocumentType::HkMacaoTravelPermit,
            "H00000000",
            "陈大文",
            Sex::Male,
            "1970-05-05",
            "HKG",
        )
    }

    /// 林大山 from Taiwan, with a residence permit.
    #[must_use]
    pub fn lin() -> Self {
        let number = "830000190001010011";
        let kind = DocumentType::HkMacaoTaiwanResidencePermit;
        Self::chinese(kind, number, "林大山", Sex::Male, "1900-01-01", "TWN")
    }

    /// Anna Maria Smith, a British passport holder.
    #[must_use]
    pub fn smith() -> Self {
        Self::passport("X0000001")
    }

    /// Somebody with the British passport `number`.
    #[must_use]
    pub fn passport(number: &str) -> Self {
        let document = Document {
            r#type: DocumentType::Passport.into(),
            number: number.to_owned(),
            issuing_state: "GBR".to_owned(),
        };
        let form = RegistrationForm {
            surname: "SMITH".to_owned(),
            given_names: "ANNA MARIA".to_owned(),
            ..form(Sex::Female, "1985-01-01", "GBR")
        };
        Self { document, form }
    }

    fn chinese(
        kind: DocumentType,
        number: &str,
        name: &str,
        sex: Sex,
        born: &str,
        nationality: &str,
    ) -> Self {
        let document =
            Document { r#type: kind.into(), number: number.to_owned(), issuing_state: String::new() };
        let form = RegistrationForm { chinese_name: name.to_owned(), ..form(sex, born, nationality) };
        Self { document, form }
    }

    /// The name by which they prove who they are.
    #[must_use]
    pub fn name(&self) -> String {
        let RegistrationForm { chinese_name, surname, given_names, .. } = &self.form;
        if chinese_name.is_empty() { format!("{surname} {given_names}") } else { chinese_name.clone() }
    }

    /// The submission of their form with the notice `notice_version`.
    #[must_use]
    pub fn submission(&self, request_id: &str, notice_version: &str) -> pb::SubmitRegistrationRequest {
        pb::SubmitRegistrationRequest {
            request_id: request_id.to_owned(),
            document: Some(self.document.clone()),
            form: Some(self.form.clone()),
            acknowledged_notice_version: notice_version.to_owned(),
            truth_declared: true,
        }
    }

    /// Reads the notice and registers.
    pub async fn register(&self, system: &System, request_id: &str) -> Result<EntryPass, Status> {
        let version = system.notice_version().await;
        let answer = system.pass.clone().submit_registration(self.submission(request_id, &version)).await?;
        Ok(answer.into_inner().entry_pass.expect("an entry pass"))
    }

    /// Their entry pass, by document and name.
    pub async fn entry_pass(&self, system: &System) -> Result<EntryPass, Status> {
        let request = pb::GetEntryPassRequest {
            registration: String::new(),
            document: Some(self.document.clone()),
            holder_name: self.name(),
        };
        let answer = system.pass.clone().get_entry_pass(request).await?;
        Ok(answer.into_inner().entry_pass.expect("an entry pass"))
    }

    /// What the document check says.
    pub async fn check(&self, system: &System) -> pb::CheckDocumentResponse {
        let request = pb::CheckDocumentRequest { document: Some(self.document.clone()) };
        system.pass.clone().check_document(request).await.expect("a valid document").into_inner()
    }

    /// The request that binds `companion`, who is registered, as a relative.
    #[must_use]
    pub fn binding(
        &self,
        request_id: &str,
        registration: &str,
        companion: &Self,
    ) -> pb::BindCompanionRequest {
        pb::BindCompanionRequest {
            request_id: request_id.to_owned(),
            registration: registration.to_owned(),
            relationship: entrypass_proto::registration::v1::Relationship::Relative.into(),
            document: Some(companion.document.clone()),
            companion_name: companion.name(),
            ..pb::BindCompanionRequest::default()
        }
    }

    /// The request that binds `companion`, who is new, as a relative: with a form that the holder has filled in for them.
    #[must_use]
    pub fn binding_anew(
        &self,
        request_id: &str,
        registration: &str,
        companion: &Self,
        notice_version: &str,
    ) -> pb::BindCompanionRequest {
        pb::BindCompanionRequest {
            companion_name: String::new(),
            form: Some(companion.form.clone()),
            acknowledged_notice_version: notice_version.to_owned(),
            truth_declared: true,
            ..self.binding(request_id, registration, companion)
        }
    }
}

impl System {
    /// Version of the notice in force.
    pub async fn notice_version(&self) -> String {
        let answer = self.pass.clone().get_notice(pb::GetNoticeRequest {}).await.expect("a notice");
        answer.into_inner().notice.expect("a notice").version
    }

    /// Binds a companion: the holder's pass, and the code to hand over, empty when nobody has to agree any more.
    pub async fn bind(&self, request: pb::BindCompanionRequest) -> Result<(EntryPass, String), Status> {
        let answer = self.pass.clone().bind_companion(request).await?.into_inner();
        Ok((answer.entry_pass.expect("a pass"), answer.confirmation_code))
    }

    /// Confirms with `code` on the side of the companion who has the registration `own`.
    pub async fn confirm(
        &self,
        request_id: &str,
        own: &str,
        code: &str,
    ) -> Result<pb::EntryPassCompanion, Status> {
        let request = pb::ConfirmCompanionRequest {
            request_id: request_id.to_owned(),
            registration: own.to_owned(),
            confirmation_code: code.to_owned(),
        };
        Ok(self.pass.clone().confirm_companion(request).await?.into_inner().companion.expect("a bond"))
    }

    /// The verdict on the code of `entry_pass`.
    pub async fn verdict(&self, content: &str) -> entrypass_proto::qr::v1::Verdict {
        let request = pb::VerifyQrCodeRequest { content: content.to_owned(), ..Default::default() };
        self.pass.clone().verify_qr_code(request).await.expect("a verdict").into_inner().verdict()
    }
}

/// A form that keeps every rule, for an entry on the day on which journeys begin.
fn form(sex: Sex, birth_date: &str, nationality: &str) -> RegistrationForm {
    RegistrationForm {
        sex: sex.into(),
        birth_date: birth_date.to_owned(),
        nationality: nationality.to_owned(),
        mobile_phone: "+447700900001".to_owned(),
        entry: Some(Entry {
            port_of_entry: "CNSZX".to_owned(),
            entry_date: "2026-11-23".to_owned(),
            transport: Transport::Air.into(),
            service_number: "CZ3082".to_owned(),
            departure_country: "SGP".to_owned(),
            ..Entry::default()
        }),
        travel_history: vec![Stay {
            country: "SGP".to_owned(),
            first_date: "2026-11-01".to_owned(),
            last_date: "2026-11-23".to_owned(),
        }],
        destination: Some(Destination {
            division_code: "440604".to_owned(),
            address: "祖庙路1号2座301".to_owned(),
            ..Destination::default()
        }),
        purpose: Purpose::Family.into(),
        domestic_contact: Some(Contact { name: "张三".to_owned(), phone: "+8613800138000".to_owned() }),
        ..RegistrationForm::default()
    }
}
