//! What is known of some persons that policies are asked about, and which policies apply, read together: with one statement for however many persons, so
//! that all of it is of one moment. An approval meanwhile shows as an application or as a pass, and never as neither.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use entrypass_ambient::Clock;
use entrypass_db::{
    Coalesced, Database,
    lists::{padded, type_name},
    micros,
};
use entrypass_seal::Sealer;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, FromQueryResult as _, IdenStatic as _,
    Iterable as _, QueryResult, Statement, Value,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    applications::{read_application, read_last},
    circumstances::{read_follow_up, read_quarantine},
    entity::{application, follow_up, pass, policy_activation, quarantine},
    passes::read_pass,
    policies::{Coming, coming_of},
};
use crate::{application::Application, facts::Person};

/// What is known of some persons.
#[derive(Default)]
pub(crate) struct Known {
    persons: HashMap<Uuid, Person>,
    last: HashMap<Uuid, application::Model>,
}

/// What is known of some persons at an instant, and the policies that apply then and later.
pub(crate) struct Seen {
    pub(crate) known: Known,
    pub(crate) coming: Vec<Coming>,
    pub(crate) as_of: OffsetDateTime,
}

/// Looks persons up in `database` as of now, those at once whom callers ask for at once.
pub(crate) fn look_ups(database: Database, clock: Arc<dyn Clock>) -> Coalesced<Uuid, Arc<Seen>> {
    Coalesced::new(move |travellers: Vec<Uuid>| {
        let (database, as_of) = (database.clone(), clock.now());
        async move {
            let (known, coming) = Known::with_coming(database.reader(), &travellers, as_of).await?;
            let seen = Arc::new(Seen { known, coming, as_of });
            Ok(travellers.into_iter().map(|traveller| (traveller, Arc::clone(&seen))).collect())
        }
    })
}

/// What one of the tables has that are read together.
struct Part {
    /// Its columns, each with how PostgreSQL calls its type.
    columns: Vec<(&'static str, &'static str)>,
    /// Under what they stand in the answer.
    prefix: &'static str,
    /// Which rows are wanted, behind FROM.
    rows: String,
}

impl Known {
    /// What is known of `travellers`.
    pub(crate) async fn read(connection: &impl ConnectionTrait, travellers: &[Uuid]) -> Result<Self, DbErr> {
        let mut known = Self::default();
        for row in rows(connection, parts(travellers), travellers.to_vec(), None).await? {
            known.add(&row)?;
        }
        known.sort();
        Ok(known)
    }

    /// The same, and the activations of policies that apply at `as_of` or will, as [`super::policies::coming`] gives them.
    pub(crate) async fn with_coming(
        connection: &impl ConnectionTrait,
        travellers: &[Uuid],
        as_of: OffsetDateTime,
    ) -> Result<(Self, Vec<Coming>), DbErr> {
        let (mut known, mut activations) = (Self::default(), Vec::new());
        let mut parts = parts(travellers);
        parts.push(activations_from(padded(travellers.to_vec()).len() + 1));
        for row in rows(connection, parts, travellers.to_vec(), Some(as_of)).await? {
            match policy_activation::Model::from_query_result_optional(&row, "v_")? {
                Some(row) => activations.push((row.ordinal, row.digest, row.applies_from)),
                None => known.add(&row)?,
            }
        }
        known.sort();
        activations.sort_unstable_by_key(|(ordinal, _, applies_from)| (*applies_from, Reverse(*ordinal)));
        Ok((known, coming_of(activations)?))
    }

    /// What is known of one of them.
    pub(crate) fn of(&self, traveller: Uuid) -> Person {
        self.persons.get(&traveller).cloned().unwrap_or_default()
    }

    /// The last application of one of them.
    pub(crate) fn last_application(
        &self,
        sealer: &Sealer,
        traveller: Uuid,
    ) -> Result<Option<Application>, DbErr> {
        self.last.get(&traveller).map(|row| read_application(sealer, row)).transpose()
    }

    /// Puts what is recorded last first. Rows of several tables come in no order.
    fn sort(&mut self) {
        for person in self.persons.values_mut() {
            person.passes.sort_unstable_by_key(|pass| Reverse((pass.create_time, pass.id)));
            person.quarantines.sort_unstable_by_key(|it| Reverse((it.create_time, it.id)));
            person.follow_ups.sort_unstable_by_key(|it| Reverse((it.time, it.id)));
        }
    }

