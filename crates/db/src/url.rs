//! Where a service's database is: a URL chooses the engine.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use sea_orm::sqlx::{self, postgres::PgConnectOptions};
use thiserror::Error;

/// Where a database is.
///
/// `sqlite:PATH` is a file of this machine; `postgres://USER:PASSWORD@HOST:PORT/DATABASE` a server, with libpq's parameters behind
/// a `?` (`sslmode`, `sslrootcert`, `options`). It prints without the password.
#[derive(Clone)]
pub struct DatabaseUrl(pub(crate) Place);

#[derive(Clone)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres { url: String, options: Box<PgConnectOptions> },
}

/// Why a text is no database URL. It does not repeat the text, which may hold a password.
#[derive(Debug, Error)]
pub enum UrlError {
    /// Neither of the two engines.
    #[error("a database is sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE")]
    Scheme,
    /// A parameter that the driver would pass over, with a warning that shows its value: a misspelt `password`, for one.
    #[error("unknown parameter {0:?} in the PostgreSQL URL")]
    Parameter(String),
    /// Not what PostgreSQL's driver reads.
    #[error("not a PostgreSQL URL")]
    Postgres(#[source] sqlx::Error),
}

impl DatabaseUrl {
    /// The SQLite file `path`, in which any character may stand.
    #[must_use]
    pub fn sqlite(path: &Path) -> Self {
        Self(Place::Sqlite(path.to_owned()))
    }

    /// The file that it is, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Place::Sqlite(path) => Some(path),
            Place::Postgres { .. } => None,
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::sqlite(Path::new(path))),
            Some(("postgres" | "postgresql", rest)) => {
                let (_, parameters) = rest.split_once('?').unwrap_or_default();
                let mut names = parameters.split('&').filter_map(|one| one.split('=').next());
                if let Some(unknown) = names.find(|name| !is_parameter(name)) {
                    return Err(UrlError::Parameter(unknown.to_owned()));
                }
                let options = Box::new(text.parse().map_err(UrlError::Postgres)?);
                Ok(Self(Place::Postgres { url: text.to_owned(), options }))
            }
            _ => Err(UrlError::Scheme),
        }
    }
}

/// Whether the driver knows a parameter.
fn is_parameter(name: &str) -> bool {
    const KNOWN: [&str; 12] = [
        "",
        "application_name",
        "dbname",
        "host",
        "options",
        "password",
        "port",
        "sslcert",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "user",
    ];
    KNOWN.contains(&name) || name.starts_with("options[")
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Place::Postgres { options, .. } => {
                let socket = options.get_socket().map(|path| path.display().to_string());
                let host = socket.unwrap_or_else(|| options.get_host().to_owned());
                let user = options.get_username();
                let database = options.get_database().unwrap_or(user);
                write!(f, "postgres://{user}@{host}:{}/{database}", options.get_port())
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::DatabaseUrl;

    #[test]
    fn a_url_prints_where_it_leads_and_never_its_password() {
        let table = [
            ("postgres://qr:s3cret@db.example:5433/entrypass", "postgres://qr@db.example:5433/entrypass"),
            ("postgresql://qr:s3cret@%2Frun%2Fpg/city", "postgres://qr@/run/pg:5432/city"),
            ("postgres://qr:s3cret@db?options=-csearch_path%3Dqr", "postgres://qr@db:5432/qr"),
            ("sqlite:/var/lib/entry pass/qr.sqlite3", "sqlite:/var/lib/entry pass/qr.sqlite3"),
        ];
        for (text, shown) in table {
            let url: DatabaseUrl = text.parse().expect("a URL");
            assert_eq!(
                (url.to_string(), format!("{url:?}")),
                (shown.to_owned(), format!("DatabaseUrl({shown})"))
            );
        }
    }

    #[test]
    fn what_is_no_url_is_told_without_repeating_it() {
        for text in [
            "",
            "s3cret",
            "sqlite:",
            "mysql://qr:s3cret@db/x",
            "postgres://qr:s3cret@db:port/x",
            "postgres://qr@db/x?pasword=s3cret",
        ] {
            let error = text.parse::<DatabaseUrl>().expect_err(text);
            let told = format!("{error} {error:?} {:?}", error.source().map(ToString::to_string));
            assert!(!told.contains("s3cret"), "{told}");
        }
    }
}
