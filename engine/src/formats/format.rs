//! The name of a format with its options, as a table keeps it.

use std::collections::BTreeMap;

use super::files::{self, TableFormat};
use crate::error::{Error, ErrorCode, Result};
use crate::name::nearest;

/// How the files of a table are written: one of `files::FORMATS` and its options, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    name: &'static str,
    options: BTreeMap<String, String>,
}

impl Format {
    /// The format of that name (in any case) with those options, by their own names or those of `DataFusion` and Hive.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` for an unknown format or option, `INVALID_VALUE` for a bad value, that names it and what there is.
    pub fn new(name: &str, options: BTreeMap<String, String>) -> Result<Self> {
        let format = files::by_name(name).ok_or_else(|| unknown(name))?;
        let options = files::checked(format, options)?;
        Ok(Self {
            name: format.name(),
            options,
        })
    }

    /// Parquet with its defaults.
    #[must_use]
    pub fn parquet() -> Self {
        Self {
            name: "parquet",
            options: BTreeMap::new(),
        }
    }

    /// Its name, lower case, such as `parquet`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its options by their canonical names; those that have their default are left out.
    #[must_use]
    pub fn options(&self) -> &BTreeMap<String, String> {
        &self.options
    }

    /// The value of an option, by its canonical name: what was given, else the default. Nothing for a name that is no option.
    #[must_use]
    pub fn option(&self, name: &str) -> &str {
        if let Some(given) = self.options.get(name) {
            return given;
        }
        let rules = files::by_name(self.name).map_or(&[] as &[_], TableFormat::options);
        rules
            .iter()
            .find(|rule| rule.name == name)
            .map_or("", |rule| rule.default)
    }

    /// A format of `files::FORMATS` with its defaults.
    pub(super) fn plain(format: &'static dyn TableFormat) -> Self {
        Self {
            name: format.name(),
            options: BTreeMap::new(),
        }
    }
}

fn unknown(name: &str) -> Error {
    let names: Vec<&str> = files::FORMATS.iter().map(|format| format.name()).collect();
    let hint = match nearest(&name.to_lowercase(), names.iter().copied()) {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None => format!("; there are {}", names.join(", ")),
    };
    Error::new(
        ErrorCode::NotSupported,
        format!("the format \"{name}\" is not supported{hint}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_in_any_case_and_a_misspelt_one_gets_the_nearest() {
        assert_eq!(Format::new("PARQUET", BTreeMap::new()).unwrap(), Format::parquet());
        let error = Format::new("parket", BTreeMap::new()).unwrap_err();
        assert!(error.message().contains("did you mean \"parquet\""), "{error}");
    }

    #[test]
    fn an_unknown_option_is_named() {
        let options = BTreeMap::from([("delimter".to_owned(), ";".to_owned())]);
        let error = Format::new("parquet", options).unwrap_err();
        assert!(error.message().contains("\"delimter\""), "{error}");
    }
}
