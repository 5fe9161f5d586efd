//! Whether the script of a submission has the statements that the program's submission has: of a server that logs all of them.

/// What every submission does, and nothing else in its transaction.
const SUBMITS: &str = "INSERT INTO \"registrations\"";
/// What makes values in the script (`pgbench/functions.sql`).
const FUNCTIONS: [&str; 3] = ["id(", "digest(", "word("];

/// The first difference between `script` and the first submission in the server's `log`; `None` if there is none. The program writes several
/// submissions with one statement a table, each column of the rows an array; in the script it is the values of one.
#[must_use]
pub fn difference(log: &str, script: &str) -> Option<String> {
    let script: Vec<String> = statements(script).iter().map(|statement| one_row(&plain(statement))).collect();
    let Some(executed) = submission(log) else {
        return Some("the log has no submission".to_owned());
    };
    let end = std::iter::repeat(None);
    let mut pairs = script.iter().map(Some).chain(end).zip(executed.iter().map(Some).chain([None]));
    let (script, executed) = pairs.find(|(script, executed)| script != executed)?;
    Some(format!("script: {script:?}\nexecuted: {executed:?}"))
}

/// The statements of the first submission's transaction.
fn submission(log: &str) -> Option<Vec<String>> {
    let all: Vec<(&str, String)> = log.lines().filter_map(executed).collect();
    let at = all.iter().position(|(_, statement)| statement.starts_with(SUBMITS))?;
    let (process, _) = all[at];
    let begin = all[..at].iter().rposition(|(by, statement)| *by == process && statement == "BEGIN")?;
    let mut transaction = Vec::new();
    for (_, statement) in all[begin..].iter().filter(|(by, _)| *by == process) {
        transaction.push(one_row(statement));
        if statement == "COMMIT" {
            return Some(transaction);
        }
    }
    None
}

/// The process and the statement of a line like `2026-11-23 08:00:00 UTC [123] LOG:  execute sqlx_s_1: SELECT 1`.
fn executed(line: &str) -> Option<(&str, String)> {
    let (head, told) = line.split_once(" LOG:  ")?;
    let (_, process) = head.rsplit_once('[')?;
    let (how, statement) = told.split_once(": ")?;
    (how == "statement" || how.starts_with("execute ")).then(|| (process, plain(statement)))
}

/// The statements of a script, without comments and pgbench's own commands.
fn statements(script: &str) -> Vec<String> {
    let lines = script.lines().filter(|line| !line.starts_with("--") && !line.starts_with('\\'));
    let text = lines.collect::<Vec<_>>().join(" ");
    text.split(';')
        .map(|statement| statement.trim().to_owned())
        .filter(|statement| !statement.is_empty())
        .collect()
}

/// Without the values that a statement inserts, and with one value in each list of them.
fn one_row(statement: &str) -> String {
    let rows = [") VALUES (", ") SELECT UNNEST("].iter().find_map(|rows| statement.find(rows));
    let mut text = statement.to_owned();
    if let Some(at) = rows.filter(|_| statement.starts_with("INSERT ")) {
        let behind = statement.find(" ON CONFLICT").map_or("", |behind| &statement[behind..]);
        text = format!("{}){behind}", &statement[..at]);
    }
    while let Some(at) = text.find("(SELECT UNNEST(CAST(?") {
        let Some(end) = text[at..].find(")))") else { return text };
        text.replace_range(at..at + end + 3, "(?)");
    }
    text
}

/// With one blank between words, and a question mark for each value.
fn plain(statement: &str) -> String {
    let words: Vec<&str> = statement.split_whitespace().collect();
    let text = words.join(" ").replace("NULL", "?").replace("''", "?");
    let (mut out, mut rest) = (String::new(), text.as_str());
    while let Some(at) = rest.find(['$', ':']) {
        let (before, value) = rest.split_at(at);
        let end = value[1..]
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .map_or(value.len(), |end| end + 1);
        let function = FUNCTIONS.iter().find(|function| before.ends_with(**function));
        out.push_str(before.strip_suffix(function.copied().unwrap_or_default()).unwrap_or(before));
        out.push('?');
        rest = &value[end..];
        if function.is_some() {
            rest = rest.strip_prefix(')').unwrap_or(rest);
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::difference;

    const LOG: &str = "\
x UTC [2] LOG:  statement: BEGIN
x UTC [1] LOG:  statement: SELECT 1
x UTC [2] LOG:  execute sqlx_s_1: SELECT a FROM \"answers\" WHERE a IN (SELECT UNNEST(CAST($1 AS text[])))
x UTC [2] DETAIL:  parameters: $1 = 'x'
x UTC [2] LOG:  execute sqlx_s_2: INSERT INTO \"registrations\" (\"id\", \"b\") SELECT UNNEST(CAST($1 AS uuid[])), UNNEST(CAST($2 AS text[])) ON CONFLICT  DO NOTHING
x UTC [2] LOG:  statement: COMMIT
x UTC [2] LOG:  statement: SELECT 2
";

    fn script(insert: &str) -> String {
        format!(
            "-- a comment\n\\set n 1\nBEGIN;\nSELECT a FROM \"answers\" WHERE a IN (word(:n));\n{insert}\nCOMMIT;\n"
        )
    }

    #[test]
    fn the_same_statements_are_the_same_whatever_their_values() {
        let same = script(
            "INSERT INTO \"registrations\" (\"id\", \"b\") VALUES (id(:n), NULL) ON CONFLICT DO NOTHING;",
        );
        assert_eq!(difference(LOG, &same), None);
    }

    #[test]
    fn another_statement_one_too_few_and_one_too_many_are_told() {
        let other = script("INSERT INTO \"registrations\" (\"id\") VALUES (id(:n)) ON CONFLICT DO NOTHING;");
        assert!(difference(LOG, &other).expect("told").contains("executed"));
        let (few, insert) = (
            script(""),
            "INSERT INTO \"registrations\" (\"id\", \"b\") VALUES (:n, :n) ON CONFLICT DO NOTHING;",
        );
        assert!(difference(LOG, &few).is_some());
        assert!(difference(LOG, &script(&format!("{insert} SELECT 3;"))).is_some());
        assert!(
            difference(LOG, &format!("{} SELECT 4;", script(insert)))
                .expect("told")
                .contains("executed: None")
        );
        assert!(difference("", &few).is_some());
    }
}
