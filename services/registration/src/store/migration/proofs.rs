//! Counts holder proofs that fail.

use sea_orm_migration::{prelude::*, schema};

pub(super) struct Proofs;

impl MigrationName for Proofs {
    fn name(&self) -> &'static str {
        "m0005_proofs"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Proofs {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("failed_proofs")
            .col(schema::binary("subject").primary_key())
            .col(schema::integer("failures"))
            .col(schema::big_integer("end_time"))
            .to_owned();
        manager.create_table(table).await?;
        let by_end = "CREATE INDEX failed_proofs_by_end ON failed_proofs (end_time)";
        manager.get_connection().execute_unprepared(by_end).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("failed_proofs").to_owned()).await
    }
}
