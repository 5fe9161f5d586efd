//! Codes: which one stands for which revision, and which of them still count.

use std::collections::HashMap;

use entrypass_audit::Access;
use entrypass_db::{hold, instant, lists::insertion, micros};
use entrypass_token::CodeId;
use entrypass_verifier::WithdrawalKind as Kind;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::{Alias, Expr, ExprTrait as _, OnConflict, Query, SimpleExpr},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    NO_REVISION, Pen, Standings, Store,
    entity::code as entity,
    look_ups::{WithSuspension, of_registrations_in},
    standings::{read_revocation, read_suspension},
    withdrawals,
};
use crate::{
    code::{self, Code, CodeState, Subject},
    error::Error,
    standing::Standing,
};

/// The codes of some subjects.
pub(crate) struct CodesOf {
    /// In the order of the subjects.
    pub(crate) codes: Vec<Code>,
    /// How the codes of their registrations stand.
    pub(crate) standings: Standings,
    /// Whether one was recorded, which can have superseded another.
    pub(crate) recorded: bool,
}

impl Store {
    /// Those of the codes `ids` that were recorded, and until when they were suspended last.
    pub(crate) async fn recorded(&self, ids: &[CodeId]) -> Result<HashMap<CodeId, Code>, Error> {
        let ids = ids.iter().map(|id| Uuid::from_bytes(*id.as_bytes())).collect();
        let read = |(row, suspension): WithSuspension| {
            let code = read(&row)?;
            let suspended_until = suspension.map(|row| instant(row.until)).transpose()?;
            Ok((code.id, Code { suspended_until, ..code }))
        };
        self.look_ups.codes.get_all(ids).await?.into_values().map(read).collect()
    }

    /// The codes of `subjects` in their order, and how those of their registrations stand. Codes that do not exist yet are recorded, and
    /// supersede those of earlier revisions, and the call has its record then.
    pub(crate) async fn codes_of(
        &self,
        subjects: &[Subject],
        pen: &Pen<'_>,
        access: &Access,
    ) -> Result<CodesOf, Error> {
        let registrations: Vec<_> = subjects.iter().map(|subject| subject.registration).collect();
        // Both with one statement: whoever is told that codes are suspended or revoked sees none issued from then on.
        let found = self.look_ups.registrations.get_all(registrations.clone()).await?;
        let (known, standings) = with_standings(found.into_values().flatten(), pen.now)?;
        if let Some(codes) = in_order(&known, subjects) {
            return Ok(CodesOf { codes, standings, recorded: false });
        }
        if let Some((codes, standings)) = self.recordings.together(subjects, pen.now, access).await {
            return Ok(CodesOf { codes, standings, recorded: true });
        }
        let transaction = self.database.begin().await?;
        let revisions = subjects.iter().map(|subject| (subject.registration, subject.revision));
        record(&transaction, revisions, pen).await?;
        let find = of_registrations_in(transaction.get_database_backend(), registrations)?;
        let found = find.all(&transaction).await?;
        let (known, standings) = with_standings(found, pen.now)?;
        access.record(&transaction).await?;
        transaction.commit().await?;
        access.recorded();
        let missing = Error::Corrupt("a code that was just recorded is missing");
        Ok(CodesOf { codes: in_order(&known, subjects).ok_or(missing)?, standings, recorded: true })
    }
}

/// Records a code for each registration and revision that has none yet. The codes of earlier revisions are superseded, whether they came
/// before or come later.
pub(crate) async fn record(
    transaction: &DatabaseTransaction,
    revisions: impl IntoIterator<Item = (Uuid, u16)>,
    pen: &Pen<'_>,
) -> Result<(), DbErr> {
    let revisions: Vec<_> = revisions.into_iter().collect();
    let registrations: Vec<_> = revisions.iter().map(|(registration, _)| *registration).collect();
    // Two transactions do not see each other's inserts: each would leave its own code active.
    hold(transaction, registrations.iter().copied()).await?;
    let rows = revisions.iter().map(|(registration, revision)| {
        row(*registration, *revision, CodeState::Active, code::new_id(pen.random), pen.now)
    });
    insert_new(transaction, rows).await?;
    let other = Alias::new("other");
    let later = Expr::col((other.clone(), entity::Column::Revision))
        .gt(Expr::col((entity::Entity, entity::Column::Revision)));
    let revoked = Expr::col((other, entity::Column::State)).eq(state_name(CodeState::Revoked));
    let mut withdrawn = Vec::new();
    for (condition, state, kind) in
        [(later, CodeState::Superseded, Kind::Superseded), (revoked, CodeState::Revoked, Kind::Revoked)]
    {
        let followed = follow(transaction, &registrations, condition, state, pen.now).await?;
        withdrawn.extend(followed.into_iter().map(|id| (id, kind)));
    }
    withdrawals::add(transaction, &withdrawn, pen).await
}

