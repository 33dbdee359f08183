//! What Hive's STORED AS, SERDE and table properties say of how files are written.
//!
//! Source: Hive's language manual, "Row Formats & SerDe"; Athena's user guide, "Supported SerDes and data formats".

use std::collections::BTreeMap;

use crate::error::{Error, ErrorCode, Result};
use crate::formats::Format;
use crate::formats::files;

/// What a word or class stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Parquet,
    Csv,
    Tsv,
    Json,
    Arrow,
    /// Hive's text, whose SerDe may say more.
    Text,
}

/// The words behind STORED AS.
const WORDS: &[(&str, Kind)] = &[
    ("parquet", Kind::Parquet),
    ("csv", Kind::Csv),
    ("tsv", Kind::Tsv),
    ("json", Kind::Json),
    ("jsonfile", Kind::Json),
    ("ndjson", Kind::Json),
    ("jsonl", Kind::Json),
    ("arrow", Kind::Arrow),
    ("textfile", Kind::Text),
];

/// The classes behind SERDE, by the last part of their names.
const SERDES: &[(&str, Kind)] = &[
    ("parquethiveserde", Kind::Parquet),
    ("lazysimpleserde", Kind::Text),
    ("opencsvserde", Kind::Csv),
    ("csvserde", Kind::Csv),
    ("jsonserde", Kind::Json),
];

/// The classes behind INPUTFORMAT, by the last part of their names.
const INPUT_FORMATS: &[(&str, Kind)] = &[
    ("mapredparquetinputformat", Kind::Parquet),
    ("textinputformat", Kind::Text),
];

/// What ROW FORMAT DELIMITED says, by the names that Hive keeps it under: whoever says it means text.
const OF_DELIMITED_ROWS: &[&str] = &[
    "field.delim",
    "escape.delim",
    "line.delim",
    "collection.delim",
    "colelction.delim",
    "mapkey.delim",
    "serialization.format",
    "serialization.null.format",
];

/// What Hive's tables say beside the options of a format, whatever the format is.
const OF_TABLES: &[&str] = &[
    "skip.header.line.count",
    "projection.enabled",
    "compression",
    "compressiontype",
];

const HIVE_DEFAULT_DELIMITER: &str = "\u{1}";

/// The format that a table has by its clauses: `stored_as` is the word behind STORED AS, `serde` the class behind ROW FORMAT
/// SERDE, `input_format` the class behind INPUTFORMAT; `options` are those of the statement, of the SerDe and of the table
/// together. A SerDe is given all kinds of properties; of those that say nothing of the format, none is an error.
///
/// # Errors
/// `NOT_SUPPORTED` for a format or class that cannot be read, and for an option that nobody understands where there is no SerDe;
/// `INVALID_VALUE` for options that cannot be, or clauses that contradict each other.
pub fn format_of(
    stored_as: Option<&str>,
    serde: Option<&str>,
    input_format: Option<&str>,
    options: &BTreeMap<String, String>,
) -> Result<Format> {
    let said = kind_of(stored_as, serde, input_format)?;
    refuse_other_meanings(options)?;
    let is_delimited = |name: &String| OF_DELIMITED_ROWS.contains(&name.to_ascii_lowercase().as_str());
    let kind = match said {
        Some(kind) => kind,
        None if options.keys().any(is_delimited) => Kind::Text,
        None => Kind::Parquet,
    };
    let delimited = kind == Kind::Text || (kind == Kind::Csv && serde.is_some());
    let name = match kind {
        Kind::Parquet => "parquet",
        Kind::Csv | Kind::Text => "csv",
        Kind::Tsv => "tsv",
        Kind::Json => "json",
        Kind::Arrow => "arrow",
    };
    let mut own = own_options(name, serde.is_some(), options);
    if delimited {
        hive_text(kind, options, &mut own);
    }
    skipped_header(name, options, &mut own)?;
    Format::new(name, own)
}

/// What the clauses name; nothing if they name nothing.
fn kind_of(stored_as: Option<&str>, serde: Option<&str>, input_format: Option<&str>) -> Result<Option<Kind>> {
    let word = stored_as.map(|word| look_up(WORDS, word, "format")).transpose()?;
    let serde = serde.map(|class| look_up(SERDES, class, "SerDe")).transpose()?;
    let input = input_format
        .map(|class| look_up(INPUT_FORMATS, class, "input format"))
        .transpose()?;
    let container = match (word, input) {
        (Some(word), Some(input)) if word != input => return Err(contradiction()),
        (word, input) => word.or(input),
    };
    match (container, serde) {
        (None, None) => Ok(None),
        // Text is what lies between the line breaks: the SerDe says what it means.
        (None | Some(Kind::Text), Some(Kind::Parquet)) if container.is_some() => Err(contradiction()),
        (None | Some(Kind::Text), Some(serde)) => Ok(Some(serde)),
        (Some(container), None) => Ok(Some(container)),
        (Some(container), Some(serde)) if container == serde => Ok(Some(container)),
        (Some(_), Some(_)) => Err(contradiction()),
    }
}

