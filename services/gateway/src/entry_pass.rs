//! The entry pass: registration, codes and offer put together.

use entrypass_proto::{
    epass::v1 as epass,
    gateway::v1 as pb,
    qr::v1 as qr,
    registration::v1::{Companion, GetRegistrationRequest, Registration, RegistrationState},
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
        let qr_code = codes.next().flatten();
        let companions =
            companions.into_iter().map(|one| wire::companion(one, codes.next().flatten())).collect();
        Ok(pb::EntryPass { registration: Some(registration), qr_code, companions, electronic_pass: offer })
    }

    /// As [`Self::entry_pass`], after a write: with the companions as they are now, which a first answer given again does not know.
    pub(crate) async fn amended_pass(
        &self,
        call: &Call,
        registration: Option<Registration>,
    ) -> Result<pb::EntryPass, Problem> {
        let registration = registration.ok_or_else(|| wire::missing("registration"))?;
        let request =
            GetRegistrationRequest { registration: registration.name.clone(), ..Default::default() };
        let companions = ask!(self, call, registration.get_registration(request))?.companions;
        self.entry_pass(call, Some(registration), companions).await
    }

    /// A fresh code of `registration`, or `None` when it has none that counts.
    pub(crate) async fn code(
        &self,
        call: &Call,
        registration: &Registration,
    ) -> Result<Option<qr::QrCode>, Problem> {
        Ok(self.codes(call, registration, &[]).await?.next().flatten())
    }

    /// The codes of holder and companions in this order; none at all when the holder's registration is not active.
    async fn codes(
        &self,
        call: &Call,
        holder: &Registration,
        companions: &[Companion],
    ) -> Result<impl Iterator<Item = Option<qr::QrCode>> + use<>, Problem> {
        let own = qr::CodeSubject {
            registration: holder.name.clone(),
            revision: holder.revision,
            expire_time: holder.expire_time,
        };
        let of_companions = companions.iter().map(|one| qr::CodeSubject {
            registration: one.registration.clone(),
            revision: one.revision,
            expire_time: one.expire_time,
        });
        let subjects: Vec<_> = std::iter::once(own).chain(of_companions).collect();
        let active = holder.state() == RegistrationState::Active;
        let issued = if active { self.issue(call, subjects).await? } else { Vec::new() };
        Ok(issued.into_iter().map(|issued| issued.qr_code))
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
