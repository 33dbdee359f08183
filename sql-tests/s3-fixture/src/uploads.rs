//! Multipart uploads: which are open, and the operations on them.
//!
//! `s3s-fs` keeps the parts and puts them together in the staging directory. What it does not do is done here: an upload
//! that is not open is `NoSuchUpload`, the parts that are listed or completed have the ETags that were given out, and the
//! whole appears at its key under the conditions of the request.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CompletedPart, CopyPartResult, CreateMultipartUploadInput, CreateMultipartUploadOutput, ETag,
    ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload, Part,
    Range, StreamingBlob, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};

use crate::conditions::{ReadCondition, WriteCondition};
use crate::object_files::{Attributes, STAGING, Version};
use crate::service::MendedFileSystem;
use crate::writes::verified;

/// A part that was received.
#[derive(Debug, Clone)]
struct ReceivedPart {
    etag: ETag,
    size: u64,
}

/// An upload that was neither completed nor aborted.
#[derive(Debug, Clone)]
struct Upload {
    bucket: String,
    key: String,
    staged: String,
    attributes: Arc<Attributes>,
    parts: BTreeMap<i32, ReceivedPart>,
}

/// The open uploads by their ids.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    open: Mutex<HashMap<String, Upload>>,
}

impl Uploads {
    /// The keys of a bucket's open uploads, each with its id, in order.
    pub fn open_keys(&self, bucket: &str) -> Vec<(String, String)> {
        let open = self.lock();
        let of_bucket = open.iter().filter(|(_, upload)| upload.bucket == bucket);
        let mut keys: Vec<_> = of_bucket.map(|(id, upload)| (upload.key.clone(), id.clone())).collect();
        keys.sort_unstable();
        keys
    }

