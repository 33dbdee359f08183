//! What a client hears when something fails: one table from the engine's codes to those of gRPC, and one short text.
//!
//! A status travels in HTTP/2 headers, where every byte that is no plain letter takes three, and clients refuse headers over
//! 8 KB. So a text takes at most 4 KB there, and what is cut is the middle: the code before it and the query id after it stay.

use owlet_engine::{Error, ErrorCode};
use std::any::Any;
use tonic::{Code, Status};

/// What a status text may take in a header, in bytes.
const TEXT_LIMIT_BYTES: usize = 4096;

const CUT: &str = " ...";

/// The one table of codes.
const CODES: &[(ErrorCode, Code)] = &[
    (ErrorCode::SyntaxError, Code::InvalidArgument),
    (ErrorCode::NotSupported, Code::Unimplemented),
    (ErrorCode::PermissionDenied, Code::PermissionDenied),
    (ErrorCode::DatabaseNotFound, Code::NotFound),
    (ErrorCode::TableNotFound, Code::NotFound),
    (ErrorCode::AlreadyExists, Code::AlreadyExists),
    (ErrorCode::ColumnNotFound, Code::NotFound),
    (ErrorCode::FunctionNotFound, Code::NotFound),
    (ErrorCode::TypeMismatch, Code::InvalidArgument),
    (ErrorCode::InvalidValue, Code::InvalidArgument),
    (ErrorCode::InvalidSetting, Code::InvalidArgument),
    (ErrorCode::BadData, Code::DataLoss),
    (ErrorCode::ObjectChanged, Code::Aborted),
    // The server's credentials were refused, not the client's: another login does not help.
    (ErrorCode::StorageDenied, Code::FailedPrecondition),
    (ErrorCode::StorageUnavailable, Code::Unavailable),
    (ErrorCode::ExceededMemoryLimit, Code::ResourceExhausted),
    (ErrorCode::ExceededSpillLimit, Code::ResourceExhausted),
    (ErrorCode::ExceededTimeLimit, Code::DeadlineExceeded),
    (ErrorCode::ExceededStatementLimit, Code::InvalidArgument),
    (ErrorCode::QueryQueueFull, Code::ResourceExhausted),
    (ErrorCode::Cancelled, Code::Cancelled),
    (ErrorCode::Internal, Code::Internal),
];

/// The status of an engine's error, of the statement `query_id` if there is one and the error does not name its own.
pub fn status(error: &Error, query_id: Option<&str>) -> Status {
    let known = CODES.iter().find(|(code, _)| *code == error.code());
    status_as(known.map_or(Code::Unknown, |(_, code)| *code), error, query_id)
}

/// The status of an error that gRPC has a nearer code for than the table.
pub fn status_as(code: Code, error: &Error, query_id: Option<&str>) -> Status {
    Status::new(code, text(error, error.query_id().or(query_id)))
}

/// What a call gives that asked for something this server does not offer.
pub fn not_offered(what: &str) -> Status {
    let error = Error::new(ErrorCode::NotSupported, format!("{what} is not offered by this server"));
    status(&error, None)
}

/// What a call gives whose message or value cannot be used.
pub fn invalid(message: impl Into<String>) -> Status {
    status(&Error::new(ErrorCode::InvalidValue, message), None)
}

/// What a call gives that this front end refuses for a reason that no statement has: `name` stands where a code of the engine would.
pub fn refused(code: Code, name: &str, message: &str) -> Status {
    Status::new(code, format!("{name}: {message}"))
}

/// What a call or a stream gives that was stopped: with the server, so that another may take it, or because somebody cancelled it.
pub fn stopped(server_ends: bool, query_id: Option<&str>) -> Status {
    if server_ends {
        let message = "the server has ended, and what it ran was cancelled; connect again later";
        return refused(Code::Unavailable, "SERVER_ENDS", message);
    }
    status(&Error::new(ErrorCode::Cancelled, "the query was cancelled"), query_id)
}

/// What a call gives that ended by a panic.
pub fn panicked(_panic: Box<dyn Any + Send>) -> Status {
    let message = "the call ended by a panic; this is a defect, please report it with the statement";
    status(&Error::new(ErrorCode::Internal, message), None)
}

/// `CODE: message (line l, column c) [query id]`, with the message cut to what fits.
fn text(error: &Error, query_id: Option<&str>) -> String {
    let before = format!("{}: ", error.code());
    let position = error
        .position()
        .map_or_else(String::new, |position| format!(" ({position})"));
    let query = query_id.map_or_else(String::new, |query_id| format!(" [{query_id}]"));
    let after = position + &query;
    let room = TEXT_LIMIT_BYTES.saturating_sub(header_bytes(&before) + header_bytes(&after));
    format!("{before}{}{after}", cut(error.message(), room))
}

/// `message`, or its beginning if it takes more than `room` bytes in a header.
fn cut(message: &str, room: usize) -> String {
    if header_bytes(message) <= room {
        return message.to_owned();
    }
    let room = room.saturating_sub(header_bytes(CUT));
    let mut taken = 0;
    let kept = message.chars().take_while(|letter| {
        taken += letter_bytes(*letter);
        taken <= room
    });
    kept.chain(CUT.chars()).collect()
}

fn header_bytes(text: &str) -> usize {
    text.chars().map(letter_bytes).sum()
}

/// What a letter takes in the header `grpc-message`, where most are percent-encoded.
fn letter_bytes(letter: char) -> usize {
    if letter.is_ascii_alphanumeric() || "-_.,:;/()[]'=".contains(letter) {
        1
    } else {
        3 * letter.len_utf8()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use owlet_engine::Position;

    #[test]
    fn every_code_of_the_engine_is_in_the_table_once() {
        for code in ErrorCode::ALL {
            let lines = CODES.iter().filter(|(known, _)| known == code);
            assert_eq!(lines.count(), 1, "{code}");
        }
    }

    #[test]
    fn a_text_has_code_position_and_query_id() {
        let error = Error::new(ErrorCode::TableNotFound, "there is no table \"t\"").at(Position { line: 2, column: 7 });
        let status = status(&error, Some("q-1"));
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(
            status.message(),
            "TABLE_NOT_FOUND: there is no table \"t\" (line 2, column 7) [q-1]"
        );
    }

    #[test]
    fn a_long_text_keeps_its_ends_and_fits_a_header() {
        for letter in ["x", "\u{e9}", "\u{1f989}", "\"", " "] {
            let error = Error::new(ErrorCode::Internal, letter.repeat(100_000));
            let status = status(&error, Some("q-1"));
            assert!(status.message().starts_with("INTERNAL: "), "{letter}");
            assert!(status.message().ends_with("... [q-1]"), "{letter}");
            let response = status.into_http::<()>();
            let sent = response.headers().get("grpc-message").unwrap().len();
            assert!((3_900..=TEXT_LIMIT_BYTES).contains(&sent), "{letter}: {sent}");
        }
    }
}
