//! `doctor`: it finds what is known to be wrong with another server, nothing wrong with ours, and that there is none.

mod liar;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use owlet_engine::storage::Outcome;
use owlet_flight_server::doctor::{Address, Examination, Finding, Terms};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

use crate::support::Served;

/// The program `roapi` 0.12.7, another server on DataFusion.
const ROAPI: &str = "OWLET_TEST_ROAPI";

/// How long a step may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// All findings about the server at `address`.
async fn examine(address: SocketAddr, own_table: Option<&str>, step_limit: Duration) -> Vec<Finding> {
    let terms = Terms {
        user: None,
        step_limit,
        query: "select 1".to_owned(),
        own_table: own_table.map(str::to_owned),
    };
    let address = Address::parse(&format!("grpc://{address}")).unwrap();
    let mut examination = Examination::new(address, terms).unwrap();
    let mut findings = Vec::new();
    while let Some(finding) = examination.next().await {
        findings.push(finding);
    }
    assert_eq!(examination.take_back().await, None);
    findings
}

/// The findings that are no praise, in words.
fn complaints(findings: &[Finding]) -> Vec<String> {
    let bad = findings
        .iter()
        .filter(|finding| matches!(finding.verdict.outcome, Outcome::Failed | Outcome::Warning));
    bad.map(|finding| {
        let (rule, outcome) = (finding.rule.unwrap_or("no rule"), finding.verdict.outcome.as_str());
        format!(
            "{outcome} {} {} {rule}: {}",
            finding.driver, finding.step, finding.verdict.seen
        )
    })
    .collect()
}

/// One finding of this driver and rule fails, and its words hold these.
#[track_caller]
fn assert_found(findings: &[Finding], (driver, rule): (&str, &str), words: &str) {
    let found = findings.iter().any(|finding| {
        let verdict = &finding.verdict;
        finding.driver == driver
            && finding.rule == Some(rule)
            && verdict.outcome == Outcome::Failed
            && verdict.seen.contains(words)
            && !verdict.details.is_empty()
            && verdict.advice.is_some()
    });
    assert!(found, "{driver} {rule} {words}: {}", complaints(findings).join("\n"));
}

#[tokio::test]
async fn drivers_stumble_over_nothing_here() {
    let served = Served::start().await;
    let findings = examine(served.address, None, PATIENCE).await;
    assert_eq!(complaints(&findings), [""; 0]);
    for driver in ["server", "jdbc", "adbc", "odbc", "superset", "grafana", "power-bi"] {
        let passed = |finding: &&Finding| finding.driver == driver && finding.verdict.outcome == Outcome::Passed;
        assert!(findings.iter().filter(passed).count() >= 2, "{driver}");
    }
    // What is skipped is only what would change something.
    let skipped = findings
        .iter()
        .filter(|finding| finding.verdict.outcome == Outcome::Skipped);
    for finding in skipped {
        assert!(finding.verdict.seen.contains("--write"), "{finding:?}");
    }
}

#[tokio::test]
async fn what_is_changed_is_changed_once_and_taken_back() {
    let served = Served::start().await;
    let findings = examine(served.address, Some("owlet_doctor_test"), PATIENCE).await;
    assert_eq!(complaints(&findings), [""; 0]);
    let skipped = findings
        .iter()
        .find(|finding| finding.verdict.outcome == Outcome::Skipped);
    assert_eq!(skipped, None);
    let left = "SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'owlet_doctor%'";
    assert_eq!(served.count(left).await, 0);
}

#[tokio::test]
async fn a_table_of_somebody_else_is_left_alone() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client.update("CREATE TABLE theirs (a BIGINT)").await.unwrap();
    client.update("INSERT INTO theirs VALUES (1), (2)").await.unwrap();
    let findings = examine(served.address, Some("theirs"), PATIENCE).await;
    assert_found(&findings, ("adbc", "ddl"), "is left alone");
    assert_eq!(served.count("SELECT count(*) FROM theirs").await, 2);
}

#[tokio::test]
async fn the_known_defects_of_another_server_are_found() {
    let roapi = Roapi::start();
    let findings = examine(roapi.address, None, PATIENCE).await;
    let found = |of, words| assert_found(&findings, of, words);
    found(("superset", "sql-info-keys"), "KeyError: 504");
    found(
        ("adbc", "metadata-schema"),
        "GetDbSchemas: the column \"catalog_name\" is nullable",
    );
    found(("jdbc", "sql-info-missing"), "508");
    found(("power-bi", "type-name"), "do not name their type");
    let all = complaints(&findings);
    assert!(
        all.iter().all(|complaint| !complaint.starts_with("failed server")),
        "{all:?}"
    );
}

