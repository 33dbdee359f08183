//! The options of formats as tables: their names, and what their values may be.

use std::collections::BTreeMap;

use super::TableFormat;
use crate::error::{Error, ErrorCode, Result};
use crate::name::nearest;

/// One option of a format.
#[derive(Debug)]
pub struct OptionRule {
    /// Its canonical name.
    pub name: &'static str,
    /// Other names: those of `DataFusion` and Hive.
    pub aliases: &'static [&'static str],
    /// What is meant when it is not given, in canonical form.
    pub default: &'static str,
    /// The value in canonical form, or what a good value would be.
    pub check: fn(&str) -> Result<String, &'static str>,
}

/// The options by their canonical names and in canonical form, without those that have their default.
///
/// # Errors
/// `NOT_SUPPORTED` for an unknown option with the nearest one, `INVALID_VALUE` for a bad value with what a good one would be.
pub fn checked(format: &dyn TableFormat, options: BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    let mut canonical = BTreeMap::new();
    for (name, value) in options {
        let rule = rule(format, &name).ok_or_else(|| unknown(format, &name))?;
        let value = (rule.check)(&value).map_err(|wanted| {
            let message = format!(
                "the option \"{name}\" of {} cannot be \"{value}\": {wanted}",
                format.name()
            );
            Error::new(ErrorCode::InvalidValue, message)
        })?;
        if canonical.get(rule.name).is_some_and(|known| *known != value) {
            let message = format!(
                "the option \"{}\" of {} is given twice, and differs",
                rule.name,
                format.name()
            );
            return Err(Error::new(ErrorCode::InvalidValue, message));
        }
        canonical.insert(rule.name.to_owned(), value);
    }
    let is_default = |name: &str, value: &str| rule(format, name).is_some_and(|rule| rule.default == value);
    canonical.retain(|name, value| !is_default(name, value));
    Ok(canonical)
}

/// The rule for an option of `format`, by any of its names in any case, with or without `format.` before it.
pub fn rule(format: &dyn TableFormat, name: &str) -> Option<&'static OptionRule> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("format.").unwrap_or(&name);
    format
        .options()
        .iter()
        .find(|rule| rule.name == name || rule.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name)))
}

fn unknown(format: &dyn TableFormat, name: &str) -> Error {
    let names: Vec<&str> = format.options().iter().map(|rule| rule.name).collect();
    let hint = match nearest(&name.to_lowercase(), names.iter().copied()) {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None if names.is_empty() => "; it takes none".to_owned(),
        None => format!("; there are {}", names.join(", ")),
    };
    let message = format!("the format {} has no option \"{name}\"{hint}", format.name());
    Error::new(ErrorCode::NotSupported, message)
}
