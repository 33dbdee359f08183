//! The lake that the suites read, on disk and in a bucket, with an engine of its own over it.

use owlet_engine::{Config, Connection, Engine, Environment, Principal};
use owlet_s3_fixture::S3Fixture;
use owlet_sql_tests::Names;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// Where the data of the suites lie in the repository.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/lake");

/// A copy of the lake, which a suite may write to, and an engine with a data directory and a warehouse of its own.
pub struct Lake {
    engine: Engine,
    names: Names,
    fixture: Option<S3Fixture>,
    _directory: TempDir,
}

impl Lake {
    /// On disk, as `file://`.
    pub async fn on_file() -> Self {
        let directory = directory();
        let (lake, warehouse) = (directory.path().join("lake"), directory.path().join("warehouse"));
        for (key, file) in files() {
            let copy = lake.join(key);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(file, copy).unwrap();
        }
        let url = |path: &Path| format!("file://{}", path.display());
        let names = Names::new(vec![
            ("{lake}".to_owned(), url(&lake)),
            ("{lake}".to_owned(), lake.display().to_string()),
            ("{warehouse}".to_owned(), url(&warehouse)),
            ("{warehouse}".to_owned(), warehouse.display().to_string()),
        ]);
        let engine = engine(
            &directory,
            vec![("OWLET_CATALOG_WAREHOUSE".to_owned(), url(&warehouse))],
        )
        .await;
        Self {
            engine,
            names,
            fixture: None,
            _directory: directory,
        }
    }

    /// In the buckets of an S3 server, which counts from here on.
    pub async fn on_s3() -> Self {
        let directory = directory();
        let fixture = S3Fixture::start(&["lake", "warehouse"]).await;
        for (key, file) in files() {
            fixture.put("lake", &key, fs::read(file).unwrap());
        }
        let mut variables = fixture.environment();
        variables.push(("OWLET_CATALOG_WAREHOUSE".to_owned(), "s3://warehouse/".to_owned()));
        let engine = engine(&directory, variables).await;
        let pair = |name: &str, place: &str| (name.to_owned(), place.to_owned());
        Self {
            engine,
            names: Names::new(vec![pair("{lake}", "s3://lake"), pair("{warehouse}", "s3://warehouse")]),
            fixture: Some(fixture),
            _directory: directory,
        }
    }

    /// A new session of the person at this machine.
    pub fn connect(&self) -> Arc<dyn Connection> {
        Arc::new(self.engine.session(Principal::local()))
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The GET requests that the server has counted, if there is a server.
    pub fn gets(&self) -> Option<u64> {
        self.fixture.as_ref().map(|fixture| fixture.counters().get)
    }
}

fn directory() -> TempDir {
    TempDir::with_prefix("owlet-suites-").unwrap()
}

async fn engine(directory: &TempDir, variables: Vec<(String, String)>) -> Engine {
    let home = directory.path().join("home").display().to_string();
    let own = [("OWLET_HOME", home.as_str()), ("HOME", home.as_str())];
    let variables = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let environment: Environment = own.into_iter().chain(variables).collect();
    let mut config = Config::load(None, environment, directory.path().to_owned()).unwrap();
    config.set_sample(owlet_datasets::sample::FILES.iter().map(|file| (file.path, file.bytes)));
    Engine::open(config).await.unwrap()
}

/// Every file of the lake with its key, which has `/` between its parts.
fn files() -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    let mut directories = vec![PathBuf::from(FILES)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let key = path.strip_prefix(FILES).unwrap().display().to_string();
                files.push((key, path));
            }
        }
    }
    assert!(files.len() > 20, "the lake is not in {FILES}");
    files
}
