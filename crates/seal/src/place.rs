//! Where something sealed may stand.

/// The row and the column that something is sealed for: nobody who can write tables can have it opened anywhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Name of the table.
    pub table: &'a str,
    /// Name of the column.
    pub column: &'a str,
    /// The row's primary key. Of one of several columns each part is to be told from the next: see [`Place::row_of`].
    pub row: &'a [u8],
}

impl Place<'_> {
    /// The `row` that several columns of a primary key are: each behind its length.
    #[must_use]
    pub fn row_of(parts: &[&[u8]]) -> Vec<u8> {
        let mut row = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
        for part in parts {
            row.extend_from_slice(&(part.len() as u64).to_be_bytes());
            row.extend_from_slice(part);
        }
        row
    }

    /// The associated data of what is sealed here as `part` of `format`, under the key that is called `key`.
    ///
    /// Each part stands behind its length: no two places have the same.
    pub(crate) fn bound(&self, format: u8, part: &str, key: &[u8]) -> Vec<u8> {
        let parts =
            [&[format], part.as_bytes(), key, self.table.as_bytes(), self.column.as_bytes(), self.row];
        Self::row_of(&parts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Place;

    proptest! {
        #[test]
        fn no_two_places_coincide(
            a in prop::array::uniform3("[ab.]{0,3}"), b in prop::array::uniform3("[ab.]{0,3}"),
        ) {
            let place = |of: &[String; 3]| Place { table: &of[0], column: &of[1], row: of[2].as_bytes() }.bound(1, "x", b"");
            prop_assert_eq!(place(&a) == place(&b), a == b);
        }

        #[test]
        fn no_two_rows_coincide(a in prop::collection::vec("[ab]{0,3}", 0..4), b in prop::collection::vec("[ab]{0,3}", 0..4)) {
            let row = |of: &[String]| Place::row_of(&of.iter().map(String::as_bytes).collect::<Vec<_>>());
            prop_assert_eq!(row(&a) == row(&b), a == b);
        }
    }
}
