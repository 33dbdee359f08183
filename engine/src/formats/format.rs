//! The name of a format with its options, as a table keeps it.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorCode, Result};

/// How the files of a table are written: one of [`FORMATS`](super::FORMATS) and its options, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    name: &'static str,
    options: BTreeMap<String, String>,
}

impl Format {
    /// The format of that name (in any case) with those options.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` for an unknown format or option, `INVALID_VALUE` for a bad value, that names it and what there is.
    pub fn new(name: &str, options: BTreeMap<String, String>) -> Result<Self> {
        if !name.eq_ignore_ascii_case("parquet") || !options.is_empty() {
            let message = format!("the format \"{name}\" is not supported yet");
            return Err(Error::new(ErrorCode::NotSupported, message));
        }
        Ok(Self::parquet())
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
}
