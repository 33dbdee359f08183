//! The text of a file: its bytes behind a compression, without a byte-order mark, and never more than is allowed.

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use bytes::{Buf, Bytes};
use datafusion::object_store::ObjectStoreExt;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use std::io;
use tokio_util::io::{ReaderStream, StreamReader};

use crate::error::{Error, ErrorCode, Result};
use crate::formats::Settings;
use crate::formats::files::{OptionRule, TableFile};
use crate::storage;

/// How much of a file is decompressed at once.
const CHUNK_BYTES: usize = 256 << 10;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The marks of UTF-16, with the lower byte first and with the higher one.
const OTHER_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// The option that all formats of text have.
pub const COMPRESSION: OptionRule = OptionRule {
    name: "compression",
    aliases: &["compressiontype", "compression_type", "write_compression"],
    default: "auto",
    check: |value| match value.to_ascii_lowercase().as_str() {
        "auto" => Ok("auto".to_owned()),
        "none" | "uncompressed" => Ok("none".to_owned()),
        "gzip" | "gz" => Ok("gzip".to_owned()),
        "zstd" | "zst" => Ok("zstd".to_owned()),
        _ => Err("it is auto (by the ending of the name), none, gzip or zstd"),
    },
};

/// How the bytes of a file are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

/// The compression of a file named `name` under the option `compression`.
pub fn compression_of(option: &str, name: &str) -> Compression {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match (option, ending.as_str()) {
        ("gzip", _) | ("auto", "gz" | "gzip") => Compression::Gzip,
        ("zstd", _) | ("auto", "zst" | "zstd") => Compression::Zstd,
        _ => Compression::None,
    }
}

/// The decompressed bytes of one file, in order.
pub struct TextStream {
    chunks: BoxStream<'static, io::Result<Bytes>>,
    file: TableFile,
    given_bytes: u64,
    limit_bytes: u64,
    begun: bool,
}

impl TextStream {
    /// Asks for `file`. One request, which is given up when the stream is dropped.
    ///
    /// # Errors
    /// The storage's.
    pub async fn open(file: TableFile, compression: Compression, settings: &Settings) -> Result<Self> {
        let failed = |error| storage::from_object_store(error, file.shown());
        let answer = file.place.store.get(&file.object.location).await.map_err(failed)?;
        let bytes = answer.into_stream().map_err(io::Error::other);
        let chunks = match compression {
            Compression::None => bytes.boxed(),
            Compression::Gzip => {
                let mut decoder = GzipDecoder::new(StreamReader::new(bytes));
                decoder.multiple_members(true);
                ReaderStream::with_capacity(decoder, CHUNK_BYTES).boxed()
            }
            Compression::Zstd => {
                let mut decoder = ZstdDecoder::new(StreamReader::new(bytes));
                decoder.multiple_members(true);
                ReaderStream::with_capacity(decoder, CHUNK_BYTES).boxed()
            }
        };
        let expanded = file.object.size.saturating_mul(settings.expansion_limit_times);
        Ok(Self {
            chunks,
            file,
            given_bytes: 0,
            limit_bytes: expanded.max(settings.expansion_floor_bytes),
            begun: false,
        })
    }

    /// The file.
    pub fn file(&self) -> &TableFile {
        &self.file
    }

    /// The next bytes; nothing at the end. A mark of the byte order at the beginning is left out.
    ///
    /// # Errors
    /// `BAD_DATA` that names the file if it cannot be decompressed to its end, becomes too large, or is UTF-16; the storage's.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some(mut chunk) = self.chunk().await? else {
            return Ok(None);
        };
        if !self.begun {
            self.begun = true;
            while chunk.len() < BYTE_ORDER_MARK.len() && may_become_mark(&chunk) {
                match self.chunk().await? {
                    Some(more) => chunk = [chunk, more].concat().into(),
                    None => break,
                }
            }
            if chunk.starts_with(BYTE_ORDER_MARK) {
                chunk.advance(BYTE_ORDER_MARK.len());
            }
            if OTHER_MARKS.iter().any(|mark| chunk.starts_with(mark)) {
                let message = format!(
                    "\"{}\" is UTF-16, as its first two bytes say; only UTF-8 is read: convert it, with iconv say",
                    self.file.shown()
                );
                return Err(Error::new(ErrorCode::BadData, message));
            }
        }
        Ok(Some(chunk))
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let chunk = match self.chunks.next().await.transpose() {
            Ok(chunk) => chunk,
            Err(error) => return Err(self.failure(error)),
        };
        let Some(chunk) = chunk else { return Ok(None) };
        self.given_bytes = self.given_bytes.saturating_add(chunk.len() as u64);
        if self.given_bytes > self.limit_bytes && self.given_bytes > self.file.object.size {
            let message = format!(
                "\"{}\" has {} bytes and more than {} when it is decompressed; raise formats.expansion_limit_times if that is right",
                self.file.shown(),
                self.file.object.size,
                self.limit_bytes
            );
            return Err(Error::new(ErrorCode::BadData, message));
        }
        Ok(Some(chunk))
    }

    fn failure(&self, error: io::Error) -> Error {
        storage::from_chain(&error).unwrap_or_else(|| {
            let why = match error.kind() {
                io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
                _ => error.to_string(),
            };
            let message = format!("\"{}\" cannot be decompressed: {why}", self.file.shown());
            Error::new(ErrorCode::BadData, message).caused_by(error)
        })
    }
}

fn may_become_mark(beginning: &[u8]) -> bool {
    BYTE_ORDER_MARK.starts_with(beginning) || OTHER_MARKS.iter().any(|mark| mark.starts_with(beginning))
}

impl std::fmt::Debug for TextStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextStream")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compression_is_known_by_its_option_or_else_by_the_ending() {
        for (option, name, wanted) in [
            ("auto", "a.csv.GZ", Compression::Gzip),
            ("auto", "a.csv.zst", Compression::Zstd),
            ("auto", "a.csv", Compression::None),
            ("gzip", "a.csv", Compression::Gzip),
            ("none", "a.csv.gz", Compression::None),
        ] {
            assert_eq!(compression_of(option, name), wanted, "{option} {name}");
        }
    }
}
