//! Counting what a service asks of its database.

use std::sync::{Arc, Mutex, PoisonError};

use entrypass_db::Database;

/// The statements that went to a database, each as its verb and its first table: `SELECT registrations`.
#[derive(Debug, Clone, Default)]
pub struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    /// `database`, with those that go through it from now on.
    #[must_use]
    pub fn of(database: Database) -> (Database, Self) {
        let statements = Self::default();
        let told = statements.clone();
        (database.watched(move |sql| told.add(sql)), statements)
    }

    /// Those since this was called last, in their order.
    #[must_use]
    pub fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, sql: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(short(sql));
    }
}

/// Verb and first table of a statement, whatever stands in its parentheses.
fn short(sql: &str) -> String {
    let mut depth = 0;
    let mut outside = String::new();
    for sign in sql.chars() {
        depth += i32::from(sign == '(') - i32::from(sign == ')');
        outside.extend((depth == 0 && sign != '"').then_some(sign));
    }
    let mut words = outside.split_whitespace();
    let verb = words.next().unwrap_or_default();
    let before = match verb {
        "INSERT" => "INTO",
        "SELECT" | "DELETE" => "FROM",
        other => other,
    };
    let table = outside.split_whitespace().skip_while(|word| *word != before).nth(1).unwrap_or_default();
    format!("{verb} {table}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_statement_is_called_by_its_verb_and_first_table() {
        let table = [
            ("BEGIN", "BEGIN"),
            (r#"SELECT "a"."b" FROM "a" INNER JOIN "c""#, "SELECT a"),
            ("SELECT pg_advisory_xact_lock(1); SELECT x FROM \"failed\" WHERE y", "SELECT failed"),
            (r#"INSERT INTO "a" ("b") SELECT 1"#, "INSERT a"),
            (r#"UPDATE "a" SET "b" = $1"#, "UPDATE a"),
            (r#"DELETE FROM "a""#, "DELETE a"),
            (r#"SELECT EXISTS(SELECT 1 FROM "b") AS "c" FROM "a""#, "SELECT a"),
        ];
        for (sql, expected) in table {
            assert_eq!(short(sql), expected, "{sql}");
        }
    }
}
