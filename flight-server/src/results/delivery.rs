//! What a session asks for in how its results are sent.

use arrow::ipc::CompressionType;

use super::wire::Views;
use crate::settings::Settings;

/// How results are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// What becomes of columns of views.
    pub views: Views,
    /// How the buffers of columns are compressed.
    pub compression: Option<CompressionType>,
    /// Bytes of one message.
    pub message_limit_bytes: usize,
}

impl Delivery {
    /// What a session has that asks for nothing.
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            views: Views::Cast,
            compression: None,
            message_limit_bytes: settings.message_limit_bytes,
        }
    }
}

const COMPRESSIONS: &[(&str, Option<CompressionType>)] = &[
    ("none", None),
    ("lz4", Some(CompressionType::LZ4_FRAME)),
    ("zstd", Some(CompressionType::ZSTD)),
];

/// The compression of that name, if there is one.
pub(crate) fn compression_named(name: &str) -> Option<Option<CompressionType>> {
    let mut known = COMPRESSIONS.iter();
    let found = known.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, compression)| *compression)
}

/// The name of a compression.
pub(crate) fn compression_name(compression: Option<CompressionType>) -> &'static str {
    let mut known = COMPRESSIONS.iter();
    known
        .find(|(_, known)| *known == compression)
        .map_or("none", |(name, _)| name)
}
