//! The configuration of an engine: every module's own settings, from a file and the environment.
//!
//! Must hold: an unknown key or a bad value stops the start and says where it stands. A value in the environment wins over
//! one in the file.

use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorCode, Result};
use crate::name::nearest;
use crate::storage::{Environment, SampleFile};
use crate::{catalog, formats, history, metastore, storage, syntax, workgroup};

/// The sections of the file, which also stand in the names of variables such as `OWLET_WORKGROUP_QUEUE_LIMIT`. A section within another
/// stands before it: `OWLET_FORMATS_WRITE_…` is of the inner one.
const SECTIONS: &[&str] = &[
    "catalog",
    "formats.write",
    "formats",
    "history",
    "metastore",
    "server",
    "statement",
    "storage",
    "workgroup",
];

/// How variables go on after `OWLET_` that are no settings: the data directory, what tests are told, and what Kubernetes and
/// Docker tell every process beside a service called `owlet`.
const OTHER_VARIABLES: &[&str] = &["home", "test_", "service_", "port"];

/// Everything that [`Engine::open`](crate::Engine::open) needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) data_directory: PathBuf,
    pub(crate) working_directory: PathBuf,
    pub(crate) environment: Environment,
    pub(crate) settings: Settings,
}

/// The sections of the configuration file, each the settings of one module.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    data_directory: Option<PathBuf>,
    pub(crate) catalog: catalog::Settings,
    pub(crate) formats: formats::Settings,
    pub(crate) history: history::Settings,
    pub(crate) metastore: metastore::Settings,
    /// Of the front end that serves others, which knows its keys: the engine does not.
    pub(crate) server: toml::Table,
    pub(crate) statement: syntax::Limits,
    pub(crate) storage: storage::Settings,
    pub(crate) workgroup: workgroup::Settings,
}

impl Config {
    /// Reads `file` if there is one (TOML, one section a module), then variables such as `OWLET_WORKGROUP_QUEUE_LIMIT=20`
    /// from `environment`. Relative paths in statements start from `working_directory`.
    ///
    /// State is kept in `data_directory` of the file, else in `$OWLET_HOME`, else in `$XDG_DATA_HOME/owlet`, else in
    /// `$HOME/.local/share/owlet`.
    ///
    /// # Errors
    /// `INVALID_SETTING` that names the file and the line, or the variable.
    pub fn load(file: Option<&Path>, environment: Environment, working_directory: PathBuf) -> Result<Self> {
        let text = match file {
            Some(file) => fs::read_to_string(file).map_err(|error| {
                let message = format!("the configuration file \"{}\" cannot be read: {error}", file.display());
                Error::new(ErrorCode::InvalidSetting, message).caused_by(error)
            })?,
            None => String::new(),
        };
        // Parsed on its own first: of what the environment adds, no line could be told.
        let settings: Settings = toml::from_str(&text).map_err(|error| invalid_file(file, &text, &error))?;
        let settings = with_environment(settings, &text, &environment)?;
        let data_directory = match &settings.data_directory {
            Some(directory) => working_directory.join(directory),
            None => default_data_directory(&environment)?,
        };
        Ok(Self {
            data_directory,
            working_directory,
            environment,
            settings,
        })
    }

    /// Keeps state in `directory` instead.
    pub fn set_data_directory(&mut self, directory: PathBuf) {
        self.data_directory = directory;
    }

    /// Gives the engine the files of the database `sample`: the place of each, such as `trips/month=2026-05/part-0.parquet`, and what
    /// it holds. They are not copied. Without them there is no such database.
    pub fn set_sample(&mut self, files: impl IntoIterator<Item = (&'static str, &'static [u8])>) {
        let files = files.into_iter().map(|(path, bytes)| SampleFile { path, bytes });
        self.settings.storage.sample = files.collect();
    }

    /// The section `[server]`, whose keys are those of a front end that serves others.
    ///
    /// # Errors
    /// `INVALID_SETTING` that names the unknown key or the bad value.
    pub fn server<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        let section = toml::Value::Table(self.settings.server.clone());
        section.try_into().map_err(|error: toml::de::Error| {
            let message = format!("the section [server] of the configuration: {}", error.message());
            Error::new(ErrorCode::InvalidSetting, message)
        })
    }

    /// Where state is kept.
    #[must_use]
    pub fn data_directory(&self) -> &Path {
        &self.data_directory
    }
}

fn default_data_directory(environment: &Environment) -> Result<PathBuf> {
    if let Some(home) = environment.get("OWLET_HOME") {
        return Ok(PathBuf::from(home));
    }
    if let Some(data) = environment.get("XDG_DATA_HOME") {
        return Ok(Path::new(data).join("owlet"));
    }
    if let Some(home) = environment.get("HOME") {
        return Ok(Path::new(home).join(".local/share/owlet"));
    }
    let message = "there is no place to keep state: set OWLET_HOME to a directory";
    Err(Error::new(ErrorCode::InvalidSetting, message))
}

/// `settings` with the variables `OWLET_<SECTION>_<KEY>` put over them, one at a time so that the bad one can be named.
fn with_environment(settings: Settings, text: &str, environment: &Environment) -> Result<Settings> {
    let mut table: toml::Table = toml::from_str(text).map_err(|error| invalid_file(None, text, &error))?;
    let mut settings = settings;
    for (name, value) in environment.iter() {
        let Some((section, key)) = section_and_key(name)? else {
            continue;
        };
        let inner = section.split('.').try_fold(&mut table, |table, step| {
            let entry = table.entry(step).or_insert_with(|| toml::Table::new().into());
            entry.as_table_mut()
        });
        if let Some(inner) = inner {
            inner.insert(key, value_of(value));
        }
        settings = table.clone().try_into().map_err(|error: toml::de::Error| {
            let message = format!("the variable \"{name}\" is not a valid setting: {}", error.message());
            Error::new(ErrorCode::InvalidSetting, message)
        })?;
    }
    Ok(settings)
}

