//! GET, HEAD and LIST.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{
    CommonPrefix, ETag, EncodingType, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
    ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, Object, StreamingBlob, Timestamp,
};
use s3s::{S3Request, S3Result, s3_error};

use crate::conditions::{ConditionsIgnored, ReadCondition, unsatisfiable_range, whole_seconds};
use crate::listing::{Listed, PageRequest};
use crate::service::MendedFileSystem;

/// The size of the pieces in which a body is read.
const PIECE_BYTES: usize = 256 * 1024;

/// The number of entries of a page when the client does not say.
const DEFAULT_PAGE_SIZE: i32 = 1000;

/// What stays as it is in a listing with `encoding-type=url`.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// How a GET shall answer its range wrongly. It reaches the operation as an extension of the request, because the
/// `Range` header itself is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RangeLie {
    /// The whole object with status 200.
    Ignore,
    /// A range as long as the one asked for, this many bytes further on.
    Shift(i64),
}

impl MendedFileSystem {
    pub(crate) fn get(&self, request: &S3Request<GetObjectInput>) -> S3Result<GetObjectOutput> {
        let input = &request.input;
        let object = self.files.open(&input.bucket, &input.key)?;
        if request.extensions.get::<ConditionsIgnored>().is_none() {
            ReadCondition::from(input).check(&object)?;
        }
        let lie = request.extensions.get::<RangeLie>().copied();
        let asked = if matches!(lie, Some(RangeLie::Ignore)) {
            None
        } else {
            input.range
        };
        let size = object.size;
        let range = match asked {
            None => None,
            // The crate's own check lets a suffix of an empty object pass.
            Some(_) if size == 0 => return Err(unsatisfiable_range(size)),
            Some(range) => Some(range.check(size).map_err(|_| unsatisfiable_range(size))?),
        };
        let range = match (range, lie) {
            (Some(range), Some(RangeLie::Shift(distance))) => Some(shifted(&range, distance, size)),
            (range, _) => range,
        };
        let (start, end) = range.as_ref().map_or((0, size), |range| (range.start, range.end));
        let attributes = object.version.attributes.clone();
        Ok(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(length(end - start)?),
            content_range: range.map(|range| format!("bytes {}-{}/{size}", range.start, range.end - 1)),
            last_modified: Some(Timestamp::from(object.modified)),
            e_tag: Some(ETag::Strong(object.version.etag.clone())),
            body: Some(StreamingBlob::wrap(pieces(object.file, start, end))),
            metadata: attributes.metadata.clone(),
            content_type: attributes.content_type.clone(),
            content_encoding: attributes.content_encoding.clone(),
            content_disposition: attributes.content_disposition.clone(),
            content_language: attributes.content_language.clone(),
            cache_control: attributes.cache_control.clone(),
            ..GetObjectOutput::default()
        })
    }

    pub(crate) fn head(&self, input: &HeadObjectInput) -> S3Result<HeadObjectOutput> {
        let object = self.files.open(&input.bucket, &input.key)?;
        ReadCondition::from(input).check(&object)?;
        let attributes = object.version.attributes;
        Ok(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(length(object.size)?),
            last_modified: Some(Timestamp::from(object.modified)),
            e_tag: Some(ETag::Strong(object.version.etag)),
            metadata: attributes.metadata.clone(),
            content_type: attributes.content_type.clone(),
            content_encoding: attributes.content_encoding.clone(),
            content_disposition: attributes.content_disposition.clone(),
            content_language: attributes.content_language.clone(),
            cache_control: attributes.cache_control.clone(),
            ..HeadObjectOutput::default()
        })
    }

    /// LIST version 2. The continuation token is the last entry of the page before, as it was (not encoded).
    pub(crate) fn list(&self, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
        let max_keys = input.max_keys.unwrap_or(DEFAULT_PAGE_SIZE);
        let page = self.files.list(
            &input.bucket,
            &PageRequest {
                prefix: input.prefix.as_deref().unwrap_or_default(),
                delimiter: input.delimiter.as_deref(),
                after: input.continuation_token.as_deref().or(input.start_after.as_deref()),
                limit: usize::try_from(max_keys)
                    .map_err(|_| s3_error!(InvalidArgument, "max-keys is negative"))?
                    .min(self.page_size.load(Ordering::Relaxed)),
            },
        )?;
        let encoded = |text: String| encode(text, input.encoding_type.as_ref());
        let key_count = i32::try_from(page.objects.len() + page.prefixes.len()).unwrap_or(i32::MAX);
        Ok(ListObjectsV2Output {
            key_count: Some(key_count),
            max_keys: Some(max_keys),
            is_truncated: Some(page.next.is_some()),
            contents: some(page.objects.into_iter().map(|object| listed(object, encoded)).collect()),
            common_prefixes: some(
                page.prefixes
                    .into_iter()
                    .map(|prefix| CommonPrefix {
                        prefix: Some(encoded(prefix)),
                    })
                    .collect(),
            ),
            next_continuation_token: page.next,
            continuation_token: input.continuation_token,
            delimiter: input.delimiter.map(encoded),
            prefix: input.prefix.map(encoded),
            start_after: input.start_after.map(encoded),
            encoding_type: input.encoding_type.clone(),
            name: Some(input.bucket),
            ..ListObjectsV2Output::default()
        })
    }

    /// LIST version 1, whose marker is a key.
    pub(crate) fn list_by_marker(&self, input: ListObjectsInput) -> S3Result<ListObjectsOutput> {
        let marker = input.marker.clone();
        let encoding_type = input.encoding_type.clone();
        let page = self.list(input.into())?;
        Ok(ListObjectsOutput {
            name: page.name,
            prefix: page.prefix,
            marker,
            max_keys: page.max_keys,
            is_truncated: page.is_truncated,
            contents: page.contents,
            common_prefixes: page.common_prefixes,
            delimiter: page.delimiter,
            next_marker: page
                .next_continuation_token
                .map(|next| encode(next, encoding_type.as_ref())),
            encoding_type,
            ..ListObjectsOutput::default()
        })
    }
}

