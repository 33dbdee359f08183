//! `owlet doctor`: what is wrong with the way to a store, step by step, and what to change.

use clap::Args;
use owlet_engine::Config;

use crate::failure::Failure;
use crate::palette::Palette;

/// Check the way to a store step by step, and say what to change
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// The place to check, such as s3://bucket/prefix
    #[arg(value_name = "URL")]
    url: String,
}

/// Runs the checks and writes what they find to standard output.
///
/// # Errors
/// A check failed.
pub async fn run(_: Config, arguments: &Arguments, _: Palette) -> Result<(), Failure> {
    Err(Failure::Usage(format!("NOT_SUPPORTED: {}", arguments.url)))
}
