//! Where a Flight SQL server is, as drivers write it.

use owlet_engine::{Error, ErrorCode, Result};
use std::fmt;
use tonic::transport::Uri;

/// The address of a Flight SQL server, such as `grpc://127.0.0.1:50051`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    /// Reads `grpc://host:port` or `grpc+tcp://host:port`.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` for `grpc+tls://`, `INVALID_VALUE` for what is no address.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = |what: &str| {
            let message = format!("\"{text}\" {what}: write it as grpc://host:port");
            Error::new(ErrorCode::InvalidValue, message)
        };
        let uri: Uri = text.parse().map_err(|_| refused("is no address"))?;
        match uri.scheme_str() {
            Some("grpc" | "grpc+tcp") => {}
            Some("grpc+tls") => {
                let message = format!(
                    "\"{text}\" wants TLS, which this version does not speak to Flight SQL servers: examine the server's \
                     plaintext port, as grpc://host:port"
                );
                return Err(Error::new(ErrorCode::NotSupported, message));
            }
            _ => return Err(refused("is no address of a Flight SQL server")),
        }
        if uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
        {
            return Err(refused("has a user in it, which belongs to --user"));
        }
        match (uri.host(), uri.port_u16()) {
            (Some(host), Some(port)) if !host.is_empty() => Ok(Self {
                host: host.to_owned(),
                port,
            }),
            _ => Err(refused("has no port")),
        }
    }

    /// The name and port for a lookup.
    pub(super) fn lookup(&self) -> (String, u16) {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        (bare.to_owned(), self.port)
    }

    /// What the transport dials.
    pub(super) fn for_transport(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "grpc://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        let check = |text: &str, lookup: (&str, u16)| {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.lookup(), (lookup.0.to_owned(), lookup.1));
        };
        check("grpc://127.0.0.1:50051", ("127.0.0.1", 50051));
        check("grpc+tcp://example.com:1", ("example.com", 1));
        check("grpc://[::1]:1/", ("::1", 1));
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_to_write() {
        let check = |text: &str, code: ErrorCode| {
            let error = Address::parse(text).unwrap_err();
            assert_eq!(error.code(), code, "{text}");
            assert!(error.message().contains("grpc://host:port"), "{error}");
        };
        check("grpc+tls://host:1", ErrorCode::NotSupported);
        for text in [
            "",
            "host:1",
            "http://host:1",
            "grpc://host",
            "grpc://u:p@host:1",
            "s3://bucket",
            "grpc://:1",
        ] {
            check(text, ErrorCode::InvalidValue);
        }
    }
}
