//! The table of signing keys. Every write of it stands here, and happens while [`SIGNING_KEYS`] is held.

use entrypass_db::{instant, micros};
use entrypass_token::{KeyId, VerificationKey};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    entity::signing_key::{ActiveModel, Column, Entity, Model},
    withdrawals,
};
use crate::keys::Life;

/// Who changes which keys there are holds this ([`entrypass_db::hold`]), and looks again before: two copies would otherwise make two.
pub(crate) const SIGNING_KEYS: Uuid = Uuid::from_u128(0x656e_7472_7970_6173_735f_7172_2e6b_6579);

/// A signing key, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredKey {
    pub(crate) key: VerificationKey,
    pub(crate) life: Life,
    pub(crate) create_time: OffsetDateTime,
    /// The private half, sealed, if it is kept here.
    pub(crate) sealed: Option<Vec<u8>>,
}

impl StoredKey {
    pub(crate) fn id(&self) -> KeyId {
        self.key.key_id()
    }
}

/// All keys that ever were, in the order in which they sign.
pub(crate) async fn all(connection: &impl ConnectionTrait) -> Result<Vec<StoredKey>, DbErr> {
    let rows = Entity::find().order_by_asc(Column::ActivateTime).all(connection).await?;
    rows.into_iter().map(read).collect()
}

/// For how long at most anything counts that any of the keys has signed; `None` where there is no key.
pub(super) async fn longest_display(connection: &impl ConnectionTrait) -> Result<Option<Duration>, DbErr> {
    let longest = Entity::find().select_only().column_as(Column::LongestDisplaySeconds.max(), "longest");
    let longest: Option<Option<i64>> = longest.into_tuple().one(connection).await?;
    Ok(longest.flatten().map(Duration::seconds))
}

/// Adds a key.
pub(crate) async fn insert(transaction: &DatabaseTransaction, key: &StoredKey) -> Result<(), DbErr> {
    let row = ActiveModel {
        key_id: Set(key.id().to_string()),
        cose_key: Set(key.key.to_cose_key()),
        create_time: Set(micros(key.create_time)),
        activate_time: Set(micros(key.life.activate_time)),
        revoke_time: Set(key.life.revoke_time.map(micros)),
        longest_display_seconds: Set(key.life.longest_display.whole_seconds()),
        sealed_key: Set(key.sealed.clone()),
    };
    Entity::insert(row).exec_without_returning(transaction).await?;
    withdrawals::keys_changed(transaction).await
}

/// Lets a key begin to sign at another instant.
pub(crate) async fn activate(
    transaction: &DatabaseTransaction,
    id: KeyId,
    activate_time: OffsetDateTime,
) -> Result<(), DbErr> {
    set(transaction, id, Column::ActivateTime, micros(activate_time)).await?;
    withdrawals::keys_changed(transaction).await
}

/// Revokes a key, for good.
pub(crate) async fn revoke(
    transaction: &DatabaseTransaction,
    id: KeyId,
    revoke_time: OffsetDateTime,
) -> Result<(), DbErr> {
    set(transaction, id, Column::RevokeTime, micros(revoke_time)).await?;
    withdrawals::keys_changed(transaction).await
}

/// Notes that a key may sign what counts for so long.
pub(crate) async fn raise_display(
    transaction: &DatabaseTransaction,
    id: KeyId,
    longest_display: Duration,
) -> Result<(), DbErr> {
    set(transaction, id, Column::LongestDisplaySeconds, longest_display.whole_seconds()).await?;
    withdrawals::keys_changed(transaction).await
}

/// Keeps the private half of a key sealed in another way.
pub(crate) async fn reseal(
    transaction: &DatabaseTransaction,
    id: KeyId,
    sealed: Vec<u8>,
) -> Result<(), DbErr> {
    set(transaction, id, Column::SealedKey, Some(sealed)).await
}

/// Erases the sealed private half of a key.
pub(crate) async fn erase(transaction: &DatabaseTransaction, id: KeyId) -> Result<(), DbErr> {
    set(transaction, id, Column::SealedKey, None::<Vec<u8>>).await
}

async fn set(
    transaction: &DatabaseTransaction,
    id: KeyId,
    column: Column,
    value: impl Into<sea_orm::Value>,
) -> Result<(), DbErr> {
    let update = Entity::update_many().col_expr(column, sea_orm::sea_query::Expr::value(value));
    update.filter(Column::KeyId.eq(id.to_string())).exec(transaction).await.map(drop)
}

fn read(row: Model) -> Result<StoredKey, DbErr> {
    let corrupt = |what: &str| DbErr::Custom(format!("signing key {}: {what}", row.key_id));
    let key = VerificationKey::from_cose_key(&row.cose_key).map_err(|error| corrupt(&error.to_string()))?;
    if key.key_id().to_string() != row.key_id {
        return Err(corrupt("the row holds another key"));
    }
    let life = Life {
        activate_time: instant(row.activate_time)?,
        revoke_time: row.revoke_time.map(instant).transpose()?,
        longest_display: Duration::seconds(row.longest_display_seconds),
    };
    Ok(StoredKey { key, life, create_time: instant(row.create_time)?, sealed: row.sealed_key })
}
