//! Text, compressed as it is written.

use flate2::write::GzEncoder;
use std::io::Write;
use std::mem;

use super::encoding::broken;
use crate::error::{Error, ErrorCode, Result};
use crate::formats::Format;

/// The state of a gzip or zstd stream at the levels used here, in bytes, roughly.
const STREAM_BYTES: usize = 2 << 20;
/// The level that zstd itself has by default.
const ZSTD_LEVEL: i32 = 3;

/// How text is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// What the option `compression` of `format` says.
    ///
    /// # Errors
    /// `INVALID_VALUE` for what text is not written with.
    pub(super) fn of(format: &Format) -> Result<Self> {
        match format.option("compression") {
            "none" | "auto" => Ok(Self::None),
            "gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            other => {
                let message = format!("{} cannot be written with the compression \"{other}\"", format.name());
                Err(Error::new(ErrorCode::InvalidValue, message))
            }
        }
    }

    /// `ending` with that of the compression behind it.
    pub(super) fn ending(self, ending: &str) -> String {
        match self {
            Self::None => ending.to_owned(),
            Self::Gzip => format!("{ending}.gz"),
            Self::Zstd => format!("{ending}.zst"),
        }
    }
}

/// Where text goes.
pub(super) enum TextStream {
    Plain(Vec<u8>),
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl TextStream {
    /// # Errors
    /// `INTERNAL` if the library gives no stream.
    pub(super) fn new(compression: Compression) -> Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain(Vec::new()),
            Compression::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), flate2::Compression::default())),
            Compression::Zstd => {
                let encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL);
                Self::Zstd(encoder.map_err(|cause| broken("zstd", cause))?)
            }
        })
    }

    /// # Errors
    /// `INTERNAL` if the library fails.
    pub(super) fn write(&mut self, text: &[u8]) -> Result<()> {
        match self {
            Self::Plain(ready) => {
                ready.extend_from_slice(text);
                Ok(())
            }
            Self::Gzip(stream) => stream.write_all(text).map_err(|cause| broken("gzip", cause)),
            Self::Zstd(stream) => stream.write_all(text).map_err(|cause| broken("zstd", cause)),
        }
    }

    /// The bytes that are ready.
    pub(super) fn take(&mut self) -> Vec<u8> {
        match self {
            Self::Plain(ready) => mem::take(ready),
            Self::Gzip(stream) => mem::take(stream.get_mut()),
            Self::Zstd(stream) => mem::take(stream.get_mut()),
        }
    }

    /// The memory that the stream takes besides what is ready.
    pub(super) fn held_bytes(&self) -> usize {
        match self {
            Self::Plain(_) => 0,
            Self::Gzip(_) | Self::Zstd(_) => STREAM_BYTES,
        }
    }

    /// # Errors
    /// `INTERNAL` if the library fails.
    pub(super) fn finish(&mut self) -> Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Gzip(stream) => stream.try_finish().map_err(|cause| broken("gzip", cause)),
            Self::Zstd(stream) => stream.do_finish().map_err(|cause| broken("zstd", cause)),
        }
    }
}
