//! `m0007`: passes have states, what is recorded of their holders has a place, and what happens is told.

use entrypass_ambient::{Clock as _, SystemClock};
use entrypass_db::micros;
use sea_orm_migration::{prelude::*, schema};

pub(super) struct Passes;

impl MigrationName for Passes {
    fn name(&self) -> &'static str {
        "m0007_passes"
    }
}

/// A pass that the previous release issues meanwhile is ACTIVE. SQLite adds one column at a time.
const COLUMNS: [(&str, &str); 4] = [
    ("state", "VARCHAR NOT NULL DEFAULT 'ACTIVE'"),
    ("revision", "INTEGER NOT NULL DEFAULT 1"),
    ("state_time", "BIGINT"),
    ("expire_time", "BIGINT"),
];
const INDEXES: [&str; 7] = [
    // The rule "one live pass per person" is this index, and no check before an insert.
    "CREATE UNIQUE INDEX one_live_pass ON passes (traveller) WHERE state IN ('ACTIVE', 'SUSPENDED')",
    "CREATE INDEX passes_of_traveller ON passes (traveller)",
    "CREATE INDEX live_passes_by_end ON passes (expire_time) WHERE state IN ('ACTIVE', 'SUSPENDED')",
    "CREATE INDEX pass_steps_of_traveller ON pass_steps (traveller)",
    "CREATE INDEX quarantines_of_traveller ON quarantines (traveller)",
    "CREATE INDEX follow_ups_of_traveller ON follow_ups (traveller)",
    "CREATE INDEX levels_due ON levels (due_time)",
];
const TABLES: [&str; 6] = ["change_feed", "changes", "levels", "follow_ups", "quarantines", "pass_steps"];

#[async_trait::async_trait]
impl MigrationTrait for Passes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for (column, kind) in COLUMNS {
            let add = format!("ALTER TABLE passes ADD COLUMN {column} {kind}");
            connection.execute_unprepared(&add).await?;
        }
        connection.execute_unprepared("DROP INDEX one_pass").await?;
        let feed = entrypass_feed::create_table();
        for table in [pass_steps(), quarantines(), follow_ups(), levels(), changes(), feed] {
            manager.create_table(table).await?;
        }
        for index in INDEXES.into_iter().chain(entrypass_feed::INDEXES) {
            connection.execute_unprepared(index).await?;
        }
        // Whose pass is there already has their level told as soon as the service runs.
        let due = "INSERT INTO levels (traveller, level, due_time, revision) \
                   SELECT traveller, 'NONE', 0, 1 FROM passes";
        connection.execute_unprepared(due).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for table in TABLES {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        // The release before knows neither states nor ends, and every pass counts there: what has ended must not come to life, whether or not somebody
        // has written that down. The clock, this once: whoever migrates has no other.
        let over = micros(SystemClock.now());
        let ended =
            format!("DELETE FROM passes WHERE state NOT IN ('ACTIVE', 'SUSPENDED') OR expire_time <= {over}");
        for statement in [
            ended.as_str(),
            "DROP INDEX live_passes_by_end",
            "DROP INDEX passes_of_traveller",
            "DROP INDEX one_live_pass",
            "CREATE UNIQUE INDEX one_pass ON passes (traveller)",
        ] {
            connection.execute_unprepared(statement).await?;
        }
        for (column, _) in COLUMNS {
            connection.execute_unprepared(&format!("ALTER TABLE passes DROP COLUMN {column}")).await?;
        }
        Ok(())
    }
}

/// What happened to passes, one row a step after the issue.
fn pass_steps() -> TableCreateStatement {
    Table::create()
        .table("pass_steps")
        .col(schema::uuid("id").primary_key())
        .col(schema::uuid("pass"))
        .col(schema::uuid("traveller"))
        .col(schema::integer("revision"))
        .col(schema::string("state"))
        .col(schema::string_null("reason"))
        .col(schema::binary_null("sealed_note"))
        .col(schema::big_integer("create_time"))
        .to_owned()
}

fn quarantines() -> TableCreateStatement {
    Table::create()
        .table("quarantines")
        .col(schema::uuid("id").primary_key())
        .col(schema::uuid("traveller"))
        .col(schema::big_integer("from_time"))
        .col(schema::big_integer("until_time"))
        .col(schema::big_integer_null("end_time"))
        .col(schema::big_integer("create_time"))
        .to_owned()
}

fn follow_ups() -> TableCreateStatement {
    Table::create()
        .table("follow_ups")
        .col(schema::uuid("id").primary_key())
        .col(schema::uuid("traveller"))
        .col(schema::string("outcome"))
        .col(schema::big_integer("create_time"))
        .to_owned()
}

/// The level that was told last of each person with a pass, to when it was said to last, and when it is to be decided anew.
fn levels() -> TableCreateStatement {
    Table::create()
        .table("levels")
        .col(schema::uuid("traveller").primary_key())
        .col(schema::string("level"))
        .col(schema::big_integer_null("until_time"))
        .col(schema::big_integer_null("due_time"))
        .col(schema::integer("revision"))
        .to_owned()
}

/// What happened, one row a change; see `entrypass-feed` for the order.
fn changes() -> TableCreateStatement {
    Table::create()
        .table("changes")
        .col(schema::big_integer("id").auto_increment().primary_key())
        .col(schema::big_integer_null("position"))
        .col(schema::uuid("traveller"))
        .col(schema::string("kind"))
        .col(schema::uuid_null("subject"))
        .col(schema::string_null("state"))
        .col(schema::big_integer_null("until_time"))
        .col(schema::big_integer("create_time"))
        .to_owned()
}
