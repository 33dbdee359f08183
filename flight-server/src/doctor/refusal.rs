//! A call that did not succeed.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;
use tonic::{Code, Status};

/// How much of a server's text is shown.
const SHOWN_CHARACTERS: usize = 200;

/// Why a call did not give what it should.
#[derive(Debug)]
pub(super) struct Refusal {
    call: &'static str,
    pub(super) code: Code,
    message: String,
    /// Bytes that the status takes in the headers of HTTP/2.
    pub(super) header_bytes: usize,
    /// Whether it was the transport that failed, and no server that said so.
    pub(super) is_of_transport: bool,
}

impl Refusal {
    /// What the server said.
    pub(super) fn said(call: &'static str, status: &Status) -> Self {
        // What a server says arrives in a status without a cause; what tonic itself finds has one, or is about HTTP.
        let is_of_transport = status.source().is_some();
        Self {
            call,
            code: status.code(),
            message: status.message().to_owned(),
            header_bytes: percent_encoded_bytes(status.message()) + status.details().len().div_ceil(3) * 4,
            is_of_transport,
        }
    }

    /// What is wrong with an answer that came.
    pub(super) fn malformed(call: &'static str, message: impl Into<String>) -> Self {
        Self {
            call,
            code: Code::DataLoss,
            message: message.into(),
            header_bytes: 0,
            is_of_transport: false,
        }
    }

    /// Nothing was said in time.
    pub(super) fn silence(call: &'static str, limit: Duration) -> Self {
        let message = format!("no answer within {} s", limit.as_secs_f32());
        Self {
            code: Code::DeadlineExceeded,
            is_of_transport: true,
            ..Self::malformed(call, message)
        }
    }

    /// Whether the server says that it does not know the call.
    pub(super) fn is_unimplemented(&self) -> bool {
        self.code == Code::Unimplemented
    }

    /// Whether the words of the refusal hold `words`.
    pub(super) fn mentions(&self, words: &str) -> bool {
        self.message.contains(words)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code == Code::DataLoss {
            return write!(f, "{}: {}", self.call, self.message);
        }
        write!(f, "{}: {}", self.call, code_word(self.code))?;
        let shown: String = self.message.chars().take(SHOWN_CHARACTERS).collect();
        let rest = if shown.len() < self.message.len() { "…" } else { "" };
        match shown.as_str() {
            "" => Ok(()),
            shown => write!(f, ", \"{shown}{rest}\""),
        }
    }
}

/// The bytes of a text in the header `grpc-message`.
fn percent_encoded_bytes(text: &str) -> usize {
    let bytes = text.bytes().map(|byte| match byte {
        b'%' => 3,
        b' '..=b'~' => 1,
        _ => 3,
    });
    bytes.sum()
}

/// The word for a code, as gRPC has it.
fn code_word(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_status_are_those_of_its_header() {
        let check = |message: &str, details: usize, expected: usize| {
            let status = Status::with_details(Code::NotFound, message, vec![0; details].into());
            assert_eq!(Refusal::said("a", &status).header_bytes, expected, "{message}");
        };
        check("plain", 0, 5);
        check("100 %\n", 0, 10);
        check("ü", 0, 6);
        check("", 4, 8);
    }

    #[test]
    fn a_refusal_says_its_call_and_at_most_so_much_of_a_text() {
        let status = Status::not_found("x".repeat(1000));
        let shown = Refusal::said("GetTables", &status).to_string();
        assert!(shown.starts_with("GetTables: NOT_FOUND, \"xxx"), "{shown}");
        assert!(shown.ends_with("x…\"") && shown.len() < 300, "{shown}");
    }
}
