//! Calls that register nobody.

use entrypass_proto::{
    gateway::v1 as pb,
    qr::v1::{ImageFormat, Verdict},
    registration::v1::CheckOutcome,
};

use super::{CHECKPOINT, Codes, KIOSK, LOOKED_AT, Registered, decoded, gateway, must, whole};
use crate::{
    client::{Answer, Request},
    drive::Source,
    load::GROUP,
    traveller::{Population, Traveller},
};

/// `CheckDocument`: three of four are registered, one is unknown.
#[derive(Debug)]
pub struct Check(pub Population);

impl Source for Check {
    fn request(&self, nth: u64) -> Option<(u64, Request)> {
        let Self(population) = self;
        let traveller = match nth % 4 {
            0 => population.unknown(population.drawn(nth)),
            _ => population.traveller(population.drawn(nth)),
        };
        let message = pb::CheckDocumentRequest { document: Some(traveller.document()) };
        Some((nth, Request::new(gateway!("CheckDocument"), KIOSK, &message)))
    }

    fn judge(&self, mark: u64, answer: &Answer) -> Result<(), String> {
        let answer: pb::CheckDocumentResponse = decoded(answer)?;
        let right = if mark.is_multiple_of(4) { CheckOutcome::New } else { CheckOutcome::Registered };
        must(answer.outcome() == right, "another outcome of the check")
    }
}

/// `GetEntryPass` of somebody who has two companions, by document and name.
#[derive(Debug)]
pub struct GetPass {
    population: Population,
    codes: Codes,
}

impl GetPass {
    /// Of holders of `population`.
    #[must_use]
    pub fn new(population: Population) -> Self {
        Self { population, codes: Codes::default() }
    }
}

impl Source for GetPass {
    fn request(&self, nth: u64) -> Option<(u64, Request)> {
        let Self { population, .. } = self;
        let holder = population.drawn(nth) / GROUP * GROUP;
        let traveller = population.traveller(holder);
        let message = pb::GetEntryPassRequest {
            document: Some(traveller.document()),
            holder_name: traveller.name(),
            registration: String::new(),
        };
        Some((nth, Request::new(gateway!("GetEntryPass"), KIOSK, &message)))
    }

    fn judge(&self, mark: u64, answer: &Answer) -> Result<(), String> {
        if !mark.is_multiple_of(LOOKED_AT) {
            return Ok(());
        }
        let answer: pb::GetEntryPassResponse = decoded(answer)?;
        let pass = whole(answer.entry_pass)?;
        must(pass.companions.len() == 2, "another number of companions")?;
        must(
            pass.companions.iter().all(|companion| companion.qr_code.is_some()),
            "a companion without a code",
        )?;
        must(pass.electronic_pass.is_some(), "no offer")?;
        self.codes.note(&pass);
        Ok(())
    }

    fn codes(&self) -> Vec<String> {
        self.codes.all()
    }
}

/// `GetPrefill` by document and name, of those whose registration has ended.
#[derive(Debug)]
pub struct Prefill {
    /// Whose numbers.
    pub population: Population,
    /// The numbers of those who were registered once.
    pub once: Vec<u64>,
}

impl Prefill {
    fn drawn(&self, nth: u64) -> Option<Traveller> {
        let index = usize::try_from(nth.checked_rem(self.once.len() as u64)?).ok()?;
        Some(self.population.traveller(*self.once.get(index)?))
    }
}

impl Source for Prefill {
    fn request(&self, nth: u64) -> Option<(u64, Request)> {
        let traveller = self.drawn(nth)?;
        let message =
            pb::GetPrefillRequest { document: Some(traveller.document()), holder_name: traveller.name() };
        Some((nth, Request::new(gateway!("GetPrefill"), KIOSK, &message)))
    }

    fn judge(&self, mark: u64, answer: &Answer) -> Result<(), String> {
        if !mark.is_multiple_of(LOOKED_AT) {
            return Ok(());
        }
        let answer: pb::GetPrefillResponse = decoded(answer)?;
        let form = answer.form.ok_or("no form")?;
        let name = self.drawn(mark).map(|traveller| traveller.name());
        must(name.is_some_and(|name| form.chinese_name == name), "somebody else's form")
    }
}

/// `VerifyQrCode` of codes that are good.
#[derive(Debug)]
pub struct Verify(pub Vec<Registered>);

impl Source for Verify {
    fn request(&self, nth: u64) -> Option<(u64, Request)> {
        let message = pb::VerifyQrCodeRequest { content: code(&self.0, nth)?, ..Default::default() };
        Some((nth, Request::new(gateway!("VerifyQrCode"), CHECKPOINT, &message)))
    }

    fn judge(&self, mark: u64, answer: &Answer) -> Result<(), String> {
        let answer: pb::VerifyQrCodeResponse = decoded(answer)?;
        must(answer.verdict() == Verdict::Valid, "a verdict that is not VALID")?;
        if !mark.is_multiple_of(LOOKED_AT) {
            return Ok(());
        }
        must(answer.holder.is_some() && !answer.verification.is_empty(), "no holder, or no record")
    }
}

/// `RenderQrCode` as PNG. Each content is drawn many times, as a screen does that is looked at again.
#[derive(Debug)]
pub struct Draw(pub Vec<Registered>);

impl Source for Draw {
    fn request(&self, nth: u64) -> Option<(u64, Request)> {
        let message = pb::RenderQrCodeRequest {
            content: code(&self.0, nth)?,
            format: ImageFormat::Png.into(),
            ..Default::default()
        };
        Some((nth, Request::new(gateway!("RenderQrCode"), KIOSK, &message)))
    }

    fn judge(&self, mark: u64, answer: &Answer) -> Result<(), String> {
        if !mark.is_multiple_of(LOOKED_AT) {
            return Ok(());
        }
        let answer: pb::RenderQrCodeResponse = decoded(answer)?;
        must(answer.image.starts_with(b"\x89PNG\r\n\x1a\n"), "no PNG")
    }
}

fn code(registered: &[Registered], nth: u64) -> Option<String> {
    let count = u64::try_from(registered.len()).ok()?;
    let index = usize::try_from(nth.checked_rem(count)?).ok()?;
    Some(registered.get(index)?.code.clone())
}
