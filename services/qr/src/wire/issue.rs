//! What codes are wanted for, and the codes.

use entrypass_proto::qr::v1 as pb;
use entrypass_rpc::timestamp;
use entrypass_rule::{Rule, Text, Violations};
use entrypass_token::VerificationKey;

use super::{registration_id, time};
use crate::code::{Code, Period, Subject};

/// Most codes that one call issues: a holder and the companions, with room to spare.
const SUBJECT_LIMIT: usize = 32;

pub(crate) fn subjects(message: pb::IssueQrCodesRequest) -> Result<Vec<Subject>, Violations> {
    let mut violations = Violations::default();
    if message.subjects.is_empty() || message.subjects.len() > SUBJECT_LIMIT {
        violations.add("subjects", Rule::new("LENGTH", Text::new("须为1至32项", "1 to 32 subjects")));
        return Err(violations);
    }
    let mut subjects = Vec::with_capacity(message.subjects.len());
    for (position, subject) in message.subjects.into_iter().enumerate() {
        let pb::CodeSubject { registration, revision, expire_time } = subject;
        let field = |name: &str| format!("subjects[{position}].{name}");
        let registration = violations.take(&field("registration"), registration_id(&registration));
        let revision = u16::try_from(revision).ok().filter(|revision| *revision > 0);
        if revision.is_none() {
            let text = Text::new("版本须为1至65535", "a revision is 1 to 65535");
            violations.add(field("revision"), Rule::new("OUT_OF_RANGE", text));
        }
        let expire_time = violations.take(&field("expire_time"), time(expire_time.as_ref()));
        if let (Some(registration), Some(revision), Some(expire_time)) = (registration, revision, expire_time)
        {
            subjects.push(Subject { registration, revision, expire_time });
        }
    }
    violations.into_result().map(|()| subjects)
}

pub(crate) fn qr_code(code: &Code, period: &Period, key: &VerificationKey, content: String) -> pb::QrCode {
    pb::QrCode {
        content,
        code_id: code.id.to_string(),
        revision: code.revision.into(),
        key_id: key.key_id().to_string(),
        issue_time: Some(timestamp(period.issue_time)),
        expire_time: Some(timestamp(period.expire_time)),
        refresh_time: Some(timestamp(period.refresh_time)),
    }
}
