//! Where an S3 bucket is and how its requests are signed, by the rules that the AWS tools have taught everyone.
//!
//! The crate `aws-config` reads the environment, the shared files and the services that give out credentials. It gets our
//! environment and our HTTP client; `object_store` gets neither credentials nor a say: it builds unsigned requests, and
//! [`SigningService`] signs each one as it goes out. So a retry carries a fresh date and fresh credentials, and credentials
//! that have expired are renewed in the one place that every request passes.
//!
//! Read of the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_PROFILE`, `AWS_REGION`,
//! `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_ENDPOINT`, `AWS_ALLOW_HTTP`, `AWS_CA_BUNDLE`,
//! `AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE`, the variables of web identity (`AWS_WEB_IDENTITY_TOKEN_FILE`,
//! `AWS_ROLE_ARN`, `AWS_ROLE_SESSION_NAME`), of containers (`AWS_CONTAINER_CREDENTIALS_*`,
//! `AWS_CONTAINER_AUTHORIZATION_TOKEN*`) and of instances (`AWS_EC2_METADATA_*`). Read of a profile: `region`,
//! `endpoint_url`, `services`, `aws_access_key_id`, `aws_secret_access_key`, `aws_session_token`, `role_arn` with
//! `source_profile` or `credential_source`, `web_identity_token_file`, `credential_process`, and the keys of `sso`.

mod client;
mod named;
mod resolve;
mod signer;
mod signing;

pub(super) use resolve::{Bucket, profile_name, resolve};
pub(super) use signer::Held;
pub(super) use signing::SigningService;
