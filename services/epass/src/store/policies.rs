//! Policies and their activations. Rows are added, and none is ever changed.

use std::collections::HashMap;

use entrypass_db::{instant, micros};
use entrypass_policy::Policy;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, Query},
};
use time::OffsetDateTime;

use super::{
    do_nothing,
    entity::{policy, policy_activation},
};
use crate::policy::{Activation, By, Deciding, Listed, Selector};

/// Keeps a policy; `false` when its text, or its name and version, is there already.
pub(crate) async fn insert(
    connection: &impl ConnectionTrait,
    added: &Policy,
    by: &By,
) -> Result<bool, DbErr> {
    let row = policy::ActiveModel {
        digest: Set(added.digest().to_string()),
        name: Set(added.name().to_owned()),
        version: Set(i64::from(added.version())),
        text: Set(added.text().to_owned()),
        effective_from: Set(micros(added.effective_from())),
        effective_to: Set(added.effective_to().map(micros)),
        create_time: Set(Some(micros(by.time))),
        created_by: Set(by.caller.clone()),
    };
    let insert = policy::Entity::insert(row).on_conflict(do_nothing());
    Ok(insert.exec_without_returning(connection).await? == 1)
}

/// A policy with its text.
pub(crate) async fn find(
    connection: &impl ConnectionTrait,
    selector: &Selector,
) -> Result<Option<(Listed, String)>, DbErr> {
    let find = match selector {
        Selector::Digest(digest) => policy::Entity::find_by_id(digest.clone()),
        Selector::Version(name, version) => policy::Entity::find()
            .filter(policy::COLUMN.name.eq(name.as_str()))
            .filter(policy::COLUMN.version.eq(*version)),
    };
    let Some(mut row) = find.one(connection).await? else { return Ok(None) };
    let text = std::mem::take(&mut row.text);
    Ok(Some((listed(row)?, text)))
}

/// The text of the policy with this digest.
pub(crate) async fn text(connection: &impl ConnectionTrait, digest: &str) -> Result<Option<String>, DbErr> {
    let find = policy::Entity::find_by_id(digest).select_only().column(policy::Column::Text);
    find.into_tuple().one(connection).await
}

/// At most `size` policies behind this name and version, in the order of those.
pub(crate) async fn page(
    connection: &impl ConnectionTrait,
    after: Option<(String, i64)>,
    size: u64,
) -> Result<Vec<Listed>, DbErr> {
    let mut find = policy::Entity::find()
        .order_by_asc(policy::COLUMN.name)
        .order_by_asc(policy::COLUMN.version)
        .limit(size);
    if let Some((name, version)) = after {
        let later = policy::Column::Name.eq(name.as_str()).and(policy::Column::Version.gt(version));
        find = find.filter(Condition::any().add(policy::Column::Name.gt(name)).add(later));
    }
    find.all(connection).await?.into_iter().map(listed).collect()
}

/// The digest of the policy that applies at `as_of`, with the ordinal of its activation.
pub(crate) async fn applying(
    connection: &impl ConnectionTrait,
    as_of: OffsetDateTime,
) -> Result<Option<(i64, String)>, DbErr> {
    let find = policy_activation::Entity::find()
        .select_only()
        .columns([policy_activation::Column::Ordinal, policy_activation::Column::Digest])
        .filter(policy_activation::COLUMN.applies_from.lte(micros(as_of)))
        .order_by_desc(policy_activation::COLUMN.ordinal)
        .limit(1);
    find.into_tuple().one(connection).await
}

/// An activation that applies, or will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Coming {
    /// Its number.
    pub(crate) ordinal: i64,
    /// Of its policy.
    pub(crate) digest: String,
    /// From when it applies.
    pub(crate) applies_from: OffsetDateTime,
}

/// The activation that applies at `as_of`, and behind it those that will, in the order in which they come: at most 100. Nothing where none applies.
pub(crate) async fn coming(
    connection: &impl ConnectionTrait,
    as_of: OffsetDateTime,
) -> Result<Vec<Coming>, DbErr> {
    coming_below(connection, as_of, i64::MAX).await
}

/// As [`coming`], as if there were only the activations before the ordinal `below`.
pub(crate) async fn coming_below(
    connection: &impl ConnectionTrait,
    as_of: OffsetDateTime,
    below: i64,
) -> Result<Vec<Coming>, DbErr> {
    let applying = Query::select()
        .expr(policy_activation::Column::Ordinal.max())
        .from(policy_activation::Entity)
        .and_where(policy_activation::Column::AppliesFrom.lte(micros(as_of)))
        .and_where(policy_activation::Column::Ordinal.lt(below))
        .to_owned();
    let find = policy_activation::Entity::find()
        .select_only()
        .columns([
            policy_activation::Column::Ordinal,
            policy_activation::Column::Digest,
            policy_activation::Column::AppliesFrom,
        ])
        .filter(policy_activation::COLUMN.ordinal.lt(below))
        .filter(Expr::col(policy_activation::Column::Ordinal).gte(Expr::from(applying)))
        .order_by_asc(policy_activation::COLUMN.applies_from)
        .order_by_desc(policy_activation::COLUMN.ordinal)
        .limit(100);
    coming_of(find.into_tuple().all(connection).await?)
}

