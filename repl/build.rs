//! Asks the linker to keep one copy of functions that are the same: generic code has many, and the binary gets a tenth smaller.
//! Not every linker can, so a small program is linked first, and without success nothing is asked.

#![expect(
    clippy::disallowed_methods,
    reason = "cargo speaks to a build script through its environment"
)]

use std::env::{self, VarError};
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const FOLD: &str = "-Wl,--icf=all";

fn main() {
    let lines = ["cargo::rerun-if-changed=build.rs".to_owned()]
        .into_iter()
        .chain(folds().then(|| format!("cargo::rustc-link-arg-bins={FOLD}")));
    for line in lines {
        println!("{line}");
    }
}

/// Whether the linker of a release build takes the option.
fn folds() -> bool {
    env::var("PROFILE").is_ok_and(|profile| profile == "release") && linked().unwrap_or(false)
}

/// Whether a program that does nothing could be linked with the option, by the compiler and flags of this build.
fn linked() -> Result<bool, Box<dyn std::error::Error>> {
    let variable = |name: &str| env::var_os(name).ok_or(VarError::NotPresent);
    let directory = PathBuf::from(variable("OUT_DIR")?);
    let source = directory.join("nothing.rs");
    fs::write(&source, "fn main() {}\n")?;
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let mut compiler = Command::new(variable("RUSTC")?);
    compiler.args(flags.split('\u{1f}').filter(|flag| !flag.is_empty()));
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        let mut option = OsString::from("-Clinker=");
        option.push(linker);
        compiler.arg(option);
    }
    let status = compiler
        .arg("--target")
        .arg(variable("TARGET")?)
        .arg(format!("-Clink-arg={FOLD}"))
        .arg("-o")
        .arg(directory.join("nothing"))
        .arg(source)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    Ok(status.success())
}
