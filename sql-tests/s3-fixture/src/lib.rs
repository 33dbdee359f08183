//! A real S3 server inside the test process.
//!
//! [`S3Fixture`] serves buckets of a temporary directory on a free port of this machine: over HTTP, with signatures
//! checked, ETags, preconditions, ranges, pages and multipart uploads as Amazon S3 has them. It counts every request and
//! every byte of a body, and it can be slow or go wrong on demand ([`Fault`]).
//!
//! What must hold: whatever a client has received is counted when the client has it; an object's bytes and its ETag
//! always belong together; what a fault announces happens exactly, so that a test may compare the client's numbers with
//! the server's.
//!
//! It runs on threads of its own, so that a test may block (waiting for another process, say) while it serves. It knows
//! nothing of Owlet.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a fixture that cannot start, or store what a test gives it, has to stop that test"
)]

mod conditions;
mod connection;
mod credentials;
mod faults;
mod listing;
mod object_files;
mod reads;
mod reply;
mod request_log;
mod server;
mod service;
mod uploads;
mod victim;
mod writes;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use conditions::WriteCondition;
use credentials::Credentials;
use object_files::ObjectFiles;
use server::{Server, Settings};
use service::MendedFileSystem;
use uploads::Uploads;

pub use faults::{Fault, FaultId, FaultRule, Framing, RequestRule};
pub use request_log::{Counters, RequestKind, RequestRecord};
pub use victim::{Moment, Victim};

/// The access key at the start.
const ACCESS_KEY: &str = "OWLETFIXTUREKEY00001";
/// The secret key at the start.
const SECRET_KEY: &str = "owlet-fixture-secret-key-0000000000000001";
/// The region that clients sign for. Amazon's default, so that a client without a region works too.
const REGION: &str = "us-east-1";
/// The most entries of a page of a listing, as in Amazon S3.
const PAGE_SIZE: usize = 1000;

/// An S3 server that ends when it is dropped.
#[derive(Debug)]
pub struct S3Fixture {
    /// `None` only while it is being dropped.
    runtime: Option<Runtime>,
    address: SocketAddr,
    server: Arc<Server>,
    objects: Objects,
    uploads: Arc<Uploads>,
    credentials: Credentials,
    page_size: Arc<AtomicUsize>,
    _directory: TempDir,
}

