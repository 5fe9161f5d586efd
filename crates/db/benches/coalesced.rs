//! What callers gain who share round trips: `just bench-look-ups`, on PostgreSQL with `tests/with-postgres just bench-look-ups`.
//!
//! The same rows of the same table are looked up by their keys, by so many callers at once, in turns: each with a statement of their own, and through
//! `Coalesced`. Only ratios of time are printed, the median of many rounds; alone, nothing is to be gained, and a hop to another task is to be paid.

#![expect(clippy::expect_used, reason = "a benchmark that cannot measure has nothing to say")]

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    time::{Duration, Instant},
};

use entrypass_db::{Coalesced, Database, lists::padded};
use entrypass_testkit::TestDatabase;
use sea_orm::{ConnectionTrait as _, DbErr, Statement, Value};
use sea_orm_migration::prelude::{
    MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait::async_trait,
};
use tokio::{runtime::Runtime, task::JoinSet};
use uuid::Uuid;

const ROUNDS: usize = 15;
/// Look-ups of one round, over all callers.
const LOOKS: usize = 2048;
const ROWS: u128 = 10_000;
/// Connections to PostgreSQL.
const CONNECTIONS: u32 = 16;

struct Migrator;

struct Rows;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Rows)]
    }
}

impl MigrationName for Rows {
    fn name(&self) -> &'static str {
        "m0001_rows"
    }
}

#[async_trait]
impl MigrationTrait for Rows {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = "CREATE TABLE things (id uuid PRIMARY KEY, said BIGINT NOT NULL)";
        manager.get_connection().execute_unprepared(table).await.map(drop)
    }
}

/// The things with these ids, with one statement.
async fn look_up(database: &Database, ids: Vec<Uuid>) -> Result<BTreeMap<Uuid, i64>, DbErr> {
    let ids = padded(ids);
    let places: Vec<_> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let select = format!("SELECT id, said FROM things WHERE id IN ({})", places.join(", "));
    let reader = database.reader();
    let values = ids.into_iter().map(Value::from);
    let select = Statement::from_sql_and_values(reader.get_database_backend(), select, values);
    let rows = reader.query_all_raw(select).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "said")?))).collect()
}

/// How a caller looks something up.
#[derive(Clone)]
enum Way {
    Alone(Database),
    Together(Coalesced<Uuid, i64>),
}

impl Way {
    async fn look(&self, number: u128) {
        let id = Uuid::from_u128(number);
        let found = match self {
            Self::Alone(database) => look_up(database, vec![id]).await.expect("read").remove(&id),
            Self::Together(looks) => looks.get(id).await.expect("read"),
        };
        assert_eq!(found, i64::try_from(number).ok());
    }

    /// How long it takes `callers` to look everything up.
    async fn round(&self, callers: usize) -> Duration {
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            let way = self.clone();
            tasks.spawn(async move {
                for look in 0..LOOKS / callers {
                    // Spread over the table, so that no two ask for the same.
                    way.look((caller * 7919 + look * 104_729) as u128 % ROWS).await;
                }
            });
        }
        tasks.join_all().await;
        began.elapsed()
    }
}

async fn filled() -> (TestDatabase, Database) {
    let place = TestDatabase::migrated::<Migrator>("things").await;
    let database = Database::open::<Migrator>(&place.url(), CONNECTIONS, &TestDatabase::sealer()).await;
    let database = database.expect("a database");
    let numbers: Vec<_> = (0..ROWS).collect();
    for some in numbers.chunks(1000) {
        let places: Vec<_> =
            (1..=some.len()).map(|nth| format!("(${}, ${})", 2 * nth - 1, 2 * nth)).collect();
        let insert = format!("INSERT INTO things (id, said) VALUES {}", places.join(", "));
        let value = |number: &u128| [Uuid::from_u128(*number).into(), i64::try_from(*number).ok().into()];
        let values: Vec<Value> = some.iter().flat_map(value).collect();
        let writer = database.writer();
        let insert = Statement::from_sql_and_values(writer.get_database_backend(), insert, values);
        writer.execute_raw(insert).await.expect("written");
    }
    (place, database)
}

fn main() {
    Runtime::new().expect("a runtime").block_on(async {
        let (_place, database) = filled().await;
        let alone = Way::Alone(database.clone());
        let looks = Coalesced::new(move |ids| {
            let database = database.clone();
            async move { look_up(&database, ids).await }
        });
        let together = Way::Together(looks);
        for callers in [1, 8, 64, 256] {
            let mut ratios = Vec::new();
            for round in 0..=ROUNDS {
                let (one, other) = (alone.round(callers).await, together.round(callers).await);
                // The first warms up.
                if round > 0 {
                    ratios.push(one.as_secs_f64() / other.as_secs_f64());
                }
            }
            ratios.sort_by(f64::total_cmp);
            let line =
                format!("{callers:>3} at once: {:.2} look-ups in the time of one alone", ratios[ROUNDS / 2]);
            writeln!(io::stdout(), "{line}").expect("written");
        }
    });
}
