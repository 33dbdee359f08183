//! Data sets of any size: what they hold, and how they come into a store.
//!
//! [`GENERATORS`] is the list: a generator turns [`Wishes`] into a [`Plan`], which is pure, and [`write()`] carries the plan
//! out: files are generated, encoded and uploaded at once, as many side by side as the caller says.
//!
//! Must hold:
//! - The same wishes give the same files with the same bytes, on every machine and however many are written side by side:
//!   each file has a stream of random numbers of its own (`random`), no function whose last digit differs between
//!   machines is called, and no version of a library is in the bytes' own description.
//! - A file is visible whole or not at all, and an upload that comes to nothing is ended.
//! - Memory holds a row group and a few parts of each file that is written, whatever the size of the set.
//!
//! Must not know: the engine, SQL, terminals.

mod check;
mod encoding;
mod parquet_file;
mod plan;
mod random;
mod sensors;
mod text_file;
mod tpch;
mod upload;
mod weblogs;
mod wishes;
mod write;

pub use check::check;
pub use encoding::{Compression, FileFormat};
pub use plan::{Plan, PlannedFile};
pub use wishes::{Refusal, Wishes};
pub use write::{Failure, Progress, Stop, Target, write};

/// A kind of data set.
#[derive(Debug)]
pub struct Generator {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it holds, in a sentence.
    pub summary: &'static str,
    /// Which wishes it heeds beside `tables` and `compression`, each with what it means here. All others are refused.
    pub options: &'static [(&'static str, &'static str)],
    /// Its tables, each a directory of the target.
    pub tables: &'static [&'static str],
    /// The files to write. Pure.
    plan: fn(&Wishes) -> Result<Plan, Refusal>,
}

/// All kinds of data sets, in the order in which help shows them.
pub const GENERATORS: &[Generator] = &[tpch::GENERATOR, weblogs::GENERATOR, sensors::GENERATOR];

impl Generator {
    /// The generator called `name`.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn named(name: &str) -> Result<&'static Self, Refusal> {
        let found = GENERATORS.iter().find(|generator| generator.name == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = GENERATORS.iter().map(|generator| generator.name).collect();
            Refusal(format!("there is no data set \"{name}\": choose {}", names.join(", ")))
        })
    }

    /// The files that `wishes` ask for.
    ///
    /// # Errors
    /// A wish that this generator does not heed, or a value out of its range.
    pub fn plan(&self, wishes: &Wishes) -> Result<Plan, Refusal> {
        wishes.refuse_others(self)?;
        (self.plan)(wishes)
    }
}

#[cfg(test)]
mod tests;