/// The section and the key that a variable names, if it is a setting.
fn section_and_key(variable: &str) -> Result<Option<(&'static str, String)>> {
    let Some(rest) = variable.strip_prefix("OWLET_").map(str::to_lowercase) else {
        return Ok(None);
    };
    if OTHER_VARIABLES.iter().any(|other| rest.starts_with(other)) {
        return Ok(None);
    }
    let named = SECTIONS.iter().find_map(|section| {
        let key = rest.strip_prefix(&section.replace('.', "_"))?.strip_prefix('_')?;
        Some((*section, key.to_owned()))
    });
    if named.is_some() {
        return Ok(named);
    }
    let (word, key) = rest.split_once('_').unwrap_or((&rest, ""));
    let hint = match nearest(word, SECTIONS.iter().copied()) {
        Some(near) => format!("did you mean OWLET_{}?", format!("{near}_{key}").to_uppercase()),
        None => format!("the sections are {}", SECTIONS.join(", ")),
    };
    let message = format!("the variable \"{variable}\" is no setting: {hint}");
    Err(Error::new(ErrorCode::InvalidSetting, message))
}

/// Numbers, booleans and lists as in the file; everything else is text and needs no quotes.
fn value_of(text: &str) -> toml::Value {
    let parsed: Option<toml::Table> = toml::from_str(&format!("value = {text}")).ok();
    parsed
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

fn invalid_file(file: Option<&Path>, text: &str, error: &toml::de::Error) -> Error {
    let line = error
        .span()
        .map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let file = file.map_or_else(
        || "the configuration".to_owned(),
        |file| format!("\"{}\"", file.display()),
    );
    let place = line.map_or_else(|| file.clone(), |line| format!("{file}, line {line}"));
    Error::new(ErrorCode::InvalidSetting, format!("{place}: {}", error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("owlet.toml");
        fs::write(&file, text).unwrap();
        let variables = variables.iter().copied().chain([("HOME", "/home/somebody")]);
        Config::load(Some(&file), variables.collect(), PathBuf::from("/srv"))
    }

    #[test]
    fn an_unknown_key_stops_the_start_and_its_line_is_named() {
        let error = load("[workgroup]\nqueue_limit = 3\nqueue_limits = 4\n", &[]).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidSetting);
        assert!(
            error.message().contains("line 3") && error.message().contains("queue_limits"),
            "{error}"
        );
    }

    #[test]
    fn the_environment_wins_over_the_file_and_a_bad_variable_is_named() {
        let config = load(
            "[workgroup]\nqueue_limit = 3\n",
            &[("OWLET_WORKGROUP_QUEUE_LIMIT", "7")],
        )
        .unwrap();
        assert_eq!(config.settings.workgroup.queue_limit, 7);
        let error = load("", &[("OWLET_WORKGROUP_QUEUE_LIMIT", "many")]).unwrap_err();
        assert!(error.message().contains("OWLET_WORKGROUP_QUEUE_LIMIT"), "{error}");
        assert!(load("", &[("OWLET_STORAGE_NO_SUCH_KEY", "1")]).is_err());
        let inner = load(
            "[formats.write]\nwriters_open = 3\n",
            &[("OWLET_FORMATS_WRITE_ROW_GROUP_ROWS", "7")],
        );
        let inner = inner.unwrap().settings.formats.write;
        assert_eq!((inner.writers_open, inner.row_group_rows), (3, 7));
    }

    #[test]
    fn the_section_of_a_server_is_read_by_the_server() {
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Server {
            port: u16,
        }
        let read = |text: &str, variables: &[(&str, &str)]| load(text, variables).unwrap().server::<Server>();
        assert_eq!(read("", &[]).unwrap().port, 0);
        let text = "[server]\nport = 1\n";
        assert_eq!(read(text, &[]).unwrap().port, 1);
        assert_eq!(read(text, &[("OWLET_SERVER_PORT", "2")]).unwrap().port, 2);
        for text in ["[server]\nprot = 1\n", "[server]\nport = 'x'\n"] {
            let error = read(text, &[]).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidSetting);
            assert!(error.message().starts_with("the section [server]"), "{error}");
        }
    }

    #[test]
    fn a_misspelt_section_in_the_environment_stops_the_start() {
        let error = load("", &[("OWLET_WORKGRUOP_QUEUE_LIMIT", "7")]).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidSetting);
        assert!(
            error.message().contains("did you mean OWLET_WORKGROUP_QUEUE_LIMIT?"),
            "{error}"
        );
        let error = load("", &[("OWLET_COLOUR", "7")]).unwrap_err();
        assert!(error.message().contains("the sections are"), "{error}");
        assert!(
            load(
                "",
                &[("OWLET_SERVICE_HOST", "10.0.0.1"), ("OWLET_PORT", "tcp://10.0.0.1:1")]
            )
            .is_ok()
        );
    }

    #[test]
    fn state_is_kept_where_the_nearest_setting_says() {
        let directory = |text: &str, variables: &[(&str, &str)]| load(text, variables).unwrap().data_directory;
        assert_eq!(directory("", &[]), Path::new("/home/somebody/.local/share/owlet"));
        assert_eq!(directory("", &[("XDG_DATA_HOME", "/x")]), Path::new("/x/owlet"));
        assert_eq!(
            directory("", &[("OWLET_HOME", "/o"), ("XDG_DATA_HOME", "/x")]),
            Path::new("/o")
        );
        assert_eq!(
            directory("data_directory = \"d\"", &[("OWLET_HOME", "/o")]),
            Path::new("/srv/d")
        );
    }
}
