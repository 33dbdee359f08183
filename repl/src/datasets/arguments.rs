//! What may be said after `owlet datasets`.

use std::num::NonZeroUsize;

use clap::Args;
use clap::builder::PossibleValuesParser;
use owlet_datasets::generators::{Compression, FileFormat, GENERATORS, Wishes};

use crate::failure::Failure;

/// Generate a data set: TPC-H, web access logs, sensor readings
///
/// Without a name, lists the data sets and what each of them takes. The files appear one by one, each of them whole, in a
/// directory for each table, where _SUCCESS marks that all of the table's files are there. The same arguments give the same
/// bytes, on every machine and with any --parallel. Standard output gets the SQL that opens the set.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = listing())]
pub struct Arguments {
    /// Which one; none lists them
    #[arg(value_name = "NAME", requires = "to")]
    pub name: Option<String>,

    /// Write to this directory: a URL such as s3://bucket/tpch/, or a local path
    #[arg(long, value_name = "URL", requires = "name")]
    to: Option<String>,

    /// The scale factor
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true)]
    scale: Option<f64>,

    /// How many rows, in all days together
    #[arg(long, value_name = "COUNT")]
    rows: Option<u64>,

    /// How many devices
    #[arg(long, value_name = "COUNT")]
    devices: Option<u64>,

    /// How many days
    #[arg(long, value_name = "COUNT")]
    days: Option<u64>,

    /// The first day
    #[arg(long, value_name = "YYYY-MM-DD")]
    start: Option<String>,

    /// What decides every random choice
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Write only these tables
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    tables: Vec<String>,

    /// How rows are written
    #[arg(long, value_name = "FORMAT", value_parser = format_names())]
    format: Option<String>,

    /// How files are compressed [default: zstd for Parquet, gzip for text]
    #[arg(long, value_name = "METHOD", value_parser = compression_names())]
    compression: Option<String>,

    /// Write so many files side by side [default: the number of processors]
    #[arg(long, value_name = "FILES")]
    parallel: Option<NonZeroUsize>,

    /// Replace files of the same names; other files in the way are still refused
    #[arg(long)]
    overwrite: bool,

    /// Say nothing on standard error but errors
    #[arg(short, long)]
    quiet: bool,
}

impl Arguments {
    /// What is asked of the generator.
    ///
    /// # Errors
    /// The first day is none.
    pub fn wishes(&self) -> Result<Wishes, Failure> {
        let not_a_day = |text: &String| Failure::Usage(format!("--start is \"{text}\": give a day such as 2026-01-01"));
        let start = self
            .start
            .as_ref()
            .map(|text| text.parse().map_err(|_| not_a_day(text)));
        let format = self.format.as_deref();
        let compression = self.compression.as_deref();
        Ok(Wishes {
            scale: self.scale,
            rows: self.rows,
            devices: self.devices,
            days: self.days,
            start: start.transpose()?,
            seed: self.seed,
            format: format.and_then(|name| FileFormat::ALL.iter().copied().find(|format| format.name() == name)),
            compression: compression.and_then(|name| Compression::ALL.iter().copied().find(|own| own.name() == name)),
            tables: self.tables.clone(),
        })
    }

    /// Where the set goes.
    ///
    /// # Errors
    /// Nobody said it.
    pub fn to(&self) -> Result<&str, Failure> {
        let missing = || Failure::Usage("say where the set goes: --to s3://bucket/directory/".to_owned());
        // A variable that was not set must not mean the working directory.
        let to = self.to.as_deref().filter(|to| !to.trim().is_empty());
        to.ok_or_else(missing)
    }

    /// How many files are written side by side, if the user said it.
    pub fn parallel(&self) -> Option<NonZeroUsize> {
        self.parallel
    }

    /// Whether files of the same names are replaced.
    pub fn may_overwrite(&self) -> bool {
        self.overwrite
    }

    /// Whether nothing is said but errors.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }
}

/// Every data set in a sentence, with what it takes.
pub fn listing() -> String {
    let mut lines = vec!["Data sets:".to_owned()];
    for generator in GENERATORS {
        lines.push(format!("  {:<9}{}", generator.name, generator.summary));
        let options = generator.options.iter();
        lines.extend(options.map(|(name, meaning)| format!("    --{name:<9}{meaning}")));
        lines.push(format!("    {:<11}{}", "tables", generator.tables.join(", ")));
    }
    lines.push("\nExamples:".to_owned());
    lines.push("  owlet datasets tpch --scale 1 --to s3://bucket/tpch/".to_owned());
    lines.push("  owlet datasets weblogs --rows 5000000 --days 30 --format json --to logs/".to_owned());
    lines.push("  owlet datasets sensors --devices 20 --seed 7 --to sensors/ | owlet\n".to_owned());
    lines.join("\n")
}

fn format_names() -> PossibleValuesParser {
    PossibleValuesParser::new(FileFormat::ALL.iter().map(|format| format.name()))
}

fn compression_names() -> PossibleValuesParser {
    PossibleValuesParser::new(Compression::ALL.iter().map(|compression| compression.name()))
}
