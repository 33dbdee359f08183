//! Who may ask: one pair of keys at a time, which can be replaced, and buckets that anyone may read.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use http::Method;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Result, s3_error};

/// The keys in force and the buckets open to all.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    keys: Arc<RwLock<Keys>>,
}

#[derive(Debug)]
struct Keys {
    access_key: String,
    secret_key: String,
    expired: HashSet<String>,
    public_buckets: HashSet<String>,
}

impl Credentials {
    pub fn new(access_key: &str, secret_key: &str) -> Self {
        let keys = Keys {
            access_key: access_key.to_owned(),
            secret_key: secret_key.to_owned(),
            expired: HashSet::new(),
            public_buckets: HashSet::new(),
        };
        Self {
            keys: Arc::new(RwLock::new(keys)),
        }
    }

    pub fn access_key(&self) -> String {
        self.read().access_key.clone()
    }

    pub fn secret_key(&self) -> String {
        self.read().secret_key.clone()
    }

    /// Puts another pair in force. The access key that was in force before is answered `ExpiredToken` from now on.
    pub fn replace(&self, access_key: &str, secret_key: &str) {
        let mut keys = self.write();
        let before = std::mem::replace(&mut keys.access_key, access_key.to_owned());
        secret_key.clone_into(&mut keys.secret_key);
        keys.expired.insert(before);
        keys.expired.remove(access_key);
    }

    pub fn open_to_all(&self, bucket: &str) {
        self.write().public_buckets.insert(bucket.to_owned());
    }

    fn read(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Keys> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl S3Auth for Credentials {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let keys = self.read();
        if access_key == keys.access_key {
            return Ok(SecretKey::from(keys.secret_key.as_str()));
        }
        if keys.expired.contains(access_key) {
            return Err(s3_error!(ExpiredToken, "the provided token has expired"));
        }
        Err(s3_error!(InvalidAccessKeyId, "there is no such access key"))
    }
}

#[async_trait::async_trait]
impl S3Access for Credentials {
    async fn check(&self, request: &mut S3AccessContext<'_>) -> S3Result<()> {
        if request.credentials().is_some() {
            return Ok(());
        }
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let bucket = request.s3_path().get_bucket_name();
        let is_public = bucket.is_some_and(|bucket| self.read().public_buckets.contains(bucket));
        if is_read && is_public {
            Ok(())
        } else {
            Err(s3_error!(AccessDenied, "the request is not signed"))
        }
    }
}
