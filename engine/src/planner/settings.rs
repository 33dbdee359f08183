//! What SET may change: a list of our own, never a switch of the libraries beneath.

use datafusion::common::config::ConfigOptions;
use std::collections::BTreeMap;

use crate::error::{Error, ErrorCode, Result};
use crate::name::nearest;

/// One setting of a session.
struct Setting {
    name: &'static str,
    /// The name that `DataFusion`'s own shell has for it.
    alias: &'static str,
    meaning: &'static str,
    kind: Kind,
}

/// What values a setting takes.
enum Kind {
    /// A whole number from the first to the last.
    Number(u64, u64),
    /// A time zone: `UTC`, `Europe/Zurich`, `+02:00`.
    TimeZone,
    /// `true` or `false`.
    Truth,
    /// One of these words.
    Word(&'static [&'static str]),
}

const TIME_ZONE: &str = "time_zone";
/// PostgreSQL's name for it.
const TIMEZONE: &str = "timezone";
const TIME_LIMIT: &str = "query_time_limit_seconds";

const SETTINGS: &[Setting] = &[
    Setting {
        name: "batch_size",
        alias: "datafusion.execution.batch_size",
        meaning: "rows that operators hand on at a time",
        kind: Kind::Number(1, 65_536),
    },
    Setting {
        name: "explain_format",
        alias: "datafusion.explain.format",
        meaning: "how EXPLAIN shows a plan: indent, tree, pgjson or graphviz",
        kind: Kind::Word(&["indent", "tree", "pgjson", "graphviz"]),
    },
    Setting {
        name: "explain_logical_plan_only",
        alias: "datafusion.explain.logical_plan_only",
        meaning: "whether EXPLAIN shows the logical plan alone",
        kind: Kind::Truth,
    },
    Setting {
        name: "explain_physical_plan_only",
        alias: "datafusion.explain.physical_plan_only",
        meaning: "whether EXPLAIN shows the physical plan alone",
        kind: Kind::Truth,
    },
    Setting {
        name: "prefer_existing_sort",
        alias: "datafusion.optimizer.prefer_existing_sort",
        meaning: "whether rows that come sorted are kept so rather than read by more parts at once",
        kind: Kind::Truth,
    },
    Setting {
        name: "prefer_hash_join",
        alias: "datafusion.optimizer.prefer_hash_join",
        meaning: "whether joins hash one side rather than sort both, which can spill",
        kind: Kind::Truth,
    },
    Setting {
        name: TIME_LIMIT,
        alias: "statement_timeout_seconds",
        meaning: "seconds after which a statement of this session is ended; the workgroup's own limit stays",
        kind: Kind::Number(1, 1_000_000_000),
    },
    Setting {
        name: "repartition_aggregations",
        alias: "datafusion.optimizer.repartition_aggregations",
        meaning: "whether groups are shared out to the parts of a query by their keys",
        kind: Kind::Truth,
    },
    Setting {
        name: "repartition_joins",
        alias: "datafusion.optimizer.repartition_joins",
        meaning: "whether both sides of a join are shared out to the parts of a query by their keys",
        kind: Kind::Truth,
    },
    Setting {
        name: "repartition_windows",
        alias: "datafusion.optimizer.repartition_windows",
        meaning: "whether the partitions of a window are shared out to the parts of a query",
        kind: Kind::Truth,
    },
    Setting {
        name: "target_partitions",
        alias: "datafusion.execution.target_partitions",
        meaning: "parts that a query is run in at once",
        kind: Kind::Number(1, 256),
    },
    Setting {
        name: TIME_ZONE,
        alias: "datafusion.execution.time_zone",
        meaning: "the zone of timestamps with time zone that name none",
        kind: Kind::TimeZone,
    },
];

/// What SET has set in a session, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionSettings {
    set: BTreeMap<&'static str, String>,
}

/// A setting of a session: one line of SHOW ALL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingValue {
    /// The name.
    pub name: &'static str,
    /// The value now, as SET would take it.
    pub value: String,
    /// What it does.
    pub meaning: &'static str,
}

impl SessionSettings {
    /// The same settings with `name` set to `value`, or back at its default if that is `None`.
    ///
    /// # Errors
    /// `INVALID_SETTING` for a name that is not on the list, with the nearest one, and for a value that it does not take.
    pub fn with(&self, name: &str, value: Option<&str>) -> Result<Self> {
        let setting = find(name)?;
        let mut changed = self.clone();
        match value {
            None => changed.set.remove(setting.name),
            Some(value) => changed.set.insert(setting.name, setting.checked(value)?),
        };
        Ok(changed)
    }

    /// Puts the settings into the options of a query.
    ///
    /// # Errors
    /// `INVALID_SETTING` if the planning library does not take a value after all.
    pub fn apply(&self, options: &mut ConfigOptions) -> Result<()> {
        for (name, value) in &self.set {
            let setting = find(name)?;
            if !setting.alias.starts_with("datafusion.") {
                continue;
            }
            options.set(setting.alias, value).map_err(|error| {
                let message = format!("the setting \"{name}\" does not take \"{value}\"");
                Error::new(ErrorCode::InvalidSetting, message).caused_by(error)
            })?;
        }
        Ok(())
    }

    /// Seconds after which a statement of the session is ended, if SET has said so.
    #[must_use]
    pub fn time_limit_seconds(&self) -> Option<u64> {
        self.set.get(TIME_LIMIT)?.parse().ok()
    }

