//! How far a service has followed another service's feed.
//!
//! The position moves in the transaction that has the effect of what was followed, so that both are there or neither; and it moves from
//! where its owner believes it to be, so that of several copies that follow at once one alone has the effect.

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::OnConflict,
};
use sea_orm_migration::{prelude::Table, schema, sea_query::TableCreateStatement};

/// The cursor behind which `feed` is still to be followed; `None` when nothing of it was.
///
/// # Errors
/// When the database fails.
pub async fn position(connection: &impl ConnectionTrait, feed: &str) -> Result<Option<String>, DbErr> {
    let row = entity::Entity::find_by_id(feed).one(connection).await?;
    Ok(row.map(|row| row.cursor))
}

/// Moves the position in `feed` on; `false` when it is not at `from` any more, because another copy was faster.
///
/// # Errors
/// When the database fails.
pub async fn advance(
    transaction: &impl ConnectionTrait,
    feed: &str,
    from: Option<&str>,
    to: &str,
) -> Result<bool, DbErr> {
    let moved = if let Some(from) = from {
        let update = entity::Entity::update_many()
            .col_expr(entity::Column::Cursor, to.into())
            .filter(entity::Column::Feed.eq(feed))
            .filter(entity::Column::Cursor.eq(from));
        update.exec(transaction).await?.rows_affected
    } else {
        let row = entity::ActiveModel { feed: Set(feed.to_owned()), cursor: Set(to.to_owned()) };
        let insert = entity::Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned());
        insert.exec_without_returning(transaction).await?
    };
    Ok(moved == 1)
}

/// The statement with which a service's migration makes the table.
#[must_use]
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table("positions")
        .col(schema::string("feed").primary_key())
        .col(schema::string("cursor"))
        .to_owned()
}

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "positions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub feed: String,
        pub cursor: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
