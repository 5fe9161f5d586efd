//! `m0009`: which registrations were first found good, until the registration service has been told.

use sea_orm_migration::{prelude::*, schema};

pub(super) struct FirstVerifications;

impl MigrationName for FirstVerifications {
    fn name(&self) -> &'static str {
        "m0009_first_verifications"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for FirstVerifications {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("first_verifications")
            .col(schema::uuid("registration_id").primary_key())
            .col(schema::big_integer("verified_time"))
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("first_verifications").to_owned()).await
    }
}
