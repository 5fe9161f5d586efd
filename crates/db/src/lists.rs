//! Lists of rows and values as one statement each, with one text however long they are.
//!
//! On PostgreSQL a statement with a place for every value has another text for each length: it is parsed and planned anew, and drives others out of what the driver
//! remembers. So there each column of the rows is one parameter, an array. On SQLite a statement is read in the time that its parameters are
//! bound in, and what is looked for is repeated up to a power of two, so that a few texts are enough.
//!
//! The arrays are sent as text. The driver's binary ones know no NULL in them, and would have to be compiled into every service.

use std::fmt::Write as _;

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ColumnType, DbBackend, DbErr, EntityTrait, Iterable as _,
    QueryTrait as _, Value,
    sea_query::{Expr, ExprTrait as _, Func, InsertStatement, Query},
};

/// The statement that inserts `rows`, all of which set the same columns, into their table. A conflict and what is returned can be added to it.
///
/// # Errors
/// When there is no row, or a value of a kind that no table of ours has.
pub fn insertion<A: ActiveModelTrait>(
    backend: DbBackend,
    rows: impl IntoIterator<Item = A>,
) -> Result<InsertStatement, DbErr> {
    let rows: Vec<A> = rows.into_iter().collect();
    let first = rows.first().ok_or_else(|| DbErr::Custom("no row to insert".to_owned()))?;
    if backend != DbBackend::Postgres {
        return Ok(A::Entity::insert_many(rows).into_query());
    }
    let is_set = |column: &<A::Entity as EntityTrait>::Column| !first.get(*column).is_not_set();
    let columns: Vec<_> = <A::Entity as EntityTrait>::Column::iter().filter(is_set).collect();
    let value = |row: &A, column| match row.get(column) {
        ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Some(value),
        ActiveValue::NotSet => None,
    };
    let array = |column: &<A::Entity as EntityTrait>::Column| {
        array(*column, rows.iter().map(|row| value(row, *column)))
    };
    // Several of them in one list run beside each other, since PostgreSQL 10.
    let unnest = |column| Ok(Func::cust("UNNEST").arg(array(column)?));
    let unnested = columns.iter().map(unnest).collect::<Result<Vec<_>, DbErr>>()?;
    let mut insert = Query::insert().into_table(A::Entity::default()).columns(columns).to_owned();
    insert
        .select_from(Query::select().exprs(unnested).to_owned())
        .map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(insert)
}

/// Whether `column` is one of `values`.
///
/// # Errors
/// When a value is of a kind that no table of ours has.
pub fn is_among<C: ColumnTrait>(
    backend: DbBackend,
    column: C,
    values: impl IntoIterator<Item = impl Into<Value>>,
) -> Result<Expr, DbErr> {
    let values: Vec<Value> = values.into_iter().map(Into::into).collect();
    let name = Expr::col(column.as_column_ref());
    Ok(if backend == DbBackend::Postgres {
        // Not `= ANY (array)`: where the table is read from its beginning, the array would be read from its text again for each row.
        let array = array(column, values.into_iter().map(Some))?;
        name.in_subquery(Query::select().expr(Func::cust("UNNEST").arg(array)).to_owned())
    } else {
        name.is_in(padded(values))
    })
}

/// `values` with the last one repeated until there are a power of two.
#[must_use]
pub fn padded<T: Clone>(mut values: Vec<T>) -> Vec<T> {
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

/// What PostgreSQL calls the type of a column of ours.
#[must_use]
pub fn type_name(of: &ColumnType) -> &'static str {
    match of {
        ColumnType::Uuid => "uuid",
        ColumnType::SmallInteger => "smallint",
        ColumnType::Integer => "integer",
        ColumnType::BigInteger => "bigint",
        ColumnType::Boolean => "boolean",
        ColumnType::Binary(_) | ColumnType::VarBinary(_) | ColumnType::Blob => "bytea",
        _ => "text",
    }
}

/// An array of the values of `column`, as one parameter.
fn array<C: ColumnTrait>(column: C, values: impl Iterator<Item = Option<Value>>) -> Result<Expr, DbErr> {
    let mut text = String::from("{");
    for (nth, value) in values.enumerate() {
        if nth > 0 {
            text.push(',');
        }
        write_element(&mut text, value)
            .ok_or_else(|| DbErr::Custom(format!("no list of values of {}", column.unquoted())))?;
    }
    text.push('}');
    let of = format!("CAST($1 AS {}[])", type_name(column.def().get_column_type()));
    Ok(Expr::cust_with_values(of, [text]))
}

/// Appends a value as [an array's element](https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO); `None` for a kind that no table of ours has.
fn write_element(text: &mut String, value: Option<Value>) -> Option<()> {
    let Some(value) = value.filter(Value::is_some) else {
        text.push_str("NULL");
        return Some(());
    };
    match value {
        Value::Uuid(Some(id)) => write!(text, "{id}").ok(),
        Value::SmallInt(Some(number)) => write!(text, "{number}").ok(),
        Value::Int(Some(number)) => write!(text, "{number}").ok(),
        Value::BigInt(Some(number)) => write!(text, "{number}").ok(),
        Value::Bool(Some(is_so)) => write!(text, "{is_so}").ok(),
        Value::Bytes(Some(bytes)) => write!(text, "\"\\\\x{}\"", base16ct::lower::encode_string(&bytes)).ok(),
        Value::String(Some(string)) => {
            text.push('"');
            for character in string.chars() {
                if matches!(character, '"' | '\\') {
                    text.push('\\');
                }
                text.push(character);
            }
            text.push('"');
            Some(())
        }
        _ => None,
    }
}
