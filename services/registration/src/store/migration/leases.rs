//! `m0006`: who removes what is kept no longer.

use sea_orm_migration::prelude::*;

pub(super) struct Leases;

impl MigrationName for Leases {
    fn name(&self) -> &'static str {
        "m0006_leases"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Leases {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(entrypass_db::retention::create_table()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("leases").to_owned()).await
    }
}
