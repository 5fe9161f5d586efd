//! The entry pass: registration, codes and offer put together.

use entrypass_proto::{
    epass::v1 as epass,
    gateway::v1 as pb,
    qr::v1 as qr,
    registration::v1::{Companion, Registration, RegistrationState},
};
use entrypass_rpc::{Call, Problem};

use crate::{service::Gateway, wire};

impl Gateway {
    /// Composes the entry pass of `registration`: the codes of holder and companions come in one call, beside the offer.
    pub(crate) async fn entry_pass(
        &self,
        call: &Call,
        registration: Option<Registration>,
        companions: Vec<Companion>,
    ) -> Result<pb::EntryPass, Problem> {
        let registration = registration.ok_or_else(|| wire::missing("registration"))?;
        let (mut codes, offer) = tokio::try_join!(
            self.codes(call, &registration, &companions),
            self.offer(call, &registration.name)
        )?;
        // `codes` are in the order of holder, then companions, with `None` for whoever has no active registration.
        let mut code = || codes.next().flatten();
        let qr_code = code();
        let companions = companions.into_iter().map(|one| wire::companion(one, code())).collect();
        Ok(pb::EntryPass { registration: Some(registration), qr_code, companions, electronic_pass: offer })
    }

    /// A fresh code of `registration`, or `None` when it is not active.
    pub(crate) async fn code(
        &self,
        call: &Call,
        registration: &Registration,
    ) -> Result<Option<qr::QrCode>, Problem> {
        Ok(self.codes(call, registration, &[]).await?.next().flatten())
    }

    async fn codes(
        &self,
        call: &Call,
        holder: &Registration,
        companions: &[Companion],
    ) -> Result<impl Iterator<Item = Option<qr::QrCode>> + use<>, Problem> {
        let active =
            |state: RegistrationState, subject| (state == RegistrationState::Active).then_some(subject);
        let holder = active(
            holder.state(),
            qr::CodeSubject {
                registration: holder.name.clone(),
                revision: holder.revision,
                expire_time: holder.expire_time,
            },
        );
        let companions = companions.iter().map(|one| {
            let subject = qr::CodeSubject {
                registration: one.registration.clone(),
                revision: one.revision,
                expire_time: one.expire_time,
            };
            active(one.registration_state(), subject)
        });
        let wanted: Vec<_> = std::iter::once(holder).chain(companions).collect();
        let subjects: Vec<_> = wanted.iter().flatten().cloned().collect();
        let issued = if subjects.is_empty() { Vec::new() } else { self.issue(call, subjects).await? };
        let mut issued = issued.into_iter();
        Ok(wanted.into_iter().map(move |subject| subject.and_then(|_| issued.next())))
    }

    async fn issue(&self, call: &Call, subjects: Vec<qr::CodeSubject>) -> Result<Vec<qr::QrCode>, Problem> {
        let asked = subjects.len();
        let request = call.request(qr::IssueQrCodesRequest { subjects });
        let answer = self.qr.clone().issue_qr_codes(request).await;
        let codes = answer.map_err(|status| Problem::from_neighbour("qr", status))?.into_inner().qr_codes;
        if codes.len() == asked { Ok(codes) } else { Err(wire::missing("qr_codes")) }
    }

    async fn offer(
        &self,
        call: &Call,
        registration: &str,
    ) -> Result<Option<epass::ElectronicPassOffer>, Problem> {
        let request =
            call.request(epass::GetElectronicPassOfferRequest { registration: registration.to_owned() });
        let answer = self.epass.clone().get_electronic_pass_offer(request).await;
        Ok(answer.map_err(|status| Problem::from_neighbour("epass", status))?.into_inner().offer)
    }
}
