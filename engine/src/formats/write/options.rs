//! The options that concern written files alone: readers find in the files how they were compressed.

use crate::formats::files::OptionRule;

/// The names that Athena, Hive and `DataFusion` have for the compression of what is written.
const COMPRESSION_ALIASES: &[&str] = &["write_compression", "parquet.compression", "compression_codec"];

/// The options of Parquet.
pub const PARQUET_OPTIONS: &[OptionRule] = &[
    OptionRule {
        name: "compression",
        aliases: COMPRESSION_ALIASES,
        default: "zstd",
        check: |value| match value.to_ascii_lowercase().as_str() {
            "zstd" => Ok("zstd".to_owned()),
            "snappy" => Ok("snappy".to_owned()),
            "gzip" => Ok("gzip".to_owned()),
            "lz4" | "lz4_raw" => Ok("lz4".to_owned()),
            "none" | "uncompressed" => Ok("none".to_owned()),
            _ => Err("it is zstd, snappy, gzip, lz4 or none"),
        },
    },
    OptionRule {
        name: "compression_level",
        aliases: &[],
        default: "",
        check: |value| match value.parse::<i32>() {
            Ok(level) => Ok(level.to_string()),
            Err(_) => Err("it is a number, which more compression takes higher"),
        },
    },
];

/// The options of Arrow IPC files.
pub const ARROW_OPTIONS: &[OptionRule] = &[OptionRule {
    name: "compression",
    aliases: COMPRESSION_ALIASES,
    default: "none",
    check: |value| match value.to_ascii_lowercase().as_str() {
        "none" | "uncompressed" => Ok("none".to_owned()),
        "lz4" => Ok("lz4".to_owned()),
        "zstd" => Ok("zstd".to_owned()),
        _ => Err("it is none, lz4 or zstd"),
    },
}];
