//! Clients that people have, against a server of their own each: the scripts in `clients/`, in the Pythons that `scripts/test`
//! installs, over data in an S3 server.

use owlet_flight_server::Settings;
use owlet_s3_fixture::S3Fixture;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

use crate::support::Served;

/// ADBC, pyarrow, pandas, Polars and harlequin.
const CLIENTS: &str = "OWLET_TEST_FLIGHT_PYTHON";
/// flightsql-dbapi, which needs an old SQLAlchemy.
const SQLALCHEMY: &str = "OWLET_TEST_SQLALCHEMY_PYTHON";

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
/// The files that the suites of SQL read, too.
const LAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../sql-tests/lake");

/// Makes a test of each script, and the list of them all.
macro_rules! scripts {
    ($($name:ident in $python:ident),* $(,)?) => {
        const TESTED: &[&str] = &[$(stringify!($name)),*];

        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                passes(stringify!($name), $python).await;
            }
        )*
    };
}

scripts!(
    adbc_browse in CLIENTS,
    adbc_ingest in CLIENTS,
    adbc_parameters in CLIENTS,
    adbc_statements in CLIENTS,
    adbc_types in CLIENTS,
    raw_flight in CLIENTS,
    with_harlequin in CLIENTS,
    with_pandas in CLIENTS,
    with_polars in CLIENTS,
    with_sqlalchemy in SQLALCHEMY,
);

#[test]
fn no_script_is_forgotten() {
    for (name, script) in scripts() {
        let has_checks = fs::read_to_string(script).unwrap().contains("\n@check\n");
        assert_eq!(has_checks, TESTED.contains(&name.as_str()), "{name}");
    }
}

/// What a script prints.
#[derive(Deserialize)]
struct Report {
    passed: Vec<String>,
}

/// Runs a script. It passes if all of its checks did; the server has read the object store for those that name the lake, and
/// nothing that they began is still under way.
async fn passes(name: &str, python: &str) {
    let fixture = S3Fixture::start(&["lake", "warehouse"]).await;
    put_lake(&fixture);
    let mut variables = fixture.environment();
    let own = [
        ("OWLET_CATALOG_WAREHOUSE", "s3://warehouse/"),
        ("OWLET_STORAGE_REMOTE_PREFIXES", r#"["s3://lake/"]"#),
    ];
    variables.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let served = Served::in_environment(Settings::default(), &variables).await;
    let script = Path::new(SCRIPTS).join(name).with_extension("py");
    let output = run(python, &script, &format!("grpc://{}", served.address)).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report: Report = serde_json::from_slice(&output.stdout).unwrap();
    let text = fs::read_to_string(&script).unwrap();
    let checks = text.matches("\n@check\n").count();
    assert_eq!(report.passed.len(), checks, "what ran: {:?}", report.passed);
    if text.contains("{LAKE}") {
        assert!(fixture.counters().get > 0, "the object store was never read");
    }
    served.at_rest().await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "scripts/test says in the environment where the Pythons are"
)]
async fn run(python: &str, script: &Path, uri: &str) -> Output {
    let program = std::env::var(python)
        .unwrap_or_else(|_| panic!("{python} names a Python with clients of Flight SQL; run scripts/test"));
    // What a client keeps in its home, such as its settings, is none of ours.
    let home = TempDir::with_prefix("owlet-clients-").unwrap();
    let mut command = tokio::process::Command::new(program);
    command
        .arg("-B")
        .arg(script)
        .args([uri, "s3://lake"])
        .env("HOME", home.path());
    command.kill_on_drop(true).output().await.unwrap()
}

/// The scripts by their names, without what they share.
fn scripts() -> Vec<(String, PathBuf)> {
    let files = fs::read_dir(SCRIPTS).unwrap().map(|entry| entry.unwrap().path());
    let scripts = files.filter(|path| path.extension().is_some_and(|ending| ending == "py"));
    scripts
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect()
}

/// Puts every file of the lake into the bucket of that name.
fn put_lake(fixture: &S3Fixture) {
    let mut directories = vec![PathBuf::from(LAKE)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let key = path.strip_prefix(LAKE).unwrap().display().to_string();
            fixture.put("lake", &key, fs::read(&path).unwrap());
        }
    }
}
