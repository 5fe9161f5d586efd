//! At the checkpoint: decisions on scanned codes, with the levels of the electronic passes beside those who are shown.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use entrypass_proto::{
    epass::v1 as epass,
    gateway::v1::{self as pb, unavailable_part},
    qr::v1 as qr,
    registration::v1::TravelGroupMember,
};
use entrypass_rpc::{Call, Problem};
use futures_util::future;

use crate::{service::Gateway, wire};

/// The longest that a decision waits for what it can do without, while somebody stands at the barrier.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// Levels that one call asks for at most.
const LEVELS_AT_ONCE: usize = 100;

/// The level of each registration's pass, or what is told in its place.
type Levels = Result<HashMap<String, epass::ElectronicPassLevel>, pb::UnavailablePart>;

impl Gateway {
    pub(crate) async fn verify(
        &self,
        call: Call,
        message: pb::VerifyQrCodeRequest,
    ) -> Result<pb::VerifyQrCodeResponse, Problem> {
        let request = same!(message, pb::VerifyQrCodeRequest => qr::VerifyQrCodeRequest {
            content, checkpoint, request_id
        });
        let decision = ask!(self, call, qr.verify_qr_code(request))?;
        let levels = self.levels(&call, std::slice::from_ref(&decision)).await?;
        Ok(wire::decision(decision, &levels))
    }

    pub(crate) async fn verify_all(
        &self,
        call: Call,
        message: pb::VerifyQrCodesRequest,
    ) -> Result<pb::VerifyQrCodesResponse, Problem> {
        let request = same!(message, pb::VerifyQrCodesRequest => qr::VerifyQrCodesRequest {
            contents, checkpoint, request_id
        });
        let qr::VerifyQrCodesResponse { decisions } = ask!(self, call, qr.verify_qr_codes(request))?;
        let levels = self.levels(&call, &decisions).await?;
        let decisions = decisions.into_iter().map(|decision| wire::decision(decision, &levels)).collect();
        Ok(pb::VerifyQrCodesResponse { decisions })
    }

    pub(crate) async fn verifications(
        &self,
        call: Call,
        message: pb::ListVerificationsRequest,
    ) -> Result<pb::ListVerificationsResponse, Problem> {
        let request = same!(message, pb::ListVerificationsRequest => qr::ListVerificationsRequest {
            filter, page_size, page_token
        });
        let answer = ask!(self, call, qr.list_verifications(request))?;
        Ok(same!(answer, qr::ListVerificationsResponse => pb::ListVerificationsResponse {
            verifications, next_page_token
        }))
    }

    pub(crate) async fn verification_counts(
        &self,
        call: Call,
        message: pb::CountVerificationsRequest,
    ) -> Result<pb::CountVerificationsResponse, Problem> {
        let request = same!(message, pb::CountVerificationsRequest => qr::CountVerificationsRequest {
            filter, group_by
        });
        let answer = ask!(self, call, qr.count_verifications(request))?;
        Ok(same!(answer, qr::CountVerificationsResponse => pb::CountVerificationsResponse {
            counts, truncated
        }))
    }

    /// The levels of everybody who is shown.
    async fn levels(&self, call: &Call, decisions: &[qr::VerifyQrCodeResponse]) -> Result<Levels, Problem> {
        let shown: BTreeSet<_> = decisions.iter().flat_map(members).map(|one| &one.registration).collect();
        let shown: Vec<_> = shown.into_iter().cloned().collect();
        let share = call.share(LONGEST_WAIT);
        let asked = shown.chunks(LEVELS_AT_ONCE).map(|some| self.some_levels(&share, some.to_vec()));
        let levels = future::try_join_all(asked).await;
        let levels = levels.map(|levels| levels.into_iter().flatten().collect());
        wire::or_unavailable(call, unavailable_part::Part::ElectronicPass, levels)
    }

    async fn some_levels(
        &self,
        call: &Call,
        registrations: Vec<String>,
    ) -> Result<Vec<(String, epass::ElectronicPassLevel)>, Problem> {
        let request = epass::GetElectronicPassLevelsRequest { registrations };
        let levels = ask!(self, call, epass.get_electronic_pass_levels(request))?.levels;
        Ok(levels.into_iter().map(|one| (one.registration.clone(), one)).collect())
    }
}

/// Everybody who is shown beside a decision.
fn members(decision: &qr::VerifyQrCodeResponse) -> impl Iterator<Item = &TravelGroupMember> {
    let companions = decision.companions.iter().filter_map(|companion| companion.member.as_ref());
    decision.holder.iter().chain(companions)
}
