//! `m0004`: why and since when codes are withdrawn, suspensions, what is told of it to those who verify without a network, and first
//! answers.

use sea_orm_migration::{prelude::*, schema};

pub(super) struct Withdrawals;

impl MigrationName for Withdrawals {
    fn name(&self) -> &'static str {
        "m0004_withdrawals"
    }
}

const INDEXES: [&str; 3] = [
    // The codes that a copy of the first release withdrew: nobody was told of them.
    "CREATE INDEX codes_untold ON codes (id) WHERE state <> 'ACTIVE' AND state_time IS NULL AND revision > 0",
    // A bundle has what still matters, and what does not is removed: neither looks at anything else.
    "CREATE INDEX withdrawals_by_end ON withdrawals (drop_time)",
    "CREATE INDEX suspensions_by_end ON suspensions (until)",
];

#[async_trait::async_trait]
impl MigrationTrait for Withdrawals {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            schema::string_null("reason"),
            schema::boolean("fraud").default(false).take(),
            schema::big_integer_null("state_time"),
        ] {
            manager.alter_table(Table::alter().table("codes").add_column(column).to_owned()).await?;
        }
        for table in [suspensions(), withdrawals(), bundle(), entrypass_db::answers::create_table()] {
            manager.create_table(table).await?;
        }
        entrypass_db::answers::add_caller(manager).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["answers", "bundle", "withdrawals", "suspensions"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        manager.get_connection().execute_unprepared("DROP INDEX codes_untold").await?;
        for column in ["state_time", "fraud", "reason"] {
            manager.alter_table(Table::alter().table("codes").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

fn suspensions() -> TableCreateStatement {
    Table::create()
        .table("suspensions")
        .col(schema::uuid("registration_id").primary_key())
        .col(schema::big_integer("until"))
        .col(schema::string("reason"))
        .col(schema::big_integer("create_time"))
        .to_owned()
}

fn withdrawals() -> TableCreateStatement {
    Table::create()
        .table("withdrawals")
        .col(schema::big_integer("version").primary_key())
        .col(schema::uuid("code_id").unique_key())
        .col(schema::string("kind"))
        .col(schema::big_integer_null("until"))
        .col(schema::big_integer("drop_time"))
        .to_owned()
}

fn bundle() -> TableCreateStatement {
    Table::create()
        .table("bundle")
        .col(schema::integer("id").primary_key())
        .col(schema::uuid("feed_id"))
        .col(schema::big_integer("version"))
        .to_owned()
}
