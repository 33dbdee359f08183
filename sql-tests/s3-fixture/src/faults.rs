//! Faults and hooks: what shall go wrong, for which requests, and how often it did.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::request_log::{RequestKind, RequestRecord};

/// How a body that ends early says how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// A `Content-Length` that is the shorter length: a well-formed answer with too little in it.
    Length,
    /// Chunks and their proper end, with no length said anywhere.
    Chunked,
}

/// What goes wrong with a request.
///
/// Wherever a request is not obeyed, its body has been read to the end first: the client finds no broken pipe, and both
/// sides count the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done; the answer is an error of S3, such as 503 and `SlowDown`.
    Status {
        /// The status code.
        code: u16,
        /// The text of `<Code>`.
        s3_code: &'static str,
    },
    /// Nothing is done; the connection is reset (TCP RST) in place of an answer.
    ResetBeforeHeaders,
    /// The connection is reset (TCP RST) after exactly so many bytes of the body have reached the client's side.
    ResetMidBody {
        /// The bytes of the body that the client still gets.
        after_bytes: u64,
    },
    /// The body ends early, and the answer is well-formed HTTP all the same.
    TruncateCleanly {
        /// The bytes of the body that the client gets.
        after_bytes: u64,
        /// What the client is told of the length.
        framing: Framing,
    },
    /// The body is followed by bytes that do not belong to it; the `Content-Length` includes them.
    ExtraBytes {
        /// The number of extra bytes.
        count: u64,
    },
    /// The whole object with status 200 in answer to a request for a range.
    IgnoreRange,
    /// The conditions of a GET or a PUT (`If-Match` and its kin) are ignored, as by a store that does not know them.
    IgnoreConditions,
    /// A range as long as the one asked for, but so many bytes further on (as far as the object allows). The
    /// `Content-Range` says truly what was sent.
    WrongContentRange {
        /// The distance in bytes, backwards if negative.
        shift: i64,
    },
    /// No more bytes, and no end either, until the client gives up.
    Stall {
        /// The bytes of the body that the client still gets.
        after_bytes: u64,
    },
    /// The request is obeyed; the connection is closed (TCP FIN) in place of the answer.
    ApplyThenDropReply,
    /// Nothing is done; the connection is closed (TCP FIN) in place of an answer.
    DropRequest,
    /// Nothing is done; the answer has status 200 and an `<Error>` with code `InternalError` as its body, as S3 may
    /// answer the completion of an upload or a copy.
    ErrorInOkBody,
}

/// Which requests are meant. Without further words: every one of its kinds, every time.
#[derive(Debug, Clone)]
pub struct RequestRule {
    kinds: Vec<RequestKind>,
    bucket: Option<String>,
    key_part: Option<String>,
    query_part: Option<String>,
    skip: u64,
    times: u64,
}

impl RequestRule {
    /// Requests of one kind.
    pub fn on(kind: RequestKind) -> Self {
        Self::on_any(&[kind])
    }

    /// Requests of several kinds.
    pub fn on_any(kinds: &[RequestKind]) -> Self {
        Self {
            kinds: kinds.to_vec(),
            bucket: None,
            key_part: None,
            query_part: None,
            skip: 0,
            times: u64::MAX,
        }
    }

    /// Only in this bucket.
    #[must_use]
    pub fn bucket(self, bucket: &str) -> Self {
        Self {
            bucket: Some(bucket.to_owned()),
            ..self
        }
    }

    /// Only if the key contains this text.
    #[must_use]
    pub fn key_contains(self, part: &str) -> Self {
        Self {
            key_part: Some(part.to_owned()),
            ..self
        }
    }

    /// Only if the query contains this text, as it is sent: `partNumber=2`, `uploads`, `prefix=a%2F`.
    #[must_use]
    pub fn query_contains(self, part: &str) -> Self {
        Self {
            query_part: Some(part.to_owned()),
            ..self
        }
    }

    /// Not for the first `count` requests that are meant otherwise.
    #[must_use]
    pub fn skip(self, count: u64) -> Self {
        Self { skip: count, ..self }
    }

