//! The change feed's rows, which `entrypass-feed` puts in order: written while their person is held, and read behind a position.

use entrypass_db::{instant, micros};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::{entity::change, levels::level_from_word, unreadable};
use crate::{
    application,
    change::{Change, What},
    error::Error,
    pass,
};

/// PostgreSQL's channel on which copies tell each other that positions were given.
pub(crate) const CHANNEL: &str = "epass_changes";

const APPLICATION: &str = "APPLICATION_CHANGED";
const ISSUED: &str = "PASS_ISSUED";
const PASS: &str = "PASS_CHANGED";
const LEVEL: &str = "LEVEL_CHANGED";
const ERASED: &str = "TRAVELLER_ERASED";

/// Writes a change down. The transaction must hold its person (`entrypass_db::hold`); `entrypass-feed` says why.
pub(crate) async fn add_change(connection: &impl ConnectionTrait, new: Change) -> Result<(), DbErr> {
    let (kind, subject, state, until) = match new.what {
        What::Application { id, state } => (APPLICATION, Some(id), Some(state.word()), None),
        What::Issued { id, state } => (ISSUED, Some(id), Some(state.word()), None),
        What::Pass { id, state } => (PASS, Some(id), Some(state.word()), None),
        What::Level { registration, level, until } => (LEVEL, registration, Some(level.as_str()), until),
        What::Erased => (ERASED, None, None, None),
    };
    let row = change::ActiveModel {
        id: NotSet,
        position: Set(None),
        traveller: Set(new.traveller),
        kind: Set(kind.to_owned()),
        subject: Set(subject),
        state: Set(state.map(str::to_owned)),
        until_time: Set(until.map(micros)),
        create_time: Set(micros(new.create_time)),
    };
    change::Entity::insert(row).exec_without_returning(connection).await.map(drop)
}

/// At most `size` changes behind `position`, in order.
pub(crate) async fn changes(
    connection: &impl ConnectionTrait,
    position: u64,
    size: u64,
) -> Result<Vec<(u64, Change)>, Error> {
    let behind = i64::try_from(position).unwrap_or(i64::MAX);
    let query = change::Entity::find()
        .filter(change::Column::Position.gt(behind))
        .order_by_asc(change::Column::Position)
        .limit(size);
    Ok(query.all(connection).await?.iter().map(read).collect::<Result<_, _>>()?)
}

fn read(row: &change::Model) -> Result<(u64, Change), DbErr> {
    let state = row.state.as_deref().unwrap_or_default();
    let what = match (row.kind.as_str(), row.subject) {
        (APPLICATION, Some(id)) => {
            application::State::from_word(state).map(|state| What::Application { id, state })
        }
        (ISSUED, Some(id)) => pass::State::from_word(state).map(|state| What::Issued { id, state }),
        (PASS, Some(id)) => pass::State::from_word(state).map(|state| What::Pass { id, state }),
        (LEVEL, registration) => {
            let until = row.until_time.map(instant).transpose()?;
            level_from_word(state).map(|level| What::Level { registration, level, until })
        }
        (ERASED, None) => Some(What::Erased),
        _ => None,
    };
    let change = Change {
        traveller: row.traveller,
        what: what.ok_or_else(|| unreadable("changes.state"))?,
        create_time: instant(row.create_time)?,
    };
    let position = row.position.and_then(|position| u64::try_from(position).ok());
    Ok((position.ok_or_else(|| unreadable("changes.position"))?, change))
}
