//! Deciding on a scanned code.

use std::time::Duration;

use entrypass_proto::{
    qr::v1 as pb,
    registration::v1::{GetRegistrationFactsRequest, registration_service_client::RegistrationServiceClient},
};
use entrypass_rpc::{Call, Transport};
use entrypass_token::{Claims, Token};
use tonic::Code as GrpcCode;

use super::Codes;
use crate::{
    code::Code,
    error::Error,
    verification::{Findings, RegistrationFinding},
    wire,
};

/// How long a verdict waits for the registration service: a checkpoint must learn soon that nothing can be decided.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

impl Codes {
    pub(super) async fn verify(
        &self,
        call: Call,
        message: pb::VerifyQrCodeRequest,
    ) -> Result<pb::VerifyQrCodeResponse, Error> {
        wire::scanned(&message.content)?;
        let now = self.clock.now();
        let (findings, claims) = match self.read(wire::without_line_end(&message.content)) {
            Reading::Not(findings) => (findings, None),
            Reading::Genuine(claims) => {
                let code = self.store.code(claims.code_id()).await?;
                // A code id with another revision than was recorded was never issued.
                let code = code.filter(|code| code.revision == claims.revision().get());
                let registration = match &code {
                    Some(code) => self.registration_finding(&call, code).await?,
                    None => RegistrationFinding::Unknown,
                };
                let freshness = claims.freshness_at(now.unix_timestamp());
                let code = code.map(|code| code.state_at(now));
                (Findings::Genuine { freshness, code, registration }, Some(claims))
            }
        };
        Ok(wire::decision(findings, claims.as_ref(), now))
    }

    /// Reads a scanned text as far as its signature.
    pub(super) fn read(&self, content: &str) -> Reading {
        let Ok(token) = Token::decode(content) else { return Reading::Not(Findings::Malformed) };
        let Some(key) = self.keys.find(token.key_id()) else { return Reading::Not(Findings::UnknownKey) };
        match token.verify(key) {
            Ok(claims) => Reading::Genuine(*claims),
            Err(_) => Reading::Not(Findings::BadSignature),
        }
    }

    /// Asks the registration service, which alone knows the present revision. If it cannot be asked, that is a finding too.
    async fn registration_finding(&self, call: &Call, code: &Code) -> Result<RegistrationFinding, Error> {
        let registration = wire::registration_name(code.registration);
        let request = GetRegistrationFactsRequest { registration };
        // A neighbour that is silent to the end would leave no time to say so: half of it is kept for the verdict.
        let share = call.share(LONGEST_WAIT);
        let ask = async |mut client: RegistrationServiceClient<Transport>, request| {
            client.get_registration_facts(request).await
        };
        match self.registration.ask(&share, request, ask).await {
            Ok(facts) => Ok(wire::finding(&facts, code.revision)),
            Err(status) => match status.code() {
                GrpcCode::NotFound => Ok(RegistrationFinding::Missing),
                GrpcCode::Unavailable
                | GrpcCode::Unknown
                | GrpcCode::DeadlineExceeded
                | GrpcCode::Cancelled => Ok(RegistrationFinding::Unknown),
                _ => Err(Error::Neighbour(Box::new(status))),
            },
        }
    }
}

/// A scanned text, read as far as its signature.
pub(super) enum Reading {
    Genuine(Claims),
    Not(Findings),
}
