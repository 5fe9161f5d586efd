//! The entry pass: registration, codes and offer put together.

use std::{time::Duration, vec};

use entrypass_proto::{
    epass::v1 as epass,
    errors::v1::ErrorReason,
    gateway::v1::{self as pb, unavailable_part},
    qr::v1 as qr,
    registration::v1::{
        Companion, CompanionState, GetRegistrationRequest, GetRegistrationResponse, Registration,
        RegistrationState,
    },
};
use entrypass_rpc::{Call, Problem};

use crate::{service::Gateway, wire};

/// The longest that an entry pass waits for what it can do without.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Whether an entry pass is of use without codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codes {
    /// It was written, and the codes are what the caller came for. Whoever repeats the write gets them.
    Required,
    /// It is read.
    Optional,
}

/// A part of an entry pass, or what is told in its place.
type Part<T> = Result<T, pb::UnavailablePart>;

impl Gateway {
    /// Composes the entry pass of `registration`: the codes of holder and companions come in one call, beside the offer.
    pub(crate) async fn entry_pass(
        &self,
        call: &Call,
        registration: Option<Registration>,
        companions: Vec<Companion>,
        need: Codes,
    ) -> Result<pb::EntryPass, Problem> {
        let registration = registration.ok_or_else(|| wire::missing("registration"))?;
        let (codes, offer) = tokio::try_join!(
            self.codes_as_needed(call, &registration, &companions, need),
            self.offer_if_possible(call, &registration.name)
        )?;
        let mut pass = pb::EntryPass { registration: Some(registration), ..Default::default() };
        let mut codes = codes.unwrap_or_else(|part| {
            pass.unavailable_parts.push(part);
            Vec::new().into_iter()
        });
        (pass.qr_code, pass.qr_code_standing) = wire::shown(codes.next());
        let with_code = |one: Companion| {
            let issued = if has_agreed(&one) { codes.next() } else { None };
            wire::companion(one, issued)
        };
        pass.companions = companions.into_iter().map(with_code).collect();
        match offer {
            Ok(offer) => pass.electronic_pass = offer,
            Err(part) => pass.unavailable_parts.push(part),
        }
        Ok(pass)
    }

    /// As [`Self::entry_pass`], after a write: around what was `written`, with everything else as it is now. A first answer given again
    /// shows the registration as it was then, and its code only while nothing was written since.
    pub(crate) async fn pass_after_write(
        &self,
        call: &Call,
        written: Option<Registration>,
    ) -> Result<pb::EntryPass, Problem> {
        let written = written.ok_or_else(|| wire::missing("registration"))?;
        let request = GetRegistrationRequest { registration: written.name.clone(), ..Default::default() };
        let GetRegistrationResponse { registration, companions } =
            ask!(self, call, registration.get_registration(request))?;
        let still = registration.as_ref().is_some_and(|present| present.revision == written.revision);
        let pass = self.entry_pass(call, registration, companions, Codes::Required).await?;
        let qr_code = pass.qr_code.filter(|_| still);
        Ok(pb::EntryPass { registration: Some(written), qr_code, ..pass })
    }

    async fn codes_as_needed(
        &self,
        call: &Call,
        holder: &Registration,
        companions: &[Companion],
        need: Codes,
    ) -> Result<Part<vec::IntoIter<qr::IssuedQrCode>>, Problem> {
        match need {
            Codes::Optional => {
                let codes = self.codes(&call.share(LONGEST_WAIT), holder, companions).await;
                wire::or_unavailable(call, unavailable_part::Part::QrCodes, codes)
            }
            Codes::Required => {
                let codes = self.codes(&call.share(Duration::MAX), holder, companions).await;
                codes.map(Ok).map_err(|problem| match problem.reason() {
                    // The caller's own deadline has not passed: half of it is left.
                    ErrorReason::DeadlineExceeded => Problem::neighbour_unavailable("qr"),
                    _ => problem,
                })
            }
        }
    }

    async fn offer_if_possible(
        &self,
        call: &Call,
        registration: &str,
    ) -> Result<Part<Option<epass::ElectronicPassOffer>>, Problem> {
        let offer = self.offer(&call.share(LONGEST_WAIT), registration).await;
        wire::or_unavailable(call, unavailable_part::Part::ElectronicPass, offer)
    }

    /// A fresh code of `registration`, or why it has none; nothing at all when it is not active.
    pub(crate) async fn code(
        &self,
        call: &Call,
        registration: &Registration,
    ) -> Result<Option<qr::IssuedQrCode>, Problem> {
        Ok(self.codes(call, registration, &[]).await?.next())
    }

    /// The codes of the holder and of the companions who have agreed, in this order; none at all when the holder's registration is not active.
    async fn codes(
        &self,
        call: &Call,
        holder: &Registration,
        companions: &[Companion],
    ) -> Result<vec::IntoIter<qr::IssuedQrCode>, Problem> {
        let own = qr::CodeSubject {
            registration: holder.name.clone(),
            revision: holder.revision,
            expire_time: holder.expire_time,
        };
        let of_companions = companions.iter().filter(|one| has_agreed(one)).map(|one| qr::CodeSubject {
            registration: one.registration.clone(),
            revision: one.revision,
            expire_time: one.expire_time,
        });
        let subjects: Vec<_> = std::iter::once(own).chain(of_companions).collect();
        let active = holder.state() == RegistrationState::Active;
        let issued = if active { self.issue(call, subjects).await? } else { Vec::new() };
        Ok(issued.into_iter())
    }

    async fn issue(
        &self,
        call: &Call,
        subjects: Vec<qr::CodeSubject>,
    ) -> Result<Vec<qr::IssuedQrCode>, Problem> {
        let asked = subjects.len();
        let codes = ask!(self, call, qr.issue_qr_codes(qr::IssueQrCodesRequest { subjects }))?.qr_codes;
        if codes.len() == asked { Ok(codes) } else { Err(wire::missing("qr_codes")) }
    }

    async fn offer(
        &self,
        call: &Call,
        registration: &str,
    ) -> Result<Option<epass::ElectronicPassOffer>, Problem> {
        let request = epass::GetElectronicPassOfferRequest { registration: registration.to_owned() };
        Ok(ask!(self, call, epass.get_electronic_pass_offer(request))?.offer)
    }
}

/// Whether the holder's side is given the code of this companion: nobody shows that of somebody who has not agreed.
fn has_agreed(one: &Companion) -> bool {
    one.state() == CompanionState::Confirmed
}