#[tokio::test]
async fn faults_are_found_at_the_drivers_that_stumble_over_them() {
    let findings = examine(liar::start().await, None, PATIENCE).await;
    let found = |of, words| assert_found(&findings, of, words);
    for driver in ["jdbc", "adbc", "odbc", "superset", "grafana", "power-bi"] {
        found((driver, "location"), liar::ELSEWHERE);
    }
    found(
        ("adbc", "announced-schema"),
        "\"n\" is nullable announced, and NOT NULL sent",
    );
    found(
        ("adbc", "metadata-schema"),
        "GetTables: 4 columns are in the specification, and 5 sent",
    );
    found(
        ("adbc", "begin-transaction"),
        "code 8 says that there are no transactions",
    );
    found(("adbc", "table-schema"), "encapsulated");
    found(("adbc", "metadata-missing"), "GetCatalogs: UNIMPLEMENTED");
    found(("adbc", "parameters"), "parameter 2 is 2, and arrives as x");
    found(("jdbc", "dataset-schema"), "dataset_schema of \"select 1\" is empty");
    found(("jdbc", "parameter-schema"), "it is empty");
    found(("jdbc", "view-types"), "\"x\" is Utf8View");
    found(
        ("jdbc", "sql-info-kind"),
        "code 504 is a bigint_value, not a string_value",
    );
    found(("jdbc", "sql-info-unknown"), "9999");
    found(("jdbc", "status-length"), "bytes of headers");
    found(("jdbc", "keys"), "GetPrimaryKeys: UNIMPLEMENTED");
    found(("jdbc", "table-schema"), "\"t\": it is no encapsulated IPC message");
    found(("odbc", "sql-info-kind"), "504");
    found(
        ("odbc", "table-type-filter"),
        "1 tables are listed, and 0 of the types TABLE",
    );
    found(("odbc", "type-info"), "GetXdbcTypeInfo: UNIMPLEMENTED");
    found(("superset", "table-columns"), "encapsulated");
    found(("grafana", "table-type-filter"), "BASE TABLE");
    let map = findings.iter().find(|finding| finding.rule == Some("sql-info-map"));
    assert_eq!(map.unwrap().verdict.outcome, Outcome::Warning);
}

#[tokio::test]
async fn a_server_of_something_else_is_none() {
    let short = Duration::from_secs(2);
    let check = async |address: SocketAddr, rule: &str, words: &str| {
        let began = Instant::now();
        let findings = examine(address, Some("never"), short).await;
        assert_found(&findings, ("server", rule), words);
        let failed = findings
            .iter()
            .filter(|finding| finding.verdict.outcome == Outcome::Failed);
        assert_eq!(failed.count(), 1, "{findings:?}");
        let skipped = findings.iter().filter(|finding| finding.step == "sequence");
        assert_eq!(skipped.count(), 6, "{findings:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    };
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    check(closed, "unreachable", "nothing listens").await;

    check(web_server(), "no-grpc", "").await;

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    check(silent.local_addr().unwrap(), "no-grpc", "no answer within").await;
}

/// A web server that answers whatever comes as it would a bad request.
fn web_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut start = [0; 16];
            // A connection that breaks is the client's affair.
            let _ = stream.read(&mut start);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    address
}

/// The other server with one table. It ends when it is dropped.
struct Roapi {
    address: SocketAddr,
    process: Child,
    _directory: TempDir,
}

impl Roapi {
    #[expect(
        clippy::disallowed_methods,
        reason = "scripts/test says in the environment where the program is"
    )]
    fn start() -> Self {
        let program =
            std::env::var(ROAPI).unwrap_or_else(|_| panic!("{ROAPI} names the program roapi; run scripts/test"));
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("t.arrow");
        write_table(&file);
        let ports = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [flight, http, postgres] = ports.map(|listener| listener.local_addr().unwrap());
        let process = Command::new(program)
            .args(["--addr-flight-sql", &flight.to_string()])
            .args([
                "--addr-http",
                &http.to_string(),
                "--addr-postgres",
                &postgres.to_string(),
            ])
            .args(["-t", &format!("t={}", file.display())])
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(flight).is_err() {
            assert!(Instant::now() < deadline, "roapi does not start");
            std::thread::yield_now();
        }
        Self {
            address: flight,
            process,
            _directory: directory,
        }
    }
}

impl Drop for Roapi {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn write_table(path: &std::path::Path) {
    let columns: [(&str, ArrayRef); 2] = [
        ("a", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ("b", Arc::new(StringArray::from(vec!["x", "y", "z"]))),
    ];
    let batch = arrow::array::RecordBatch::try_from_iter(columns).unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = arrow::ipc::writer::FileWriter::try_new(file, batch.schema_ref()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
}
