//! Which database a metastore is: its kind, how to connect, and how to name it to a user without its password.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sqlx::ConnectOptions;
use sqlx::any::AnyConnectOptions;
use url::Url;

use super::settings::DatabaseUrl;
use crate::error::{Error, ErrorCode, Result};

/// The metastore's file in the data directory.
const FILE_NAME: &str = "metastore.db";

/// What stays as it is in the path of a `sqlite:` URL. sqlx splits at `?` and decodes the rest.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The parameters of a PostgreSQL URL that sqlx 0.9 knows. It logs any other one together with its value, which may be a
/// misspelt `password`, and goes on; here an unknown one stops the start.
const POSTGRESQL_PARAMETERS: &[&str] = &[
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// The kinds of database under a metastore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file, shared by the processes of one machine.
    Sqlite,
    /// A database of this process alone, gone with it.
    Memory,
    /// A server.
    PostgreSql,
}

/// One database, resolved from the settings.
pub(super) struct Location {
    pub(super) kind: Kind,
    pub(super) options: AnyConnectOptions,
    /// The data directory, absolute. None in memory.
    pub(super) directory: Option<PathBuf>,
    /// How messages name this metastore: a path, or a URL without user, password and parameters.
    pub(super) shown: String,
    /// Every spelling of the password, to be struck from what the database says.
    secrets: Vec<String>,
}

impl Location {
    /// The server at `url`, or else the file in `data_directory`, which is created, for this user alone, if it is missing.
    pub(super) fn resolve(url: Option<&DatabaseUrl>, data_directory: &Path) -> Result<Self> {
        let directory = private_directory(data_directory)?;
        match url {
            Some(url) => Self::postgresql(url.expose(), directory),
            None => Self::sqlite(directory),
        }
    }

    /// A database in memory. sqlx gives each connection to it a database of its own, so there must be one connection only.
    pub(super) fn memory() -> Result<Self> {
        Self::new(Kind::Memory, "sqlite::memory:", None, ":memory:".to_owned(), Vec::new())
    }

    /// The SQLite file's path.
    pub(super) fn file(&self) -> Option<PathBuf> {
        match self.kind {
            Kind::Sqlite => self.directory.as_ref().map(|directory| directory.join(FILE_NAME)),
            Kind::Memory | Kind::PostgreSql => None,
        }
    }

    /// Takes a new SQLite file from everybody but its owner. SQLite gives its log and index files the same mode, so this must
    /// come before they exist. It is done by path: closing a descriptor of the file would drop this process's locks on it.
    pub(super) fn make_private(&self) -> Result<()> {
        let Some(file) = self.file() else { return Ok(()) };
        fs::set_permissions(&file, Permissions::from_mode(0o600)).map_err(|error| {
            let shown = &self.shown;
            setting(format!(
                "cannot make the metastore \"{shown}\" private: {}",
                error.kind()
            ))
            .caused_by(error)
        })
    }

    /// `text` without any spelling of the password.
    pub(super) fn scrub(&self, text: &str) -> String {
        self.secrets
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
    }

    fn sqlite(directory: PathBuf) -> Result<Self> {
        let path = directory.join(FILE_NAME);
        let Some(text) = path.to_str() else {
            let shown = path.display();
            return Err(setting(format!(
                "the data directory \"{shown}\" is not UTF-8: choose another"
            )));
        };
        // An absolute path without dots: the URL parser would resolve them without regard to symbolic links.
        let url = format!("sqlite://{}?mode=rwc", percent_encode(text.as_bytes(), PATH));
        Self::new(Kind::Sqlite, &url, Some(directory), text.to_owned(), Vec::new())
    }

