//! Removing what is kept no longer: one copy at a time, in bounded batches, with its progress in metrics.
//!
//! A copy that has the lease works; it renews it before each batch, and gives it back when it stops. One that died is followed by another when its
//! lease has run out. Nothing depends on it for being right: two copies that both believe they have it remove the same rows once.

use std::sync::Arc;

use entrypass_ambient::Clock;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::{OnConflict, TableCreateStatement},
};
use sea_orm_migration::{prelude::Table, schema};
use time::Duration;
use uuid::Uuid;

use crate::{Database, micros};

/// How long a copy that has died keeps others from going on: longer than a batch takes by far.
const LEASE: Duration = Duration::minutes(1);
/// The one lease there is.
const NAME: &str = "retention";

/// The statement that makes the table of leases.
#[must_use]
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table("leases")
        .col(schema::string("name").primary_key())
        .col(schema::uuid("holder"))
        .col(schema::big_integer("until"))
        .to_owned()
}

/// Removes for one service what is kept no longer.
#[derive(Clone)]
pub struct Retention {
    database: Database,
    clock: Arc<dyn Clock>,
    service: &'static str,
    holder: Uuid,
}

impl Retention {
    /// For the service `service`, by a copy that is told from others by `holder`.
    #[must_use]
    pub fn new(database: Database, clock: Arc<dyn Clock>, service: &'static str, holder: Uuid) -> Self {
        Self { database, clock, service, holder }
    }

    /// Lets `batch` remove rows of `kind` until it says that it has removed none, as long as this copy has the lease; `false` when another has it.
    ///
    /// # Errors
    /// Those of `batch`, and those of the database.
    pub async fn remove<E: From<DbErr>, F: Future<Output = Result<u64, E>>>(
        &self,
        kind: &'static str,
        mut batch: impl FnMut() -> F,
    ) -> Result<bool, E> {
        while self.hold().await? {
            let removed = batch().await?;
            metrics::counter!("entrypass_retention_removed_total", "service" => self.service, "kind" => kind)
                .increment(removed);
            if removed == 0 {
                let now = self.clock.now().unix_timestamp();
                #[expect(clippy::cast_precision_loss, reason = "a second of these centuries is exact")]
                metrics::gauge!("entrypass_retention_done_timestamp_seconds", "service" => self.service, "kind" => kind)
                    .set(now as f64);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes the lease or renews it; `false` while another copy has it.
    async fn hold(&self) -> Result<bool, DbErr> {
        let now = self.clock.now();
        let until = micros(now + LEASE);
        let free = Condition::any()
            .add(entity::Column::Holder.eq(self.holder))
            .add(entity::Column::Until.lt(micros(now)));
        let transaction = self.database.begin().await?;
        let renewed = entity::Entity::update_many()
            .col_expr(entity::Column::Holder, self.holder.into())
            .col_expr(entity::Column::Until, until.into())
            .filter(entity::Column::Name.eq(NAME))
            .filter(free)
            .exec(&transaction)
            .await?;
        let mut held = renewed.rows_affected == 1;
        if !held {
            let row = entity::ActiveModel {
                name: Set(NAME.to_owned()),
                holder: Set(self.holder),
                until: Set(until),
            };
            let taken = OnConflict::new().do_nothing().to_owned();
            let first = entity::Entity::insert(row).on_conflict(taken);
            held = first.exec_without_returning(&transaction).await? == 1;
        }
        transaction.commit().await?;
        Ok(held)
    }

    /// Gives the lease back, so that another copy need not wait for its end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_back(&self) -> Result<(), DbErr> {
        let transaction = self.database.begin().await?;
        let ours = entity::Entity::delete_many().filter(entity::Column::Holder.eq(self.holder));
        ours.exec(&transaction).await?;
        transaction.commit().await
    }
}

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "leases")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub holder: Uuid,
        pub until: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
