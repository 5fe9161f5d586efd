//! The reviewers' queue: what is owed and late comes first, then what is oldest; and who has what of it.

use entrypass_db::micros;
use entrypass_seal::Sealer;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
    sea_query::{LockBehavior, LockType},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{application, read};
use crate::application::{Application, Claim, State};

/// Which applications are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Only those in this state.
    pub(crate) state: Option<State>,
    /// Only those whose decision is owed and late.
    pub(crate) overdue: bool,
    /// Only those that no reviewer has.
    pub(crate) unclaimed: bool,
}

/// Where a page of the queue ended. What was late is told once and for all with its first page: else one that becomes late between two pages
/// would be on neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The hour by which the first page said what is late.
    pub(crate) as_of: OffsetDateTime,
    /// It ended among those that were late.
    pub(crate) overdue: bool,
    /// The last one that was told.
    pub(crate) after: Uuid,
}

/// At most `size` applications from `from` on, and where the next page begins.
pub(crate) async fn page(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    filter: Filter,
    (size, from): (u64, Option<Place>),
    now: OffsetDateTime,
) -> Result<(Vec<Application>, Option<Place>), DbErr> {
    let as_of = from.map_or(now, |place| place.as_of);
    let asked = |overdue: bool| {
        let behind = from.filter(|place| place.overdue == overdue).map_or(Uuid::nil(), |place| place.after);
        select(filter, overdue, as_of, now).filter(application::COLUMN.id.gt(behind))
    };
    let mut found = Vec::new();
    if from.is_none_or(|place| place.overdue) {
        found = asked(true).limit(size + 1).all(connection).await?;
    }
    let late = found.len();
    let room = (size + 1).saturating_sub(count(late));
    if room > 0 && !filter.overdue {
        found.extend(asked(false).limit(room).all(connection).await?);
    }
    let more = count(found.len()) > size;
    found.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more);
    let next = next.map(|last| Place { as_of, overdue: found.len() <= late, after: last.id });
    let page = found.iter().map(|row| Ok(read(sealer, row)?.at(now))).collect::<Result<_, DbErr>>()?;
    Ok((page, next))
}

/// Gives `claim` to at most `most` applications that wait for a decision and that nobody has. What another copy is about to give away is passed over: so
/// nobody waits, and no two have the same.
pub(crate) async fn claim(
    transaction: &impl ConnectionTrait,
    sealer: &Sealer,
    claim: &Claim,
    most: u64,
    now: OffsetDateTime,
) -> Result<Vec<Application>, DbErr> {
    let filter = Filter { state: Some(State::UnderReview), overdue: false, unclaimed: true };
    let mut found = Vec::new();
    for overdue in [true, false] {
        let room = most.saturating_sub(count(found.len()));
        let free = select(filter, overdue, now, now)
            .limit(room)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        found.extend(free.all(transaction).await?);
    }
    set_claim(transaction, found.iter().map(|row| row.id), Some(claim)).await?;
    let given = |row| Ok(Application { claim: Some(claim.clone()), ..read(sealer, row)? });
    found.iter().map(given).collect()
}

/// Says who has the applications `ids`: nobody, or `claim`.
pub(crate) async fn set_claim(
    transaction: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
    claim: Option<&Claim>,
) -> Result<(), DbErr> {
    let (caller, word) =
        claim.map(|claim| (claim.reviewer.caller.clone(), claim.reviewer.word.clone())).unzip();
    let until = claim.map(|claim| micros(claim.until));
    application::Entity::update_many()
        .col_expr(application::Column::ClaimCaller, caller.into())
        .col_expr(application::Column::ClaimReviewer, word.into())
        .col_expr(application::Column::ClaimUntil, until.into())
        .filter(application::COLUMN.id.is_in(ids))
        .exec(transaction)
        .await
        .map(drop)
}

/// How many decisions are owed and late.
pub(crate) async fn overdue(connection: &impl ConnectionTrait, now: OffsetDateTime) -> Result<u64, DbErr> {
    select(Filter::default(), true, now, now).count(connection).await
}

/// What `filter` asks for, late at `as_of` or not, oldest first.
fn select(
    filter: Filter,
    overdue: bool,
    as_of: OffsetDateTime,
    now: OffsetDateTime,
) -> Select<application::Entity> {
    let mut find = application::Entity::find().order_by_asc(application::COLUMN.id);
    let late = Condition::all()
        .add(application::Column::State.is_in(State::WAITING.map(State::word)))
        .add(application::Column::PromiseTime.lt(micros(as_of)))
        .add(application::Column::PromiseTime.is_not_null());
    find = find.filter(if overdue { late } else { late.not() });
    if let Some(state) = filter.state {
        find = find.filter(stands(state, now));
    }
    if filter.unclaimed {
        let free = Condition::any()
            .add(application::Column::ClaimUntil.is_null())
            .add(application::Column::ClaimUntil.lte(micros(now)));
        find = find.filter(free);
    }
    find
}

/// Stands at `state` at `now`, also where nobody has written down yet that its time is over.
fn stands(state: State, now: OffsetDateTime) -> Condition {
    let is = application::Column::State.eq(state.word());
    let over = Condition::all()
        .add(application::Column::State.is_in(State::LAPSING.map(State::word)))
        .add(application::Column::LapseTime.is_not_null())
        .add(application::Column::LapseTime.lte(micros(now)));
    if state == State::Expired {
        Condition::any().add(is).add(over)
    } else {
        Condition::all().add(is).add(over.not())
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
