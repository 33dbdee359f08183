//! Preconditions of requests: what `If-Match`, `If-None-Match` and their kin demand of an object
//! (RFC 9110 §13; Amazon S3 API reference, "Conditional requests").

use http::HeaderMap;
use http::header::{CONTENT_RANGE, ETAG, IF_MATCH, IF_NONE_MATCH};
use s3s::dto::{CopyObjectInput, ETag, ETagCondition, GetObjectInput, HeadObjectInput, Timestamp, UploadPartCopyInput};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use crate::object_files::OpenObject;

/// A mark that a request's conditions shall be ignored. It reaches the operation as an extension of the request, because the
/// headers themselves are signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConditionsIgnored;

/// What must hold of the object that a write replaces or removes.
#[derive(Debug, Default)]
pub(crate) struct WriteCondition {
    if_match: Option<ETagCondition>,
    if_none_match: Option<ETagCondition>,
}

impl WriteCondition {
    /// Reads the headers of a write; a header that cannot be read is an error, never "no condition".
    pub fn of(headers: &HeaderMap) -> S3Result<Self> {
        let read = |name| match headers.get(&name) {
            None => Ok(None),
            Some(value) => ETagCondition::parse_http_header(value.as_bytes())
                .map(Some)
                .map_err(|error| s3_error!(error, InvalidArgument, "the header {name} is neither * nor an ETag")),
        };
        Ok(Self {
            if_match: read(IF_MATCH)?,
            if_none_match: read(IF_NONE_MATCH)?,
        })
    }

    /// Whether nothing is demanded.
    pub fn is_none(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// Compares with the ETag of the object as it is, if there is one. `PreconditionFailed`, or `NoSuchKey` where
    /// a version is demanded and there is no object at all (as Amazon S3 answers).
    pub fn check(&self, current: Option<&str>) -> S3Result<()> {
        match (&self.if_match, current) {
            (Some(_), None) => return Err(s3_error!(NoSuchKey)),
            (Some(condition), Some(etag)) if !matches(condition, etag) => return Err(s3_error!(PreconditionFailed)),
            _ => {}
        }
        match (&self.if_none_match, current) {
            (Some(condition), Some(etag)) if matches(condition, etag) => Err(s3_error!(PreconditionFailed)),
            _ => Ok(()),
        }
    }
}

/// What must hold of the object that a GET or HEAD reads.
#[derive(Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the fields are named as the headers are")]
pub(crate) struct ReadCondition {
    pub if_match: Option<ETagCondition>,
    pub if_none_match: Option<ETagCondition>,
    pub if_modified_since: Option<Timestamp>,
    pub if_unmodified_since: Option<Timestamp>,
}

impl ReadCondition {
    /// `PreconditionFailed` or `NotModified` if the object is not what the client asked for.
    pub fn check(&self, object: &OpenObject) -> S3Result<()> {
        let etag = &object.version.etag;
        // The header carries whole seconds.
        let modified = whole_seconds(object.modified);
        let failed = match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) => !matches(condition, etag),
            (None, Some(since)) => modified > *since,
            (None, None) => false,
        };
        if failed {
            return Err(s3_error!(PreconditionFailed));
        }
        let unchanged = match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) => matches(condition, etag),
            (None, Some(since)) => modified <= *since,
            (None, None) => false,
        };
        if unchanged {
            let mut answer = S3Error::new(S3ErrorCode::NotModified);
            answer.set_headers(header(ETAG, &format!("\"{etag}\"")));
            return Err(answer);
        }
        Ok(())
    }
}

/// The same headers under two names, in four types that have nothing else in common.
macro_rules! read_condition_of {
    ($($input:ty: $if_match:ident $if_none_match:ident $if_modified_since:ident $if_unmodified_since:ident;)*) => {$(
        impl From<&$input> for ReadCondition {
            fn from(input: &$input) -> Self {
                Self {
                    if_match: input.$if_match.clone(),
                    if_none_match: input.$if_none_match.clone(),
                    if_modified_since: input.$if_modified_since.clone(),
                    if_unmodified_since: input.$if_unmodified_since.clone(),
                }
            }
        }
    )*};
}

read_condition_of! {
    GetObjectInput: if_match if_none_match if_modified_since if_unmodified_since;
    HeadObjectInput: if_match if_none_match if_modified_since if_unmodified_since;
    CopyObjectInput: copy_source_if_match copy_source_if_none_match copy_source_if_modified_since
        copy_source_if_unmodified_since;
    UploadPartCopyInput: copy_source_if_match copy_source_if_none_match copy_source_if_modified_since
        copy_source_if_unmodified_since;
}

/// The answer to a range that lies outside an object of `size` bytes.
pub(crate) fn unsatisfiable_range(size: u64) -> S3Error {
    let mut answer = s3_error!(InvalidRange, "the object has {size} bytes");
    answer.set_headers(header(CONTENT_RANGE, &format!("bytes */{size}")));
    answer
}

/// A point in time as S3 states it in headers.
pub(crate) fn whole_seconds(time: std::time::SystemTime) -> Timestamp {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from(std::time::UNIX_EPOCH + std::time::Duration::from_secs(since.as_secs()))
}

fn matches(condition: &ETagCondition, etag: &str) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(wanted) => wanted.strong_cmp(&ETag::Strong(etag.to_owned())),
    }
}

fn header(name: http::HeaderName, value: &str) -> HeaderMap {
    // Both values consist of hexadecimal digits and punctuation.
    http::HeaderValue::from_str(value)
        .map(|value| HeaderMap::from_iter([(name, value)]))
        .unwrap_or_default()
}
