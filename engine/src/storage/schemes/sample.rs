//! `sample://trips/…`: the sample that is part of the program. Everybody may read it, and nobody writes to it.
//!
//! The first step of a file's path is its bucket. A bucket is put together when it is first used, without a copy of the bytes, so
//! that whoever never asks pays nothing. Reads are counted as those of local files are.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

use super::{Kept, SAMPLE, Scheme, each_range, plain_bucket};
use crate::error::{Error, ErrorCode};
use crate::storage::failure::from_object_store;
use crate::storage::location::Location;
use crate::storage::network::Network;
use crate::storage::usage::{Meter, RequestKind};

pub(super) const SCHEME: Scheme = Scheme {
    name: SAMPLE,
    aliases: &[],
    description: "the sample that comes with Owlet, read-only",
    bucket: plain_bucket,
    open,
};

/// One file of the sample.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SampleFile {
    /// The name of its table, then its place in the table's directory: `trips/month=2026-05/part-0.parquet`.
    pub path: &'static str,
    /// What it holds.
    pub bytes: &'static [u8],
}

impl fmt::Debug for SampleFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SampleFile({}, {} bytes)", self.path, self.bytes.len())
    }
}

fn open<'a>(network: &'a Arc<Network>, location: &'a Location) -> BoxFuture<'a, crate::error::Result<Kept>> {
    async move {
        let sample = &network.settings.sample;
        let own = sample.iter().filter_map(|file| match file.path.split_once('/') {
            Some((table, path)) if table == location.bucket() => Some((Path::from(path), file.bytes)),
            _ => None,
        });
        let files = Arc::new(InMemory::new());
        let mut is_empty = true;
        for (path, bytes) in own {
            let put = files.put(&path, PutPayload::from_static(bytes)).await;
            put.map_err(|cause| from_object_store(cause, location))?;
            is_empty = false;
        }
        if is_empty {
            return Err(nothing_there(sample, location));
        }
        let kept: Kept = Arc::new(move |service, _| {
            let (files, meter) = (Arc::clone(&files), Arc::clone(&service.meter));
            Ok(Arc::new(SampleStore { files, meter }) as Arc<dyn ObjectStore>)
        });
        Ok(kept)
    }
    .boxed()
}

fn nothing_there(sample: &[SampleFile], location: &Location) -> Error {
    let tables: BTreeSet<&str> = sample.iter().filter_map(|file| file.path.split('/').next()).collect();
    let hint = if tables.is_empty() {
        "it is left out here (`sample` of [catalog])".to_owned()
    } else {
        let places = tables.iter().map(|table| format!("{SAMPLE}://{table}/"));
        format!("it has {}", places.collect::<Vec<_>>().join(", "))
    };
    let message = format!("the sample has nothing at \"{location}\"; {hint}");
    Error::new(ErrorCode::TableNotFound, message)
}

/// One bucket of the sample, counted, without a way to change it.
#[derive(Debug)]
struct SampleStore {
    files: Arc<InMemory>,
    meter: Arc<Meter>,
}

impl fmt::Display for SampleStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SAMPLE}://")
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for SampleStore {
    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let head = options.head;
        self.meter
            .count(if head { RequestKind::Head } else { RequestKind::Get });
        let answer = self.files.get_opts(path, options).await?;
        let payload = match answer.payload {
            GetResultPayload::Stream(bytes) if !head => {
                let meter = Arc::clone(&self.meter);
                let counted = bytes.inspect_ok(move |bytes| meter.read(bytes.len() as u64));
                GetResultPayload::Stream(counted.boxed())
            }
            other => other,
        };
        Ok(GetResult { payload, ..answer })
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        each_range(self, path, ranges).await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.meter.count(RequestKind::List);
        self.files.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.meter.count(RequestKind::List);
        self.files.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.meter.count(RequestKind::List);
        self.files.list_with_delimiter(prefix).await
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(read_only())
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(read_only())
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        stream::once(async { Err(read_only()) }).boxed()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(read_only())
    }

    async fn rename_opts(&self, _: &Path, _: &Path, _: RenameOptions) -> Result<()> {
        Err(read_only())
    }
}

fn read_only() -> object_store::Error {
    let message =
        "the sample is part of Owlet and cannot be written to; name another place, such as 's3://bucket/path/'";
    object_store::Error::Generic {
        store: SAMPLE,
        source: Box::new(Error::new(ErrorCode::PermissionDenied, message)),
    }
}