    /// Adds what a row is of.
    fn add(&mut self, row: &QueryResult) -> Result<(), DbErr> {
        if let Some(row) = application::Model::from_query_result_optional(row, "a_")? {
            self.persons.entry(row.traveller).or_default().last = Some(read_last(&row)?);
            self.last.insert(row.traveller, row);
        } else if let Some(row) = pass::Model::from_query_result_optional(row, "p_")? {
            self.persons.entry(row.traveller).or_default().passes.push(read_pass(row)?);
        } else if let Some(row) = quarantine::Model::from_query_result_optional(row, "q_")? {
            self.persons.entry(row.traveller).or_default().quarantines.push(read_quarantine(&row)?);
        } else if let Some(row) = follow_up::Model::from_query_result_optional(row, "f_")? {
            self.persons.entry(row.traveller).or_default().follow_ups.push(read_follow_up(&row)?);
        }
        Ok(())
    }
}

/// Of `travellers`, whose ids are bound first: the last application, passes, quarantines and follow-ups. Nothing of nobody.
fn parts(travellers: &[Uuid]) -> Vec<Part> {
    if travellers.is_empty() {
        return Vec::new();
    }
    let places: Vec<_> = (1..=padded(travellers.to_vec()).len()).map(|place| format!("${place}")).collect();
    let of_them = format!("traveller IN ({})", places.join(", "));
    let last = format!(
        "applications it WHERE {of_them} AND NOT EXISTS (SELECT 1 FROM applications later \
         WHERE later.traveller = it.traveller AND later.ordinal > it.ordinal)"
    );
    vec![
        Part::of::<application::Entity>("a_", last),
        Part::of::<pass::Entity>("p_", format!("passes WHERE {of_them}")),
        Part::of::<quarantine::Entity>("q_", format!("quarantines WHERE {of_them}")),
        Part::of::<follow_up::Entity>("f_", format!("follow_ups WHERE {of_them}")),
    ]
}

/// The activations that apply at the instant bound as `place`, or will: as [`super::policies::coming`] has them.
fn activations_from(place: usize) -> Part {
    let rows = format!(
        "(SELECT * FROM policy_activations WHERE ordinal >= \
         (SELECT MAX(ordinal) FROM policy_activations WHERE applies_from <= ${place}) \
         ORDER BY applies_from, ordinal DESC LIMIT 100) AS coming"
    );
    Part::of::<policy_activation::Entity>("v_", rows)
}

async fn rows(
    connection: &impl ConnectionTrait,
    parts: Vec<Part>,
    travellers: Vec<Uuid>,
    as_of: Option<OffsetDateTime>,
) -> Result<Vec<QueryResult>, DbErr> {
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let selects: Vec<_> = (0..parts.len()).map(|which| select(&parts, which)).collect();
    let values = padded(travellers).into_iter().map(Value::from).chain(as_of.map(micros).map(Value::from));
    let both = selects.join(" UNION ALL ");
    connection
        .query_all_raw(Statement::from_sql_and_values(connection.get_database_backend(), both, values))
        .await
}

/// The rows of one part, with nothing in the columns of the others. The first names all columns, and says of which type each nothing is: PostgreSQL
/// goes by the first two that it puts together.
fn select(parts: &[Part], which: usize) -> String {
    let column = |(nth, name, of_type, prefix): (usize, &str, &str, &str)| match (nth == which, which) {
        (true, 0) => format!("{name} AS {prefix}{name}"),
        (true, _) => name.to_owned(),
        (false, 0) => format!("CAST(NULL AS {of_type}) AS {prefix}{name}"),
        (false, _) => "NULL".to_owned(),
    };
    let all = parts.iter().enumerate();
    let all =
        all.flat_map(|(nth, part)| part.columns.iter().map(move |(name, of)| (nth, *name, *of, part.prefix)));
    format!("SELECT {} FROM {}", all.map(column).collect::<Vec<_>>().join(", "), parts[which].rows)
}

impl Part {
    fn of<E: EntityTrait>(prefix: &'static str, rows: String) -> Self {
        let column = |column: E::Column| (column.as_str(), type_name(column.def().get_column_type()));
        Self { columns: E::Column::iter().map(column).collect(), prefix, rows }
    }
}
