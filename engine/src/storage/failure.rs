//! What went wrong in a store, in the engine's words. This is the one place that decides code and message.

use std::error::Error as StdError;
use std::fmt::Display;
use std::io;

use datafusion::common::DataFusionError;
use http::StatusCode;
use object_store::client::{HttpError, HttpErrorKind};

use super::refusal::{Changed, Located, NO_BUCKET, Refusal, STALE_CREDENTIALS, WrongAnswer, element};
use crate::error::{Error, ErrorCode};

/// The longest message, in characters.
const LONGEST_MESSAGE: usize = 500;

/// The engine's error for a store's failure at `location`, which names the object if the failure itself does not.
///
/// Nothing that is there: `TABLE_NOT_FOUND`. Another version than the query began to read: `OBJECT_CHANGED`. Credentials
/// refused, absent or not sufficient: `STORAGE_DENIED`. No answer, or a wrong one: `STORAGE_UNAVAILABLE`. Without secrets
/// and without the query strings of URLs.
pub fn from_object_store(error: object_store::Error, location: impl Display) -> Error {
    let fallback = location.to_string();
    describe(&error, &fallback).unwrap_or_else(|| unavailable(&fallback, "the store failed"))
}

/// The storage failure at the bottom of an error of DataFusion, Arrow, Parquet or the standard library, if one is there.
pub fn from_chain(error: &(dyn StdError + 'static)) -> Option<Error> {
    describe(error, "the store")
}

/// Whether a [`Changed`] is somewhere in the chain.
pub(super) fn find_change(error: &(dyn StdError + 'static)) -> bool {
    let mut found = Found::default();
    found.walk(error, 0);
    found.changed.is_some()
}

pub(super) fn object_changed(location: &str) -> Error {
    let message = format!("{location} changed or was deleted while the query read it; run the statement again");
    Error::new(ErrorCode::ObjectChanged, message)
}

fn describe(error: &(dyn StdError + 'static), fallback: &str) -> Option<Error> {
    let mut found = Found::default();
    found.walk(error, 0);
    let location = match found.location.as_deref() {
        Some(location) => format!("\"{location}\""),
        None => format!("\"{fallback}\""),
    };
    let error = found.into_error(&location)?;
    Some(shortened(error))
}

/// What a chain of causes holds that says something about a store. The innermost of a kind counts: it knows most.
#[derive(Default)]
struct Found<'a> {
    location: Option<String>,
    ours: Option<&'a Error>,
    changed: Option<&'a Changed>,
    refusal: Option<&'a Refusal>,
    wrong: Option<&'a WrongAnswer>,
    http: Option<&'a HttpError>,
    store: Option<&'a object_store::Error>,
    io: Option<&'a io::Error>,
    /// The status that `object_store` gave up at.
    status: Option<String>,
    /// The symbolic link that ended a listing.
    link: Option<String>,
    /// The text of the last cause.
    last: String,
}

impl<'a> Found<'a> {
    fn walk(&mut self, error: &'a (dyn StdError + 'static), depth: usize) {
        const DEEPEST: usize = 64;
        if depth > DEEPEST {
            return;
        }
        self.last = error.to_string();
        self.status = last_status(&self.last).or(self.status.take());
        self.link = link_loop(&self.last).or(self.link.take());
        // downcast: the cause of an error has no other name, and the libraries between us keep it as `dyn Error`.
        if let Some(DataFusionError::Collection(errors)) = error.downcast_ref() {
            for error in errors {
                self.walk(error, depth + 1);
            }
            return;
        }
        self.note(error);
        // downcast: an `io::Error` that wraps another error leaves that one out of its chain.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(wrapped) => self.walk(wrapped, depth + 1),
            None => error.source().into_iter().for_each(|cause| self.walk(cause, depth + 1)),
        }
    }

    fn note(&mut self, error: &'a (dyn StdError + 'static)) {
        // downcast: as in `walk`; these are the types that say something about a store.
        if self.store.is_some() {
            // An error of the engine that has no store above it came from elsewhere.
            self.ours = error.downcast_ref().or(self.ours);
        }
        self.changed = error.downcast_ref().or(self.changed);
        self.refusal = error.downcast_ref().or(self.refusal);
        // downcast: as above.
        self.wrong = error.downcast_ref().or(self.wrong);
        self.http = error.downcast_ref().or(self.http);
        self.io = error.downcast_ref().or(self.io);
        // downcast: as above.
        if let Some(located) = error.downcast_ref::<Located>() {
            self.location.get_or_insert_with(|| located.location.clone());
        }
        // downcast: as above.
        if let Some(store) = error.downcast_ref::<object_store::Error>() {
            self.location = self.location.take().or_else(|| path_of(store));
            self.store = match self.store {
                // A named failure says more than the generic one inside it.
                Some(named) if !matches!(named, object_store::Error::Generic { .. }) => Some(named),
                _ => Some(store),
            };
        }
    }

    fn into_error(self, location: &str) -> Option<Error> {
        if let Some(ours) = self.ours {
            return Some(Error::new(ours.code(), ours.message()));
        }
        if let Some(changed) = self.changed {
            let known = (!changed.location.is_empty()).then(|| format!("\"{}\"", changed.location));
            return Some(object_changed(known.as_deref().unwrap_or(location)));
        }
        if let Some(refusal) = self.refusal {
            return Some(refused(refusal, location));
        }
        let store = self.store?;
        let text = |why: &str| Some(unavailable_at(location, why));
        if let Some(wrong) = self.wrong {
            return text(&wrong.0);
        }
        if let Some(http) = self.http {
            return text(&connection(http, &self.last));
        }
        if let Some(link) = self.link {
            let message = format!("{location} holds a symbolic link that leads back, so remove that: {link}");
            return Some(Error::new(ErrorCode::InvalidValue, message));
        }
        Some(named(store, location).unwrap_or_else(|| match self.io {
            Some(io) => local(io, location),
            None => unavailable_at(location, self.status.as_deref().unwrap_or("its answer cannot be read")),
        }))
    }
}