fn listed(object: Listed, encoded: impl Fn(String) -> String) -> Object {
    Object {
        key: Some(encoded(object.key)),
        size: i64::try_from(object.size).ok(),
        last_modified: Some(whole_seconds(object.modified)),
        e_tag: Some(ETag::Strong(object.etag)),
        ..Object::default()
    }
}

fn encode(text: String, encoding: Option<&EncodingType>) -> String {
    if encoding.is_some_and(|encoding| encoding.as_str() == EncodingType::URL) {
        utf8_percent_encode(&text, UNRESERVED).to_string()
    } else {
        text
    }
}

fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    if items.is_empty() { None } else { Some(items) }
}

fn length(bytes: u64) -> S3Result<i64> {
    i64::try_from(bytes).map_err(s3s::S3Error::internal_error)
}

/// A range of the same length, moved by `distance` as far as the object of `size` bytes allows.
fn shifted(range: &std::ops::Range<u64>, distance: i64, size: u64) -> std::ops::Range<u64> {
    let length = range.end - range.start;
    let start = range.start.saturating_add_signed(distance).min(size - length);
    start..start + length
}

/// The bytes `start..end` of a file. The reads are plain ones: they come from the page cache, and a test server may
/// spend a few microseconds on its own thread.
fn pieces(file: File, start: u64, end: u64) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static {
    futures::stream::iter((start..end).step_by(PIECE_BYTES)).map(move |offset| {
        let rest = usize::try_from(end - offset).unwrap_or(usize::MAX);
        let mut piece = vec![0; rest.min(PIECE_BYTES)];
        file.read_exact_at(&mut piece, offset)?;
        Ok(Bytes::from(piece))
    })
}
