//! What a session asks for in how its results are sent.

use arrow::ipc::CompressionType;

use super::wire::Views;
use crate::settings::{GREATEST_MESSAGE_LIMIT_BYTES, Settings};

/// How the buffers of columns are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// Not at all.
    None,
    /// Quickly.
    Lz4,
    /// Well.
    Zstd,
}

impl Compression {
    const ALL: &'static [Self] = &[Self::None, Self::Lz4, Self::Zstd];

    /// The compression of that name, if there is one.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|known| known.name().eq_ignore_ascii_case(name)).copied()
    }

    /// The name that clients ask by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// What the library calls it.
    pub(super) fn codec(self) -> Option<CompressionType> {
        match self {
            Self::None => None,
            Self::Lz4 => Some(CompressionType::LZ4_FRAME),
            Self::Zstd => Some(CompressionType::ZSTD),
        }
    }
}

/// How the results of one call are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// What becomes of columns of views.
    pub views: Views,
    /// How the buffers of columns are compressed.
    pub compression: Compression,
    /// Bytes of one message.
    pub message_limit_bytes: usize,
}

/// What a session asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// What becomes of columns of views.
    pub views: Views,
    /// How the buffers of columns are compressed.
    pub compression: Compression,
    /// Bytes of one message, if the session says so.
    pub message_limit_bytes: Option<usize>,
}

impl Wishes {
    /// What a session has that asks for nothing.
    pub(crate) const NONE: Self = Self {
        views: Views::Cast,
        compression: Compression::None,
        message_limit_bytes: None,
    };

    /// How a result is sent to a client that takes messages of `client_limit_bytes`.
    pub(crate) fn delivery(&self, client_limit_bytes: usize) -> Delivery {
        Delivery {
            views: self.views,
            compression: self.compression,
            message_limit_bytes: self.message_limit_bytes.unwrap_or(client_limit_bytes),
        }
    }
}

/// What stands in the header `user-agent` of clients that take the greatest messages: the driver of ADBC, which says 16 MiB, and
/// those on gRPC for C++ and Java, which have no limit in Arrow. Others (tonic, plain Go, Node) stop at gRPC's own 4 MiB.
const GREAT_TAKERS: &[&str] = &["ADBC Flight SQL Driver", "grpc-c++/", "grpc-java"];

/// Bytes of one message to a client that says `user_agent`.
pub(crate) fn client_limit_bytes(user_agent: &str, settings: &Settings) -> usize {
    if GREAT_TAKERS.iter().any(|known| user_agent.contains(known)) {
        GREATEST_MESSAGE_LIMIT_BYTES
    } else {
        settings.message_limit_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_sent_what_it_takes() {
        let check = |user_agent: &str, expected: usize| {
            assert_eq!(
                client_limit_bytes(user_agent, &Settings::default()),
                expected << 20,
                "{user_agent}"
            );
        };
        check("ADBC Flight SQL Driver v1.13.0 grpc-go/1.82.0", 16);
        check("grpc-c++/1.71.0 grpc-c/46.0.0 (linux; chttp2)", 16);
        check("grpc-java-netty/1.73.0", 16);
        check("tonic/0.14.9", 4);
        check("grpc-go/1.82.0", 4);
        check("grpc-node-js/1.13.0", 4);
        check("", 4);
    }
}