/// The failures that `object_store` has names for.
fn named(store: &object_store::Error, location: &str) -> Option<Error> {
    use object_store::Error as Store;
    let (code, message) = match store {
        Store::NotFound { .. } => (ErrorCode::TableNotFound, format!("there is no object {location}")),
        Store::AlreadyExists { .. } => (
            ErrorCode::InvalidValue,
            format!("there is an object {location} already"),
        ),
        Store::Precondition { .. } | Store::NotModified { .. } => (
            ErrorCode::ObjectChanged,
            format!("{location} is not in the version that was expected; run the statement again"),
        ),
        Store::PermissionDenied { .. } | Store::Unauthenticated { .. } => {
            (ErrorCode::StorageDenied, format!("access to {location} is denied"))
        }
        Store::NotSupported { .. } => (
            ErrorCode::NotSupported,
            format!("the store of {location} cannot do this"),
        ),
        Store::NotImplemented { operation, .. } => (
            ErrorCode::NotSupported,
            format!("the store of {location} cannot do this: {operation}"),
        ),
        // The source names the object: a listing fails as a whole, and must say by which of its names.
        Store::InvalidPath { source } => (
            ErrorCode::InvalidValue,
            format!("{location} holds a name that cannot be read, so rename that object: {source}"),
        ),
        _ => return None,
    };
    Some(Error::new(code, message))
}

fn refused(refusal: &Refusal, location: &str) -> Error {
    let code = refusal.code.as_deref().unwrap_or_default();
    if let Some(region) = refusal
        .region
        .as_deref()
        .filter(|_| refusal.status.is_redirection() || code.contains("Malformed"))
    {
        let message = format!("the bucket of {location} is in region \"{region}\": set `region` for it, or AWS_REGION");
        return Error::new(ErrorCode::StorageDenied, message);
    }
    if NO_BUCKET.contains(&code) {
        return Error::new(
            ErrorCode::TableNotFound,
            format!("there is no bucket for {location} ({refusal})"),
        );
    }
    let advice = match code {
        "SignatureDoesNotMatch" | "InvalidAccessKeyId" | "AuthenticationFailed" => {
            "; the store does not know these credentials: check the access key and its secret"
        }
        "RequestTimeTooSkewed" => "; the clock of this machine differs from the store's: set it",
        code if STALE_CREDENTIALS.contains(&code) => {
            "; the credentials have expired, and there are no newer ones: renew them"
        }
        _ => "",
    };
    match refusal.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::new(
            ErrorCode::StorageDenied,
            format!("access to {location} is denied ({refusal}){advice}"),
        ),
        _ if !advice.is_empty() => Error::new(
            ErrorCode::StorageDenied,
            format!("access to {location} is denied ({refusal}){advice}"),
        ),
        StatusCode::NOT_FOUND => Error::new(
            ErrorCode::TableNotFound,
            format!("there is nothing at {location} ({refusal})"),
        ),
        status if status.is_redirection() => unavailable_at(
            location,
            &format!("the server sends us elsewhere ({refusal}): check endpoint and region"),
        ),
        _ => unavailable_at(location, &format!("the store refused the request ({refusal})")),
    }
}

