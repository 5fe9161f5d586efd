//! What only reads: the document check, the notice, look-ups, history.

use entrypass_audit::Access;
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::{PageRequest, PageToken, PersonalData};
use entrypass_rule::{Language, Violations};
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Registrations,
    access::{named, seen, touched},
};
use crate::{
    bond::{Companion, CompanionState},
    error::Error,
    registration::{Registration, StoredState},
    store::Rows,
    wire,
};

impl Registrations {
    pub(super) async fn check(
        &self,
        access: &Access,
        message: pb::CheckDocumentRequest,
    ) -> Result<pb::CheckDocumentResponse, Error> {
        let now = self.clock.now();
        let rules = wire::document_rules(&self.form_rules(now));
        let document = wire::document("document", message.document, rules)?;
        let latest = self.reader().latest_state_of_document(&document.key()).await?;
        if let Some(latest) = &latest {
            seen(access, latest);
        }
        let active = latest.as_ref().is_some_and(|latest| latest.at(now) == StoredState::Active);
        let outcome = if active { pb::CheckOutcome::Registered } else { pb::CheckOutcome::New };
        Ok(pb::CheckDocumentResponse {
            outcome: outcome.into(),
            document: Some(wire::document_details(&document)),
            notice_version: self.config.notice.version().to_owned(),
            prefill_available: latest.is_some() && !active,
        })
    }

    pub(super) fn notice(&self, language: Language) -> pb::GetNoticeResponse {
        pb::GetNoticeResponse { notice: Some(wire::notice(&self.config.notice, language)) }
    }

    pub(super) async fn get(
        &self,
        access: &Access,
        message: pb::GetRegistrationRequest,
    ) -> Result<pb::GetRegistrationResponse, Error> {
        let now = self.clock.now();
        let rows = self.reader();
        let pb::GetRegistrationRequest { registration: name, document, holder_name } = message;
        named(access, &name);
        let registration = if name.is_empty() {
            let proof = self.proof(access, document, ("holder_name", holder_name), now)?;
            self.proved(access, &proof, |found| found.is_active(now), now).await?
        } else {
            let id = wire::named_alone(&name, document.as_ref(), &holder_name)?;
            self.registration(&rows, id).await?
        };
        touched(access, [&registration]);
        let companions = self.companions(&rows, &registration, now).await?;
        touched(access, companions.iter().map(|companion| &companion.registration));
        Ok(pb::GetRegistrationResponse {
            registration: Some(wire::registration(&registration, now)),
            companions: wire::companions(&companions),
        })
    }

    pub(super) async fn prefill(
        &self,
        access: &Access,
        message: pb::GetPrefillRequest,
    ) -> Result<pb::GetPrefillResponse, Error> {
        if access.personal_data() == PersonalData::Masked {
            // A form with masks in it would be submitted with them.
            return Err(Error::PersonalDataMasked { caller: access.caller().as_str().to_owned() });
        }
        let now = self.clock.now();
        let pb::GetPrefillRequest { document, holder_name } = message;
        let proof = self.proof(access, document, ("holder_name", holder_name), now)?;
        let ended = self.proved(access, &proof, |found| !found.is_active(now), now).await?;
        Ok(pb::GetPrefillResponse {
            form: Some(wire::form::render_prefill(&ended.declared.form)),
            form_version: ended.declared.form_version,
        })
    }

    pub(super) async fn facts(
        &self,
        access: &Access,
        message: pb::GetRegistrationFactsRequest,
    ) -> Result<pb::GetRegistrationFactsResponse, Error> {
        let id = Violations::at("registration", wire::registration_id(&message.registration))?;
        named(access, &message.registration);
        let registration = self.registration(&self.reader(), id).await?;
        let told = self.told(access, &[registration]).await?.pop();
        told.ok_or(Error::RegistrationNotFound)
    }

    pub(super) async fn batch_facts(
        &self,
        access: &Access,
        message: pb::BatchGetRegistrationFactsRequest,
    ) -> Result<pb::BatchGetRegistrationFactsResponse, Error> {
        let ids = match wire::parse_facts(&message)? {
            wire::FactsOf::Registrations(ids) => ids,
            wire::FactsOf::Travellers(ids) => self.reader().counting_of(&ids).await?,
        };
        let found = self.reader().registrations(&ids).await?;
        Ok(pb::BatchGetRegistrationFactsResponse { facts: self.told(access, &found).await? })
    }