impl S3Fixture {
    /// Starts a server with these buckets, empty, on a free port of 127.0.0.1.
    ///
    /// Stops the test if the machine gives no port, directory or threads, or if a name is no bucket name.
    #[expect(
        clippy::unused_async,
        reason = "what starts a server is awaited; today nothing in it waits"
    )]
    pub async fn start(buckets: &[&str]) -> Self {
        Self::start_blocking(buckets)
    }

    /// [`S3Fixture::start`] for a test that is not asynchronous.
    pub fn start_blocking(buckets: &[&str]) -> Self {
        let directory = TempDir::with_prefix("owlet-s3-").expect("a directory for the fixture's objects");
        let root = directory
            .path()
            .canonicalize()
            .expect("the path of the fixture's directory");
        for bucket in buckets {
            assert!(
                s3s::path::check_bucket_name(bucket),
                "\"{bucket}\" is no name for a bucket"
            );
            std::fs::create_dir(root.join(bucket)).expect("a directory for a bucket");
        }
        let files = Arc::new(ObjectFiles::new(root.clone()).expect("a directory for new objects"));
        let uploads = Arc::new(Uploads::default());
        let page_size = Arc::new(AtomicUsize::new(PAGE_SIZE));
        let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY);

        let mut s3 = S3ServiceBuilder::new(MendedFileSystem {
            received: s3s_fs::FileSystem::new(&root).expect("s3s-fs on the fixture's directory"),
            files: files.clone(),
            uploads: uploads.clone(),
            page_size: page_size.clone(),
        });
        s3.set_auth(credentials.clone());
        s3.set_access(credentials.clone());
        let server = Arc::new(Server {
            s3: s3.build(),
            log: Arc::default(),
            rules: faults::RuleBook::default(),
            settings: Settings::default(),
        });

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("s3-fixture")
            .enable_all()
            .build()
            .expect("threads for the fixture");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port for the fixture");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let address = listener.local_addr().expect("the address of the fixture");
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener).expect("the listener on the fixture's threads")
        };
        runtime.spawn(server.clone().run(listener));
        let objects = Objects { files };
        Self {
            runtime: Some(runtime),
            address,
            server,
            objects,
            uploads,
            credentials,
            page_size,
            _directory: directory,
        }
    }

    /// Where the server listens, such as `http://127.0.0.1:40123`. Buckets are the first segment of the path.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The access key in force.
    pub fn access_key(&self) -> String {
        self.credentials.access_key()
    }

    /// The secret key in force.
    pub fn secret_key(&self) -> String {
        self.credentials.secret_key()
    }

    /// The region to sign for.
    pub fn region(&self) -> &'static str {
        REGION
    }

    /// The variables by which a program finds this server and its keys.
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("AWS_ACCESS_KEY_ID", self.access_key()),
            ("AWS_SECRET_ACCESS_KEY", self.secret_key()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Puts another pair of keys in force. From now on the access key before it is answered 400 `ExpiredToken`.
    pub fn set_credentials(&self, access_key: &str, secret_key: &str) {
        self.credentials.replace(access_key, secret_key);
    }

    /// Lets anyone GET, HEAD and LIST in a bucket without a signature.
    pub fn allow_anonymous_reads(&self, bucket: &str) {
        self.credentials.open_to_all(bucket);
    }

    /// The directory whose files are the objects of a bucket. Files may be put there by any means, links included; a file
    /// that is changed in place while it is read is read as it happens to be, [`S3Fixture::put`] does better.
    pub fn bucket_directory(&self, bucket: &str) -> PathBuf {
        self.objects.files.bucket_path(bucket)
    }

    /// Puts an object in place at once, as another writer would; gives its ETag, without quotes. Not counted.
    pub fn put(&self, bucket: &str, key: &str, bytes: impl AsRef<[u8]>) -> String {
        self.objects.put(bucket, key, bytes)
    }

    /// Removes an object, as another writer would; nothing happens if there is none. Not counted.
    pub fn remove(&self, bucket: &str, key: &str) {
        self.objects.remove(bucket, key);
    }

    /// The objects themselves, apart from the server: what a hook needs in order to be another writer.
    pub fn objects(&self) -> Objects {
        self.objects.clone()
    }

    /// The keys of the multipart uploads of a bucket that were neither completed nor aborted, in order.
    pub fn open_uploads(&self, bucket: &str) -> Vec<String> {
        self.uploads.open_keys(bucket).into_iter().map(|(key, _)| key).collect()
    }

    /// What was counted since the start or the last reset.
    pub fn counters(&self) -> Counters {
        self.server.log.counters()
    }

    /// Every request since the start or the last reset, in the order of arrival.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.server.log.records()
    }

    /// Forgets counters, requests, faults, hooks, latency, bandwidth and page size; keeps objects and keys.
    pub fn reset(&self) {
        self.server.rules.clear();
        self.server.log.reset();
        self.set_latency(Duration::ZERO);
        self.set_bandwidth(None);
        self.set_page_size(PAGE_SIZE);
    }

    /// Lets every request wait before it is obeyed.
    pub fn set_latency(&self, latency: Duration) {
        self.server.settings.set_latency(latency);
    }

    /// Limits the bytes of bodies per second, of each connection, in both directions together; `None` is no limit.
    pub fn set_bandwidth(&self, bytes_per_second_per_connection: Option<u64>) {
        self.server.settings.set_bandwidth(bytes_per_second_per_connection);
    }

    /// The most keys and prefixes that a page of a listing has, whatever a client asks for. At least 1.
    pub fn set_page_size(&self, entries: usize) {
        self.page_size.store(entries.max(1), Ordering::Relaxed);
    }

    /// Lets requests go wrong. Of several rules that mean the same request the first one given takes effect.
    pub fn inject(&self, rule: FaultRule) -> FaultId {
        self.server.rules.inject(rule)
    }

    /// How often a rule took effect; 0 if it was withdrawn or reset.
    pub fn times_fired(&self, id: FaultId) -> u64 {
        self.server.rules.fired(id)
    }

    /// Takes a rule back.
    pub fn withdraw(&self, id: FaultId) {
        self.server.rules.withdraw(id);
    }

    /// Calls `hook` for each request that `rule` means, when it has arrived and before anything is done about it.
    pub fn on_request(&self, rule: RequestRule, hook: impl Fn(&RequestRecord) + Send + Sync + 'static) -> FaultId {
        self.server.rules.before(rule, Arc::new(hook))
    }

    /// Calls `hook` for each request that `rule` means, when it was obeyed and before the answer is sent. A request that
    /// a fault keeps from being obeyed, but not from being answered, counts as obeyed.
    pub fn on_applied(&self, rule: RequestRule, hook: impl Fn(&RequestRecord) + Send + Sync + 'static) -> FaultId {
        self.server.rules.applied(rule, Arc::new(hook))
    }
}

impl Drop for S3Fixture {
    fn drop(&mut self) {
        // Waiting for the threads would block, which a test inside a runtime of its own may not.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The objects of a fixture, to be changed behind the server's back. It does not keep the fixture alive.
#[derive(Debug, Clone)]
pub struct Objects {
    files: Arc<ObjectFiles>,
}

impl Objects {
    /// Puts an object in place at once, as another writer would; gives its ETag, without quotes.
    pub fn put(&self, bucket: &str, key: &str, bytes: impl AsRef<[u8]>) -> String {
        self.files
            .put(bucket, key, bytes.as_ref())
            .expect("a key that the fixture can store, in one of its buckets")
    }

    /// Removes an object, as another writer would; nothing happens if there is none.
    pub fn remove(&self, bucket: &str, key: &str) {
        let removed = self.files.remove(bucket, key, &WriteCondition::default());
        removed.expect("a key that the fixture can store, in one of its buckets");
    }
}
