//! Writing into a real S3 server and into a directory, with what goes wrong on the way.

mod kept;
mod lost;
mod memory;
mod taken_back;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{Stream, StreamExt, stream};
use owlet_s3_fixture::{Counters, S3Fixture};
use std::collections::BTreeMap;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Handle;

use super::{Files, Target, WriteSettings, Written, write};
use crate::formats::Format;
use crate::storage::{Access, Environment, Location, QueryStorage, Settings, Storage};

/// A place to write to, and a query that does.
enum Place {
    Bucket(S3Fixture),
    Directory(TempDir),
}

struct Bench {
    place: Place,
    storage: Arc<QueryStorage>,
}

impl Bench {
    fn bucket() -> Self {
        let fixture = S3Fixture::start_blocking(&["data"]);
        let environment = fixture.environment().into_iter().collect();
        Self::over(Place::Bucket(fixture), environment)
    }

    fn directory() -> Self {
        Self::over(Place::Directory(tempfile::tempdir().unwrap()), Environment::default())
    }

    /// A bucket and a directory.
    fn both() -> [Self; 2] {
        [Self::bucket(), Self::directory()]
    }

    fn over(place: Place, environment: Environment) -> Self {
        let settings = Settings {
            max_retries: 2,
            request_timeout_seconds: 5,
            ..Settings::default()
        };
        let storage = Storage::new(settings, environment, Handle::current()).unwrap();
        let storage = storage.query(Access::Local);
        Self { place, storage }
    }

    fn fixture(&self) -> &S3Fixture {
        match &self.place {
            Place::Bucket(fixture) => fixture,
            Place::Directory(_) => panic!("there is no server"),
        }
    }

    fn target(&self, format: &str) -> Target {
        let directory = match &self.place {
            Place::Bucket(_) => "s3://data/t/".to_owned(),
            Place::Directory(directory) => format!("{}/t/", directory.path().display()),
        };
        Target {
            storage: Arc::clone(&self.storage),
            directory: Location::parse(&directory, FilePath::new("/")).unwrap(),
            format: Format::new(format, BTreeMap::new()).unwrap(),
            columns: rows(0..0, "").schema(),
            partition_columns: Vec::new(),
            file_stem: "q1".to_owned(),
        }
    }

    fn partitioned(&self, format: &str) -> Target {
        Target {
            partition_columns: vec!["part".to_owned()],
            ..self.target(format)
        }
    }

    /// The names of all files below the directory, hidden ones too, and the keys of uploads that are open.
    fn names(&self) -> Vec<String> {
        let (root, mut names) = match &self.place {
            Place::Bucket(fixture) => (fixture.bucket_directory("data"), fixture.open_uploads("data")),
            Place::Directory(directory) => (directory.path().to_owned(), Vec::new()),
        };
        collect_names(&root, &root, &mut names);
        names.sort();
        names
    }

    /// Waits until what happens in the background has left nothing.
    async fn assert_nothing_stays(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let names = self.names();
            if names.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "still there: {names:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Fails unless the query and the server have counted the same.
    #[track_caller]
    fn assert_counted(&self) {
        let (usage, served): (_, Counters) = (self.storage.usage(), self.fixture().counters());
        let requests = usage.requests;
        assert_eq!(
            [
                requests.get,
                requests.head,
                requests.list,
                requests.put,
                requests.post,
                requests.delete
            ],
            [
                served.get,
                served.head,
                served.list,
                served.put,
                served.post,
                served.delete
            ],
            "get, head, list, put, post, delete"
        );
        assert_eq!(usage.bytes_read, served.body_bytes_sent, "bytes read");
        assert_eq!(usage.bytes_written, served.body_bytes_received, "bytes written");
    }
}

fn collect_names(root: &FilePath, directory: &FilePath, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_names(root, &path, names);
        } else {
            names.push(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
}

/// Rows with a number, a text, and the column `part`.
fn rows(numbers: std::ops::Range<i64>, part: &str) -> RecordBatch {
    texts(numbers, part, |n| {
        format!("{:x}", n.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15))
    })
}

fn texts(numbers: std::ops::Range<i64>, part: &str, text: impl Fn(i64) -> String) -> RecordBatch {
    let columns: [(&str, ArrayRef); 3] = [
        ("n", Arc::new(Int64Array::from_iter_values(numbers.clone()))),
        (
            "text",
            Arc::new(StringArray::from_iter_values(numbers.clone().map(text))),
        ),
        ("part", Arc::new(StringArray::from_iter_values(numbers.map(|_| part)))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

/// The rows of a mebibyte in Arrow.
const ROWS: i64 = 16;

/// The `n`th mebibyte.
fn mebibyte(n: i64, part: &str) -> RecordBatch {
    texts(n * ROWS..(n + 1) * ROWS, part, |n| format!("{n:08}").repeat(8 << 10))
}

fn mebibytes(count: i64) -> SendableRecordBatchStream {
    streamed((0..count).map(|n| Ok(mebibyte(n, "a"))).collect())
}

fn streamed(batches: Vec<Result<RecordBatch, DataFusionError>>) -> SendableRecordBatchStream {
    stream_of(stream::iter(batches))
}

fn stream_of(
    batches: impl Stream<Item = Result<RecordBatch, DataFusionError>> + Send + 'static,
) -> SendableRecordBatchStream {
    let schema: SchemaRef = rows(0..0, "").schema();
    Box::pin(RecordBatchStreamAdapter::new(schema, batches.boxed()))
}

/// Files of about seven mebibytes, each in two parts.
fn small() -> WriteSettings {
    WriteSettings {
        target_file_bytes: 7 << 20,
        upload_part_bytes: 5 << 20,
        ..WriteSettings::default()
    }
}

fn unbounded() -> Arc<dyn MemoryPool> {
    Arc::new(UnboundedMemoryPool::default())
}

async fn written(target: &Target, files: Files, batches: SendableRecordBatchStream) -> Written {
    write(target, files, batches, &unbounded(), &small()).await.unwrap()
}
