//! The schema of one service's database: whether it is the one that this program works on, and how it is brought there.

use entrypass_seal::Sealer;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};
use sea_orm_migration::MigratorTrait;
use thiserror::Error;
use uuid::Uuid;

use crate::{DatabaseUrl, OpenError, database::Connections, hold};

/// Only one program at a time migrates one database.
const MIGRATION: Uuid = Uuid::from_u128(0x656e_7472_7970_6173_732e_6d69_6772_6174);

tokio::task_local! {
    /// The sealer of the database that is being migrated: the trait of a migration has no place for it.
    static MIGRATING: Sealer;
}

/// The sealer of the database that the present task migrates, for a migration that seals or opens rows.
///
/// # Errors
/// When nothing is migrated here: a migration was run past [`up`] and [`down`].
pub fn migrating_sealer() -> Result<Sealer, DbErr> {
    let missing = |_| DbErr::Migration("run by itself, a migration has no keys to seal with".to_owned());
    MIGRATING.try_with(Sealer::clone).map_err(missing)
}

/// What is wrong with a schema, and what to do.
#[derive(Debug, Error)]
pub enum SchemaError {
    /// Migrations are missing.
    #[error("its schema is behind this program ({missing} is missing): run `entrypass migrate up`")]
    Behind {
        /// The first that is missing.
        missing: String,
    },
    /// It has migrations that this program does not know.
    #[error(
        "its schema is ahead of this program ({unknown} is not known here): run the newer program, or let the newer one take it back \
         with `entrypass migrate down`"
    )]
    Ahead {
        /// The first that is not known.
        unknown: String,
    },
    /// The tables are another service's.
    #[error(
        "it holds the tables of another service ({table}): each service needs a database, or a schema and user, of its own"
    )]
    AnotherService {
        /// The other service's table of migrations.
        table: String,
    },
    /// Another program has migrated it between a look at it and the change.
    #[error("another program has migrated it meanwhile: look at `entrypass migrate status` and decide again")]
    Changed,
    /// The database refused or failed.
    #[error("its schema cannot be read or changed")]
    Database(#[from] DbErr),
}

/// One step of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// Applies every migration of `M` that the database at `place` has not, all or none; gives their names. What stood there in the clear and is
/// sealed now is sealed with `sealer`.
///
/// # Errors
/// When the database cannot be opened, is another service's or ahead, or a statement fails.
pub async fn up<M: MigratorTrait>(place: &DatabaseUrl, sealer: &Sealer) -> Result<Vec<String>, OpenError> {
    up_by::<M>(place, u32::MAX, sealer).await
}

/// As [`up`], the next `steps` migrations only.
///
/// # Errors
/// As [`up`].
pub async fn up_by<M: MigratorTrait>(
    place: &DatabaseUrl,
    steps: u32,
    sealer: &Sealer,
) -> Result<Vec<String>, OpenError> {
    let database = Connections::open(place, 1).await?;
    let applied = apply::<M>(&database, steps, sealer).await.map_err(at(place))?;
    database.forget_removed().await.map_err(SchemaError::Database).map_err(at(place))?;
    Ok(applied)
}

/// Takes the last `steps` migrations of `M` back, all or none; gives their names, the last one first.
///
/// # Errors
/// As [`up`]; and when another program has migrated it meanwhile, since other steps would then be the last. Nothing is made: a SQLite
/// file that is missing is an error.
pub async fn down<M: MigratorTrait>(
    place: &DatabaseUrl,
    steps: u32,
    sealer: &Sealer,
) -> Result<Vec<String>, OpenError> {
    must_exist(place)?;
    let database = Connections::open(place, 1).await?;
    take_back::<M>(&database, steps, sealer).await.map_err(at(place))
}

/// The migrations of `M`, in order.
///
/// # Errors
/// As [`up`]. Nothing is made: a SQLite file that is missing is an error.
pub async fn status<M: MigratorTrait>(place: &DatabaseUrl) -> Result<Vec<Migration>, OpenError> {
    must_exist(place)?;
    let database = Connections::open(place, 1).await?;
    status_of::<M>(database.reader()).await.map_err(at(place))
}

