//! `m0009`: when a checkpoint first found a registration's code good.

use sea_orm_migration::{prelude::*, schema};

pub(super) struct Verified;

impl MigrationName for Verified {
    fn name(&self) -> &'static str {
        "m0009_verified"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Verified {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = schema::big_integer_null("verified_time");
        manager.alter_table(Table::alter().table("registrations").add_column(column).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table("registrations").drop_column("verified_time").to_owned())
            .await
    }
}
