//! `m0006`: all states of an application, with their deadlines, claims and the verification of identity.
//!
//! Columns are added and may be empty, so that the release before goes on writing beside this one. What it wrote stays as it is: an application that
//! it approved is APPROVED and has its pass, and none that it took has a deadline.

use sea_orm_migration::{prelude::*, schema};

pub(super) struct Applications;

impl MigrationName for Applications {
    fn name(&self) -> &'static str {
        "m0006_applications"
    }
}

const ONE_OPEN: &str = "CREATE UNIQUE INDEX one_open_application ON applications (traveller) WHERE state IN \
    ('DRAFT', 'SUBMITTED', 'IDENTITY_VERIFYING', 'VERIFICATION_FAILED', 'UNDER_REVIEW', 'RETURNED_FOR_CORRECTION')";
const ONE_OPEN_BEFORE: &str = "CREATE UNIQUE INDEX one_open_application ON applications (traveller) WHERE state IN \
    ('UNDER_REVIEW', 'RETURNED_FOR_CORRECTION')";
const ADDED_INDEXES: [(&str, &str); 3] = [
    (
        "applications_promised",
        "CREATE INDEX applications_promised ON applications (promise_time) \
         WHERE state IN ('SUBMITTED', 'IDENTITY_VERIFYING', 'UNDER_REVIEW')",
    ),
    (
        "applications_lapsing",
        "CREATE INDEX applications_lapsing ON applications (lapse_time) WHERE lapse_time IS NOT NULL",
    ),
    (
        "applications_to_verify",
        "CREATE INDEX applications_to_verify ON applications (next_try) WHERE next_try IS NOT NULL",
    ),
];
/// What the release before calls the states that it does not know. A draft is nothing to it.
const WORDS_BEFORE: [(&str, &str); 5] = [
    ("DRAFT", "WITHDRAWN"),
    ("SUBMITTED", "UNDER_REVIEW"),
    ("IDENTITY_VERIFYING", "UNDER_REVIEW"),
    ("VERIFICATION_FAILED", "RETURNED_FOR_CORRECTION"),
    ("ISSUED", "APPROVED"),
];

fn columns() -> [ColumnDef; 14] {
    [
        schema::big_integer_null("promise_time"),
        schema::big_integer_null("lapse_time"),
        schema::string_null("claim_caller"),
        schema::string_null("claim_reviewer"),
        schema::big_integer_null("claim_until"),
        schema::string_null("decision_caller"),
        schema::string_null("decision_reviewer"),
        schema::string_null("identity_outcome"),
        schema::string_null("identity_strength"),
        schema::text_null("failed_checks"),
        schema::integer_null("identity_revision"),
        schema::binary_null("sealed_evidence"),
        schema::big_integer_null("next_try"),
        schema::integer_null("tries"),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Applications {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for column in columns() {
            manager.alter_table(Table::alter().table("applications").add_column(column).to_owned()).await?;
        }
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP INDEX one_open_application").await?;
        for index in ADDED_INDEXES.map(|(_, create)| create).into_iter().chain([ONE_OPEN]) {
            connection.execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for index in ADDED_INDEXES.map(|(name, _)| name).into_iter().chain(["one_open_application"]) {
            connection.execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        for (word, before) in WORDS_BEFORE {
            let update = format!("UPDATE applications SET state = '{before}' WHERE state = '{word}'");
            connection.execute_unprepared(&update).await?;
        }
        connection.execute_unprepared(ONE_OPEN_BEFORE).await?;
        for column in columns() {
            let name = column.get_column_name();
            manager.alter_table(Table::alter().table("applications").drop_column(name).to_owned()).await?;
        }
        Ok(())
    }
}