    fn find(&self, id: &str, bucket: &str, key: &str) -> S3Result<Upload> {
        let open = self.lock();
        let upload = open
            .get(id)
            .filter(|upload| upload.bucket == bucket && upload.key == key);
        upload
            .cloned()
            .ok_or_else(|| s3_error!(NoSuchUpload, "there is no open upload of \"{key}\" with this id"))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Upload>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MendedFileSystem {
    pub(crate) async fn create_upload(
        &self,
        mut request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let staged = self.files.staging_key();
        let input = &mut request.input;
        let bucket = std::mem::replace(&mut input.bucket, STAGING.to_owned());
        let key = std::mem::replace(&mut input.key, staged.clone());
        self.files.check(&bucket, &key, &WriteCondition::default())?;
        let attributes = Arc::new(Attributes::from(&*input));
        let mut answer = self
            .received
            .create_multipart_upload(without_credentials(request))
            .await?;
        let output = &mut answer.output;
        (output.bucket, output.key) = (Some(bucket.clone()), Some(key.clone()));
        let id = output.upload_id.clone().unwrap_or_default();
        self.uploads.lock().insert(
            id,
            Upload {
                bucket,
                key,
                staged,
                attributes,
                parts: BTreeMap::new(),
            },
        );
        Ok(answer)
    }

    pub(crate) async fn receive_part(
        &self,
        mut request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let (id, number) = (request.input.upload_id.clone(), request.input.part_number);
        self.uploads.find(&id, &request.input.bucket, &request.input.key)?;
        request.input.body = verified(request.input.body.take()).await?;
        let answer = self.received.upload_part(without_credentials(request)).await?;
        let etag = answer
            .output
            .e_tag
            .clone()
            .ok_or_else(|| s3_error!(InternalError, "a part without an ETag"))?;
        let path = self.files.bucket_path(&format!(".upload_id-{id}.part-{number}"));
        let size = fs::metadata(path).map_err(S3Error::internal_error)?.len();
        let mut open = self.uploads.lock();
        let upload = open.get_mut(&id).ok_or_else(|| s3_error!(NoSuchUpload))?;
        upload.parts.insert(number, ReceivedPart { etag, size });
        Ok(answer)
    }

    pub(crate) async fn copy_part(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let input = &request.input;
        let source = self.copy_source(&input.copy_source, &ReadCondition::from(input))?;
        let range = match &input.copy_source_range {
            None => 0..source.size,
            Some(range) => Range::parse(range)
                .ok()
                .and_then(|range| range.check(source.size).ok())
                .ok_or_else(|| s3_error!(InvalidRange, "the source has {} bytes", source.size))?,
        };
        let length = usize::try_from(range.end - range.start).map_err(S3Error::internal_error)?;
        let mut bytes = vec![0; length];
        source
            .file
            .read_exact_at(&mut bytes, range.start)
            .map_err(S3Error::internal_error)?;
        let received = self.receive_part(request.map_input(|input| UploadPartInput {
            body: Some(StreamingBlob::from(s3s::Body::from(Bytes::from(bytes)))),
            bucket: input.bucket,
            key: input.key,
            part_number: input.part_number,
            upload_id: input.upload_id,
            ..UploadPartInput::default()
        }));
        Ok(received.await?.map_output(|output| UploadPartCopyOutput {
            copy_part_result: Some(CopyPartResult {
                e_tag: output.e_tag,
                ..CopyPartResult::default()
            }),
            ..UploadPartCopyOutput::default()
        }))
    }

    pub(crate) async fn complete_upload(
        &self,
        mut request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let condition = WriteCondition::of(&request.headers)?;
        let input = &mut request.input;
        let upload = self.uploads.find(&input.upload_id, &input.bucket, &input.key)?;
        let parts = input
            .multipart_upload
            .as_ref()
            .and_then(|upload| upload.parts.as_deref())
            .unwrap_or_default();
        check_parts(parts, &upload)?;
        // Asked before the parts are gone, so that an upload survives a condition that does not hold; decided in `publish`.
        self.files.check(&upload.bucket, &upload.key, &condition)?;
        if self.uploads.lock().remove(&input.upload_id).is_none() {
            return Err(s3_error!(NoSuchUpload, "the upload was completed or aborted meanwhile"));
        }
        (input.if_match, input.if_none_match) = (None, None);
        STAGING.clone_into(&mut input.bucket);
        input.key.clone_from(&upload.staged);
        let answer = self
            .received
            .complete_multipart_upload(without_credentials(request))
            .await?;
        let completed = answer
            .output
            .future
            .ok_or_else(|| s3_error!(InternalError, "a completion without an end"))?;
        let etag = completed
            .await?
            .e_tag
            .ok_or_else(|| s3_error!(InternalError, "a completion without an ETag"))?;
        let staged = self.files.staged_path(&upload.staged);
        let version = Version {
            etag: etag.value().to_owned(),
            attributes: upload.attributes,
        };
        self.files
            .publish((&upload.bucket, &upload.key), &staged, version, &condition)?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            bucket: Some(upload.bucket),
            key: Some(upload.key),
            e_tag: Some(etag),
            ..CompleteMultipartUploadOutput::default()
        }))
    }

    pub(crate) async fn abort_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let input = &request.input;
        self.uploads.find(&input.upload_id, &input.bucket, &input.key)?;
        self.uploads.lock().remove(&input.upload_id);
        self.received.abort_multipart_upload(without_credentials(request)).await
    }

    pub(crate) fn list_uploaded_parts(&self, input: ListPartsInput) -> S3Result<ListPartsOutput> {
        let upload = self.uploads.find(&input.upload_id, &input.bucket, &input.key)?;
        let part = |(number, part): (i32, ReceivedPart)| Part {
            part_number: Some(number),
            e_tag: Some(part.etag),
            size: i64::try_from(part.size).ok(),
            ..Part::default()
        };
        Ok(ListPartsOutput {
            is_truncated: Some(false),
            parts: Some(upload.parts.into_iter().map(part).collect()),
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            ..ListPartsOutput::default()
        })
    }

    pub(crate) fn list_open_uploads(&self, input: ListMultipartUploadsInput) -> S3Result<ListMultipartUploadsOutput> {
        self.files.check_bucket(&input.bucket)?;
        let prefix = input.prefix.unwrap_or_default();
        let uploads = self
            .uploads
            .open_keys(&input.bucket)
            .into_iter()
            .filter(|(key, _)| key.starts_with(&prefix));
        let uploads = uploads.map(|(key, id)| MultipartUpload {
            key: Some(key),
            upload_id: Some(id),
            ..MultipartUpload::default()
        });
        Ok(ListMultipartUploadsOutput {
            is_truncated: Some(false),
            uploads: Some(uploads.collect()),
            bucket: Some(input.bucket),
            ..ListMultipartUploadsOutput::default()
        })
    }
}

/// `s3s-fs` ties an upload to the access key that created it; here keys change while an upload is open.
fn without_credentials<T>(mut request: S3Request<T>) -> S3Request<T> {
    request.credentials = None;
    request
}

fn check_parts(named: &[CompletedPart], upload: &Upload) -> S3Result<()> {
    for part in named {
        let number = part.part_number.unwrap_or_default();
        let received = upload.parts.get(&number);
        let is_received =
            received.is_some_and(|received| part.e_tag.as_ref().is_none_or(|etag| *etag == received.etag));
        if !is_received {
            return Err(s3_error!(
                InvalidPart,
                "part {number} was not received, or not with this ETag"
            ));
        }
    }
    let is_ascending = named.windows(2).all(|pair| pair[0].part_number < pair[1].part_number);
    if is_ascending {
        Ok(())
    } else {
        Err(s3_error!(InvalidPartOrder))
    }
}
