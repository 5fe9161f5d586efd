//! Registering an entry, and making a person known.

mod grouped;

use entrypass_ambient::Random;
use entrypass_audit::Access;
use entrypass_db::answers::{Kept, RequestKey};
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::required_request_id;
use entrypass_rule::Violations;
use sea_orm::ConnectionTrait;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Registrations, access::touched};
use crate::{
    error::Error,
    registration::{Registration, StoredState, expire_time},
    store::{Rows, erased_meanwhile},
    wire::{self, Submission},
};

pub(super) use grouped::Submissions;

/// What a registration's reference begins with.
const REFERENCE_PREFIX: &str = "FS";

impl Registrations {
    pub(super) async fn submit(
        &self,
        access: &Access,
        message: pb::SubmitRegistrationRequest,
    ) -> Result<pb::SubmitRegistrationResponse, Error> {
        let key =
            RequestKey::new(access.caller().as_str(), "SubmitRegistration", &message.request_id, &message);
        let now = self.clock.now();
        // What was answered before is answered so again, whatever would be said of it today. Of what is good, the write itself finds that out.
        let submission = match self.judged(message, now) {
            Ok(submission) => submission,
            Err(error) => return self.first_answer_or(access, &key, error).await,
        };
        if let Some(answer) = self.submissions.together(access, &key, &submission, now).await {
            return Ok(answer);
        }
        self.once(access, &key, now, async |transaction| {
            let registration = self.register(access, &self.rows(transaction), submission, now).await?;
            let of = registration.traveller;
            let registration = Some(wire::registration(&registration, now));
            Ok(Kept::about(of, pb::SubmitRegistrationResponse { registration }))
        })
        .await
    }

    /// The submission, if it keeps all rules and acknowledges the notice in force.
    fn judged(
        &self,
        message: pb::SubmitRegistrationRequest,
        now: OffsetDateTime,
    ) -> Result<Submission, Error> {
        let submission = self.submission(message, now)?;
        self.check_notice(&submission)?;
        Ok(submission)
    }

    fn submission(
        &self,
        message: pb::SubmitRegistrationRequest,
        now: OffsetDateTime,
    ) -> Result<Submission, Violations> {
        let pb::SubmitRegistrationRequest {
            request_id,
            document,
            form,
            acknowledged_notice_version,
            truth_declared,
        } = message;
        let mut violations = Violations::default();
        violations.collect(required_request_id(&request_id));
        let rules = self.form_rules(now);
        let submission =
            wire::submission(document, form, acknowledged_notice_version, truth_declared, &rules);
        let submission = violations.collect(submission);
        violations.finish(|| submission)
    }

    /// A notice that is no longer current was not acknowledged: what it says may have changed.
    pub(super) fn check_notice(&self, submission: &Submission) -> Result<(), Error> {
        let current = self.config.notice.version();
        if submission.acknowledged_notice_version == current {
            Ok(())
        } else {
            Err(Error::NoticeStale { current: current.to_owned() })
        }
    }

    /// Registers an entry of the person whom the declared document belongs to.
    pub(super) async fn register<C: ConnectionTrait>(
        &self,
        access: &Access,
        rows: &Rows<'_, C>,
        submission: Submission,
        now: OffsetDateTime,
    ) -> Result<Registration, Error> {
        let document_key = submission.declared.document.key();
        let traveller = self.traveller(rows, &document_key, now).await?;
        access.touch_person(traveller);
        rows.expire_of(traveller, now).await?;
        let registration = entry(submission, traveller, now, self.config.valid_for, self.random.as_ref());
        rows.add_registration(&registration).await?;
        touched(access, [&registration]);
        Ok(registration)
    }

    /// The person whom the document belongs to, made known now if nobody is.
    async fn traveller<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        document_key: &str,
        now: OffsetDateTime,
    ) -> Result<Uuid, Error> {
        if let Some(traveller) = rows.traveller_of_document(document_key).await? {
            return Ok(traveller);
        }
        let traveller = self.random.uuid_v7(now);
        if rows.add_traveller(traveller, document_key, now).await? {
            return Ok(traveller);
        }
        // Another copy of the service was faster.
        let owner = rows.traveller_of_document(document_key).await?;
        owner.ok_or_else(erased_meanwhile)
    }

    pub(super) async fn resolve(
        &self,
        access: &Access,
        message: pb::ResolveTravellerRequest,
    ) -> Result<pb::ResolveTravellerResponse, Error> {
        let now = self.clock.now();
        let rules = wire::document_rules(&self.form_rules(now));
        let document = wire::document("document", message.document, rules)?;
        let transaction = self.database.begin().await?;
        let traveller = self.traveller(&self.rows(&transaction), &document.key(), now).await?;
        access.touch_person(traveller);
        access.record(&transaction).await?;
        transaction.commit().await?;
        access.recorded();
        Ok(pb::ResolveTravellerResponse { traveller: wire::traveller_name(traveller) })
    }
}

/// The registration of an entry of `traveller` that counts `valid_for` so long.
fn entry(
    submission: Submission,
    traveller: Uuid,
    now: OffsetDateTime,
    valid_for: Duration,
    random: &dyn Random,
) -> Registration {
    let Submission { declared, acknowledged_notice_version } = submission;
    Registration {
        id: random.uuid_v7(now),
        traveller,
        reference: entrypass_reference::draw(REFERENCE_PREFIX, random),
        stored_state: StoredState::Active,
        revision: 1,
        notice_version: acknowledged_notice_version,
        expire_time: expire_time(declared.form.entry_date(), valid_for),
        declared,
        create_time: now,
        update_time: now,
        verified_time: None,
    }
}
