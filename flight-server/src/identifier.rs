//! Random names, which only those know whom they were told.

use bytes::Bytes;
use rand::Rng;
use std::fmt;

/// 128 random bits that name a session, a ticket, a bearer or a prepared statement. Whoever knows them may use it, so they are
/// shown in no log and in no `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Secret([u8; 16]);

impl Secret {
    /// A name that nobody can guess.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where secrets come from the system"
    )]
    pub fn random() -> Self {
        Self(rand::rng().random())
    }

    /// The name of these bytes, if they can be one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The name as it stands in tickets and handles.
    pub fn bytes(self) -> Bytes {
        Bytes::copy_from_slice(&self.0)
    }

    /// The name of this text, if it can be one.
    pub fn from_text(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(text, 16)
            .ok()
            .map(|number| Self(number.to_be_bytes()))
    }

    /// The name as it stands in headers: 32 hexadecimal digits.
    pub fn text(self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_survives_its_two_spellings() {
        let secret = Secret::random();
        assert!(Secret::from_bytes(&secret.bytes()) == Some(secret));
        assert!(Secret::from_text(&secret.text()) == Some(secret));
        assert!(secret != Secret::random());
    }

    #[test]
    fn what_is_no_secret_is_none() {
        for text in ["", "+1", &"g".repeat(32), &"+".repeat(32), &"0".repeat(33)] {
            assert!(Secret::from_text(text).is_none(), "{text}");
        }
        assert!(Secret::from_bytes(&[0; 15]).is_none());
    }
}
