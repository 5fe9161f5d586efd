//! Drawing codes.

use entrypass_proto::{
    errors::v1::ErrorReason,
    gateway::v1 as pb,
    qr::v1 as qr,
    registration::v1::{self as registration, RegistrationState},
};
use entrypass_rpc::{Call, Problem};
use entrypass_rule::{Rule, Text, Violations};

use crate::{service::Gateway, wire};

impl Gateway {
    pub(crate) async fn render(
        &self,
        call: Call,
        message: pb::RenderQrCodeRequest,
    ) -> Result<pb::RenderQrCodeResponse, Problem> {
        let pb::RenderQrCodeRequest { content, registration, format, error_correction, module_size } =
            message;
        let content = match (content.is_empty(), registration.is_empty()) {
            (false, true) => content,
            (true, false) => self.fresh_content(&call, registration).await?,
            (true, true) => return Err(content_or_registration("REQUIRED")),
            (false, false) => return Err(content_or_registration("EXCLUDED")),
        };
        let request = qr::RenderQrCodeRequest { content, format, error_correction, module_size };
        let answer = ask!(self, call, qr.render_qr_code(request))?;
        Ok(same!(answer, qr::RenderQrCodeResponse => pb::RenderQrCodeResponse { media_type, image, text }))
    }

    async fn fresh_content(&self, call: &Call, registration: String) -> Result<String, Problem> {
        let request =
            registration::GetRegistrationRequest { registration, document: None, holder_name: String::new() };
        let answer = ask!(self, call, registration.get_registration(request))?;
        let registration = answer.registration.ok_or_else(|| wire::missing("registration"))?;
        let issued = self.code(call, &registration).await?;
        let qr::IssuedQrCode { qr_code, standing } = issued.unwrap_or_default();
        let missing = || match registration.state() {
            RegistrationState::Active => withdrawn(standing.unwrap_or_default()),
            _ => Problem::new(ErrorReason::RegistrationNotActive),
        };
        Ok(qr_code.ok_or_else(missing)?.content)
    }

    pub(crate) async fn verification_keys(
        &self,
        call: Call,
    ) -> Result<pb::ListVerificationKeysResponse, Problem> {
        let answer = ask!(self, call, qr.list_verification_keys(qr::ListVerificationKeysRequest {}))?;
        Ok(same!(answer, qr::ListVerificationKeysResponse => pb::ListVerificationKeysResponse {
            keys, etag, jwk_set
        }))
    }
}

/// Why an active registration has no code.
fn withdrawn(standing: qr::QrCodeStanding) -> Problem {
    match (standing.state(), standing.suspend_until_time) {
        (qr::qr_code_standing::State::Suspended, Some(until)) => {
            Problem::new(ErrorReason::QrCodeSuspended).with("suspend_until_time", until.to_string())
        }
        _ => Problem::new(ErrorReason::QrCodeRevoked),
    }
}

fn content_or_registration(reason: &'static str) -> Problem {
    let text = Text::new(
        "须提供码内容或登记资源名之一",
        "give the content of a code or a registration, and not both",
    );
    let mut violations = Violations::default();
    violations.add("content", Rule::new(reason, text));
    violations.into()
}
