//! Where the metastore of a test is, on either kind of database; and further processes of the test on the same one.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use tempfile::TempDir;
use url::Url;

/// The server, as `scripts/with-postgres` names it.
const SERVER: &str = "OWLET_TEST_POSTGRES_URL";
/// What a test tells a process that it starts.
const ROLE: &str = "OWLET_TEST_ROLE";
const DIRECTORY: &str = "OWLET_TEST_DIRECTORY";
const URL: &str = "OWLET_TEST_URL";
/// What such a process says once it is where the test wants it.
const READY: &str = "the child is ready";

/// An empty data directory; and an empty database, if it is not a file in there.
#[derive(Clone)]
pub struct Place {
    pub directory: PathBuf,
    pub url: Option<String>,
    _owner: Option<Arc<TempDir>>,
}

impl Place {
    /// A file in the directory. In a process that a test started: that test's place.
    pub fn sqlite() -> Self {
        Self::of_parent().unwrap_or_else(|| Self::in_new_directory(None))
    }

    /// A new database on the server of the tests, which is thrown away as a whole. In a process that a test started: that
    /// test's place.
    pub async fn postgresql() -> Self {
        if let Some(place) = Self::of_parent() {
            return place;
        }
        let server = std::env::var(SERVER)
            .unwrap_or_else(|_| panic!("{SERVER} is not set: run the tests under scripts/with-postgres"));
        let name = format!("owlet_{}", uuid::Uuid::now_v7().simple());
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&server).await.unwrap();
        let create = sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")));
        create.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let mut url = Url::parse(&server).unwrap();
        url.set_path(&name);
        Self::in_new_directory(Some(url.into()))
    }

    /// The same database for another data directory, as of another machine. A file is in its directory, so it has none.
    pub fn on_another_machine(&self) -> Option<Self> {
        self.url.clone().map(|url| Self::in_new_directory(Some(url)))
    }

    /// This test binary once more, for the test `name` alone (its path in the crate), in this place. [`role`] tells it why.
    pub fn start(&self, name: &str, role: &str) -> Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", name, "--nocapture"]);
        command.env(ROLE, role).env(DIRECTORY, &self.directory);
        command.envs(self.url.iter().map(|url| (URL, url)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    }

    fn in_new_directory(url: Option<String>) -> Self {
        let owner = tempfile::tempdir().unwrap();
        Self {
            directory: owner.path().to_owned(),
            url,
            _owner: Some(Arc::new(owner)),
        }
    }

    fn of_parent() -> Option<Self> {
        role()?;
        Some(Self {
            directory: Path::new(&std::env::var(DIRECTORY).unwrap()).to_owned(),
            url: std::env::var(URL).ok(),
            _owner: None,
        })
    }
}

/// What this process is to do, if [`Place::start`] started it.
pub fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// Tells the test that this process is where it should be, and waits until the test hangs up or kills it.
pub fn ready_and_wait() {
    use std::io::Write;
    let mut output = std::io::stdout();
    writeln!(output, "{READY}").unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// Waits until `child` says that it is ready.
pub fn wait_until_ready(child: &mut Child) {
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(READY) {
        line.clear();
        assert!(stdout.read_line(&mut line).unwrap() > 0, "the child ended early");
    }
    child.stdout = Some(stdout.into_inner());
}

/// Waits for the end of `child`, which must be a success, and gives what it printed.
pub fn output(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("1 passed"), "the child ran no test: {printed}");
    printed
}

/// Runs each test on either kind of database: `both_databases!(first, second)` where each is an `async fn(Place)`.
macro_rules! both_databases {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(super::Place::sqlite()).await;
                }
            )*
        }

        mod postgresql {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(super::Place::postgresql().await).await;
                }
            )*
        }
    };
}

pub(crate) use both_databases;