    /// At most `count` times.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self { times: count, ..self }
    }

    /// What goes wrong with these requests.
    #[must_use]
    pub fn fault(self, fault: Fault) -> FaultRule {
        FaultRule { requests: self, fault }
    }

    fn means(&self, record: &RequestRecord) -> bool {
        let contains = |part: &Option<String>, text: &str| part.as_ref().is_none_or(|part| text.contains(part));
        self.kinds.contains(&record.kind)
            && self.bucket.as_ref().is_none_or(|bucket| *bucket == record.bucket)
            && contains(&self.key_part, &record.key)
            && contains(&self.query_part, &record.query)
    }
}

/// A fault and the requests that it befalls.
#[derive(Debug, Clone)]
pub struct FaultRule {
    requests: RequestRule,
    fault: Fault,
}

impl FaultRule {
    /// Begins a rule: `FaultRule::on(RequestKind::Get).skip(1).times(2).fault(Fault::IgnoreRange)`.
    pub fn on(kind: RequestKind) -> RequestRule {
        RequestRule::on(kind)
    }
}

/// Names a rule that was given to the fixture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FaultId(u64);

pub(crate) type Hook = Arc<dyn Fn(&RequestRecord) + Send + Sync>;

#[derive(Clone)]
enum Effect {
    Fault(Fault),
    Before(Hook),
    Applied(Hook),
}

struct ActiveRule {
    id: FaultId,
    requests: RequestRule,
    effect: Effect,
    seen: u64,
    fired: u64,
}

impl ActiveRule {
    /// Whether it is this rule's turn; counts the request either way.
    fn is_due(&mut self, record: &RequestRecord) -> bool {
        if !self.requests.means(record) {
            return false;
        }
        self.seen += 1;
        self.seen > self.requests.skip && self.fired < self.requests.times
    }
}

/// What befalls one request.
#[derive(Default)]
pub(crate) struct Fate {
    pub before: Vec<Hook>,
    pub fault: Option<Fault>,
    pub applied: Vec<Hook>,
}

/// The rules in force.
#[derive(Default)]
pub(crate) struct RuleBook {
    rules: Mutex<Vec<ActiveRule>>,
    given: AtomicU64,
}

impl RuleBook {
    pub fn inject(&self, rule: FaultRule) -> FaultId {
        self.add(rule.requests, Effect::Fault(rule.fault))
    }

    pub fn before(&self, requests: RequestRule, hook: Hook) -> FaultId {
        self.add(requests, Effect::Before(hook))
    }

    pub fn applied(&self, requests: RequestRule, hook: Hook) -> FaultId {
        self.add(requests, Effect::Applied(hook))
    }

    fn add(&self, requests: RequestRule, effect: Effect) -> FaultId {
        let id = FaultId(self.given.fetch_add(1, Ordering::Relaxed));
        self.lock().push(ActiveRule {
            id,
            requests,
            effect,
            seen: 0,
            fired: 0,
        });
        id
    }

    /// How often a rule took effect; 0 for one that is no longer in force.
    pub fn fired(&self, id: FaultId) -> u64 {
        self.lock()
            .iter()
            .find(|rule| rule.id == id)
            .map_or(0, |rule| rule.fired)
    }

    pub fn withdraw(&self, id: FaultId) {
        self.lock().retain(|rule| rule.id != id);
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    /// What befalls a request that has arrived: every hook that is due, and the first fault that is.
    pub fn fate(&self, record: &RequestRecord) -> Fate {
        let mut fate = Fate::default();
        for rule in self.lock().iter_mut() {
            if !rule.is_due(record) {
                continue;
            }
            match &rule.effect {
                Effect::Before(hook) => fate.before.push(hook.clone()),
                Effect::Applied(hook) => fate.applied.push(hook.clone()),
                // One request can go wrong in one way only; the other rule waits for its next.
                Effect::Fault(_) if fate.fault.is_some() => continue,
                Effect::Fault(fault) => fate.fault = Some(fault.clone()),
            }
            rule.fired += 1;
        }
        fate
    }

    fn lock(&self) -> MutexGuard<'_, Vec<ActiveRule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RuleBook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RuleBook")
            .field("rules", &self.lock().len())
            .finish_non_exhaustive()
    }
}