fn contradiction() -> Error {
    let message = "STORED AS, SERDE and INPUTFORMAT name different formats; one of them is enough";
    Error::new(ErrorCode::InvalidValue, message)
}

fn look_up(known: &[(&str, Kind)], name: &str, what: &str) -> Result<Kind> {
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let found = known.iter().find(|(known, _)| *known == last);
    found.map(|(_, kind)| *kind).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let message = format!("the {what} \"{name}\" is not supported; there are {}", names.join(", "));
        Error::new(ErrorCode::NotSupported, message)
    })
}

/// The options among `options` that the format takes, and those that it should and does not take, so that they are refused by
/// name: whatever begins with `format.`, and without a SerDe all that are not Hive's own.
fn own_options(name: &str, has_serde: bool, options: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let Some(format) = files::by_name(name) else {
        return BTreeMap::new();
    };
    let is_own = |option: &str| {
        let lower = option.to_ascii_lowercase();
        let is_hives = OF_DELIMITED_ROWS.contains(&lower.as_str()) || OF_TABLES.contains(&lower.as_str());
        files::rule(format, option).is_some() || lower.starts_with("format.") || !(has_serde || is_hives)
    };
    options
        .iter()
        .filter(|(option, _)| is_own(option))
        .map(|(option, value)| (option.clone(), value.clone()))
        .collect()
}

/// Refuses properties that give files another meaning than is read here: passed over, they would be a wrong answer.
///
/// # Errors
/// `NOT_SUPPORTED` that names the property.
pub fn refuse_other_meanings(options: &BTreeMap<String, String>) -> Result<()> {
    let changes_meaning = |name: &str, value: &str| match name {
        "line.delim" => !matches!(value, "\n" | "\\n" | "10"),
        "dots.in.keys" | "projection.enabled" => value.eq_ignore_ascii_case("true"),
        "case.insensitive" => value.eq_ignore_ascii_case("false"),
        name => name.starts_with("mapping."),
    };
    let partitions_are_computed = |name: &str| name.eq_ignore_ascii_case("projection.enabled");
    let refused = options
        .iter()
        .find(|(name, value)| changes_meaning(&name.to_ascii_lowercase(), value));
    match refused {
        None => Ok(()),
        Some((name, _)) if partitions_are_computed(name) => Err(Error::new(
            ErrorCode::NotSupported,
            "partition projection (\"projection.enabled\") is not supported; leave it out, and partitions are found by listing",
        )),
        Some((name, value)) => Err(Error::new(
            ErrorCode::NotSupported,
            format!(
                "the property \"{name}\" = \"{value}\" is not supported; without it, the table would be read as something else"
            ),
        )),
    }
}

/// What Hive takes for granted where nothing is said: another delimiter, another NULL, no header.
fn hive_text(kind: Kind, options: &BTreeMap<String, String>, own: &mut BTreeMap<String, String>) {
    let mut default = |name: &str, value: &str| {
        let rule = files::by_name("csv").and_then(|csv| files::rule(csv, name));
        let given = rule.is_some_and(|rule| {
            own.keys().any(|key| {
                let known = files::by_name("csv").and_then(|csv| files::rule(csv, key));
                known.is_some_and(|known| known.name == rule.name)
            })
        });
        if !given {
            own.insert(name.to_owned(), value.to_owned());
        }
    };
    default("header", "false");
    if kind == Kind::Text {
        default("delimiter", HIVE_DEFAULT_DELIMITER);
        default("null", "\\N");
        default("quote", "");
    } else {
        default("escape", "\\");
    }
    // Both name the delimiter, and SHOW CREATE TABLE of Hive prints both.
    if options.contains_key("field.delim") {
        own.remove("serialization.format");
    }
    // Hive writes the code of the character as a number: `serialization.format` = `1` is Control-A.
    for key in ["serialization.format", "field.delim", "escape.delim"] {
        if let Some(value) = own.get_mut(key)
            && let Ok(code) = value.parse::<u8>()
            && code.is_ascii()
        {
            *value = char::from(code).to_string();
        }
    }
}

