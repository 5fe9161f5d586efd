//! Passes: rows to domain values and back, each write and each question.

use std::collections::BTreeSet;

use entrypass_db::{instant, micros};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _,
};
use uuid::Uuid;

use super::{do_nothing, entity::pass};
use crate::pass::{Origin, Pass};

/// Keeps a pass; `false` when the person has one already, or the issuer's number is another person's.
pub(crate) async fn insert_pass(connection: &impl ConnectionTrait, pass: &Pass) -> Result<bool, DbErr> {
    let insert = pass::Entity::insert(pass_row(pass)).on_conflict(do_nothing());
    Ok(insert.exec_without_returning(connection).await? == 1)
}

/// The pass of a person.
pub(crate) async fn pass_of(
    connection: &impl ConnectionTrait,
    traveller: Uuid,
) -> Result<Option<Pass>, DbErr> {
    let find = pass::Entity::find().filter(pass::COLUMN.traveller.eq(traveller));
    find.one(connection).await?.map(read_pass).transpose()
}

/// Which of `travellers` have a pass.
pub(crate) async fn with_pass(
    connection: &impl ConnectionTrait,
    travellers: impl IntoIterator<Item = Uuid>,
) -> Result<BTreeSet<Uuid>, DbErr> {
    let find = pass::Entity::find()
        .select_only()
        .column(pass::Column::Traveller)
        .filter(pass::COLUMN.traveller.is_in(travellers));
    Ok(find.into_tuple().all(connection).await?.into_iter().collect())
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
    }
}

fn read_pass(row: pass::Model) -> Result<Pass, DbErr> {
    let origin =
        if row.issuer.is_empty() { Origin::Application } else { Origin::External { issuer: row.issuer } };
    Ok(Pass {
        id: row.id,
        traveller: row.traveller,
        number: row.pass_number,
        origin,
        issue_time: instant(row.issue_time)?,
        create_time: instant(row.create_time)?,
    })
}