    /// Whether SET has named the zone of the session; it is UTC otherwise.
    #[must_use]
    pub fn names_time_zone(&self) -> bool {
        self.set.contains_key(TIME_ZONE)
    }

    /// The setting of that name, by the name that was asked for, with its present value; `options` are those of a query of this session.
    ///
    /// # Errors
    /// `INVALID_SETTING` for a name that is not on the list, with the nearest one.
    pub fn show(&self, name: &str, options: &ConfigOptions) -> Result<SettingValue> {
        let setting = find(name)?;
        let mut shown = self.shown(setting, options);
        if setting.alias.eq_ignore_ascii_case(name) {
            shown.name = setting.alias;
        }
        Ok(shown)
    }

    /// The names of all settings, in their order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SETTINGS.iter().map(|setting| setting.name)
    }

    /// Every setting with its present value.
    #[must_use]
    pub fn show_all(&self, options: &ConfigOptions) -> Vec<SettingValue> {
        SETTINGS.iter().map(|setting| self.shown(setting, options)).collect()
    }

    fn shown(&self, setting: &Setting, options: &ConfigOptions) -> SettingValue {
        let preset = || {
            let entries = options.entries();
            let entry = entries.into_iter().find(|entry| entry.key == setting.alias);
            entry.and_then(|entry| entry.value)
        };
        let set = self.set.get(setting.name).cloned();
        SettingValue {
            name: setting.name,
            value: set.or_else(preset).unwrap_or_else(|| "default".to_owned()),
            meaning: setting.meaning,
        }
    }
}

fn find(name: &str) -> Result<&'static Setting> {
    let name = match name.to_lowercase() {
        name if name == TIMEZONE => TIME_ZONE.to_owned(),
        name => name,
    };
    let found = SETTINGS
        .iter()
        .find(|setting| setting.name == name || setting.alias == name);
    found.ok_or_else(|| {
        let hint = match nearest(&name, SETTINGS.iter().map(|setting| setting.name)) {
            Some(near) => format!("; did you mean \"{near}\"?"),
            None => "; SHOW ALL lists those that a session can set".to_owned(),
        };
        Error::new(
            ErrorCode::InvalidSetting,
            format!("there is no setting \"{name}\"{hint}"),
        )
    })
}

impl Setting {
    fn checked(&self, value: &str) -> Result<String> {
        let name = self.name;
        let refused = |wanted: String| {
            let message = format!("the setting \"{name}\" takes {wanted}, not \"{value}\"");
            Err(Error::new(ErrorCode::InvalidSetting, message))
        };
        match self.kind {
            Kind::Number(least, most) => match value.parse::<u64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(number.to_string()),
                _ => refused(format!("a whole number from {least} to {most}")),
            },
            Kind::Truth => match value.to_lowercase().as_str() {
                "true" | "on" | "1" => Ok("true".to_owned()),
                "false" | "off" | "0" => Ok("false".to_owned()),
                _ => refused("true or false".to_owned()),
            },
            Kind::Word(words) => {
                let lower = value.to_lowercase();
                match words.iter().find(|word| **word == lower) {
                    Some(word) => Ok((*word).to_owned()),
                    None => refused(format!("one of {}", words.join(", "))),
                }
            }
            Kind::TimeZone => match value.parse::<arrow::array::timezone::Tz>() {
                Ok(_) => Ok(value.to_owned()),
                Err(_) => refused("a time zone such as UTC, Europe/Zurich or +02:00".to_owned()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str, accepted: bool) {
        let settings = SessionSettings::default().with(name, Some(value));
        assert_eq!(settings.is_ok(), accepted, "{name} = {value}");
        let Ok(settings) = settings else { return };
        settings.apply(&mut ConfigOptions::new()).unwrap();
    }

    #[test]
    fn only_what_is_listed_and_sane_can_be_set() {
        check("time_zone", "Europe/Zurich", true);
        check("datafusion.execution.time_zone", "+02:00", true);
        check("TimeZone", "+07", true);
        check("time_zone", "Mars/Base", false);
        check("batch_size", "1024", true);
        check("batch_size", "0", false);
        check("target_partitions", "100000", false);
        check("explain_format", "TREE", true);
        check("explain_format", "xml", false);
        check("explain_logical_plan_only", "on", true);
        check("query_time_limit_seconds", "5", true);
        check("datafusion.optimizer.prefer_hash_join", "false", true);
        check("repartition_joins", "maybe", false);
        for name in [
            "datafusion.runtime.memory_limit",
            "datafusion.runtime.temp_directory",
            "datafusion.catalog.information_schema",
            "datafusion.optimizer.enable_dynamic_filter_pushdown",
            "datafusion.execution.parquet.pushdown_filters",
        ] {
            check(name, "1", false);
        }
    }

    #[test]
    fn what_is_set_is_shown_and_a_reset_forgets_it() {
        let options = ConfigOptions::new();
        let settings = SessionSettings::default().with("batch_size", Some("77")).unwrap();
        assert_eq!(settings.show("batch_size", &options).unwrap().value, "77");
        let shown = settings.show("datafusion.execution.batch_size", &options).unwrap();
        assert_eq!(
            (shown.name, shown.value.as_str()),
            ("datafusion.execution.batch_size", "77")
        );
        let settings = settings.with("batch_size", None).unwrap();
        assert_eq!(settings, SessionSettings::default());
        assert_eq!(settings.show("batch_size", &options).unwrap().value, "8192");
    }
}
