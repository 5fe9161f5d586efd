//! Passes and their steps: rows to domain values and back, each write and each question.

use std::collections::HashMap;

use entrypass_db::{instant, micros};
use entrypass_seal::Sealer;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    changes::add_change,
    do_nothing,
    entity::{pass, pass_step},
    levels::levels_due,
    notes::{open_step_note, seal_step_note},
    unreadable,
};
use crate::{
    change::Change,
    pass::{Made, Origin, Pass, Reason, State},
    text::{ChannelNumber, Issuer},
};

/// Keeps a pass, and tells of it; `false` when the person has a live one already, or the issuer's number is another pass's. The transaction holds the
/// person.
pub(crate) async fn insert_pass(connection: &impl ConnectionTrait, pass: &Pass) -> Result<bool, DbErr> {
    let insert = pass::Entity::insert(pass_row(pass)).on_conflict(do_nothing());
    if insert.exec_without_returning(connection).await? != 1 {
        return Ok(false);
    }
    levels_due(connection, &[pass.traveller], pass.create_time).await?;
    add_change(connection, Change::issued(pass, pass.create_time)).await?;
    Ok(true)
}

/// Replaces the revision before by this one, records the step that was made, and tells of it; `false` when somebody else did so first. The transaction
/// holds the person.
pub(crate) async fn update_pass(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    pass: &Pass,
    made: &Made,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let update = pass::Entity::update_many()
        .set(pass_row(pass))
        .filter(pass::COLUMN.id.eq(pass.id))
        .filter(pass::COLUMN.revision.eq(pass.revision - 1));
    if update.exec(connection).await?.rows_affected != 1 {
        return Ok(false);
    }
    let row = pass_step::ActiveModel {
        id: Set(made.id),
        pass: Set(made.pass),
        traveller: Set(made.traveller),
        revision: Set(made.revision),
        state: Set(made.state.word().to_owned()),
        reason: Set(made.reason.map(|reason| reason.word().to_owned())),
        sealed_note: Set(seal_step_note(sealer, &made.id, &made.note)),
        create_time: Set(micros(made.time)),
    };
    pass_step::Entity::insert(row).exec_without_returning(connection).await?;
    levels_due(connection, &[pass.traveller], now).await?;
    add_change(connection, Change::of_pass(pass, now)).await?;
    Ok(true)
}

/// The pass `id`.
pub(crate) async fn pass(connection: &impl ConnectionTrait, id: Uuid) -> Result<Option<Pass>, DbErr> {
    pass::Entity::find_by_id(id).one(connection).await?.map(read_pass).transpose()
}

/// The pass that another channel knows by this number.
pub(crate) async fn pass_by_number(
    connection: &impl ConnectionTrait,
    issuer: &Issuer,
    number: &ChannelNumber,
) -> Result<Option<Pass>, DbErr> {
    let find = pass::Entity::find()
        .filter(pass::COLUMN.issuer.eq(issuer.as_str()))
        .filter(pass::COLUMN.pass_number.eq(number.as_str()));
    find.one(connection).await?.map(read_pass).transpose()
}

/// The pass of a person that tells how they stand.
pub(crate) async fn pass_of(
    connection: &impl ConnectionTrait,
    traveller: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Pass>, DbErr> {
    Ok(Pass::telling(passes_of(connection, [traveller]).await?, now))
}

/// All passes of some persons, the last issued first.
pub(crate) async fn passes_of(
    connection: &impl ConnectionTrait,
    travellers: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Pass>, DbErr> {
    let find = pass::Entity::find()
        .filter(pass::COLUMN.traveller.is_in(travellers))
        .order_by_desc(pass::Column::CreateTime)
        .order_by_desc(pass::Column::Id);
    find.all(connection).await?.into_iter().map(read_pass).collect()
}

/// Some live passes whose time has ended.
pub(crate) async fn ended_passes(
    connection: &impl ConnectionTrait,
    now: OffsetDateTime,
    at_once: u64,
) -> Result<Vec<Pass>, DbErr> {
    let ended = pass::Entity::find()
        .filter(pass::COLUMN.state.is_in(State::LIVE.map(State::word)))
        .filter(pass::Column::ExpireTime.lte(micros(now)))
        .limit(at_once);
    ended.all(connection).await?.into_iter().map(read_pass).collect()
}

/// What happened to the passes of a person, by pass and in order.
pub(crate) async fn steps_of(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    traveller: Uuid,
) -> Result<HashMap<Uuid, Vec<Made>>, DbErr> {
    let find = pass_step::Entity::find()
        .filter(pass_step::COLUMN.traveller.eq(traveller))
        .order_by_asc(pass_step::Column::Revision);
    let mut steps: HashMap<_, Vec<_>> = HashMap::new();
    for row in find.all(connection).await? {
        steps.entry(row.pass).or_default().push(read_step(sealer, &row)?);
    }
    Ok(steps)
}

/// Erases the passes of a person and what happened to them.
pub(super) async fn erase(connection: &impl ConnectionTrait, traveller: Uuid) -> Result<u64, DbErr> {
    let steps = pass_step::Entity::delete_many().filter(pass_step::COLUMN.traveller.eq(traveller));
    steps.exec(connection).await?;
    let passes = pass::Entity::delete_many().filter(pass::COLUMN.traveller.eq(traveller));
    Ok(passes.exec(connection).await?.rows_affected)
}

fn pass_row(pass: &Pass) -> pass::ActiveModel {
    let issuer = match &pass.origin {
        Origin::Application => "",
        Origin::External { issuer } => issuer,
    };
    pass::ActiveModel {
        id: Set(pass.id),
        traveller: Set(pass.traveller),
        pass_number: Set(pass.number.clone()),
        issuer: Set(issuer.to_owned()),
        issue_time: Set(micros(pass.issue_time)),
        create_time: Set(micros(pass.create_time)),
        state: Set(pass.stored_state.word().to_owned()),
        revision: Set(pass.revision),
        state_time: Set(Some(micros(pass.state_time))),
        expire_time: Set(pass.expire_time.map(micros)),
    }
}

pub(super) fn read_pass(row: pass::Model) -> Result<Pass, DbErr> {
    let origin =
        if row.issuer.is_empty() { Origin::Application } else { Origin::External { issuer: row.issuer } };
    Ok(Pass {
        id: row.id,
        traveller: row.traveller,
        number: row.pass_number,
        origin,
        stored_state: State::from_word(&row.state).ok_or_else(|| unreadable("passes.state"))?,
        revision: row.revision,
        issue_time: instant(row.issue_time)?,
        create_time: instant(row.create_time)?,
        state_time: instant(row.state_time.unwrap_or(row.issue_time))?,
        expire_time: row.expire_time.map(instant).transpose()?,
    })
}

fn read_step(sealer: &Sealer, row: &pass_step::Model) -> Result<Made, DbErr> {
    let reason = |word: &String| Reason::from_word(word).ok_or_else(|| unreadable("pass_steps.reason"));
    Ok(Made {
        id: row.id,
        pass: row.pass,
        traveller: row.traveller,
        revision: row.revision,
        state: State::from_word(&row.state).ok_or_else(|| unreadable("pass_steps.state"))?,
        reason: row.reason.as_ref().map(reason).transpose()?,
        note: open_step_note(sealer, &row.id, row.sealed_note.as_deref())?,
        time: instant(row.create_time)?,
    })
}