/// The codes of rows, and how the codes of their registrations stand `now`.
pub(super) fn with_standings(
    rows: impl IntoIterator<Item = WithSuspension>,
    now: OffsetDateTime,
) -> Result<(Vec<Code>, Standings), Error> {
    let (mut codes, mut standings) = (Vec::new(), Standings::new());
    for (row, suspension) in rows {
        if row.revision == i32::from(NO_REVISION) {
            standings.insert(row.registration_id, Standing::Revoked(read_revocation(&row)?));
        }
        if let Some(suspension) = suspension.filter(|suspension| suspension.until > micros(now)) {
            let suspended = Standing::Suspended(read_suspension(&suspension)?);
            // A revocation outlasts it.
            standings.entry(row.registration_id).or_insert(suspended);
        }
        codes.push(read(&row)?);
    }
    Ok((codes, standings))
}

pub(super) fn in_order(known: &[Code], subjects: &[Subject]) -> Option<Vec<Code>> {
    let find = |subject: &Subject| {
        known
            .iter()
            .find(|code| code.registration == subject.registration && code.revision == subject.revision)
            .copied()
    };
    subjects.iter().map(find).collect()
}

pub(super) fn row(
    registration: Uuid,
    revision: u16,
    state: CodeState,
    id: CodeId,
    now: OffsetDateTime,
) -> entity::ActiveModel {
    entity::ActiveModel {
        id: Set(Uuid::from_bytes(*id.as_bytes())),
        registration_id: Set(registration),
        revision: Set(revision.into()),
        state: Set(state_name(state).to_owned()),
        create_time: Set(micros(now)),
        reason: NotSet,
        fraud: NotSet,
        state_time: NotSet,
    }
}

/// Inserts the rows whose registration and revision have none yet.
pub(super) async fn insert_new(
    transaction: &impl ConnectionTrait,
    rows: impl IntoIterator<Item = entity::ActiveModel>,
) -> Result<(), DbErr> {
    let another_made_it = OnConflict::columns([entity::Column::RegistrationId, entity::Column::Revision])
        .do_nothing()
        .to_owned();
    let rows: Vec<_> = rows.into_iter().collect();
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = insertion(transaction.get_database_backend(), rows)?;
    insert.on_conflict(another_made_it);
    transaction.execute(&insert).await.map(drop)
}

/// Puts the active codes of `registrations` into `state` where the same registration has another code that fits `condition`, and gives
/// them.
async fn follow(
    transaction: &impl ConnectionTrait,
    registrations: &[Uuid],
    condition: SimpleExpr,
    state: CodeState,
    now: OffsetDateTime,
) -> Result<Vec<Uuid>, DbErr> {
    let other = Alias::new("other");
    let exists = Query::select()
        .expr(Expr::val(1))
        .from_as(entity::Entity, other.clone())
        .and_where(
            Expr::col((other, entity::Column::RegistrationId))
                .equals((entity::Entity, entity::Column::RegistrationId)),
        )
        .and_where(condition)
        .to_owned();
    let followed = entity::Entity::update_many()
        .col_expr(entity::Column::State, state_name(state).into())
        .col_expr(entity::Column::StateTime, micros(now).into())
        .filter(entity::Column::RegistrationId.is_in(registrations.iter().copied()))
        .filter(entity::Column::State.eq(state_name(CodeState::Active)))
        .filter(Expr::exists(exists))
        .exec_with_returning(transaction)
        .await?;
    Ok(followed.into_iter().map(|row| row.id).collect())
}

fn read(row: &entity::Model) -> Result<Code, Error> {
    let state = match row.state.as_str() {
        "ACTIVE" => CodeState::Active,
        "SUPERSEDED" => CodeState::Superseded,
        "REVOKED" => CodeState::Revoked,
        _ => return Err(Error::Corrupt("an unknown code state")),
    };
    let revision = u16::try_from(row.revision).map_err(|_| Error::Corrupt("a revision out of range"))?;
    let id = CodeId::from_bytes(*row.id.as_bytes());
    Ok(Code { id, registration: row.registration_id, revision, state, suspended_until: None })
}

pub(super) fn state_name(state: CodeState) -> &'static str {
    match state {
        // That a registration's codes are suspended is said beside them: their state stays.
        CodeState::Active | CodeState::Suspended => "ACTIVE",
        CodeState::Superseded => "SUPERSEDED",
        CodeState::Revoked => "REVOKED",
    }
}

#[cfg(test)]
mod tests;
