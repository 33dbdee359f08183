//! PUT, copy and DELETE.

use std::fs;
use std::sync::Arc;

use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, DeleteObjectInput, DeleteObjectOutput,
    DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, Error, MetadataDirective, PutObjectInput,
    PutObjectOutput,
};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};

use crate::conditions::{ReadCondition, WriteCondition};
use crate::object_files::{Attributes, OpenObject, STAGING, Version};
use crate::service::MendedFileSystem;

impl MendedFileSystem {
    pub(crate) async fn put(&self, mut request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let condition = WriteCondition::of(&request.headers)?;
        let staged = self.files.staging_key();
        let input = &mut request.input;
        let bucket = std::mem::replace(&mut input.bucket, STAGING.to_owned());
        let key = std::mem::replace(&mut input.key, staged.clone());
        (input.if_match, input.if_none_match) = (None, None);
        self.files.check(&bucket, &key, &WriteCondition::default())?;
        let attributes = Attributes::from(&*input);

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
        let source = self.copy_source(
            &input.copy_source,
            &ReadCondition {
                if_match: input.copy_source_if_match.clone(),
                if_none_match: input.copy_source_if_none_match.clone(),
                if_modified_since: input.copy_source_if_modified_since.clone(),
                if_unmodified_since: input.copy_source_if_unmodified_since.clone(),
            },
        )?;
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

impl From<&PutObjectInput> for Attributes {
    fn from(input: &PutObjectInput) -> Self {
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

impl From<&CopyObjectInput> for Attributes {
    fn from(input: &CopyObjectInput) -> Self {
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
