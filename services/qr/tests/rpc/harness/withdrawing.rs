//! Withdrawing codes, and what those who verify without a network are told of it.

use entrypass_ambient::{Clock as _, Random as _};
use entrypass_proto::qr::v1::{self as pb, WithdrawalReason};
use entrypass_rpc::timestamp;
use entrypass_testkit::{Refusal, eventually};
use sea_orm::{ConnectionTrait as _, Statement};
use time::Duration;
use tonic::Streaming;
use uuid::Uuid;

use super::{App, registration};

impl App {
    /// Revokes, by a request of its own, and says how many were not revoked before.
    pub async fn revoke(&self, registration: String) -> Result<i32, Refusal> {
        let request = pb::RevokeQrCodesRequest {
            registration,
            request_id: self.request_id(),
            reason: WithdrawalReason::HolderRequest.into(),
            ..Default::default()
        };
        Ok(self.client().revoke_qr_codes(request).await?.into_inner().revoked_count)
    }

    /// Suspends the codes of the registration `number` for so long, by a request of its own.
    pub async fn suspend(&self, number: u128, long: Duration) -> Result<pb::QrCodeStanding, Refusal> {
        let request = pb::SuspendQrCodesRequest {
            request_id: self.request_id(),
            registration: registration(number),
            suspend_until_time: Some(timestamp(self.clock.now() + long)),
            reason: WithdrawalReason::HealthOrder.into(),
            ..Default::default()
        };
        let answer = self.client().suspend_qr_codes(request).await?.into_inner();
        Ok(answer.standing.expect("a standing"))
    }

    /// Lifts the suspension of the registration `number`, by a request of its own.
    pub async fn reinstate(&self, number: u128) -> Result<pb::QrCodeStanding, Refusal> {
        let request = pb::ReinstateQrCodesRequest {
            request_id: self.request_id(),
            registration: registration(number),
            ..Default::default()
        };
        let answer = self.client().reinstate_qr_codes(request).await?.into_inner();
        Ok(answer.standing.expect("a standing"))
    }

    /// How the codes of the registration `number` stand.
    pub async fn standing(&self, number: u128) -> pb::QrCodeStanding {
        let request =
            pb::GetQrCodeStandingRequest { registration: registration(number), ..Default::default() };
        let answer = self.client().get_qr_code_standing(request).await.expect("an answer").into_inner();
        answer.standing.expect("a standing")
    }

    /// Lets the changes of registrations be followed up to this hour, and waits until they are.
    pub async fn followed(&self) {
        let now = self.clock.now();
        self.registrations.feed().set_as_of(now);
        eventually("registrations are followed up to this hour", async || {
            self.registrations.feed().checkpoint();
            let bundle = self.bundle().await;
            bundle.is_ok_and(|bundle| bundle.as_of_time == Some(timestamp(now)))
        })
        .await;
    }

    /// A snapshot.
    pub async fn bundle(&self) -> Result<pb::VerificationBundle, Refusal> {
        let answer = self.client().get_verification_bundle(pb::GetVerificationBundleRequest {}).await?;
        Ok(answer.into_inner().bundle.expect("a bundle"))
    }

    /// The stream of bundles behind `cursor`.
    pub async fn watch(
        &self,
        cursor: &str,
    ) -> Result<Streaming<pb::WatchVerificationBundleResponse>, Refusal> {
        let request = pb::WatchVerificationBundleRequest { cursor: cursor.to_owned() };
        Ok(self.client().watch_verification_bundle(request).await?.into_inner())
    }

    /// How many rows `table` has.
    pub async fn count(&self, table: &str) -> i64 {
        let reader = self.database.reader();
        let query = format!("SELECT count(*) FROM {table}");
        let query = Statement::from_string(reader.get_database_backend(), query);
        let row = reader.query_one_raw(query).await.expect("a count").expect("a row");
        row.try_get_by_index(0).expect("a number")
    }

    /// Withdraws a code as a copy of the first release does: it changes the state, records the code of the revision `other`, and tells nobody.
    pub async fn first_release_withdraws(
        &self,
        code_id: &str,
        registration: &str,
        state: &str,
        other: i32,
        now: i64,
    ) {
        let transaction = self.database.begin().await.expect("a transaction");
        let backend = self.database.reader().get_database_backend();
        let id = |text: &str| Uuid::try_parse(text).expect("an id");
        let registration = id(registration.trim_start_matches("registrations/"));
        let update = "UPDATE codes SET state = $1 WHERE id = $2";
        let values = [state.into(), id(code_id).into()];
        transaction
            .execute_raw(Statement::from_sql_and_values(backend, update, values))
            .await
            .expect("updated");
        let insert = "INSERT INTO codes (id, registration_id, revision, state, create_time) \
                      VALUES ($1, $2, $3, $4, $5)";
        let state = if other == 0 { "REVOKED" } else { "ACTIVE" };
        let other_id = self.random.uuid_v7(self.clock.now());
        let values = [other_id.into(), registration.into(), other.into(), state.into(), now.into()];
        transaction
            .execute_raw(Statement::from_sql_and_values(backend, insert, values))
            .await
            .expect("inserted");
        transaction.commit().await.expect("committed");
    }

    /// One that nobody had before.
    pub fn request_id(&self) -> String {
        self.random.uuid_v7(self.clock.now()).to_string()
    }
}