fn must_exist(place: &DatabaseUrl) -> Result<(), OpenError> {
    match place.file() {
        Some(path) if !path.exists() => Err(OpenError::Missing { place: place.clone() }),
        _ => Ok(()),
    }
}

fn at(place: &DatabaseUrl) -> impl Fn(SchemaError) -> OpenError + '_ {
    |source| OpenError::Schema { place: place.clone(), source }
}

/// Whether there is no table at all.
pub(crate) async fn is_empty(database: &Connections) -> Result<bool, SchemaError> {
    Ok(tables(database.reader(), "").await?.is_empty())
}

/// Applies at most `steps` of what is missing in one transaction: a statement that fails leaves the schema as it was. Gives the names of the
/// steps.
pub(crate) async fn apply<M: MigratorTrait>(
    database: &Connections,
    steps: u32,
    sealer: &Sealer,
) -> Result<Vec<String>, SchemaError> {
    let transaction = begin(database).await?;
    let missing = status_of::<M>(&transaction).await?.into_iter().filter(|step| !step.applied);
    let missing = missing.map(|step| step.name).take(usize::try_from(steps).unwrap_or(usize::MAX)).collect();
    MIGRATING.scope(sealer.clone(), M::up(&transaction, Some(steps))).await?;
    transaction.commit().await?;
    Ok(missing)
}

async fn take_back<M: MigratorTrait>(
    database: &Connections,
    steps: u32,
    sealer: &Sealer,
) -> Result<Vec<String>, SchemaError> {
    let meant = status_of::<M>(database.reader()).await?;
    let transaction = begin(database).await?;
    if status_of::<M>(&transaction).await? != meant {
        return Err(SchemaError::Changed);
    }
    MIGRATING.scope(sealer.clone(), M::down(&transaction, Some(steps))).await?;
    transaction.commit().await?;
    let applied = meant.into_iter().filter(|step| step.applied).rev();
    Ok(applied.take(usize::try_from(steps).unwrap_or(usize::MAX)).map(|step| step.name).collect())
}

async fn begin(database: &Connections) -> Result<DatabaseTransaction, SchemaError> {
    let transaction = database.begin().await?;
    hold(&transaction, [MIGRATION]).await?;
    Ok(transaction)
}

/// Refuses every schema but that of `M` as a whole.
pub(crate) async fn check<M: MigratorTrait>(database: &Connections) -> Result<(), SchemaError> {
    match status_of::<M>(database.reader()).await?.into_iter().find(|step| !step.applied) {
        Some(Migration { name: missing, .. }) => Err(SchemaError::Behind { missing }),
        None => Ok(()),
    }
}

async fn status_of<M: MigratorTrait>(
    connection: &impl ConnectionTrait,
) -> Result<Vec<Migration>, SchemaError> {
    let own = M::migration_table_name().to_string();
    let kept = tables(connection, "_migrations").await?;
    if let Some(table) = kept.iter().find(|table| **table != own) {
        return Err(SchemaError::AnotherService { table: table.clone() });
    }
    let query = format!("SELECT version FROM {own} ORDER BY version");
    let applied = if kept.is_empty() { Vec::new() } else { texts(connection, &query).await? };
    let known: Vec<_> = M::migrations().iter().map(|step| step.name().to_owned()).collect();
    if let Some(unknown) = applied.iter().find(|step| !known.contains(step)) {
        return Err(SchemaError::Ahead { unknown: unknown.clone() });
    }
    let step = |name: String| Migration { applied: applied.contains(&name), name };
    Ok(known.into_iter().map(step).collect())
}

/// The tables of the service's own schema whose names end with `ending`.
async fn tables(connection: &impl ConnectionTrait, ending: &str) -> Result<Vec<String>, DbErr> {
    let all = match connection.get_database_backend() {
        DbBackend::Postgres => "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()",
        _ => "SELECT name FROM sqlite_master WHERE type = 'table'",
    };
    Ok(texts(connection, all).await?.into_iter().filter(|table| table.ends_with(ending)).collect())
}

async fn texts(connection: &impl ConnectionTrait, query: &str) -> Result<Vec<String>, DbErr> {
    let statement = Statement::from_string(connection.get_database_backend(), query);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}
