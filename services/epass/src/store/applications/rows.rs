//! Rows of applications to domain values and back.

use entrypass_db::{instant, micros};
use entrypass_seal::Sealer;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    DbErr,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    application::{Application, Claim, Finding, Outcome, Reviewer, State, Task, strength_from_word},
    facts::LastApplication,
    store::{
        entity::application::{ActiveModel, Model},
        notes::{note_place, unsealable},
        unreadable,
    },
    text::Note,
};

/// What stands between two names of checks.
const BETWEEN: &str = ",";

/// Everything but the evidence, which is written alone.
pub(super) fn row_of(sealer: &Sealer, application: &Application) -> ActiveModel {
    let (claim, decided) = (application.claim.as_ref(), application.reviewed_by.as_ref());
    let (finding, task) = (application.finding.as_ref(), application.task.as_ref());
    ActiveModel {
        id: Set(application.id),
        traveller: Set(application.traveller),
        registration: Set(application.registration),
        ordinal: Set(application.ordinal),
        state: Set(application.state.word().to_owned()),
        sealed_note: Set(sealed_note(sealer, application)),
        submission_count: Set(application.submission_count),
        revision: Set(application.revision),
        create_time: Set(micros(application.create_time)),
        update_time: Set(micros(application.update_time)),
        promise_time: Set(application.promise_time.map(micros)),
        lapse_time: Set(application.lapse_time.map(micros)),
        claim_caller: Set(claim.map(|claim| claim.reviewer.caller.clone())),
        claim_reviewer: Set(claim.map(|claim| claim.reviewer.word.clone())),
        claim_until: Set(claim.map(|claim| micros(claim.until))),
        decision_caller: Set(decided.map(|reviewer| reviewer.caller.clone())),
        decision_reviewer: Set(decided.map(|reviewer| reviewer.word.clone())),
        identity_outcome: Set(finding.map(|finding| finding.outcome.word().to_owned())),
        identity_strength: Set(finding
            .and_then(|finding| finding.strength)
            .map(|strength| strength.as_str().to_owned())),
        failed_checks: Set(finding.map(|finding| finding.failed_checks.join(BETWEEN))),
        identity_revision: Set(finding.and_then(|finding| finding.revision)),
        // What the verification was to be given goes with it.
        sealed_evidence: if task.is_some() { NotSet } else { Set(None) },
        next_try: Set(task.map(|task| micros(task.next))),
        tries: Set(task.map(|task| task.tries)),
    }
}

fn sealed_note(sealer: &Sealer, application: &Application) -> Option<Vec<u8>> {
    let note = application.review_note.as_str();
    (!note.is_empty()).then(|| sealer.seal(&note_place(&application.id), note.as_bytes()))
}

/// The application of a row.
pub(in crate::store) fn read(sealer: &Sealer, row: &Model) -> Result<Application, DbErr> {
    Ok(Application {
        id: row.id,
        traveller: row.traveller,
        registration: row.registration,
        ordinal: row.ordinal,
        state: State::from_word(&row.state).ok_or_else(|| unreadable("applications.state"))?,
        review_note: read_note(sealer, &row.id, row.sealed_note.as_deref())?,
        reviewed_by: reviewer(row.decision_caller.as_ref(), row.decision_reviewer.as_ref()),
        submission_count: row.submission_count,
        revision: row.revision,
        promise_time: optional(row.promise_time)?,
        lapse_time: optional(row.lapse_time)?,
        claim: read_claim(row)?,
        finding: read_finding(row)?,
        task: read_task(row)?,
        create_time: instant(row.create_time)?,
        update_time: instant(row.update_time)?,
    })
}

/// What matters of a person's last application.
pub(in crate::store) fn read_last(row: &Model) -> Result<LastApplication, DbErr> {
    let state = State::from_word(&row.state).ok_or_else(|| unreadable("applications.state"))?;
    let finding = read_outcome(row.identity_outcome.as_ref(), row.identity_strength.as_ref(), Vec::new())?;
    let verified = finding.as_ref().and_then(Finding::verified);
    Ok(LastApplication { state, lapse_time: optional(row.lapse_time)?, verified })
}

fn read_note(sealer: &Sealer, id: &Uuid, kept: Option<&[u8]>) -> Result<Note, DbErr> {
    let opened = kept.map(|kept| sealer.open(&note_place(id), kept)).transpose();
    let opened = opened.map_err(|error| unsealable("sealed_note", error))?.unwrap_or_default();
    let note = std::str::from_utf8(&opened).map_err(|_| unreadable("applications.sealed_note"))?;
    Note::new(note).map_err(|_| unreadable("applications.sealed_note"))
}

fn reviewer(caller: Option<&String>, word: Option<&String>) -> Option<Reviewer> {
    Some(Reviewer { caller: caller?.clone(), word: word?.clone() })
}

fn read_claim(row: &Model) -> Result<Option<Claim>, DbErr> {
    let reviewer = reviewer(row.claim_caller.as_ref(), row.claim_reviewer.as_ref());
    let Some((reviewer, until)) = reviewer.zip(row.claim_until) else { return Ok(None) };
    Ok(Some(Claim { reviewer, until: instant(until)? }))
}

fn read_finding(row: &Model) -> Result<Option<Finding>, DbErr> {
    let names = row.failed_checks.as_deref().unwrap_or_default();
    let names = names.split(BETWEEN).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let finding = read_outcome(row.identity_outcome.as_ref(), row.identity_strength.as_ref(), names)?;
    Ok(finding.map(|finding| Finding { revision: row.identity_revision, ..finding }))
}

fn read_outcome(
    outcome: Option<&String>,
    strength: Option<&String>,
    failed_checks: Vec<String>,
) -> Result<Option<Finding>, DbErr> {
    let Some(outcome) = outcome else { return Ok(None) };
    let outcome = Outcome::from_word(outcome).ok_or_else(|| unreadable("applications.identity_outcome"))?;
    let read =
        |word: &String| strength_from_word(word).ok_or_else(|| unreadable("applications.identity_strength"));
    Ok(Some(Finding { outcome, strength: strength.map(read).transpose()?, failed_checks, revision: None }))
}

fn read_task(row: &Model) -> Result<Option<Task>, DbErr> {
    let Some((next, tries)) = row.next_try.zip(row.tries) else { return Ok(None) };
    Ok(Some(Task { tries, next: instant(next)? }))
}

fn optional(stored: Option<i64>) -> Result<Option<OffsetDateTime>, DbErr> {
    stored.map(instant).transpose()
}
