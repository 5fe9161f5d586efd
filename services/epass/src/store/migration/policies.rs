//! `m0008`: policies, which applied when, and by which a level was told last. The default policy is the first, so that what decides always stands in the database, and no program has
//! another opinion.
//!
//! It is the one of the program that migrates: a later release with another default leaves what is there alone, and whoever wants it adds and
//! activates it.

use entrypass_db::micros;
use entrypass_policy::{DEFAULT, Policy};
use sea_orm_migration::{prelude::*, schema};

pub(super) struct Policies;

impl MigrationName for Policies {
    fn name(&self) -> &'static str {
        "m0008_policies"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Policies {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(policies()).await?;
        manager.create_table(activations()).await?;
        let index = "CREATE UNIQUE INDEX policies_by_name ON policies (name, version)";
        let levels = "ALTER TABLE levels ADD COLUMN policy_ordinal BIGINT NOT NULL DEFAULT 0";
        let by_ordinal = "CREATE INDEX levels_by_policy ON levels (policy_ordinal)";
        for statement in [index, levels, by_ordinal] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        add_default(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in ["DROP INDEX levels_by_policy", "ALTER TABLE levels DROP COLUMN policy_ordinal"] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        for table in ["policy_activations", "policies"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

async fn add_default(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let policy = Policy::parse(DEFAULT).map_err(|mistakes| DbErr::Custom(mistakes.to_string()))?;
    let digest = policy.digest().to_string();
    let from = micros(policy.effective_from());
    let mut added = Query::insert();
    added
        .into_table("policies")
        .columns(["digest", "name", "version", "text", "effective_from", "effective_to", "created_by"])
        .values_panic([
            digest.clone().into(),
            policy.name().to_owned().into(),
            i64::from(policy.version()).into(),
            policy.text().to_owned().into(),
            from.into(),
            policy.effective_to().map(micros).into(),
            String::new().into(),
        ]);
    manager.execute(added).await?;
    let mut activated = Query::insert();
    activated
        .into_table("policy_activations")
        .columns(["ordinal", "digest", "applies_from", "caller", "reason"])
        .values_panic([1.into(), digest.into(), from.into(), String::new().into(), String::new().into()]);
    manager.execute(activated).await
}

fn policies() -> TableCreateStatement {
    Table::create()
        .table("policies")
        .col(schema::string_len("digest", 64).primary_key())
        .col(schema::string("name"))
        .col(schema::big_integer("version"))
        .col(schema::text("text"))
        .col(schema::big_integer("effective_from"))
        .col(schema::big_integer_null("effective_to"))
        .col(schema::big_integer_null("create_time"))
        .col(schema::string("created_by"))
        .to_owned()
}

fn activations() -> TableCreateStatement {
    Table::create()
        .table("policy_activations")
        .col(schema::big_integer("ordinal").primary_key())
        .col(schema::string_len("digest", 64))
        .col(schema::big_integer("applies_from"))
        .col(schema::big_integer_null("activate_time"))
        .col(schema::string("caller"))
        .col(schema::text("reason"))
        .to_owned()
}
