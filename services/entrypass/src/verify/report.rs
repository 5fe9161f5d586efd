//! How a decision is told: a block for people, or a line of JSON.

use std::io::{self, Write};

use entrypass_token::Claims;
use entrypass_verifier::{Decision, Reason};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::picture::PictureError;

/// A decision as it stands in JSON. What is not known is left out.
#[derive(Serialize)]
struct Report<'a> {
    source: &'a str,
    verdict: &'static str,
    checks: Vec<CheckReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_age_seconds: Option<i64>,
    #[serde(flatten)]
    code: Option<CodeReport>,
}

/// Something without a code, as it stands in JSON.
#[derive(Serialize)]
struct Unread<'a> {
    source: &'a str,
    error: String,
}

#[derive(Serialize)]
struct CheckReport {
    check: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct CodeReport {
    code_id: String,
    revision: u16,
    issue_time: String,
    expire_time: String,
}

impl CodeReport {
    fn of(claims: &Claims) -> Self {
        Self {
            code_id: claims.code_id().to_string(),
            revision: claims.revision().get(),
            issue_time: instant(claims.issued_at()),
            expire_time: instant(claims.expires_at()),
        }
    }
}

fn instant(seconds: u32) -> String {
    let instant = OffsetDateTime::from_unix_timestamp(seconds.into()).ok();
    // An instant of a token is within the years that the form can write.
    instant.and_then(|instant| instant.format(&Rfc3339).ok()).unwrap_or_default()
}

/// Tells one decision.
pub(super) fn write(out: &mut impl Write, source: &str, decision: &Decision, json: bool) -> io::Result<()> {
    let checks = decision.checks.iter().map(|(check, outcome)| CheckReport {
        check: check.word(),
        outcome: outcome.word(),
        reason: outcome.reason().map(Reason::word),
    });
    let report = Report {
        source,
        verdict: decision.verdict.word(),
        checks: checks.collect(),
        data_age_seconds: decision.data_age,
        code: decision.claims.as_ref().map(CodeReport::of),
    };
    if json {
        serde_json::to_writer(&mut *out, &report)?;
        writeln!(out)
    } else {
        block(out, &report)
    }
}

/// Tells that there was nothing to decide on.
pub(super) fn write_unread(
    out: &mut impl Write,
    source: &str,
    error: &PictureError,
    json: bool,
) -> io::Result<()> {
    if json {
        serde_json::to_writer(&mut *out, &Unread { source, error: error.to_string() })?;
        writeln!(out)
    } else {
        writeln!(out, "{source}: {error}")
    }
}

fn block(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    writeln!(out, "{}: {}", report.source, report.verdict)?;
    if let Some(code) = &report.code {
        writeln!(out, "  code          {}, revision {}", code.code_id, code.revision)?;
        writeln!(out, "  holds         from {} until {}", code.issue_time, code.expire_time)?;
    }
    if let Some(age) = report.data_age_seconds {
        writeln!(out, "  data age      {age} s")?;
    }
    for CheckReport { check, outcome, reason } in &report.checks {
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let outcome = outcome.to_lowercase().replace('_', " ");
        writeln!(out, "  {check:<13} {outcome}{reason}")?;
    }
    Ok(())
}
