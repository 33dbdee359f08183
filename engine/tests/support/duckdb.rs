//! DuckDB as the independent engine, in the Python that `scripts/test` installs.

use serde::de::DeserializeOwned;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// The Python that has DuckDB.
pub fn python() -> Command {
    let python = std::env::var("OWLET_TEST_PYTHON");
    Command::new(python.expect("OWLET_TEST_PYTHON names a Python with duckdb; run scripts/test"))
}

/// What `script`, a file below `tests`, writes as JSON when it is given `arguments`.
pub fn answers<T: DeserializeOwned>(script: &str, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> T {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let output = python().arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
