//! Codes: which one stands for which revision, and which of them still count.

use entrypass_db::{hold, micros};
use entrypass_token::CodeId;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::{Alias, Expr, ExprTrait as _, OnConflict, Query, SimpleExpr},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, entity::code};
use crate::{
    code::{Code, CodeState, Subject},
    error::Error,
};

/// Stands for every revision in the row that says that a registration's codes are revoked.
const NO_REVISION: u16 = 0;

impl Store {
    /// The code with this id.
    pub(crate) async fn code(&self, id: CodeId) -> Result<Option<Code>, Error> {
        let row = code::Entity::find_by_id(Uuid::from_bytes(*id.as_bytes())).one(self.database.reader());
        row.await?.as_ref().map(read).transpose()
    }

    /// The codes of `subjects` in their order. Those that do not exist yet are recorded with an id from `new_id`, and supersede the
    /// codes of earlier revisions.
    pub(crate) async fn codes_of(
        &self,
        subjects: &[Subject],
        new_id: impl Fn() -> CodeId,
        now: OffsetDateTime,
    ) -> Result<Vec<Code>, Error> {
        let known = codes_of(self.database.reader(), subjects).await?;
        if let Some(codes) = in_order(&known, subjects) {
            return Ok(codes);
        }
        let transaction = self.database.begin().await?;
        let revisions = subjects.iter().map(|subject| (subject.registration, subject.revision));
        record(&transaction, revisions, new_id, now).await?;
        let known = codes_of(&transaction, subjects).await?;
        transaction.commit().await?;
        in_order(&known, subjects).ok_or(Error::Corrupt("a code that was just recorded is missing"))
    }

    /// [`revoke`], in a transaction of its own.
    pub(crate) async fn revoke(
        &self,
        registration: Uuid,
        new_id: CodeId,
        now: OffsetDateTime,
    ) -> Result<u64, DbErr> {
        let transaction = self.database.begin().await?;
        let revoked = revoke(&transaction, registration, new_id, now).await?;
        transaction.commit().await?;
        Ok(revoked)
    }
}

/// Records a code, with an id from `new_id`, for each registration and revision that has none yet. The codes of earlier revisions are
/// superseded, whether they came before or come later.
pub(crate) async fn record(
    transaction: &DatabaseTransaction,
    revisions: impl IntoIterator<Item = (Uuid, u16)>,
    new_id: impl Fn() -> CodeId,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let revisions: Vec<_> = revisions.into_iter().collect();
    let registrations: Vec<_> = revisions.iter().map(|(registration, _)| *registration).collect();
    // Two transactions do not see each other's inserts: each would leave its own code active.
    hold(transaction, registrations.iter().copied()).await?;
    let rows = revisions
        .iter()
        .map(|(registration, revision)| row(*registration, *revision, CodeState::Active, new_id(), now));
    insert_new(transaction, rows).await?;
    let other = Alias::new("other");
    let later = Expr::col((other.clone(), code::Column::Revision))
        .gt(Expr::col((code::Entity, code::Column::Revision)));
    let revoked = Expr::col((other, code::Column::State)).eq(state_name(CodeState::Revoked));
    follow(transaction, &registrations, later, CodeState::Superseded).await?;
    follow(transaction, &registrations, revoked, CodeState::Revoked).await
}

/// Revokes every code of `registration`, and says how many were not revoked before.
///
/// Leaves the code of no revision, revoked, behind: so that those of later revisions, or the first one, are revoked with it.
pub(crate) async fn revoke(
    transaction: &DatabaseTransaction,
    registration: Uuid,
    new_id: CodeId,
    now: OffsetDateTime,
) -> Result<u64, DbErr> {
    // As in `record`: a code that is being recorded must see the one left behind, or be seen here.
    hold(transaction, [registration]).await?;
    let revoked = code::Entity::update_many()
        .col_expr(code::Column::State, state_name(CodeState::Revoked).into())
        .filter(code::Column::RegistrationId.eq(registration))
        .filter(code::Column::State.ne(state_name(CodeState::Revoked)))
        .exec(transaction)
        .await?;
    let tombstone = row(registration, NO_REVISION, CodeState::Revoked, new_id, now);
    insert_new(transaction, [tombstone]).await?;
    Ok(revoked.rows_affected)
}

/// Every code of the subjects' registrations, whatever its revision.
async fn codes_of(connection: &impl ConnectionTrait, subjects: &[Subject]) -> Result<Vec<Code>, Error> {
    let registrations = subjects.iter().map(|subject| subject.registration);
    let query = code::Entity::find().filter(code::Column::RegistrationId.is_in(registrations));
    query.all(connection).await?.iter().map(read).collect()
}

fn in_order(known: &[Code], subjects: &[Subject]) -> Option<Vec<Code>> {
    let find = |subject: &Subject| {
        known
            .iter()
            .find(|code| code.registration == subject.registration && code.revision == subject.revision)
            .copied()
    };
    subjects.iter().map(find).collect()
}

fn row(
    registration: Uuid,
    revision: u16,
    state: CodeState,
    id: CodeId,
    now: OffsetDateTime,
) -> code::ActiveModel {
    code::ActiveModel {
        id: Set(Uuid::from_bytes(*id.as_bytes())),
        registration_id: Set(registration),
        revision: Set(revision.into()),
        state: Set(state_name(state).to_owned()),
        create_time: Set(micros(now)),
    }
}

/// Inserts the rows whose registration and revision have none yet.
async fn insert_new(
    transaction: &impl ConnectionTrait,
    rows: impl IntoIterator<Item = code::ActiveModel>,
) -> Result<(), DbErr> {
    let another_made_it =
        OnConflict::columns([code::Column::RegistrationId, code::Column::Revision]).do_nothing().to_owned();
    code::Entity::insert_many(rows).on_conflict(another_made_it).exec_without_returning(transaction).await?;
    Ok(())
}

/// Puts the active codes of `registrations` into `state` where the same registration has another code that fits `condition`.
async fn follow(
    transaction: &impl ConnectionTrait,
    registrations: &[Uuid],
    condition: SimpleExpr,
    state: CodeState,
) -> Result<(), DbErr> {
    let other = Alias::new("other");
    let exists = Query::select()
        .expr(Expr::val(1))
        .from_as(code::Entity, other.clone())
        .and_where(
            Expr::col((other, code::Column::RegistrationId))
                .equals((code::Entity, code::Column::RegistrationId)),
        )
        .and_where(condition)
        .to_owned();
    code::Entity::update_many()
        .col_expr(code::Column::State, state_name(state).into())
        .filter(code::Column::RegistrationId.is_in(registrations.iter().copied()))
        .filter(code::Column::State.eq(state_name(CodeState::Active)))
        .filter(Expr::exists(exists))
        .exec(transaction)
        .await?;
    Ok(())
}

fn read(row: &code::Model) -> Result<Code, Error> {
    let state = match row.state.as_str() {
        "ACTIVE" => CodeState::Active,
        "SUPERSEDED" => CodeState::Superseded,
        "REVOKED" => CodeState::Revoked,
        _ => return Err(Error::Corrupt("an unknown code state")),
    };
    let revision = u16::try_from(row.revision).map_err(|_| Error::Corrupt("a revision out of range"))?;
    let id = CodeId::from_bytes(*row.id.as_bytes());
    Ok(Code { id, registration: row.registration_id, revision, state })
}

fn state_name(state: CodeState) -> &'static str {
    match state {
        CodeState::Active => "ACTIVE",
        CodeState::Superseded => "SUPERSEDED",
        CodeState::Revoked => "REVOKED",
    }
}

#[cfg(test)]
mod tests;