/// The activations of these rows, which come in the order of their instants and with the later one first: ordinal, digest, and from when it applies.
pub(super) fn coming_of(rows: Vec<(i64, String, i64)>) -> Result<Vec<Coming>, DbErr> {
    let mut coming: Vec<Coming> = Vec::new();
    for (ordinal, digest, applies_from) in rows {
        // One that was made later takes the place of those that it comes before.
        if coming.last().is_none_or(|last| last.ordinal < ordinal) {
            coming.push(Coming { ordinal, digest, applies_from: instant(applies_from)? });
        }
    }
    Ok(coming)
}

/// Keeps an activation; `false` when its ordinal is taken.
pub(crate) async fn insert_activation(
    connection: &impl ConnectionTrait,
    activation: &Activation,
) -> Result<bool, DbErr> {
    let row = policy_activation::ActiveModel {
        ordinal: Set(activation.ordinal),
        digest: Set(activation.policy.digest.clone()),
        applies_from: Set(micros(activation.applies_from)),
        activate_time: Set(activation.activated.as_ref().map(|by| micros(by.time))),
        caller: Set(activation.activated.as_ref().map(|by| by.caller.clone()).unwrap_or_default()),
        reason: Set(activation.reason.clone()),
    };
    let insert = policy_activation::Entity::insert(row).on_conflict(do_nothing());
    Ok(insert.exec_without_returning(connection).await? == 1)
}

/// At most `size` activations before the ordinal `before`, the last one first.
pub(crate) async fn activations(
    connection: &impl ConnectionTrait,
    before: Option<i64>,
    size: u64,
) -> Result<Vec<Activation>, DbErr> {
    let rows = policy_activation::Entity::find()
        .filter(policy_activation::COLUMN.ordinal.lt(before.unwrap_or(i64::MAX)))
        .order_by_desc(policy_activation::COLUMN.ordinal)
        .limit(size)
        .all(connection)
        .await?;
    named(connection, rows).await
}

/// The activations with these ordinals, the first one first.
pub(crate) async fn activations_of(
    connection: &impl ConnectionTrait,
    ordinals: &[i64],
) -> Result<Vec<Activation>, DbErr> {
    let rows = policy_activation::Entity::find()
        .filter(policy_activation::COLUMN.ordinal.is_in(ordinals.iter().copied()))
        .order_by_asc(policy_activation::COLUMN.ordinal)
        .all(connection)
        .await?;
    named(connection, rows).await
}

async fn named(
    connection: &impl ConnectionTrait,
    rows: Vec<policy_activation::Model>,
) -> Result<Vec<Activation>, DbErr> {
    let digests = rows.iter().map(|row| row.digest.clone());
    let named = policy::Entity::find()
        .select_only()
        .columns([policy::Column::Digest, policy::Column::Name, policy::Column::Version])
        .filter(policy::COLUMN.digest.is_in(digests));
    let named: Vec<(String, String, i64)> = named.into_tuple().all(connection).await?;
    let named: HashMap<_, _> =
        named.into_iter().map(|(digest, name, version)| (digest, (name, version))).collect();
    rows.into_iter().map(|row| read(row, &named)).collect()
}

/// A policy that is not there any more has no name, and its activation is still told.
fn read(row: policy_activation::Model, named: &HashMap<String, (String, i64)>) -> Result<Activation, DbErr> {
    let (name, version) = named.get(&row.digest).cloned().unwrap_or_default();
    Ok(Activation {
        ordinal: row.ordinal,
        policy: Deciding { digest: row.digest, name, version },
        applies_from: instant(row.applies_from)?,
        activated: by(row.activate_time, row.caller)?,
        reason: row.reason,
    })
}

fn listed(row: policy::Model) -> Result<Listed, DbErr> {
    Ok(Listed {
        policy: Deciding { digest: row.digest, name: row.name, version: row.version },
        effective_from: instant(row.effective_from)?,
        effective_to: row.effective_to.map(instant).transpose()?,
        added: by(row.create_time, row.created_by)?,
    })
}

fn by(time: Option<i64>, caller: String) -> Result<Option<By>, DbErr> {
    Ok(time.map(instant).transpose()?.map(|time| By { caller, time }))
}
