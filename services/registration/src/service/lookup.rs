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
        let latest = self.look_ups.latest(&self.reader(), &document.key()).await?;
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
        let pb::GetRegistrationRequest { registration: name, document, holder_name } = message;
        named(access, &name);
        let id = if name.is_empty() {
            let proof = self.proof(access, document, ("holder_name", holder_name), now)?;
            self.proved(access, &proof, |found| found.is_active(now), now).await?.id
        } else {
            wire::named_alone(&name, document.as_ref(), &holder_name)?
        };
        let (registration, companions) = self.group(id, now).await?;
        touched(access, [&registration]);
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
        let told = self.told(access, &[id]).await?.pop();
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
        Ok(pb::BatchGetRegistrationFactsResponse { facts: self.told(access, &ids).await? })
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
        let facts = self.told(access, &rows.counting_of(&travellers).await?).await?;
        Ok(pb::ListRegistrationFactsResponse { facts, next_page_token: next.unwrap_or_default() })
    }

    /// What neighbours are told of those of the registrations `ids` that there are, in the order of their persons. One statement, however many they are, and
    /// one more where fevers were declared that may be older than the present revision.
    async fn told(
        &self,
        access: &Access,
        ids: &[Uuid],
    ) -> Result<Vec<pb::GetRegistrationFactsResponse>, Error> {
        let (rows, now) = (self.reader(), self.clock.now());
        let stored = self.look_ups.facts(ids.to_vec()).await?;
        let mut found =
            stored.values().map(|stored| rows.with_guardian(stored)).collect::<Result<Vec<_>, _>>()?;
        found.sort_unstable_by_key(|(registration, _)| registration.traveller);
        let registrations = || found.iter().map(|(registration, _)| registration);
        touched(access, registrations());
        let fevers = rows.fevers_since(registrations()).await?;
        let tell = |(registration, guarded): &(Registration, bool)| {
            wire::facts(registration, fevers.get(&registration.id).copied(), *guarded, now)
        };
        Ok(found.iter().map(tell).collect())
    }

    /// One statement, however many registrations are asked for.
    pub(super) async fn groups(
        &self,
        access: &Access,
        message: pb::GetTravelGroupsRequest,
    ) -> Result<pb::GetTravelGroupsResponse, Error> {
        let pb::GetTravelGroupsRequest { registrations } = message;
        let ids = wire::registration_ids(&registrations)?;
        let now = self.clock.now();
        let stored = self.look_ups.groups(ids.clone()).await?;
        let mut groups = Vec::with_capacity(ids.len());
        for id in &ids {
            let opened = stored.get(id).map(|group| self.reader().opened(group, now)).transpose()?;
            let (holder, mut companions) = opened.unzip();
            if let Some(companions) = &mut companions {
                companions.retain(|bond| bond.state == CompanionState::Confirmed);
            }
            let bonds = || companions.iter().flatten();
            touched(access, holder.iter().chain(bonds().map(|companion| &companion.registration)));
            groups.push(wire::group(holder.as_ref(), bonds(), now));
        }
        Ok(pb::GetTravelGroupsResponse { groups })
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

    /// The registration `id` and its companions; none when it has ended, and their bonds with it. One statement, which other callers share.
    async fn group(&self, id: Uuid, now: OffsetDateTime) -> Result<(Registration, Vec<Companion>), Error> {
        let stored = self.look_ups.groups(vec![id]).await?;
        let group = stored.get(&id).ok_or(Error::RegistrationNotFound)?;
        self.reader().opened(group, now)
    }

    pub(super) async fn registration<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        id: Uuid,
    ) -> Result<Registration, Error> {
        rows.registration(id).await?.ok_or(Error::RegistrationNotFound)
    }
}