    pub(super) async fn list_facts(
        &self,
        access: &Access,
        message: pb::ListRegistrationFactsRequest,
    ) -> Result<pb::ListRegistrationFactsResponse, Error> {
        let pb::ListRegistrationFactsRequest { page_size, page_token } = message;
        let page = PageRequest::parse_bulk(page_size, &page_token)?;
        let after = page.after.map(|PageToken(last)| last);
        let rows = self.reader();
        let mut travellers = rows.travellers(after, page.rows_to_read()).await?;
        let next = page.cut(&mut travellers, |last| *last).map(PageToken::encode);
        let mut found = rows.registrations(&rows.counting_of(&travellers).await?).await?;
        found.sort_unstable_by_key(|registration| registration.traveller);
        let facts = self.told(access, &found).await?;
        Ok(pb::ListRegistrationFactsResponse { facts, next_page_token: next.unwrap_or_default() })
    }

    /// What neighbours are told of some registrations. One statement, however many they are, and one more for each that declares a fever.
    async fn told(
        &self,
        access: &Access,
        registrations: &[Registration],
    ) -> Result<Vec<pb::GetRegistrationFactsResponse>, Error> {
        touched(access, registrations);
        let (rows, now) = (self.reader(), self.clock.now());
        let ids: Vec<_> = registrations.iter().map(|registration| registration.id).collect();
        let guarded = rows.guarded(&ids, now).await?;
        let mut told = Vec::with_capacity(registrations.len());
        for registration in registrations {
            let fever_since = if registration.declared.declares_fever() {
                Some(rows.fever_since(registration.id).await?.unwrap_or(registration.create_time))
            } else {
                None
            };
            told.push(wire::facts(registration, fever_since, guarded.contains(&registration.id), now));
        }
        Ok(told)
    }

    /// Two statements, however many registrations are asked for.
    pub(super) async fn groups(
        &self,
        access: &Access,
        message: pb::GetTravelGroupsRequest,
    ) -> Result<pb::GetTravelGroupsResponse, Error> {
        let pb::GetTravelGroupsRequest { registrations } = message;
        let ids = wire::registration_ids(&registrations)?;
        let now = self.clock.now();
        let rows = self.reader();
        let holders = rows.registrations(&ids).await?;
        let active: Vec<_> = holders.iter().filter(|one| one.is_active(now)).map(|one| one.id).collect();
        let mut companions = rows.companions(&active, now).await?;
        companions.retain(|bond| bond.state == CompanionState::Confirmed);
        let members = holders.iter().chain(companions.iter().map(|companion| &companion.registration));
        touched(access, members);
        let group = |id: &Uuid| {
            let holder = holders.iter().find(|holder| holder.id == *id);
            wire::group(holder, companions.iter().filter(|bond| bond.holder == *id), now)
        };
        Ok(pb::GetTravelGroupsResponse { groups: ids.iter().map(group).collect() })
    }

    pub(super) async fn revisions(
        &self,
        access: &Access,
        message: pb::ListRegistrationRevisionsRequest,
    ) -> Result<pb::ListRegistrationRevisionsResponse, Error> {
        let mut violations = Violations::default();
        let id = violations.take("registration", wire::registration_id(&message.registration));
        let page = PageRequest::parse(message.page_size, &message.page_token);
        let page = violations.collect(page);
        named(access, &message.registration);
        let (id, page) = violations.finish(|| Some((id?, page?)))?;
        // A token holds the last revision that was shown; one that no revision can have was not ours, and shows nothing.
        let before = page.after.map(|token| u16::try_from(token.0.as_u128()).unwrap_or(0));
        let rows = self.reader();
        touched(access, [&self.registration(&rows, id).await?]);
        let revisions = rows.revisions(id, before, page.size).await?;
        let last = revisions.last().filter(|last| last.number > 1);
        let next_page_token =
            last.map(|last| PageToken(Uuid::from_u128(u128::from(last.number))).encode()).unwrap_or_default();
        let revisions = revisions.into_iter().map(wire::revision).collect();
        Ok(pb::ListRegistrationRevisionsResponse { revisions, next_page_token })
    }

    /// The companions of `holder`; none when the holder's own registration has ended, and their bonds with it.
    pub(super) async fn companions<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        holder: &Registration,
        now: OffsetDateTime,
    ) -> Result<Vec<Companion>, Error> {
        if holder.is_active(now) { rows.companions(&[holder.id], now).await } else { Ok(Vec::new()) }
    }

    pub(super) async fn registration<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        id: Uuid,
    ) -> Result<Registration, Error> {
        rows.registration(id).await?.ok_or(Error::RegistrationNotFound)
    }
}
