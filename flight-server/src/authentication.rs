//! Who a client says it is, and whether that is believed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use owlet_engine::Principal;
use tonic::Status;
use tonic::metadata::MetadataMap;

use crate::failure;
use crate::identifier::Secret;

/// The principal of a client that gives no name.
const ANONYMOUS: &str = "anonymous";

/// How it is decided who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// Everybody, under the name that they give. Only for addresses that nobody beyond this machine reaches.
    Trust,
}

/// What a call says about its sender.
pub(crate) enum Credentials {
    /// Nothing.
    Absent,
    /// A name and a password.
    Basic { user: String },
    /// What a handshake gave earlier, if it is of the form of what is given.
    Bearer(Option<Secret>),
}

impl Authentication {
    /// The principal of `credentials` that no handshake has given.
    pub(crate) fn principal(self, credentials: &Credentials) -> Principal {
        match (self, credentials) {
            (Self::Trust, Credentials::Basic { user }) if !user.is_empty() => Principal::remote(user.clone()),
            (Self::Trust, _) => Principal::remote(ANONYMOUS),
        }
    }
}

impl Credentials {
    /// Reads the header `authorization`.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` if it is of no known form.
    pub(crate) fn of(headers: &MetadataMap) -> Result<Self, Status> {
        let Some(value) = headers.get("authorization") else {
            return Ok(Self::Absent);
        };
        let unknown = || {
            let error = owlet_engine::Error::new(
                owlet_engine::ErrorCode::PermissionDenied,
                "the header \"authorization\" is neither Basic nor Bearer",
            );
            failure::status_as(tonic::Code::Unauthenticated, &error, None)
        };
        let value = value.to_str().map_err(|_| unknown())?;
        let (scheme, rest) = value.split_once(' ').ok_or_else(unknown)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return Ok(Self::Bearer(Secret::from_text(rest.trim())));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(unknown());
        }
        let decoded = STANDARD.decode(rest.trim()).map_err(|_| unknown())?;
        let decoded = String::from_utf8(decoded).map_err(|_| unknown())?;
        let (user, _password) = decoded.split_once(':').ok_or_else(unknown)?;
        Ok(Self::Basic { user: user.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<Credentials, Status> {
        let mut headers = MetadataMap::new();
        headers.insert("authorization", value.parse().unwrap());
        Credentials::of(&headers)
    }

    #[test]
    fn a_name_is_believed_and_the_nameless_are_anonymous() {
        let check = |value: &str, expected: &str| {
            let principal = Authentication::Trust.principal(&read(value).unwrap());
            assert_eq!(principal.name(), expected, "{value}");
        };
        check("Basic YW5uYTpwOnc=", "anna");
        check("basic YW5uYTo=", "anna");
        check("Basic Og==", ANONYMOUS);
        check("Bearer something", ANONYMOUS);
        let absent = Credentials::of(&MetadataMap::new()).unwrap();
        assert_eq!(Authentication::Trust.principal(&absent).name(), ANONYMOUS);
    }

    #[test]
    fn another_header_is_refused() {
        for value in ["Digest x", "Basic", "Basic ***", "Basic YW5uYQ==", "anna"] {
            let status = read(value).err().unwrap();
            assert_eq!(status.code(), tonic::Code::Unauthenticated, "{value}");
        }
    }
}
