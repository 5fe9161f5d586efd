//! `m0005`: the records of verifications.

use sea_orm_migration::{prelude::*, schema};

pub(super) struct Verifications;

impl MigrationName for Verifications {
    fn name(&self) -> &'static str {
        "m0005_verifications"
    }
}

/// Each list and count goes along one of these, newest first, and so does forgetting.
const INDEXES: [&str; 4] = [
    "CREATE INDEX verifications_by_time ON verifications (create_time, id)",
    "CREATE INDEX verifications_at_checkpoint ON verifications (checkpoint, create_time, id)",
    "CREATE INDEX verifications_of_code ON verifications (code_id, create_time, id)",
    "CREATE INDEX verifications_with_verdict ON verifications (verdict, create_time, id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Verifications {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("verifications")
            .col(schema::uuid("id").primary_key())
            .col(schema::big_integer("create_time"))
            .col(schema::string_null("checkpoint"))
            .col(schema::string("verdict"))
            .col(schema::uuid_null("code_id"))
            .col(schema::string("caller"))
            .to_owned();
        manager.create_table(table).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("verifications").to_owned()).await
    }
}