    fn postgresql(text: &str, directory: PathBuf) -> Result<Self> {
        let expected = "expected postgres://user:password@host:port/database";
        let url = Url::parse(text).map_err(|_| setting(format!("the metastore's url is not a URL: {expected}")))?;
        if !["postgres", "postgresql"].contains(&url.scheme()) {
            let scheme = url.scheme();
            return Err(setting(format!(
                "the metastore's url has the scheme \"{scheme}\": {expected}"
            )));
        }
        let is_known =
            |key: &str| POSTGRESQL_PARAMETERS.contains(&key) || (key.starts_with("options[") && key.ends_with(']'));
        let mut keys = url.query_pairs().map(|(key, _)| key.into_owned());
        let unknown = keys.find(|key| !is_known(key));
        if let Some(key) = unknown {
            return Err(setting(format!(
                "the metastore's url has an unknown parameter \"{key}\": remove it"
            )));
        }
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        let host = url.host_str().unwrap_or_default();
        let shown = format!("{}://{host}{port}{}", url.scheme(), url.path());
        Self::new(Kind::PostgreSql, text, Some(directory), shown, passwords(&url))
    }

    fn new(kind: Kind, url: &str, directory: Option<PathBuf>, shown: String, secrets: Vec<String>) -> Result<Self> {
        let options: AnyConnectOptions = url
            .parse()
            .map_err(|_| setting(format!("the metastore's location \"{shown}\" is not understood")))?;
        let options = options.disable_statement_logging();
        Ok(Self {
            kind,
            options,
            directory,
            shown,
            secrets,
        })
    }
}

/// The password of `url` as written and as decoded, from both places where PostgreSQL takes one.
fn passwords(url: &Url) -> Vec<String> {
    let written = url.password().into_iter().flat_map(|password| {
        let decoded = percent_decode_str(password).decode_utf8_lossy().into_owned();
        [password.to_owned(), decoded]
    });
    let parameters = url
        .query_pairs()
        .filter(|(key, _)| key == "password")
        .map(|(_, value)| value.into_owned());
    written.chain(parameters).filter(|secret| !secret.is_empty()).collect()
}

/// `directory`, made if it is missing with access for this user alone, as an absolute path without links.
fn private_directory(directory: &Path) -> Result<PathBuf> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.and_then(|()| directory.canonicalize()).map_err(|error| {
        let (shown, reason) = (directory.display(), error.kind());
        let advice = "choose another data directory, or make it writable";
        setting(format!("cannot use the data directory \"{shown}\": {reason}: {advice}")).caused_by(error)
    })
}

fn setting(message: String) -> Error {
    Error::new(ErrorCode::InvalidSetting, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let Err(error) = Location::resolve(Some(&url.into()), directory.path()) else {
            panic!("{url} was accepted");
        };
        assert_eq!(error.code(), ErrorCode::InvalidSetting);
        format!("{error} {error:?}")
    }

    #[test]
    fn a_refused_url_is_explained_without_its_password() {
        for url in [
            "mysql://u:hunter2@h/d",
            "hunter2",
            "postgres://u:hunter2@h:port/d",
            "postgres://h/d?pasword=hunter2",
        ] {
            let message = refused(url);
            assert!(!message.contains("hunter2"), "{message}");
        }
        assert!(refused("postgres://h/d?pasword=x").contains("unknown parameter \"pasword\""));
        assert!(refused("mysql://h/d").contains("scheme \"mysql\""));
    }

    #[test]
    fn a_server_is_shown_without_user_password_and_parameters() {
        let directory = tempfile::tempdir().unwrap();
        let url = "postgres://ann:p%40ss@db.example:6432/owlet?password=other&sslmode=require";
        let location = Location::resolve(Some(&url.into()), directory.path()).unwrap();
        assert_eq!(location.shown, "postgres://db.example:6432/owlet");
        assert_eq!(location.scrub("p@ss, p%40ss and other"), "***, *** and ***");
    }

    #[test]
    fn a_data_directory_of_any_name_is_one_sqlite_path() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("a b?c#d%20é");
        let location = Location::resolve(None, &directory).unwrap();
        assert_eq!(
            location.file().unwrap(),
            directory.canonicalize().unwrap().join("metastore.db")
        );
        assert!(
            location
                .options
                .database_url
                .as_str()
                .ends_with("/a%20b%3Fc%23d%2520%C3%A9/metastore.db?mode=rwc")
        );
    }
}
