//! What no amendment changes once a checkpoint has seen it.

use thiserror::Error;

use super::merge::is_amendable;

/// Paths of the form that no amendment changes once a checkpoint has found the registration good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenPaths(Vec<String>);

/// A path, by its position from 1, that no amendment takes anyway: it is not one of the form, or an identity field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("path {0} is none of the form that can be amended")]
pub struct NotAmendable(pub usize);

impl Default for FrozenPaths {
    /// What was declared about the way into the city, by which the checkpoint lets in.
    fn default() -> Self {
        Self(["entry", "travel_history", "health"].map(str::to_owned).to_vec())
    }
}

impl FrozenPaths {
    /// Reads paths of the form, such as `entry` or `destination.address`; none freezes nothing.
    ///
    /// # Errors
    /// The first that no amendment takes.
    pub fn parse(paths: impl IntoIterator<Item = String>) -> Result<Self, NotAmendable> {
        let read = |(position, path): (_, String)| {
            if is_amendable(&path) { Ok(path) } else { Err(NotAmendable(position)) }
        };
        (1..).zip(paths).map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Those of the `changed` paths that are frozen, lie in something that is, or have something in them that is.
    pub(crate) fn among<'a>(&self, changed: &'a [String]) -> Vec<&'a str> {
        let frozen = |path: &&str| self.0.iter().any(|frozen| lies_in(path, frozen) || lies_in(frozen, path));
        changed.iter().map(String::as_str).filter(frozen).collect()
    }
}

fn lies_in(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::{FrozenPaths, NotAmendable};

    fn paths(paths: &[&str]) -> Vec<String> {
        paths.iter().map(|&path| path.to_owned()).collect()
    }

    #[test]
    fn what_lies_in_a_frozen_path_or_around_it_is_frozen() {
        let frozen = FrozenPaths::parse(paths(&["entry", "destination.address"])).expect("paths");
        let table: [(&[&str], &[&str]); 5] = [
            (&["entry"], &["entry"]),
            (&["mobile_phone", "entry.seat", "entry.entry_date"], &["entry.seat", "entry.entry_date"]),
            (&["destination"], &["destination"]),
            (&["destination.division_code", "destination.address"], &["destination.address"]),
            (&["stay_days", "entrance", "destinations.address"], &[]),
        ];
        for (changed, expected) in table {
            assert_eq!(frozen.among(&paths(changed)), expected, "{changed:?}");
        }
        let nothing = FrozenPaths::parse([]).expect("none");
        assert!(nothing.among(&paths(&["entry", "health"])).is_empty());
    }

    #[test]
    fn the_default_is_made_of_paths_and_what_is_none_is_named() {
        let FrozenPaths(default) = FrozenPaths::default();
        assert_eq!(FrozenPaths::parse(default.clone()), Ok(FrozenPaths(default)));
        for path in
            ["", "*", "entry.", "form.entry", "Entry", "travel_history.country", "birth_date", "surname"]
        {
            let refused = FrozenPaths::parse(paths(&["email", path]));
            assert_eq!(refused, Err(NotAmendable(2)), "{path:?}");
        }
    }
}
