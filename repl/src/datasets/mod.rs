//! `owlet datasets`: seeded sets of any size, written where a store lets us.

use clap::Args;
use owlet_engine::Config;

use crate::failure::Failure;
use crate::palette::Palette;

/// Generate a data set: TPC-H, web access logs, sensor readings
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Which one
    #[arg(value_name = "NAME")]
    name: String,
}

/// Generates a set.
///
/// # Errors
/// It could not be written.
pub async fn run(_: Config, arguments: &Arguments, _: Palette) -> Result<(), Failure> {
    Err(Failure::Usage(format!("NOT_SUPPORTED: {}", arguments.name)))
}
