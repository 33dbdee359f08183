//! PUT, copy and DELETE.

use std::fs;
use std::sync::Arc;

use bytes::BytesMut;
use futures::StreamExt;
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, CreateMultipartUploadInput, DeleteObjectInput,
    DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, Error, MetadataDirective,
    PutObjectInput, PutObjectOutput, StreamingBlob,
};
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};

use crate::conditions::{ConditionsIgnored, ReadCondition, WriteCondition};
use crate::object_files::{Attributes, OpenObject, STAGING, Version};
use crate::service::MendedFileSystem;

impl MendedFileSystem {
    pub(crate) async fn put(&self, mut request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let condition = match request.extensions.get::<ConditionsIgnored>() {
            Some(ConditionsIgnored) => WriteCondition::default(),
            None => WriteCondition::of(&request.headers)?,
        };
        let staged = self.files.staging_key();
        let input = &mut request.input;
        let bucket = std::mem::replace(&mut input.bucket, STAGING.to_owned());
        let key = std::mem::replace(&mut input.key, staged.clone());
        (input.if_match, input.if_none_match) = (None, None);
        self.files.check(&bucket, &key, &WriteCondition::default())?;
        let attributes = Attributes::from(&*input);
        input.body = verified(input.body.take()).await?;

        let staged = self.files.staged_path(&staged);
        let received = self.received.put_object(request).await;
        if received.is_err() {
            // `s3s-fs` leaves what failed its digest check; it may also never have been written.
            drop(fs::remove_file(&staged));
        }
        let answer = received?;
        let etag = answer
            .output
            .e_tag
            .clone()
            .ok_or_else(|| s3_error!(InternalError, "a PUT without an ETag"))?;
        let version = Version {
            etag: etag.into_value(),
            attributes: Arc::new(attributes),
        };
        self.files.publish((&bucket, &key), &staged, version, &condition)?;
        Ok(answer)
    }

    pub(crate) fn copy(&self, request: &S3Request<CopyObjectInput>) -> S3Result<CopyObjectOutput> {
        let input = &request.input;
        let condition = WriteCondition::of(&request.headers)?;
        let source = self.copy_source(&input.copy_source, &ReadCondition::from(input))?;
        let replaced = input
            .metadata_directive
            .as_ref()
            .is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
        let attributes = if replaced {
            Arc::new(Attributes::from(input))
        } else {
            source.version.attributes
        };
        let version = Version {
            etag: source.version.etag.clone(),
            attributes,
        };
        let staged = self.files.staged_path(&self.files.staging_key());
        let mut target = fs::File::create(&staged).map_err(S3Error::internal_error)?;
        std::io::copy(&mut &source.file, &mut target).map_err(S3Error::internal_error)?;
        let modified = target
            .metadata()
            .and_then(|metadata| metadata.modified())
            .map_err(S3Error::internal_error)?;
        self.files
            .publish((&input.bucket, &input.key), &staged, version, &condition)?;
        Ok(CopyObjectOutput {
            copy_object_result: Some(CopyObjectResult {
                e_tag: Some(ETag::Strong(source.version.etag)),
                last_modified: Some(modified.into()),
                ..CopyObjectResult::default()
            }),
            ..CopyObjectOutput::default()
        })
    }

    /// Opens what is to be copied. A condition that does not hold is always `PreconditionFailed`.
    pub(crate) fn copy_source(&self, source: &CopySource, condition: &ReadCondition) -> S3Result<OpenObject> {
        let CopySource::Bucket { bucket, key, .. } = source else {
            return Err(s3_error!(NotImplemented, "only a bucket's object can be copied"));
        };
        let object = self.files.open(bucket, key)?;
        condition.check(&object).map_err(|_| s3_error!(PreconditionFailed))?;
        Ok(object)
    }

    pub(crate) fn delete(&self, request: &S3Request<DeleteObjectInput>) -> S3Result<DeleteObjectOutput> {
        let condition = WriteCondition::of(&request.headers)?;
        self.files
            .remove(&request.input.bucket, &request.input.key, &condition)?;
        Ok(DeleteObjectOutput::default())
    }

    pub(crate) fn delete_many(&self, input: DeleteObjectsInput) -> S3Result<DeleteObjectsOutput> {
        self.files.check_bucket(&input.bucket)?;
        let mut deleted = Vec::new();
        let mut errors = Vec::new();
        for object in input.delete.objects {
            match self
                .files
                .remove(&input.bucket, &object.key, &WriteCondition::default())
            {
                Ok(()) => deleted.push(DeletedObject {
                    key: Some(object.key),
                    ..DeletedObject::default()
                }),
                Err(error) => errors.push(Error {
                    key: Some(object.key),
                    code: Some(error.code().as_str().to_owned()),
                    message: error.message().map(str::to_owned),
                    version_id: None,
                }),
            }
        }
        let quiet = input.delete.quiet.unwrap_or_default();
        let deleted = if quiet { None } else { Some(deleted) };
        let errors = if errors.is_empty() { None } else { Some(errors) };
        Ok(DeleteObjectsOutput {
            deleted,
            errors,
            ..DeleteObjectsOutput::default()
        })
    }
}

/// Reads a body to its end. It is in memory already; what can go wrong is only its digest or the signature of a chunk,
/// for which `s3s-fs` would blame itself with status 500, and clients would try again.
pub(crate) async fn verified(body: Option<StreamingBlob>) -> S3Result<Option<StreamingBlob>> {
    let Some(mut body) = body else { return Ok(None) };
    let mut whole = BytesMut::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| {
            let code = S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into());
            let mut answer =
                S3Error::with_message(code, format!("the payload is not the one that was signed: {error}"));
            answer.set_status_code(http::StatusCode::BAD_REQUEST);
            answer
        })?;
        whole.extend_from_slice(&piece);
    }
    Ok(Some(StreamingBlob::from(s3s::Body::from(whole.freeze()))))
}

/// The same fields under the same names, in types that have nothing else in common.
macro_rules! attributes_of {
    ($($input:ty),*) => {$(
        impl From<&$input> for Attributes {
            fn from(input: &$input) -> Self {
                Self {
                    content_type: input.content_type.clone(),
                    content_encoding: input.content_encoding.clone(),
                    content_disposition: input.content_disposition.clone(),
                    content_language: input.content_language.clone(),
                    cache_control: input.cache_control.clone(),
                    metadata: input.metadata.clone(),
                }
            }
        }
    )*};
}

attributes_of!(PutObjectInput, CopyObjectInput, CreateMultipartUploadInput);