/// What became of the connection, with the operating system's word for it.
fn connection(http: &HttpError, last: &str) -> String {
    match http.kind() {
        HttpErrorKind::Connect => format!("no connection to the store: {last}"),
        HttpErrorKind::Timeout => "no answer in time".to_owned(),
        HttpErrorKind::Request | HttpErrorKind::Interrupted => format!("the connection broke: {last}"),
        _ => format!("the answer cannot be read: {last}"),
    }
}

fn local(io: &io::Error, location: &str) -> Error {
    match io.kind() {
        io::ErrorKind::NotFound => Error::new(ErrorCode::TableNotFound, format!("there is no file {location}")),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Error::new(
            ErrorCode::StorageUnavailable,
            format!("there is no room for {location} ({io}): make some there, or write elsewhere"),
        ),
        io::ErrorKind::PermissionDenied => Error::new(
            ErrorCode::StorageDenied,
            format!("{location} may not be read or written"),
        ),
        _ => unavailable_at(location, &io.to_string()),
    }
}

/// The symbolic link that leads to a directory above it, or to itself, if `text` is of one: the error of `object_store`'s walk
/// through a directory is `walkdir`'s, whose type is not ours to know.
fn link_loop(text: &str) -> Option<String> {
    if let Some(above) = text.strip_prefix("File system loop found: ") {
        return Some(above.to_owned());
    }
    let itself = text.strip_prefix("IO error for operation on ")?;
    itself
        .contains("Too many levels of symbolic links")
        .then(|| itself.to_owned())
}

/// The status and the reason in `text`: `object_store` keeps the last answer of a request to itself and tells only this.
fn last_status(text: &str) -> Option<String> {
    const BEFORE: &str = "status code: ";
    let (_, status) = text.split_once(BEFORE)?;
    let (status, body) = status.split_once(": ").unwrap_or((status, ""));
    let plain = |c: &char| c.is_ascii_alphanumeric() || " -'".contains(*c);
    let status: String = status.chars().take_while(plain).take(60).collect();
    let code = element(body, "Code")
        .map(|code| format!(" ({code})"))
        .unwrap_or_default();
    Some(format!("{}{code} after all retries", status.trim()))
}

fn path_of(store: &object_store::Error) -> Option<String> {
    use object_store::Error as Store;
    match store {
        Store::NotFound { path, .. }
        | Store::AlreadyExists { path, .. }
        | Store::Precondition { path, .. }
        | Store::PermissionDenied { path, .. }
        | Store::Unauthenticated { path, .. } => Some(path.clone()),
        _ => None,
    }
}

fn unavailable(location: &str, why: &str) -> Error {
    unavailable_at(&format!("\"{location}\""), why)
}

fn unavailable_at(location: &str, why: &str) -> Error {
    Error::new(
        ErrorCode::StorageUnavailable,
        format!("the store of {location} failed: {why}"),
    )
}

