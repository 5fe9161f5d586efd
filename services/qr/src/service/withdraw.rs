//! Withdrawing codes, one registration's or many at once, and how they stand.

use entrypass_audit::Access;
use entrypass_db::answers::{Kept, RequestKey};
use entrypass_proto::qr::v1 as pb;
use entrypass_token::CodeId;
use prost::Message;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Codes, touched};
use crate::{
    error::Error,
    standing::Standing,
    store,
    wire::{self, Target, Wish},
};

impl Codes {
    pub(super) async fn revoke(
        &self,
        access: Access,
        message: pb::RevokeQrCodesRequest,
    ) -> Result<pb::RevokeQrCodesResponse, Error> {
        let key = RequestKey::new(access.caller().as_str(), "RevokeQrCodes", &message.request_id, &message);
        let parse = |_| Ok(wire::revocation(&message)?);
        let render = |standing, revoked| pb::RevokeQrCodesResponse {
            revoked_count: i32::try_from(revoked).unwrap_or(i32::MAX),
            standing: Some(wire::standing(standing)),
        };
        self.change_one(&access, key, parse, render).await
    }

    pub(super) async fn suspend(
        &self,
        access: Access,
        message: pb::SuspendQrCodesRequest,
    ) -> Result<pb::SuspendQrCodesResponse, Error> {
        let key = RequestKey::new(access.caller().as_str(), "SuspendQrCodes", &message.request_id, &message);
        let parse = |now| Ok(wire::suspension(&message, now)?);
        let render = |standing, _| pb::SuspendQrCodesResponse { standing: Some(wire::standing(standing)) };
        self.change_one(&access, key, parse, render).await
    }

    pub(super) async fn reinstate(
        &self,
        access: Access,
        message: pb::ReinstateQrCodesRequest,
    ) -> Result<pb::ReinstateQrCodesResponse, Error> {
        let key =
            RequestKey::new(access.caller().as_str(), "ReinstateQrCodes", &message.request_id, &message);
        let parse = |_| Ok(wire::reinstatement(&message)?);
        let render = |standing, _| pb::ReinstateQrCodesResponse { standing: Some(wire::standing(standing)) };
        self.change_one(&access, key, parse, render).await
    }

    /// Makes one change once, and renders how the codes stand then and how many were revoked.
    async fn change_one<A: Message + Default>(
        &self,
        access: &Access,
        key: RequestKey,
        parse: impl FnOnce(OffsetDateTime) -> Result<Wish, Error>,
        render: impl FnOnce(Standing, usize) -> A,
    ) -> Result<A, Error> {
        // Before the request is judged: what was in the future then may be past now.
        if let Some(first) = access.first_answer(&key, self.store.database()).await? {
            return Ok(first);
        }
        let pen = self.pen();
        let (target, change) = parse(pen.now)?;
        let registration = self.registration_of(target).await?;
        touched(access, [registration]);
        let act = async |transaction: &_| {
            let (mut results, revoked) = store::change(transaction, &[(registration, change)], &pen).await?;
            let standing = results.pop().ok_or(Error::Corrupt("a change without a result"))??;
            Ok::<_, Error>(Kept::about(registration, render(standing, revoked)))
        };
        let answer = access.once(&key, self.store.database(), pen.now, act).await?;
        self.bundles.committed();
        Ok(answer)
    }

    pub(super) async fn change(
        &self,
        access: Access,
        message: pb::ChangeQrCodesRequest,
    ) -> Result<pb::ChangeQrCodesResponse, Error> {
        let key = RequestKey::new(access.caller().as_str(), "ChangeQrCodes", &message.request_id, &message);
        if let Some(first) = access.first_answer(&key, self.store.database()).await? {
            return Ok(first);
        }
        let pen = self.pen();
        let rows = wire::rows(&message, pen.now)?;
        let named = rows.iter().flatten().filter_map(|(target, _)| target.code()).collect::<Vec<_>>();
        let named = self.store.registrations_of(&named).await?;
        let resolved = |target| match target {
            Target::Registration(id) => Ok(id),
            Target::Code(id) => named.get(&id).copied().ok_or(Error::CodeNotFound),
        };
        let rows = rows.into_iter().map(|row| {
            let (target, change) = row?;
            Ok((resolved(target)?, change))
        });
        let rows: Vec<Result<_, Error>> = rows.collect();
        touched(&access, rows.iter().flatten().map(|(registration, _)| *registration));
        let act = async |transaction: &_| {
            let good: Vec<_> = rows.iter().flatten().copied().collect();
            let (results, _) = store::change(transaction, &good, &pen).await?;
            let mut results = results.into_iter();
            let result = |row: Result<_, Error>| {
                let done = row
                    .and_then(|_| Ok(results.next().ok_or(Error::Corrupt("a row without a result"))??));
                wire::result(done, access.language())
            };
            let results = rows.into_iter().map(result).collect::<Result<_, _>>()?;
            // Of each registration it tells what became of its codes, and of nobody who it is.
            Ok::<_, Error>(Kept::of(pb::ChangeQrCodesResponse { results }))
        };
        let answer = access.once(&key, self.store.database(), pen.now, act).await?;
        self.bundles.committed();
        Ok(answer)
    }

    pub(super) async fn standing(
        &self,
        access: Access,
        message: pb::GetQrCodeStandingRequest,
    ) -> Result<pb::GetQrCodeStandingResponse, Error> {
        let pb::GetQrCodeStandingRequest { registration, code_id } = message;
        let registration = self.registration_of(wire::target("", &registration, &code_id)?).await?;
        touched(&access, [registration]);
        let standings = self.store.standings(&[registration], self.clock.now()).await?;
        let standing = standings.get(&registration).copied().unwrap_or(Standing::Active);
        Ok(pb::GetQrCodeStandingResponse { standing: Some(wire::standing(standing)) })
    }

    async fn registration_of(&self, target: Target) -> Result<Uuid, Error> {
        match target {
            Target::Registration(id) => Ok(id),
            Target::Code(id) => {
                self.store.registrations_of(&[id]).await?.remove(&id).ok_or(Error::CodeNotFound)
            }
        }
    }
}

impl Target {
    fn code(self) -> Option<CodeId> {
        match self {
            Self::Registration(_) => None,
            Self::Code(id) => Some(id),
        }
    }
}
