//! The RPCs: parse, act, render.

use std::{sync::Arc, time::Duration};

use entrypass_ambient::{Clock, Random};
use entrypass_proto::{
    qr::v1::{self as pb, qr_service_server::QrService},
    registration::v1::{GetRegistrationFactsRequest, registration_service_client::RegistrationServiceClient},
};
use entrypass_rpc::{Call, Neighbour, Transport, answer};
use entrypass_rule::Violations;
use entrypass_token::{Claims, Token};
use tonic::{Code as GrpcCode, Request, Response, Status};

use crate::{
    Config,
    code::{self, Code, CodeState, Period, Subject},
    error::Error,
    keys::Keys,
    render::Symbol,
    store::Store,
    verification::{Findings, RegistrationFinding},
    wire::{self, Format},
};

/// How long a verdict waits for the registration service: a checkpoint must learn soon that nothing can be decided.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Implements the generated trait.
pub(crate) struct Codes {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) registration: Neighbour<RegistrationServiceClient<Transport>>,
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl QrService for Codes {
    async fn issue_qr_codes(
        &self,
        request: Request<pb::IssueQrCodesRequest>,
    ) -> Answer<pb::IssueQrCodesResponse> {
        answer(request, |_, message| self.issue(message)).await
    }

    async fn render_qr_code(
        &self,
        request: Request<pb::RenderQrCodeRequest>,
    ) -> Answer<pb::RenderQrCodeResponse> {
        answer(request, async |_, message| self.render(&message)).await
    }

    async fn verify_qr_code(
        &self,
        request: Request<pb::VerifyQrCodeRequest>,
    ) -> Answer<pb::VerifyQrCodeResponse> {
        answer(request, |call, message| self.verify(call, message)).await
    }

    async fn revoke_qr_codes(
        &self,
        request: Request<pb::RevokeQrCodesRequest>,
    ) -> Answer<pb::RevokeQrCodesResponse> {
        answer(request, |_, message| self.revoke(message)).await
    }

    async fn list_verification_keys(
        &self,
        request: Request<pb::ListVerificationKeysRequest>,
    ) -> Answer<pb::ListVerificationKeysResponse> {
        answer(request, async |_, _| Ok::<_, Error>(self.verification_keys())).await
    }
}

impl Codes {
    async fn issue(&self, message: pb::IssueQrCodesRequest) -> Result<pb::IssueQrCodesResponse, Error> {
        let subjects = wire::subjects(message)?;
        let now = self.clock.now();
        let codes = self.store.codes_of(&subjects, || code::new_id(self.random.as_ref()), now).await?;
        let signing = self.keys.signing();
        let key = signing.verification_key();
        let sign = |(subject, code): (&Subject, &Code)| {
            let period = Period::starting(now, self.config.display_for, subject.expire_time);
            // Content that has no time left to count makes no claims: the registration has ended.
            let claims = period.claims(self.config.issuer, code).ok();
            let claims = claims.filter(|_| code.state == CodeState::Active)?;
            Some(wire::qr_code(code, &period, &key, signing.issue(&claims)))
        };
        let qr_codes = subjects.iter().zip(&codes).map(sign);
        let qr_codes = qr_codes.map(|qr_code| pb::IssuedQrCode { qr_code }).collect();
        Ok(pb::IssueQrCodesResponse { qr_codes })
    }

    fn render(&self, message: &pb::RenderQrCodeRequest) -> Result<pb::RenderQrCodeResponse, Error> {
        let mut violations = Violations::default();
        let drawing = wire::drawing(message.format, message.error_correction, message.module_size);
        let drawing = violations.collect(drawing);
        if let Err(broken) = wire::scanned(&message.content) {
            violations.extend(broken);
        } else if !matches!(self.read(&message.content), Reading::Genuine(_)) {
            violations.extend(wire::not_a_code());
        }
        let drawing = violations.finish(|| drawing)?;
        let symbol = Symbol::encode(&message.content, drawing.error_correction)
            .map_err(|_| Error::from(wire::not_a_code()))?;
        let mut answer = pb::RenderQrCodeResponse::default();
        match drawing.format {
            Format::Png => {
                answer.media_type = "image/png".to_owned();
                answer.image = symbol.png(drawing.module_size)?;
            }
            Format::Svg => {
                answer.media_type = "image/svg+xml".to_owned();
                answer.text = symbol.svg(drawing.module_size);
            }
            Format::Terminal => {
                answer.media_type = "text/plain; charset=utf-8".to_owned();
                answer.text = symbol.terminal();
            }
        }
        Ok(answer)
    }

    async fn verify(
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
                let code = code.map(|code| code.state);
                (Findings::Genuine { freshness, code, registration }, Some(claims))
            }
        };
        Ok(wire::decision(findings, claims.as_ref(), now))
    }

    /// Reads a scanned text as far as its signature.
    fn read(&self, content: &str) -> Reading {
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

    async fn revoke(&self, message: pb::RevokeQrCodesRequest) -> Result<pb::RevokeQrCodesResponse, Error> {
        let registration = Violations::at("registration", wire::registration_id(&message.registration))?;
        let revoked =
            self.store.revoke(registration, code::new_id(self.random.as_ref()), self.clock.now()).await?;
        Ok(pb::RevokeQrCodesResponse { revoked_count: i32::try_from(revoked).unwrap_or(i32::MAX) })
    }

    fn verification_keys(&self) -> pb::ListVerificationKeysResponse {
        pb::ListVerificationKeysResponse { keys: self.keys.all().map(wire::verification_key).collect() }
    }
}

/// A scanned text, read as far as its signature.
enum Reading {
    Genuine(Claims),
    Not(Findings),
}
