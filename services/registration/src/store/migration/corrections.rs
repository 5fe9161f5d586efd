//! `m0008`: corrections, and why a revision was asked for.

use sea_orm_migration::{prelude::*, schema};

pub(super) struct Corrections;

impl MigrationName for Corrections {
    fn name(&self) -> &'static str {
        "m0008_corrections"
    }
}

/// A registration has one correction that waits; the reviewers' queue, and the corrections of a registration, in the order in which they were asked for.
const INDEXES: [&str; 3] = [
    "CREATE UNIQUE INDEX one_pending_correction ON corrections (registration_id) WHERE state = 'PENDING'",
    "CREATE INDEX corrections_by_state ON corrections (state, id)",
    "CREATE INDEX corrections_of_registration ON corrections (registration_id, id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Corrections {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(corrections()).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        let reason = schema::binary_null("sealed_reason");
        manager.alter_table(Table::alter().table("revisions").add_column(reason).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The release before knows no such kind: what was corrected is an amendment there.
        for table in ["revisions", "changes"] {
            let amended = format!("UPDATE {table} SET kind = 'AMENDED' WHERE kind = 'CORRECTED'");
            manager.get_connection().execute_unprepared(&amended).await?;
        }
        manager
            .alter_table(Table::alter().table("revisions").drop_column("sealed_reason").to_owned())
            .await?;
        manager.drop_table(Table::drop().table("corrections").to_owned()).await
    }
}

fn corrections() -> TableCreateStatement {
    Table::create()
        .table("corrections")
        .col(schema::uuid("id").primary_key())
        .col(schema::uuid("registration_id"))
        .col(schema::string("state"))
        .col(schema::string("changed_paths"))
        .col(schema::binary("sealed"))
        .col(schema::binary_null("sealed_note"))
        .col(schema::big_integer("create_time"))
        .col(schema::big_integer_null("end_time"))
        .col(schema::integer_null("revision"))
        .foreign_key(ForeignKey::create().from("corrections", "registration_id").to("registrations", "id"))
        .to_owned()
}
