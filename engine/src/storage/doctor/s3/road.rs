//! How a bucket is reached and asked: its address, its credentials, and requests as `object_store` would send them.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use object_store::client::HttpRequestBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::page::Found;
use crate::error::Result;
use crate::storage::aws::{Bucket, Held};
use crate::storage::doctor::exchange::{Answer, Unanswered, request, send};
use crate::storage::doctor::site::Site;
use crate::storage::location::Location;
use crate::storage::schemes::service_url;

/// How many names a listing asks for: enough to meet an object with bytes in it.
pub(super) const PAGE_KEYS: &str = "100";

/// What stays as it is in the query of a signed URL.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What stays as it is in its path.
const UNRESERVED_IN_PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// A bucket, and what has been learnt about it.
pub(in crate::storage::doctor) struct Road {
    pub(super) bucket: Bucket,
    /// Whether the bucket's name stands in the path, by the settings.
    pub(super) in_path: bool,
    pub(super) held: Option<Arc<Held>>,
    /// The first page of a listing. Asked for once; several steps judge it.
    pub(super) listing: Option<Arc<std::result::Result<Answer, Unanswered>>>,
    /// An object to read from.
    pub(super) object: Option<Found>,
}

/// A request to a bucket. An empty key means the bucket itself.
pub(super) struct Asked<'a> {
    pub(super) method: Method,
    pub(super) key: &'a str,
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) headers: &'a [(HeaderName, &'a str)],
    pub(super) body: &'static str,
}

impl<'a> Asked<'a> {
    pub(super) fn get(key: &'a str) -> Self {
        Self {
            method: Method::GET,
            key,
            query: &[],
            headers: &[],
            body: "",
        }
    }
}

impl Road {
    pub(super) fn new(bucket: Bucket, in_path: bool) -> Self {
        Self {
            bucket,
            in_path,
            held: None,
            listing: None,
            object: None,
        }
    }

    /// The URL of an object, or of the bucket itself if `key` is empty.
    pub(super) fn url(&self, location: &Location, in_path: bool, key: &str, query: &[(&str, &str)]) -> Result<String> {
        let name = location.bucket();
        let base = service_url(&self.bucket, (!in_path).then_some(name), location)?;
        let mut url = base.as_str().trim_end_matches('/').to_owned();
        if in_path {
            url.push('/');
            url.push_str(name);
        }
        if !key.is_empty() || !in_path {
            url.push('/');
            url.extend(utf8_percent_encode(key, UNRESERVED_IN_PATH));
        }
        for (at, (name, value)) in query.iter().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.extend(utf8_percent_encode(value, UNRESERVED));
        }
        Ok(url)
    }
}

/// The road of a site whose settings were found good.
pub(super) fn road(site: &Site) -> std::result::Result<&Road, Unanswered> {
    let unknown = || Unanswered::Broken("the settings are not known".to_owned());
    site.road.as_ref().ok_or_else(unknown)
}

/// Asks as the settings say: signed, unless the bucket is anonymous, and with the bucket's name where they put it.
pub(super) async fn ask(site: &Site, asked: Asked<'_>) -> std::result::Result<Answer, Unanswered> {
    let in_path = road(site)?.in_path;
    let url = road(site)?.url(&site.location, in_path, asked.key, asked.query);
    ask_at(site, url.map_err(Unanswered::Unsent)?, asked).await
}

/// Asks at `url`, which knows key and query already.
pub(super) async fn ask_at(site: &Site, url: String, asked: Asked<'_>) -> std::result::Result<Answer, Unanswered> {
    let road = road(site)?;
    let body = HttpRequestBody::from(Bytes::from_static(asked.body.as_bytes()));
    let mut request = request(asked.method, &url, body)?;
    for (name, value) in asked.headers {
        let value = HeaderValue::from_str(value).map_err(|cause| Unanswered::Broken(cause.to_string()))?;
        request.headers_mut().insert(name, value);
    }
    if let Some(signer) = &road.bucket.signer {
        let held = match &road.held {
            Some(held) => Arc::clone(held),
            None => signer.current().await.map_err(Unanswered::Unsent)?,
        };
        signer.sign(&held, &mut request).await;
    }
    send(site, request).await
}

/// The first page of the location's listing.
pub(super) async fn listing(site: &mut Site) -> Arc<std::result::Result<Answer, Unanswered>> {
    if let Some(listing) = site.road.as_ref().and_then(|road| road.listing.as_ref()) {
        return Arc::clone(listing);
    }
    let prefix = prefix(&site.location);
    let query = [("list-type", "2"), ("max-keys", PAGE_KEYS), ("prefix", prefix.as_str())];
    let asked = Asked {
        query: &query,
        ..Asked::get("")
    };
    let listing = Arc::new(ask(site, asked).await);
    if let Some(road) = &mut site.road {
        road.listing = Some(Arc::clone(&listing));
    }
    listing
}

/// What every name begins with that the location means: a directory ends in `/`.
pub(super) fn prefix(location: &Location) -> String {
    match location.pattern_prefix() {
        Some(prefix) => prefix.to_owned(),
        None if location.path().is_root() => String::new(),
        None => format!("{}/", location.path()),
    }
}

/// The directory that the location names or lies in, with its `/`; empty for the whole bucket.
pub(super) fn directory(location: &Location) -> String {
    if location.path().is_root() {
        String::new()
    } else {
        format!("{}/", location.path())
    }
}
