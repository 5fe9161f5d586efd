//! `m0007`: consent on both sides of a bond.

use sea_orm_migration::{prelude::*, schema};

pub(super) struct Bonds;

impl MigrationName for Bonds {
    fn name(&self) -> &'static str {
        "m0007_bonds"
    }
}

/// A bond that waits since before there were codes can never be confirmed: it ends a day after it was made, and may be made again.
const END_WITHOUT_CODE: &str =
    "UPDATE companions SET confirmation_expire_time = create_time + 86400000000 WHERE state = 'PENDING'";

/// Who has bound somebody; and the bonds that nobody confirmed in time.
const INDEXES: [&str; 2] = [
    "CREATE INDEX companions_of_companion ON companions (companion_id)",
    "CREATE INDEX companions_by_run_out ON companions (confirmation_expire_time) \
     WHERE confirmation_expire_time IS NOT NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Bonds {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            schema::binary_null("confirmation_index"),
            schema::big_integer_null("confirmation_expire_time"),
            schema::big_integer_null("guardian_declare_time"),
        ] {
            manager.alter_table(Table::alter().table("companions").add_column(column).to_owned()).await?;
        }
        for statement in INDEXES.into_iter().chain([END_WITHOUT_CODE]) {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in ["companions_by_run_out", "companions_of_companion"] {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        for column in ["guardian_declare_time", "confirmation_expire_time", "confirmation_index"] {
            manager.alter_table(Table::alter().table("companions").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
