//! Messages of the protocol that arrow-flight 59 does not have: sessions (Flight.proto), and the answer of
//! CreatePreparedStatement with `is_update` (FlightSql.proto of Arrow 25).

use arrow_flight::sql::{ActionCreatePreparedStatementResult, Any, ProstMessageExt};
use bytes::Bytes;
use prost::Message;
use std::collections::HashMap;

/// The value of a session option. Without one, the option is to go back to its default.
#[derive(Clone, PartialEq, Message)]
pub struct SessionOptionValue {
    /// The value.
    #[prost(oneof = "OptionValue", tags = "1, 2, 3, 4, 5")]
    pub option_value: Option<OptionValue>,
}

/// The value of a session option, by its type.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum OptionValue {
    /// A text.
    #[prost(string, tag = "1")]
    Text(String),
    /// A truth value.
    #[prost(bool, tag = "2")]
    Truth(bool),
    /// A whole number.
    #[prost(sfixed64, tag = "3")]
    Number(i64),
    /// A number with a fraction.
    #[prost(double, tag = "4")]
    Double(f64),
    /// A list of texts.
    #[prost(message, tag = "5")]
    List(StringListValue),
}

/// A list of texts as the value of a session option.
#[derive(Clone, PartialEq, Message)]
pub struct StringListValue {
    /// The texts.
    #[prost(string, repeated, tag = "1")]
    pub values: Vec<String>,
}

/// Sets options of the session.
#[derive(Clone, PartialEq, Message)]
pub struct SetSessionOptionsRequest {
    /// The options by name.
    #[prost(map = "string, message", tag = "1")]
    pub session_options: HashMap<String, SessionOptionValue>,
}

/// What could not be set.
#[derive(Clone, PartialEq, Message)]
pub struct SetSessionOptionsResult {
    /// The options that were not set, by name.
    #[prost(map = "string, message", tag = "1")]
    pub errors: HashMap<String, SetSessionOptionError>,
}

/// Why one option could not be set.
#[derive(Clone, PartialEq, Message)]
pub struct SetSessionOptionError {
    /// Why.
    #[prost(enumeration = "SetSessionOptionErrorValue", tag = "1")]
    pub value: i32,
}

/// Why an option could not be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum SetSessionOptionErrorValue {
    /// Not used.
    Unspecified = 0,
    /// There is no such option.
    InvalidName = 1,
    /// It does not take this value.
    InvalidValue = 2,
    /// Anything else.
    Error = 3,
}

/// The options of the session.
#[derive(Clone, PartialEq, Message)]
pub struct GetSessionOptionsResult {
    /// The options by name.
    #[prost(map = "string, message", tag = "1")]
    pub session_options: HashMap<String, SessionOptionValue>,
}

/// Whether the session was closed.
#[derive(Clone, PartialEq, Message)]
pub struct CloseSessionResult {
    /// Whether it was.
    #[prost(enumeration = "CloseSessionStatus", tag = "1")]
    pub status: i32,
}

/// Whether a session was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum CloseSessionStatus {
    /// Not used.
    Unspecified = 0,
    /// It is closed.
    Closed = 1,
    /// It is being closed.
    Closing = 2,
    /// It cannot be closed.
    NotCloseable = 3,
}

/// The answer of CreatePreparedStatement.
#[derive(Clone, PartialEq, Message)]
pub struct PreparedStatementCreated {
    /// What names the statement from now on.
    #[prost(bytes = "bytes", tag = "1")]
    pub prepared_statement_handle: Bytes,
    /// The columns of its result as an IPC message; empty for an update, by which clients from before `is_update` know one.
    #[prost(bytes = "bytes", tag = "2")]
    pub dataset_schema: Bytes,
    /// The parameters as an IPC message.
    #[prost(bytes = "bytes", tag = "3")]
    pub parameter_schema: Bytes,
    /// Whether it is to be executed as an update.
    #[prost(bool, optional, tag = "4")]
    pub is_update: Option<bool>,
}

impl PreparedStatementCreated {
    /// The message in its envelope.
    pub fn as_any(&self) -> Any {
        Any {
            type_url: ActionCreatePreparedStatementResult::type_url().to_owned(),
            value: self.encode_to_vec().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_of_before_is_update_reads_the_answer() {
        let created = PreparedStatementCreated {
            prepared_statement_handle: Bytes::from_static(b"h"),
            dataset_schema: Bytes::from_static(b"d"),
            parameter_schema: Bytes::from_static(b"p"),
            is_update: Some(false),
        };
        let read: ActionCreatePreparedStatementResult = created.as_any().unpack().unwrap().unwrap();
        assert_eq!(&*read.prepared_statement_handle, b"h");
        assert_eq!((&*read.dataset_schema, &*read.parameter_schema), (&b"d"[..], &b"p"[..]));
        // Tag 4, a varint, and it is there although it is false.
        assert!(created.encode_to_vec().ends_with(&[4 << 3, 0]));
    }

    #[test]
    fn numbers_are_of_eight_bytes() {
        let value = SessionOptionValue {
            option_value: Some(OptionValue::Number(1)),
        };
        assert_eq!(value.encode_to_vec(), [3 << 3 | 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    }
}
