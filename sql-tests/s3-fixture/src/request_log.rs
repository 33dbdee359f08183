//! What the server saw: a record of every request, and the counters, which are sums over the records.
//!
//! A number is written down before the bytes it counts can reach the client, so that a client that has its answer finds
//! the answer counted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::request::Parts;
use http::{Method, StatusCode, header};
use percent_encoding::percent_decode_str;

/// The kinds by which object stores bill requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// GET of an object.
    Get,
    /// HEAD of an object or bucket.
    Head,
    /// GET of a bucket (both versions of the listing) or of the server.
    List,
    /// PUT of an object, a part or a copy.
    Put,
    /// Creation and completion of a multipart upload, and the deletion of several objects.
    Post,
    /// Deletion of one object, and the end of a multipart upload without an object.
    Delete,
}

impl RequestKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Get, Self::Head, Self::List, Self::Put, Self::Post, Self::Delete];

    /// The kinds that change something.
    pub const WRITES: [Self; 3] = [Self::Put, Self::Post, Self::Delete];
}

/// One request as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRecord {
    /// The number of requests that arrived before it since the start or the last reset.
    pub sequence: u64,
    /// Its kind.
    pub kind: RequestKind,
    /// The bucket; empty for a request to the server itself.
    pub bucket: String,
    /// The key, decoded; empty for a request to a bucket.
    pub key: String,
    /// The query as it was sent, such as `list-type=2&prefix=a%2F`.
    pub query: String,
    /// The `Range` header as it was sent, such as `bytes=0-99`.
    pub range: Option<String>,
    /// The status of the answer; `None` while there is none, and for a connection that ended before one.
    pub status: Option<u16>,
    /// Bytes of the answer's body that were handed to the network so far.
    pub body_bytes_sent: u64,
    /// Bytes of the request's body that arrived so far, with their framing if they were sent in signed chunks.
    pub body_bytes_received: u64,
}

/// Sums over all requests since the start or the last reset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests of kind [`RequestKind::Get`].
    pub get: u64,
    /// Requests of kind [`RequestKind::Head`].
    pub head: u64,
    /// Requests of kind [`RequestKind::List`].
    pub list: u64,
    /// Requests of kind [`RequestKind::Put`].
    pub put: u64,
    /// Requests of kind [`RequestKind::Post`].
    pub post: u64,
    /// Requests of kind [`RequestKind::Delete`].
    pub delete: u64,
    /// Bytes of answers' bodies, without headers and chunk framing.
    pub body_bytes_sent: u64,
    /// Bytes of requests' bodies, without headers.
    pub body_bytes_received: u64,
    /// Answers with a status of 400 or more.
    pub failed: u64,
    /// The most requests that were being answered at one time.
    pub most_in_flight: u64,
}

impl Counters {
    /// The number of requests of all kinds.
    pub fn requests(&self) -> u64 {
        self.get + self.head + self.list + self.put + self.post + self.delete
    }

    fn add(&mut self, record: &RequestRecord) {
        let of_kind = match record.kind {
            RequestKind::Get => &mut self.get,
            RequestKind::Head => &mut self.head,
            RequestKind::List => &mut self.list,
            RequestKind::Put => &mut self.put,
            RequestKind::Post => &mut self.post,
            RequestKind::Delete => &mut self.delete,
        };
        *of_kind += 1;
        self.body_bytes_sent += record.body_bytes_sent;
        self.body_bytes_received += record.body_bytes_received;
        self.failed += u64::from(record.status.is_some_and(|status| status >= 400));
    }
}

/// The record of one request while it is being answered.
#[derive(Debug)]
pub(crate) struct OpenRecord {
    record: Mutex<RequestRecord>,
}

impl OpenRecord {
    pub fn read(&self) -> RequestRecord {
        self.lock().clone()
    }

    pub fn set_status(&self, status: StatusCode) {
        self.lock().status = Some(status.as_u16());
    }

    pub fn add_sent(&self, bytes: u64) {
        self.lock().body_bytes_sent += bytes;
    }

    pub fn add_received(&self, bytes: u64) {
        self.lock().body_bytes_received += bytes;
    }

    fn lock(&self) -> MutexGuard<'_, RequestRecord> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that a request is being answered, until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight {
    log: Arc<RequestLog>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.log.lock().in_flight -= 1;
    }
}

/// All requests since the start or the last reset.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    records: Vec<Arc<OpenRecord>>,
    in_flight: u64,
    most_in_flight: u64,
}

impl RequestLog {
    /// Writes down a request that has just arrived.
    pub fn begin(self: &Arc<Self>, request: &Parts) -> (Arc<OpenRecord>, InFlight) {
        let mut record = described(request);
        let mut entries = self.lock();
        entries.in_flight += 1;
        entries.most_in_flight = entries.most_in_flight.max(entries.in_flight);
        record.sequence = entries.records.len() as u64;
        let record = Arc::new(OpenRecord {
            record: Mutex::new(record),
        });
        entries.records.push(record.clone());
        (record, InFlight { log: self.clone() })
    }

    pub fn records(&self) -> Vec<RequestRecord> {
        self.lock().records.iter().map(|record| record.read()).collect()
    }

    pub fn counters(&self) -> Counters {
        let entries = self.lock();
        let mut counters = Counters {
            most_in_flight: entries.most_in_flight,
            ..Counters::default()
        };
        for record in &entries.records {
            counters.add(&record.lock());
        }
        counters
    }

    /// Forgets all records. A request that is being answered is not counted afterwards, except as in flight.
    pub fn reset(&self) {
        let mut entries = self.lock();
        entries.records.clear();
        entries.most_in_flight = entries.in_flight;
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn described(request: &Parts) -> RequestRecord {
    let path = request.uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let kind = match request.method {
        Method::HEAD => RequestKind::Head,
        Method::PUT => RequestKind::Put,
        Method::POST => RequestKind::Post,
        Method::DELETE => RequestKind::Delete,
        _ if key.is_empty() => RequestKind::List,
        _ => RequestKind::Get,
    };
    let range = request.headers.get(header::RANGE);
    RequestRecord {
        sequence: 0,
        kind,
        bucket: decoded(bucket),
        key: decoded(key),
        query: request.uri.query().unwrap_or_default().to_owned(),
        range: range.map(|range| String::from_utf8_lossy(range.as_bytes()).into_owned()),
        status: None,
        body_bytes_sent: 0,
        body_bytes_received: 0,
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
