//! The command `signing-keys`: the keys that sign codes, shown and changed in the database of the QR service. Copies that run meanwhile
//! read them anew every few seconds.

use std::io::Write as _;

use entrypass_qr::{Custody, KeyReport, KeyState, KeysError, Rotation};
use entrypass_verifier::Thumbprint;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    Failure,
    cli::{Place, SigningKeys},
    compose::{KeySettings, Surroundings},
    keys,
    role::Service,
};

/// Does what `command` says and tells of it.
pub(crate) async fn change(command: SigningKeys, surroundings: &Surroundings) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    match command {
        SigningKeys::List(place) => {
            let keys = custody(&place, surroundings).await?.list().await?;
            writeln!(out, "{HEADING}")?;
            for key in &keys {
                writeln!(out, "{}", row(key))?;
            }
        }
        SigningKeys::Rotate { place, at_once, algorithm } => {
            let when = if at_once { Rotation::AtOnce } else { Rotation::Published };
            let custody = custody(&place, surroundings).await?;
            let before = custody.list().await?;
            let next = custody.rotate(when, algorithm).await?;
            writeln!(out, "{}", signs(&next, &before))?;
        }
        SigningKeys::Revoke { place, key_id } => {
            let custody = custody(&place, surroundings).await?;
            let before = custody.list().await?;
            let done = custody.revoke(key_id).await?;
            writeln!(out, "{key_id} is revoked")?;
            match done.successor {
                Some(Ok(next)) => writeln!(out, "{}", signs(&next, &before))?,
                Some(Err(error)) => return Err(NoSuccessor(error).into()),
                None => {}
            }
            done.erased?;
        }
    }
    Ok(())
}

/// The key was revoked, and that is all.
#[derive(Debug, thiserror::Error)]
#[error("it is revoked, but no key could be made in its place")]
struct NoSuccessor(#[source] KeysError);

/// The keys of the configured database. None is made: a program that serves does that.
async fn custody(place: &Place, surroundings: &Surroundings) -> Result<Custody, Failure> {
    let config = place.config()?;
    let settings = KeySettings::read(&config, &place.data_dir)?;
    let (_, database) = keys::open(Service::Qr, place, &config, surroundings).await?;
    Ok(settings.custody(database, surroundings))
}

const HEADING: &str = "KEY ID            ALGORITHM  STATE    SIGNS FROM            SIGNS UNTIL           COUNTS UNTIL          REVOKED               PRIVATE HALF  THUMBPRINT";

/// A line of the list, under the heading.
fn row(key: &KeyReport) -> String {
    let state = match key.state {
        KeyState::Pending => "PENDING",
        KeyState::Active => "ACTIVE",
        KeyState::Retired => "RETIRED",
        KeyState::Expired => "EXPIRED",
        KeyState::Revoked => "REVOKED",
    };
    let private_half = match &key.usable {
        None => "not needed".to_owned(),
        Some(Ok(())) => "here".to_owned(),
        Some(Err(KeysError::NotHere { .. })) => "not here".to_owned(),
        Some(Err(error)) => error.to_string(),
    };
    let times =
        [Some(key.activate_time), key.retire_time, key.verify_until_time, key.revoke_time].map(moment);
    let [from, until, counts, revoked] = times;
    let thumbprint = Thumbprint(key.key.thumbprint());
    format!(
        "{:<16}  {:<9}  {state:<7}  {from:<20}  {until:<20}  {counts:<20}  {revoked:<20}  {private_half:<12}  {thumbprint}",
        key.key.key_id().to_string(),
        key.key.algorithm().name()
    )
}

/// From when on `key` signs, and what follows from it when it does at once and was not among the keys `before`.
fn signs(key: &KeyReport, before: &[KeyReport]) -> String {
    let from = moment(Some(key.activate_time));
    let signs = format!("{} ({}) signs from {from} on", key.key.key_id(), key.key.algorithm().name());
    let published = before.iter().any(|known| known.key == key.key);
    if published || key.state == KeyState::Pending {
        return signs;
    }
    let thumbprint = Thumbprint(key.key.thumbprint());
    format!(
        "{signs}\nno bundle has it yet: who verifies without a network has to begin anew with --trust {thumbprint}"
    )
}

/// In whole seconds: nobody plans finer.
fn moment(instant: Option<OffsetDateTime>) -> String {
    let text = instant.and_then(|instant| instant.replace_nanosecond(0).ok()?.format(&Rfc3339).ok());
    text.unwrap_or_else(|| "-".to_owned())
}
