//! The sample lake: the database `sample`, its bytes, its questions, and what is refused there.

use owlet_datasets::sample::{FILES, QUESTIONS};
use owlet_engine::{Config, Engine, Environment, ErrorCode, Principal, Session};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

use crate::support::{Answer, duckdb, run};

/// The largest file, and all of them, in bytes.
const FILE_LIMIT_BYTES: u64 = 1 << 20;
const SAMPLE_LIMIT_BYTES: u64 = 5 << 20;

/// The directory of the sample in the repository.
fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/sample")
}

/// An engine with the sample, whose state is in `home`.
async fn open_in(home: &Path, variables: &[(&str, &str)]) -> Engine {
    let own = home.display().to_string();
    let variables = variables.iter().copied().chain([("OWLET_HOME", own.as_str())]);
    let environment: Environment = variables.collect();
    let mut config = Config::load(None, environment, home.to_owned()).unwrap();
    config.set_sample(FILES.iter().map(|file| (file.path, file.bytes)));
    Engine::open(config).await.unwrap()
}

struct Sample {
    engine: Engine,
    home: TempDir,
}

impl Sample {
    async fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let engine = open_in(home.path(), &[]).await;
        Self { engine, home }
    }

    fn session(&self) -> Session {
        self.engine.session(Principal::local())
    }

    async fn run(&self, sql: &str) -> Answer {
        answer(&self.session(), sql).await
    }

    async fn lines(&self, sql: &str) -> Vec<String> {
        self.run(sql).await.lines()
    }

    /// The statement is refused with `PERMISSION_DENIED`, and the message says `words`.
    async fn refuses(&self, sql: &str, words: &str) {
        let error = run(&self.session(), sql).await.expect_err(sql);
        assert_eq!(error.code(), ErrorCode::PermissionDenied, "{sql}: {error}");
        assert!(error.message().contains(words), "{sql}: {error}");
    }
}

