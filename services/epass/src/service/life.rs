//! What happens to a pass after it was issued: by an authority, or at the holder's wish.

use entrypass_audit::Access;
use entrypass_db::{
    answers::{Kept, RequestKey},
    hold,
};
use entrypass_proto::epass::v1 as pb;
use prost::Message;
use sea_orm::DatabaseTransaction;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Epass;
use crate::{
    error::Error,
    pass::{Pass, Reason, Step},
    store,
    text::Note,
    wire::{self, Act},
};

impl Epass {
    pub(super) async fn passes(
        &self,
        call: Access,
        request: pb::ListElectronicPassesRequest,
    ) -> Result<pb::ListElectronicPassesResponse, Error> {
        let pb::ListElectronicPassesRequest { registration, traveller } = request;
        let traveller = self.person(&call, wire::parse_person_name(&registration, &traveller)?).await?;
        Ok(pb::ListElectronicPassesResponse { passes: self.records(traveller).await? })
    }

    /// All passes of a person, with what happened to each.
    pub(super) async fn records(&self, traveller: Uuid) -> Result<Vec<pb::ElectronicPassRecord>, Error> {
        let (reader, now) = (self.database.reader(), self.clock.now());
        let passes = store::passes_of(reader, [traveller]).await?;
        let mut steps = store::steps_of(reader, self.database.sealer(), traveller).await?;
        let record =
            |pass: &Pass| wire::render_record(pass, &steps.remove(&pass.id).unwrap_or_default(), now);
        Ok(passes.iter().map(record).collect())
    }

    pub(super) async fn suspend(
        &self,
        call: Access,
        request: pb::SuspendElectronicPassRequest,
    ) -> Result<pb::SuspendElectronicPassResponse, Error> {
        let act = wire::parse_suspend(&request)?;
        let answer = |pass| pb::SuspendElectronicPassResponse { electronic_pass: Some(pass) };
        self.act(call, "SuspendElectronicPass", (&request.request_id, &request), act, answer).await
    }

    pub(super) async fn reinstate(
        &self,
        call: Access,
        request: pb::ReinstateElectronicPassRequest,
    ) -> Result<pb::ReinstateElectronicPassResponse, Error> {
        let act = wire::parse_reinstate(&request)?;
        let answer = |pass| pb::ReinstateElectronicPassResponse { electronic_pass: Some(pass) };
        self.act(call, "ReinstateElectronicPass", (&request.request_id, &request), act, answer).await
    }

    pub(super) async fn revoke(
        &self,
        call: Access,
        request: pb::RevokeElectronicPassRequest,
    ) -> Result<pb::RevokeElectronicPassResponse, Error> {
        let act = wire::parse_revoke(&request)?;
        let answer = |pass| pb::RevokeElectronicPassResponse { electronic_pass: Some(pass) };
        self.act(call, "RevokeElectronicPass", (&request.request_id, &request), act, answer).await
    }

    /// Does what an authority wants with a pass.
    async fn act<Q: Message, A: Message + Default>(
        &self,
        call: Access,
        method: &'static str,
        (request_id, request): (&str, &Q),
        act: Act,
        answer: impl Fn(pb::ElectronicPass) -> A,
    ) -> Result<A, Error> {
        let key = RequestKey::new(call.caller().as_str(), method, request_id, request);
        let now = self.clock.now();
        self.once(&call, &key, now, async |transaction| {
            let found = store::pass(transaction, act.pass).await?.ok_or(Error::PassNotFound)?;
            call.touch_person(found.traveller);
            hold(transaction, [found.traveller]).await?;
            // Read again: somebody else may have held the person.
            let found = store::pass(transaction, act.pass).await?.ok_or(Error::PassNotFound)?;
            let said = (Some(act.reason), act.note);
            let pass = self.step(transaction, &found, &act.etag, act.step, said, now).await?;
            Ok(Kept::about(pass.traveller, answer(wire::render_pass(&pass, now))))
        })
        .await
    }

    pub(super) async fn cancel(
        &self,
        call: Access,
        request: pb::CancelElectronicPassRequest,
    ) -> Result<pb::CancelElectronicPassResponse, Error> {
        let (registration, etag) = wire::parse_cancel(&request)?;
        let key =
            RequestKey::new(call.caller().as_str(), "CancelElectronicPass", &request.request_id, &request);
        // A repetition gets its first answer also when the neighbour cannot be reached.
        if let Some(first) = call.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        let traveller = self.named(&call, registration).await?.traveller;
        let now = self.clock.now();
        self.once(&call, &key, now, async |transaction| {
            hold(transaction, [traveller]).await?;
            let found = store::pass_of(transaction, traveller, now).await?.ok_or(Error::PassNotFound)?;
            let said = (None, Note::default());
            let pass = self.step(transaction, &found, &etag, Step::Cancel, said, now).await?;
            let electronic_pass = Some(wire::render_pass(&pass, now));
            Ok(Kept::about(traveller, pb::CancelElectronicPassResponse { electronic_pass }))
        })
        .await
    }

    /// Takes the pass `found`, whose person is held, a step further.
    async fn step(
        &self,
        transaction: &DatabaseTransaction,
        found: &Pass,
        etag: &str,
        step: Step,
        (reason, note): (Option<Reason>, Note),
        now: OffsetDateTime,
    ) -> Result<Pass, Error> {
        if found.etag() != etag {
            return Err(Error::EtagMismatch);
        }
        let pass = found.stepped(step, now)?;
        let made = pass.made(self.random.uuid_v7(now), reason, note);
        if store::update_pass(transaction, self.database.sealer(), &pass, &made, now).await? {
            Ok(pass)
        } else {
            Err(Error::EtagMismatch)
        }
    }
}
