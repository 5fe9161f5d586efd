//! The companion's side: agreeing to a bond, and seeing who has made one.

use entrypass_audit::Access;
use entrypass_db::answers::{Kept, RequestKey};
use entrypass_proto::registration::v1 as pb;
use entrypass_reference::read_code;
use entrypass_rpc::{PageRequest, PageToken, required_request_id};
use entrypass_rule::{Rule, Text, Violations};
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::{
    Registrations,
    access::{named, touched},
};
use crate::{
    bond::{self, Step},
    error::Error,
    registration::ChangeRefused,
    store::{Rows, Subjects},
    wire,
};

/// A code, given on the companion's side.
struct Confirmation {
    companion: Uuid,
    code: String,
}

impl Registrations {
    pub(in crate::service) async fn confirm(
        &self,
        access: &Access,
        message: pb::ConfirmCompanionRequest,
    ) -> Result<pb::ConfirmCompanionResponse, Error> {
        let key =
            RequestKey::new(access.caller().as_str(), "ConfirmCompanion", &message.request_id, &message);
        named(access, &message.registration);
        if let Some(first) = access.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        let confirmation = Confirmation::parse(message)?;
        let now = self.clock.now();
        let bond = match self.waiting_bond(access, &key, &confirmation, now).await {
            Ok(bond) => bond,
            Err(error) => return self.first_answer_or(access, &key, error).await,
        };
        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            // What has ended since is told as a code that never was.
            let held = super::hold_bond(&rows, bond, now).await?;
            let (holder, mut companion) = held.ok_or(Error::ConfirmationCodeWrong)?;
            touched(access, [&holder, &companion.registration]);
            let agreed = bond::after(Some(companion.state), Step::Confirm);
            companion.state = agreed.ok().flatten().ok_or(Error::ConfirmationCodeWrong)?;
            self.check_holders(&rows, companion.registration.id, now).await?;
            rows.confirm_companion(&holder, companion.id, companion.state, now).await?;
            companion.confirmation_expire_time = None;
            // Of the holder it has no more than a resource name.
            let of = companion.registration.traveller;
            Ok(Kept::about(of, pb::ConfirmCompanionResponse { companion: Some(wire::companion(&companion)) }))
        })
        .await
    }

    /// The bond that waits for this code. In a transaction of its own: a wrong one is counted.
    async fn waiting_bond(
        &self,
        access: &Access,
        key: &RequestKey,
        confirmation: &Confirmation,
        now: OffsetDateTime,
    ) -> Result<Uuid, Error> {
        let Confirmation { companion, code } = confirmation;
        let rows = self.reader();
        let own = self.registration(&rows, *companion).await?;
        touched(access, [&own]);
        if !own.is_active(now) {
            return Err(ChangeRefused::NotActive.into());
        }
        let bond = rows.waiting_for(*companion, code, now).await?;
        // It may have been confirmed by this very request, which another copy has done in the meantime: that is no failure.
        if bond.is_none() && key.first_answer::<pb::ConfirmCompanionResponse>(&self.database).await?.is_some()
        {
            return Err(Error::ConfirmationCodeWrong);
        }
        let subjects = Subjects::of_codes(self.database.sealer(), *companion, access.caller().as_str());
        let tried = bond.map(drop).ok_or(Error::ConfirmationCodeWrong);
        self.judge(&subjects, tried, now).await?;
        bond.ok_or(Error::ConfirmationCodeWrong)
    }

    /// Whether the registration `companion`, which is held, may have another holder.
    pub(super) async fn check_holders<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        companion: Uuid,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        let limit = self.config.companion_holder_limit;
        if rows.confirmed_holders(companion, now).await? < u64::from(limit) {
            Ok(())
        } else {
            Err(Error::CompanionHolderLimitReached { limit })
        }
    }

    pub(in crate::service) async fn holders(
        &self,
        access: &Access,
        message: pb::ListHoldersRequest,
    ) -> Result<pb::ListHoldersResponse, Error> {
        let pb::ListHoldersRequest { registration, page_size, page_token } = message;
        let mut violations = Violations::default();
        let id = violations.take("registration", wire::registration_id(&registration));
        let page = violations.collect(PageRequest::parse(page_size, &page_token));
        named(access, &registration);
        let (id, page) = violations.finish(|| Some((id?, page?)))?;
        let (rows, now) = (self.reader(), self.clock.now());
        touched(access, [&self.registration(&rows, id).await?]);
        let before = page.after.map(|PageToken(last)| last);
        let mut holders = rows.holders(id, before, page.rows_to_read(), now).await?;
        let next = page.cut(&mut holders, |(last, _)| last.id);
        touched(access, holders.iter().map(|(_, holder)| holder));
        Ok(pb::ListHoldersResponse {
            holders: holders.iter().map(wire::holder).collect(),
            next_page_token: next.map(PageToken::encode).unwrap_or_default(),
        })
    }
}

impl Confirmation {
    fn parse(message: pb::ConfirmCompanionRequest) -> Result<Self, Violations> {
        let pb::ConfirmCompanionRequest { request_id, registration, confirmation_code } = message;
        let mut violations = Violations::default();
        violations.collect(required_request_id(&request_id));
        let companion = violations.take("registration", wire::registration_id(&registration));
        let code = read_code(&confirmation_code);
        if code.is_none() {
            let text =
                Text::new("确认码为8位字母和数字", "8 letters and digits, as the holder's side was told");
            let empty = confirmation_code.trim().is_empty();
            let rule = if empty { Rule::required() } else { Rule::new("FORMAT", text) };
            violations.add("confirmation_code", rule);
        }
        violations.finish(|| Some(Self { companion: companion?, code: code? }))
    }
}