async fn answer(session: &Session, sql: &str) -> Answer {
    run(session, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The files below `directory` but those right in it, by their paths.
fn files_below(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open: Vec<PathBuf> = subdirectories(directory);
    while let Some(next) = open.pop() {
        open.extend(subdirectories(&next));
        for entry in fs::read_dir(&next).unwrap().map(Result::unwrap) {
            if entry.path().is_file() {
                let path = entry.path().strip_prefix(directory).unwrap().display().to_string();
                files.insert(path, fs::read(entry.path()).unwrap());
            }
        }
    }
    files
}

fn subdirectories(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

#[test]
fn all_files_of_the_directory_are_carried_and_they_are_small() {
    let found = files_below(&directory());
    let carried: BTreeMap<String, Vec<u8>> = FILES
        .iter()
        .map(|file| (file.path.to_owned(), file.bytes.to_vec()))
        .collect();
    assert_eq!(found.keys().collect::<Vec<_>>(), carried.keys().collect::<Vec<_>>());
    assert!(
        found == carried,
        "the program carries other bytes than the directory has"
    );
    for (path, bytes) in &found {
        assert!(bytes.len() as u64 <= FILE_LIMIT_BYTES, "{path}: {}", bytes.len());
    }
    assert!(found.values().map(|bytes| bytes.len() as u64).sum::<u64>() <= SAMPLE_LIMIT_BYTES);
    for file in FILES {
        assert!(file.path.starts_with(&format!("{}/", file.table)), "{}", file.path);
    }
}

#[test]
fn the_generator_makes_the_same_bytes_again() {
    let made = tempfile::tempdir().unwrap();
    let output = duckdb::python()
        .arg(directory().join("generate.py"))
        .arg(made.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (made, kept) = (files_below(made.path()), files_below(&directory()));
    assert_eq!(made.keys().collect::<Vec<_>>(), kept.keys().collect::<Vec<_>>());
    for (path, bytes) in made {
        assert!(kept[&path] == bytes, "{path} is not what generate.py makes");
    }
}

#[tokio::test]
async fn the_questions_are_answered_as_duckdb_answers_them() {
    let sample = Sample::open().await;
    let questions = QUESTIONS.iter().map(|question| question.sql.into());
    let arguments = [directory().into_os_string()].into_iter().chain(questions);
    let theirs: Vec<Vec<String>> = duckdb::answers("sample_duckdb.py", arguments);
    assert_eq!(theirs.len(), 3);
    for (question, theirs) in QUESTIONS.iter().zip(theirs) {
        let ours = sample.lines(question.sql).await;
        assert_eq!(ours.len(), 5, "{}", question.title);
        assert_eq!(ours, theirs, "{}", question.title);
    }
}

#[test]
fn the_readme_asks_the_same_questions() {
    let readme = fs::read_to_string(directory().join("../../README.md")).unwrap();
    let readme: Vec<&str> = readme.split_whitespace().collect();
    let readme = readme.join(" ");
    for question in QUESTIONS {
        let words: Vec<&str> = question.sql.split_whitespace().collect();
        assert!(
            readme.contains(&words.join(" ")),
            "README.md does not ask: {}",
            question.sql
        );
        assert!(!question.sql.contains(';') && !question.title.is_empty());
        assert!(question.sql.lines().all(|line| line.len() <= 100), "{}", question.sql);
    }
}

#[tokio::test]
async fn it_is_there_wherever_names_are_listed() {
    let sample = Sample::open().await;
    let databases = sample.lines("SHOW DATABASES LIKE 'sample'").await;
    assert_eq!(databases.len(), 1);
    assert!(databases[0].contains("read-only"), "{databases:?}");
    let names = |lines: Vec<String>| -> Vec<String> {
        lines
            .iter()
            .map(|line| line.split('|').next().unwrap().to_owned())
            .collect()
    };
    let tables = names(sample.lines("SHOW TABLES IN sample").await);
    assert_eq!(tables, ["repairs", "stations", "trips"]);
    let listed = "SELECT table_name, table_type, is_insertable_into FROM information_schema.tables \
                  WHERE table_schema = 'sample' ORDER BY 1";
    let listed = sample.lines(listed).await;
    let expected = ["repairs|BASE TABLE|NO", "stations|BASE TABLE|NO", "trips|BASE TABLE|NO"];
    assert_eq!(listed, expected);
    let partitions = sample.lines("SHOW PARTITIONS sample.trips").await;
    assert_eq!(names(partitions), ["month=2026-05", "month=2026-06"]);
    let answer = sample.run("USE sample").await;
    assert_eq!(answer.statistics.requests.total(), 0);
}

#[tokio::test]
async fn its_columns_are_those_of_the_files_and_each_says_what_it_means() {
    let sample = Sample::open().await;
    for table in ["repairs", "stations", "trips"] {
        let declared = sample.run(&format!("DESCRIBE sample.{table}")).await;
        assert_eq!(declared.statistics.requests.total(), 0, "DESCRIBE asks no file");
        let names = |lines: &[String]| -> Vec<String> {
            lines
                .iter()
                .map(|line| line.split('|').next().unwrap().to_owned())
                .collect()
        };
        let found = sample.lines(&format!("DESCRIBE 'sample://{table}/'")).await;
        assert_eq!(names(&declared.lines()), names(&found), "{table}");
        let uncommented = declared.lines().iter().filter(|line| line.ends_with("|NULL")).count();
        assert_eq!(uncommented, 0, "{table}");
        for column in names(&found) {
            let filled = format!("SELECT count(DISTINCT {column}) > 1 FROM sample.{table}");
            if !["bike", "work"].contains(&column.as_str()) || table == "trips" {
                assert_eq!(sample.run(&filled).await.value(), "true", "{table}.{column}");
            }
        }
    }
    let nested = "SELECT count(bike['odometer_km']) = count(*) AND sum(cardinality(work)) > 600 AND count(*) > count(work) \
                  FROM sample.repairs";
    assert_eq!(sample.run(nested).await.value(), "true");
}

#[tokio::test]
async fn its_name_is_taken_bare_by_every_statement() {
    let sample = Sample::open().await;
    for sql in [
        "SELECT count(*) FROM sample.trips",
        "SELECT count(*) FROM lake.sample.trips AS sample",
        "SELECT count(*) FROM sample.trips JOIN sample.stations ON start_station = name",
        "SELECT count(sample.trips.fare) FROM sample.trips",
        "WITH sample AS (SELECT 1 AS sample) SELECT sample.sample FROM sample",
        "SELECT sample FROM (VALUES (1)) AS t(sample) ORDER BY sample",
        "SHOW TABLES IN sample",
        "SHOW TABLES FROM lake.sample LIKE 't*'",
        "SHOW VIEWS IN sample",
        "SHOW COLUMNS FROM sample.trips",
        "SHOW PARTITIONS sample.trips",
        "SHOW CREATE TABLE sample.trips",
        "DESCRIBE sample.trips",
        "EXPLAIN SELECT * FROM sample.trips",
        "CREATE TABLE sample AS SELECT 1 AS sample",
        "INSERT INTO sample (sample) VALUES (2)",
        "DESCRIBE sample",
        "CREATE VIEW of_sample (sample) AS SELECT sample FROM sample",
        "SELECT sample FROM of_sample",
        "DROP TABLE sample",
        "USE sample",
    ] {
        let ran = run(&sample.session(), sql).await;
        assert!(ran.is_ok(), "{sql}: {}", ran.unwrap_err());
    }
    for sql in [
        "CREATE TABLE sample.mine (a INT)",
        "CREATE TABLE sample.mine AS SELECT 1 AS a",
        "CREATE VIEW sample.mine AS SELECT 1 AS a",
        "INSERT INTO sample.trips SELECT * FROM sample.trips",
        "ALTER TABLE sample.trips ADD PARTITION (month = '2026-07')",
        "MSCK REPAIR TABLE sample.trips",
        "DROP TABLE sample.trips",
        "DROP DATABASE sample",
    ] {
        sample.refuses(sql, "sample").await;
    }
}

#[tokio::test]
async fn what_its_create_statement_says_makes_the_same_table_elsewhere() {
    let sample = Sample::open().await;
    for table in ["repairs", "stations", "trips"] {
        let create = sample.run(&format!("SHOW CREATE TABLE sample.{table}")).await.value();
        assert!(create.contains(&format!("LOCATION 'sample://{table}/'")), "{create}");
        let elsewhere = create.replacen(&format!("lake.sample.{table}"), table, 1);
        sample.run(&elsewhere).await;
        let rows = |from: &str| format!("SELECT count(*) FROM {from}");
        let (ours, theirs) = (
            sample.run(&rows(table)).await.value(),
            sample.run(&rows(&format!("sample.{table}"))).await.value(),
        );
        assert_eq!(ours, theirs, "{table}");
    }
}

#[tokio::test]
async fn a_partition_that_the_filter_excludes_is_not_read_and_bytes_are_counted() {
    let sample = Sample::open().await;
    let all = sample.run("SELECT sum(fare) FROM sample.trips").await;
    let june = sample
        .run("SELECT sum(fare) FROM sample.trips WHERE month = '2026-06'")
        .await;
    let (all, june) = (all.statistics, june.statistics);
    assert!(
        june.bytes_scanned > 1_000 && june.bytes_scanned < all.bytes_scanned,
        "{june:?} {all:?}"
    );
    assert!(
        june.requests.get < all.requests.get && june.requests.list > 0,
        "{june:?} {all:?}"
    );
    let whole = sample.run("SELECT count(note) FROM sample.repairs").await.statistics;
    let size = fs::metadata(directory().join("repairs/repairs.jsonl")).unwrap().len();
    assert!(whole.bytes_scanned >= size, "{whole:?}, {size} bytes");
    // What the footers say is known by now.
    let again = sample.run("SELECT sum(fare) FROM sample.trips").await.statistics;
    assert!(again.bytes_scanned < all.bytes_scanned, "{again:?} {all:?}");
    let analyzed = sample
        .lines("EXPLAIN ANALYZE SELECT sum(fare) FROM sample.trips")
        .await
        .join("\n");
    assert!(analyzed.contains(&format!("{}", again.bytes_scanned)), "{analyzed}");
}

#[tokio::test]
async fn its_rows_go_into_tables_of_ones_own() {
    let sample = Sample::open().await;
    sample
        .run("CREATE TABLE trips AS SELECT * FROM sample.trips WHERE month = '2026-05'")
        .await;
    assert_eq!(sample.run("SELECT count(*) FROM trips").await.value(), "3401");
    sample
        .run("CREATE VIEW busy AS SELECT t.* FROM trips t JOIN sample.stations s ON s.name = t.end_station")
        .await;
    assert_eq!(sample.run("SELECT count(*) > 3000 FROM busy").await.value(), "true");
}

#[tokio::test]
async fn every_change_of_it_is_refused_with_what_to_do() {
    let sample = Sample::open().await;
    let database = "the database \"sample\" is part of Owlet and cannot be changed; use another one";
    for sql in [
        "CREATE DATABASE sample",
        "CREATE DATABASE IF NOT EXISTS sample",
        "DROP DATABASE sample",
        "DROP DATABASE sample CASCADE",
        "CREATE TABLE sample.mine (a INT)",
        "CREATE TABLE sample.mine AS SELECT 1 AS a",
        "CREATE EXTERNAL TABLE sample.mine STORED AS PARQUET LOCATION 'sample://trips/'",
        "CREATE VIEW sample.mine AS SELECT 1 AS a",
        "DROP TABLE sample.trips",
        "DROP TABLE IF EXISTS sample.absent",
        "DROP VIEW sample.trips",
        "MSCK REPAIR TABLE sample.trips",
        "ALTER TABLE sample.trips ADD PARTITION (month = '2026-07')",
        "ALTER TABLE sample.trips DROP PARTITION (month = '2026-05')",
    ] {
        sample.refuses(sql, database).await;
    }
    sample
        .refuses(
            "INSERT INTO sample.stations VALUES ('Here', 0, 0, 1)",
            "CREATE TABLE my_stations AS SELECT * FROM lake.sample.stations",
        )
        .await;
    assert_eq!(sample.run("SELECT count(*) FROM sample.stations").await.value(), "16");
    assert_eq!(sample.run("SELECT count(*) FROM sample.trips").await.value(), "7134");
    let warehouse = sample.home.path().join("warehouse");
    let left = if warehouse.exists() {
        files_below(&warehouse).len()
    } else {
        0
    };
    assert_eq!(left, 0, "a refused CREATE TABLE AS leaves no file");
}

#[tokio::test]
async fn nothing_is_written_to_its_files_by_another_name() {
    let sample = Sample::open().await;
    sample
        .refuses(
            "CREATE TABLE t LOCATION 'sample://trips/new/' AS SELECT 1 AS a",
            "name another place",
        )
        .await;
    sample
        .refuses("CREATE DATABASE d LOCATION 'sample://trips/d/'", "name another place")
        .await;
    sample
        .run("CREATE EXTERNAL TABLE stations STORED AS CSV LOCATION 'sample://stations/'")
        .await;
    sample
        .refuses("INSERT INTO stations SELECT * FROM sample.stations", "takes no rows")
        .await;
    sample.run("DROP TABLE stations").await;
    assert_eq!(sample.run("SELECT count(*) FROM sample.stations").await.value(), "16");
}

#[tokio::test]
async fn a_place_that_the_sample_has_not_is_named_with_those_that_it_has() {
    let sample = Sample::open().await;
    let error = run(&sample.session(), "SELECT * FROM 'sample://tips/'")
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::TableNotFound);
    assert!(
        error
            .message()
            .contains("sample://repairs/, sample://stations/, sample://trips/"),
        "{error}"
    );
}

#[tokio::test]
async fn a_remote_principal_reads_it_and_changes_nothing() {
    let sample = Sample::open().await;
    let remote = sample.engine.session(Principal::remote("ada"));
    assert_eq!(
        answer(&remote, "SELECT count(*) FROM sample.trips").await.value(),
        "7134"
    );
    assert_eq!(
        answer(&remote, "SELECT count(*) FROM 'sample://stations/*.gz'")
            .await
            .value(),
        "16"
    );
    let error = run(&remote, "DROP TABLE sample.trips").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::PermissionDenied);
}

#[tokio::test]
async fn a_database_of_that_name_that_somebody_made_wins() {
    let home = tempfile::tempdir().unwrap();
    let without = open_in(home.path(), &[("OWLET_CATALOG_SAMPLE", "false")]).await;
    let with = open_in(home.path(), &[]).await;
    let (mine, other) = (without.session(Principal::local()), with.session(Principal::local()));
    assert_eq!(
        answer(&other, "SELECT count(*) FROM sample.stations").await.value(),
        "16"
    );

    answer(&mine, "CREATE DATABASE sample COMMENT 'mine'").await;
    answer(&mine, "CREATE TABLE sample.trips AS SELECT 1 AS a").await;
    for session in [&mine, &other] {
        assert_eq!(answer(session, "SELECT count(*) FROM sample.trips").await.value(), "1");
        assert_eq!(
            answer(session, "SHOW TABLES IN sample").await.lines(),
            ["trips|TABLE|NULL"]
        );
        assert_eq!(
            answer(session, "SHOW DATABASES LIKE 'sample'").await.lines(),
            ["sample|mine|NULL"]
        );
        let error = run(session, "SELECT count(*) FROM sample.stations").await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::TableNotFound, "{error}");
    }
    // It is a database like any other, for both; without it, the sample is there again where it is wanted.
    answer(&other, "INSERT INTO sample.trips VALUES (2)").await;
    answer(&other, "DROP DATABASE sample CASCADE").await;
    assert_eq!(
        answer(&other, "SELECT count(*) FROM sample.trips").await.value(),
        "7134"
    );
    let error = run(&mine, "SELECT count(*) FROM sample.trips").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::DatabaseNotFound);
}

#[tokio::test]
async fn it_can_be_left_out() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("owlet.toml");
    fs::write(&file, "[catalog]\nsample = false\n").unwrap();
    let environment: Environment = [("OWLET_HOME", home.path().display().to_string())]
        .into_iter()
        .collect();
    let mut config = Config::load(Some(&file), environment, home.path().to_owned()).unwrap();
    config.set_sample(FILES.iter().map(|file| (file.path, file.bytes)));
    let session = Engine::open(config).await.unwrap().session(Principal::local());
    assert_eq!(
        answer(&session, "SHOW DATABASES LIKE 'sample'").await.lines(),
        Vec::<String>::new()
    );
    let error = run(&session, "SELECT * FROM sample.trips").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::DatabaseNotFound);
    let error = run(&session, "SELECT * FROM 'sample://trips/'").await.unwrap_err();
    assert!(error.message().contains("it is left out here"), "{error}");
}