/// `skip.header.line.count`: lines before the first record, none of which is one.
fn skipped_header(name: &str, options: &BTreeMap<String, String>, own: &mut BTreeMap<String, String>) -> Result<()> {
    const KEY: &str = "skip.header.line.count";
    let Some(count) = options.get(KEY) else {
        return Ok(());
    };
    let lines: u64 = count.trim().parse().map_err(|_| {
        let message = format!("the property \"{KEY}\" cannot be \"{count}\": it is a number of lines");
        Error::new(ErrorCode::InvalidValue, message)
    })?;
    if matches!(name, "csv" | "tsv") && lines > 0 {
        own.insert("header".to_owned(), "false".to_owned());
        own.insert("skip".to_owned(), lines.to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(clauses: (Option<&str>, Option<&str>, Option<&str>), options: &[(&str, &str)], wanted: &str) {
        let options = options
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let shown = match format_of(clauses.0, clauses.1, clauses.2, &options) {
            Err(error) => error.code().to_string(),
            Ok(format) => {
                let options = format
                    .options()
                    .iter()
                    .map(|(name, value)| format!("{name}={}", value.escape_default()));
                format!("{} {}", format.name(), options.collect::<Vec<_>>().join(" "))
                    .trim()
                    .to_owned()
            }
        };
        assert_eq!(shown, wanted, "{clauses:?} {options:?}");
    }

    #[test]
    fn words_and_classes_name_formats() {
        check((None, None, None), &[], "parquet");
        check(
            (Some("Parquet"), None, None),
            &[("parquet.compression", "SNAPPY")],
            "parquet compression=snappy",
        );
        check((Some("NDJSON"), None, None), &[], "json");
        check(
            (None, Some("org.openx.data.jsonserde.JsonSerDe"), None),
            &[("ignore.malformed.json", "false")],
            "json",
        );
        check(
            (Some("TEXTFILE"), Some("org.apache.hive.hcatalog.data.JsonSerDe"), None),
            &[],
            "json",
        );
        let serde = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";
        let input = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat";
        check((None, Some(serde), Some(input)), &[], "parquet");
        for (word, serde) in [
            (Some("ORC"), None),
            (Some("avro"), None),
            (None, Some("org.apache.hadoop.hive.serde2.RegexSerDe")),
        ] {
            check((word, serde, None), &[], "NOT_SUPPORTED");
        }
        check((Some("parquet"), Some("x.LazySimpleSerDe"), None), &[], "INVALID_VALUE");
    }

    #[test]
    fn delimited_rows_are_text_where_nothing_else_is_said() {
        check(
            (None, None, None),
            &[("field.delim", ","), ("line.delim", "\n")],
            "csv header=false null=\\\\N quote=",
        );
        check(
            (None, None, None),
            &[("serialization.null.format", "-")],
            "csv delimiter=\\u{1} header=false null=- quote=",
        );
        check((None, None, None), &[("line.delim", ";")], "NOT_SUPPORTED");
        check((None, None, None), &[("foo", "bar")], "NOT_SUPPORTED");
        check((None, None, None), &[("write_compression", "zstd")], "parquet");
        check((Some("PARQUET"), None, None), &[("field.delim", ",")], "parquet");
    }

    #[test]
    fn text_of_hive_has_its_own_defaults() {
        check(
            (Some("TEXTFILE"), None, None),
            &[],
            "csv delimiter=\\u{1} header=false null=\\\\N quote=",
        );
        check(
            (None, Some("x.LazySimpleSerDe"), None),
            &[("field.delim", ","), ("serialization.format", ",")],
            "csv header=false null=\\\\N quote=",
        );
        check(
            (None, Some("x.LazySimpleSerDe"), None),
            &[("serialization.format", "1")],
            "csv delimiter=\\u{1} header=false null=\\\\N quote=",
        );
        check(
            (None, Some("x.OpenCSVSerde"), None),
            &[
                ("separatorChar", ";"),
                ("quoteChar", "'"),
                ("skip.header.line.count", "1"),
            ],
            "csv delimiter=; escape=\\\\ header=false quote=\\' skip=1",
        );
        check(
            (Some("CSV"), None, None),
            &[("format.has_header", "true"), ("format.delimiter", ";")],
            "csv delimiter=; header=true",
        );
        check((Some("CSV"), None, None), &[("format.delimter", ";")], "NOT_SUPPORTED");
        check((Some("CSV"), None, None), &[("owner", "me")], "NOT_SUPPORTED");
        check(
            (Some("CSV"), Some("x.OpenCSVSerde"), None),
            &[("owner", "me")],
            "csv escape=\\\\ header=false",
        );
        for (name, value) in [("mapping.a", "b"), ("line.delim", ";"), ("projection.enabled", "true")] {
            check((Some("JSON"), None, None), &[(name, value)], "NOT_SUPPORTED");
        }
        check(
            (Some("TEXTFILE"), None, None),
            &[("compressionType", "gzip"), ("skip.header.line.count", "x")],
            "INVALID_VALUE",
        );
    }
}