fn shortened(error: Error) -> Error {
    if error.message().chars().count() <= LONGEST_MESSAGE {
        return error;
    }
    let kept: String = error.message().chars().take(LONGEST_MESSAGE - 1).collect();
    Error::new(error.code(), format!("{kept}…"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::error::ArrowError;
    use datafusion::parquet::errors::ParquetError;
    use object_store::Error as Store;

    use super::*;

    fn changed() -> Store {
        let location = "s3://b/k".to_owned();
        let source = Box::new(Changed {
            location: location.clone(),
        });
        Store::Precondition { path: location, source }
    }

    /// An object's change is found again under `wrapped`.
    fn check(wrapped: impl StdError + 'static) {
        let shown = wrapped.to_string();
        let found = from_chain(&wrapped).unwrap_or_else(|| panic!("not found in {shown}"));
        assert_eq!(found.code(), ErrorCode::ObjectChanged);
        assert!(found.message().contains("\"s3://b/k\""), "{found}");
    }

    #[test]
    fn a_change_is_found_under_all_that_the_libraries_wrap_around_it() {
        let parquet = || ParquetError::External(Box::new(changed()));
        check(changed());
        check(parquet());
        check(ArrowError::ExternalError(Box::new(parquet())));
        check(io::Error::other(changed()));
        check(DataFusionError::IoError(io::Error::other(io::Error::other(changed()))));
        check(DataFusionError::from(parquet()));
        check(DataFusionError::from(changed()).context("while reading"));
        check(DataFusionError::Shared(Arc::new(DataFusionError::from(changed()))));
        check(DataFusionError::External(Box::new(DataFusionError::from(
            ArrowError::from_external_error(Box::new(changed())),
        ))));
        let other = DataFusionError::Execution("another failure".to_owned());
        check(DataFusionError::Collection(vec![
            other,
            DataFusionError::from(changed()),
        ]));
    }

    #[test]
    fn what_is_no_failure_of_a_store_is_left_to_others() {
        assert!(from_chain(&DataFusionError::Execution("no store".to_owned())).is_none());
        assert!(from_chain(&DataFusionError::IoError(io::Error::other("no store"))).is_none());
        let ours = Error::new(ErrorCode::SyntaxError, "not of a store");
        assert!(from_chain(&DataFusionError::External(Box::new(ours))).is_none());
    }

    /// The code and a part of the message for a refusal of the server.
    fn check_refusal(status: u16, body: &str, code: ErrorCode, words: &str) {
        let status = StatusCode::from_u16(status).unwrap();
        let refusal = Refusal::read(status, &http::HeaderMap::new(), body).into_http();
        let error = from_object_store(
            Store::Generic {
                store: "S3",
                source: Box::new(refusal),
            },
            "s3://b/k",
        );
        assert_eq!(error.code(), code, "{error}");
        assert!(
            error.message().contains(words) && error.message().contains("\"s3://b/k\""),
            "{error}"
        );
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let body = |code: &str| format!("<Error><Code>{code}</Code><Message>why</Message></Error>");
        check_refusal(
            403,
            &body("AccessDenied"),
            ErrorCode::StorageDenied,
            "403 AccessDenied: why",
        );
        check_refusal(
            403,
            &body("SignatureDoesNotMatch"),
            ErrorCode::StorageDenied,
            "check the access key",
        );
        check_refusal(403, &body("RequestTimeTooSkewed"), ErrorCode::StorageDenied, "clock");
        check_refusal(400, &body("ExpiredToken"), ErrorCode::StorageDenied, "renew");
        check_refusal(403, "", ErrorCode::StorageDenied, "403 Forbidden");
        check_refusal(404, &body("NoSuchBucket"), ErrorCode::TableNotFound, "no bucket");
        check_refusal(416, "", ErrorCode::StorageUnavailable, "416");
        check_refusal(302, "", ErrorCode::StorageUnavailable, "elsewhere");
    }

    #[test]
    fn a_name_that_ends_a_listing_is_in_the_error() {
        let source = object_store::path::Path::parse("t//x.parquet").unwrap_err();
        let inside = Store::Generic {
            store: "S3",
            source: Box::new(Store::InvalidPath { source }),
        };
        let error = from_object_store(inside, "s3://b/t/");
        assert_eq!(error.code(), ErrorCode::InvalidValue);
        for part in ["\"s3://b/t/\"", "\"t//x.parquet\""] {
            assert!(error.message().contains(part), "{error}");
        }
    }

    #[test]
    fn a_message_is_short_whatever_the_server_says() {
        let long = "x".repeat(10_000);
        let source = Box::new(io::Error::other(long.clone()));
        let error = from_object_store(Store::Generic { store: "S3", source }, long);
        assert_eq!(error.message().chars().count(), LONGEST_MESSAGE);
    }

    #[test]
    fn a_file_that_may_not_be_read_is_denied() {
        let source = Box::new(io::Error::from(io::ErrorKind::PermissionDenied));
        let error = from_object_store(Store::Generic { store: "file", source }, "/etc/shadow");
        assert_eq!(error.code(), ErrorCode::StorageDenied);
    }
}
