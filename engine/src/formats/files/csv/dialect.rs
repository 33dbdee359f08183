//! How fields and records are told apart.

use crate::formats::Format;
use crate::formats::files::OptionRule;
use crate::formats::files::text::COMPRESSION;

/// The characters with a meaning, and what the first record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    pub delimiter: u8,
    pub quote: Option<u8>,
    pub escape: Option<u8>,
    pub comment: Option<u8>,
    /// The text, without quotes, that is NULL.
    pub null: String,
    pub header: Header,
    /// How many lines before the first record, header included, are passed over.
    pub skipped_lines: u64,
}

/// What the first record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// The names of the columns.
    Yes,
    /// Values.
    No,
    /// The names of the columns if it looks like them.
    Auto,
}

impl Dialect {
    /// The dialect of a format whose options are checked.
    pub fn of(format: &Format) -> Self {
        let byte = |name: &str| format.option(name).bytes().next();
        Self {
            delimiter: byte("delimiter").unwrap_or(b','),
            quote: byte("quote"),
            escape: byte("escape"),
            comment: byte("comment"),
            null: format.option("null").to_owned(),
            header: match format.option("header") {
                "true" => Header::Yes,
                "false" => Header::No,
                _ => Header::Auto,
            },
            skipped_lines: format.option("skip").parse().unwrap_or(0),
        }
    }
}

const DELIMITER_ALIASES: &[&str] = &[
    "delim",
    "sep",
    "separator",
    "separatorchar",
    "field.delim",
    "serialization.format",
];

/// The options of CSV.
pub const CSV_OPTIONS: &[OptionRule] = &[delimiter(","), HEADER, QUOTE, ESCAPE, COMMENT, NULL, SKIP, COMPRESSION];

/// The options of TSV.
pub const TSV_OPTIONS: &[OptionRule] = &[delimiter("\t"), HEADER, QUOTE, ESCAPE, COMMENT, NULL, SKIP, COMPRESSION];

const fn delimiter(default: &'static str) -> OptionRule {
    OptionRule {
        name: "delimiter",
        aliases: DELIMITER_ALIASES,
        default,
        check: |value| match character(value)? {
            None => Err("it is one ASCII character"),
            Some(byte) if byte == b'\n' || byte == b'\r' => Err("a line break ends a record, not a field"),
            Some(byte) => Ok(char::from(byte).to_string()),
        },
    }
}

const HEADER: OptionRule = OptionRule {
    name: "header",
    aliases: &["has_header"],
    default: "auto",
    check: |value| match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok("true".to_owned()),
        "false" | "no" | "0" => Ok("false".to_owned()),
        "auto" => Ok("auto".to_owned()),
        _ => Err("it is true, false or auto"),
    },
};

const QUOTE: OptionRule = OptionRule {
    name: "quote",
    aliases: &["quotechar", "quote.delim"],
    default: "\"",
    check: optional_character,
};

const ESCAPE: OptionRule = OptionRule {
    name: "escape",
    aliases: &["escapechar", "escape.delim"],
    default: "",
    check: optional_character,
};

const COMMENT: OptionRule = OptionRule {
    name: "comment",
    aliases: &[],
    default: "",
    check: optional_character,
};

const NULL: OptionRule = OptionRule {
    name: "null",
    aliases: &["null_value", "nullstr", "serialization.null.format"],
    default: "",
    check: |value| Ok(value.to_owned()),
};

const SKIP: OptionRule = OptionRule {
    name: "skip",
    aliases: &["skip_lines"],
    default: "0",
    check: |value| match value.parse::<u64>() {
        Ok(lines) => Ok(lines.to_string()),
        Err(_) => Err("it is the number of lines to pass over"),
    },
};

fn optional_character(value: &str) -> Result<String, &'static str> {
    Ok(character(value)?
        .map(|byte| char::from(byte).to_string())
        .unwrap_or_default())
}

/// One ASCII character, written as itself or as an escape: `\t`, `\001`, `\u0001`; nothing for an empty text.
fn character(value: &str) -> Result<Option<u8>, &'static str> {
    const WANTED: &str = "it is one ASCII character, perhaps as \\t, \\001 or \\u0001";
    let code = |digits: &str, radix| u8::from_str_radix(digits, radix).ok().filter(u8::is_ascii);
    let byte = match value.as_bytes() {
        [] => return Ok(None),
        [byte] => Some(*byte).filter(u8::is_ascii),
        [b'\\', b't'] => Some(b'\t'),
        [b'\\', b'n'] => Some(b'\n'),
        [b'\\', b'r'] => Some(b'\r'),
        [b'\\', b'0'] => Some(0),
        [b'\\', b'\\'] => Some(b'\\'),
        [b'\\', b'u', ..] => code(&value[2..], 16),
        [b'\\', b'x', ..] => code(&value[2..], 16),
        [b'\\', ..] => code(&value[1..], 8),
        _ => None,
    };
    byte.map(Some).ok_or(WANTED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn dialect(name: &str, options: &[(&str, &str)]) -> Result<Dialect, crate::error::Error> {
        let options: BTreeMap<_, _> = options
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        Format::new(name, options).map(|format| Dialect::of(&format))
    }

    #[test]
    fn options_have_the_names_of_datafusion_and_hive_too() {
        let plain = dialect("csv", &[]).unwrap();
        assert_eq!(
            (plain.delimiter, plain.quote, plain.escape, plain.header),
            (b',', Some(b'"'), None, Header::Auto)
        );
        for name in ["delimiter", "format.delimiter", "FIELD.DELIM", "separatorChar"] {
            assert_eq!(dialect("csv", &[(name, ";")]).unwrap().delimiter, b';', "{name}");
        }
        assert_eq!(
            dialect("csv", &[("format.has_header", "true")]).unwrap().header,
            Header::Yes
        );
        for text in ["\\001", "\\u0001", "\u{1}"] {
            assert_eq!(dialect("csv", &[("delimiter", text)]).unwrap().delimiter, 1, "{text:?}");
        }
        assert_eq!(dialect("tsv", &[]).unwrap().delimiter, b'\t');
        assert_eq!(dialect("csv", &[("quote", "")]).unwrap().quote, None);
    }

    #[test]
    fn what_an_option_cannot_be_is_said() {
        for (name, value, part) in [
            ("delimiter", ";;", "one ASCII character"),
            ("delimiter", "ä", "one ASCII character"),
            ("header", "perhaps", "true, false or auto"),
            ("delimter", ";", "did you mean \"delimiter\""),
            ("compression", "rar", "gzip or zstd"),
        ] {
            let error = dialect("csv", &[(name, value)]).unwrap_err();
            assert!(
                error.message().contains(part) && error.message().contains(name),
                "{error}"
            );
        }
        assert!(dialect("csv", &[("delimiter", ";"), ("sep", ",")]).is_err());
    }
}
