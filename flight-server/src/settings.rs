//! What an operator may set of the server, with the limits of everything that a client could make grow.

use owlet_engine::{Error, ErrorCode, Result};
use serde::{Deserialize, Deserializer};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// What drivers of every kind take at most in one message: the clients on tonic stop there.
const MESSAGE_LIMIT_BYTES: usize = 4 << 20;

/// What some drivers take in one message, and no session may ask for more: ADBC stops there.
pub(crate) const GREATEST_MESSAGE_LIMIT_BYTES: usize = 16 << 20;

/// The section `[server]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where to listen. Without TLS only an address of this machine alone is taken.
    pub listen: SocketAddr,
    /// How long calls may go on once the server is to end; then they are cancelled.
    #[serde(rename = "drain_limit_seconds", deserialize_with = "seconds")]
    pub drain_limit: Duration,
    /// Sessions of all clients together.
    pub session_limit: usize,
    /// How long a session lives without a call while its client is connected.
    #[serde(rename = "session_idle_limit_seconds", deserialize_with = "seconds")]
    pub session_idle_limit: Duration,
    /// How long a session lives whose client is not connected, but could come back with its cookie or bearer.
    #[serde(rename = "session_absence_limit_seconds", deserialize_with = "seconds")]
    pub session_absence_limit: Duration,
    /// Prepared statements of a session.
    pub prepared_statement_limit: usize,
    /// How long a prepared statement lives without being used.
    #[serde(rename = "prepared_statement_idle_limit_seconds", deserialize_with = "seconds")]
    pub prepared_statement_idle_limit: Duration,
    /// Results of a session that wait to be fetched; one more ends the oldest.
    pub ticket_limit: usize,
    /// How long a result waits to be fetched.
    #[serde(rename = "ticket_age_limit_seconds", deserialize_with = "seconds")]
    pub ticket_age_limit: Duration,
    /// Bytes of one message from a client, as sent and with its columns decompressed.
    pub received_message_limit_bytes: usize,
    /// Bytes of the parameters that are bound to a prepared statement.
    pub parameter_limit_bytes: usize,
    /// Bytes of one message to a client that is not known to take more, unless its session asks for another limit of at most 16 MiB.
    pub message_limit_bytes: usize,
    /// Bytes of one result that wait for a client to read them.
    pub stream_buffer_bytes: usize,
    /// How long a client may read nothing of a result that is there.
    #[serde(rename = "slow_reader_limit_seconds", deserialize_with = "seconds")]
    pub slow_reader_limit: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50051),
            drain_limit: Duration::from_secs(30),
            session_limit: 1000,
            session_idle_limit: Duration::from_hours(8),
            session_absence_limit: Duration::from_mins(10),
            prepared_statement_limit: 256,
            prepared_statement_idle_limit: Duration::from_hours(8),
            ticket_limit: 64,
            ticket_age_limit: Duration::from_mins(10),
            received_message_limit_bytes: 64 << 20,
            parameter_limit_bytes: 64 << 20,
            message_limit_bytes: MESSAGE_LIMIT_BYTES,
            stream_buffer_bytes: 16 << 20,
            slow_reader_limit: Duration::from_mins(5),
        }
    }
}

impl Settings {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// `INVALID_SETTING` that names the key.
    pub(crate) fn check(&self) -> Result<()> {
        let limits = [
            ("session_limit", self.session_limit),
            ("prepared_statement_limit", self.prepared_statement_limit),
            ("ticket_limit", self.ticket_limit),
            ("received_message_limit_bytes", self.received_message_limit_bytes),
            ("parameter_limit_bytes", self.parameter_limit_bytes),
            ("message_limit_bytes", self.message_limit_bytes),
        ];
        if let Some((key, _)) = limits.iter().find(|(_, limit)| *limit == 0) {
            return Err(invalid(format!("the setting \"server.{key}\" must be at least 1")));
        }
        if self.message_limit_bytes > GREATEST_MESSAGE_LIMIT_BYTES {
            let message = format!(
                "the setting \"server.message_limit_bytes\" is {}, and clients take at most {GREATEST_MESSAGE_LIMIT_BYTES}",
                self.message_limit_bytes
            );
            return Err(invalid(message));
        }
        if self.stream_buffer_bytes < self.message_limit_bytes {
            let message = "the setting \"server.stream_buffer_bytes\" must be at least \"server.message_limit_bytes\"";
            return Err(invalid(message));
        }
        Ok(())
    }
}

/// Whether anybody beyond this machine could reach `address`, which needs TLS and users.
pub(crate) fn refuse_beyond_loopback(address: SocketAddr) -> Result<()> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    let message = format!(
        "the address \"{address}\" can be reached from other machines, and this version has neither TLS nor users: \
         listen on 127.0.0.1 or [::1]"
    );
    Err(invalid(message))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidSetting, message)
}

/// A duration as a number of seconds, which may have a fraction.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    let refused = |_| serde::de::Error::custom(format!("a number of seconds is wanted, not {seconds}"));
    Duration::try_from_secs_f64(seconds).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_good() {
        Settings::default().check().unwrap();
        refuse_beyond_loopback(Settings::default().listen).unwrap();
    }

    #[test]
    fn an_address_that_others_reach_is_refused() {
        for address in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1"] {
            refuse_beyond_loopback(address.parse().unwrap()).unwrap();
        }
        for address in ["0.0.0.0:1", "[::]:1", "192.168.0.1:1", "[::ffff:10.0.0.1]:1"] {
            let error = refuse_beyond_loopback(address.parse().unwrap()).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidSetting, "{address}");
        }
    }

    #[test]
    fn limits_that_contradict_each_other_are_refused() {
        let check = |change: fn(&mut Settings), key: &str| {
            let mut settings = Settings::default();
            change(&mut settings);
            let error = settings.check().unwrap_err();
            assert!(error.message().contains(key), "{error}");
        };
        check(|settings| settings.session_limit = 0, "session_limit");
        check(
            |settings| settings.message_limit_bytes = 17 << 20,
            "message_limit_bytes",
        );
        check(|settings| settings.stream_buffer_bytes = 1 << 20, "stream_buffer_bytes");
    }
}
