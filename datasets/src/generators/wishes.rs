//! What a user may ask of a generator.

use std::fmt;

use chrono::NaiveDate;

use super::Generator;
use super::encoding::{Compression, FileFormat};

/// What is asked of a generator; what is not said is the generator's to choose.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// The scale factor of a benchmark.
    pub scale: Option<f64>,
    /// How many rows, in all days together.
    pub rows: Option<u64>,
    /// How many devices report.
    pub devices: Option<u64>,
    /// How many days.
    pub days: Option<u64>,
    /// The first day.
    pub start: Option<NaiveDate>,
    /// What decides every random choice.
    pub seed: Option<u64>,
    /// How rows are written.
    pub format: Option<FileFormat>,
    /// How files are compressed.
    pub compression: Option<Compression>,
    /// The tables to write; all of them if empty.
    pub tables: Vec<String>,
}

/// Why a wish cannot be fulfilled, in words for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl Wishes {
    /// Refuses what `generator` does not heed: a wish that is not heard is a wrong set without a word.
    pub(super) fn refuse_others(&self, generator: &Generator) -> Result<(), Refusal> {
        let said = [
            ("scale", self.scale.is_some()),
            ("rows", self.rows.is_some()),
            ("devices", self.devices.is_some()),
            ("days", self.days.is_some()),
            ("start", self.start.is_some()),
            ("seed", self.seed.is_some()),
            ("format", self.format.is_some()),
        ];
        let heeded = |name: &str| generator.options.iter().any(|(option, _)| *option == name);
        if let Some((name, _)) = said.iter().find(|(name, is_said)| *is_said && !heeded(name)) {
            let options: Vec<String> = generator.options.iter().map(|(name, _)| format!("--{name}")).collect();
            let why = match *name {
                "seed" => ", since its specification fixes every row",
                _ => "",
            };
            return Err(Refusal(format!(
                "\"{}\" takes no --{name}{why}; it takes {}",
                generator.name,
                options.join(", ")
            )));
        }
        for table in &self.tables {
            if !generator.tables.contains(&table.as_str()) {
                let known = generator.tables.join(", ");
                let name = generator.name;
                return Err(Refusal(format!("\"{name}\" has no table \"{table}\": it has {known}")));
            }
        }
        Ok(())
    }

    /// Whether `table` is to be written.
    pub(super) fn includes(&self, table: &str) -> bool {
        self.tables.is_empty() || self.tables.iter().any(|wished| wished == table)
    }

    /// The seed, which is 42 if nobody says another.
    pub(super) fn seed(&self) -> u64 {
        self.seed.unwrap_or(42)
    }

    /// The days: 7 from the first of January 2026 unless something else is said, ten years at most.
    pub(super) fn days(&self) -> Result<Vec<NaiveDate>, Refusal> {
        let days = within("days", self.days.unwrap_or(7), 3_653)?;
        let start = self.start.or_else(|| NaiveDate::from_ymd_opt(2026, 1, 1));
        let far = || Refusal("--start is too far away: choose a day between 1970-01-01 and 2250-01-01".to_owned());
        let start = start
            .filter(|day| (FIRST_DAY..LAST_DAY).contains(day))
            .ok_or_else(far)?;
        let taken = usize::try_from(days).map_err(|_| far())?;
        Ok(start.iter_days().take(taken).collect())
    }
}

/// The first day of Unix time.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
/// Nanoseconds since 1970, in which some readers count, end in 2262.
const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2250, 1, 1).unwrap();

/// `value` of the option `name` if it is between 1 and `most`.
pub(super) fn within(name: &str, value: u64, most: u64) -> Result<u64, Refusal> {
    if (1..=most).contains(&value) {
        return Ok(value);
    }
    Err(Refusal(format!("--{name} is {value}: give a number from 1 to {most}")))
}
