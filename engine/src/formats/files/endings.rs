//! What the names of files say of their format.

use datafusion::object_store::path::Path;

use std::sync::Arc;

use super::{FORMATS, TableFile, TableFormat, TableReader};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::{Format, Formats};
use crate::storage::Location;

/// How names of compressed files end.
const COMPRESSIONS: &[&str] = &["gz", "gzip", "zst", "zstd"];

/// The format of that name in any case.
pub fn by_name(name: &str) -> Option<&'static dyn TableFormat> {
    FORMATS
        .iter()
        .copied()
        .find(|format| format.name().eq_ignore_ascii_case(name))
}

/// What reads the files of one table of `format`.
///
/// # Errors
/// `NOT_SUPPORTED` for a format that is no longer there.
pub fn reader(format: &Format, formats: &Formats) -> Result<Arc<dyn TableReader>> {
    let Some(known) = by_name(format.name()) else {
        let message = format!("the format \"{}\" is not supported", format.name());
        return Err(Error::new(ErrorCode::NotSupported, message));
    };
    known.reader(format, formats)
}

/// The format of a file by its ending, behind that of a compression; Parquet for a name without any, since Athena and Trino
/// write such names.
pub fn by_ending(path: &Path) -> Option<&'static dyn TableFormat> {
    let name = path.filename().unwrap_or_default().to_ascii_lowercase();
    let mut endings = name.rsplit('.');
    let mut last = endings.next()?;
    if COMPRESSIONS.contains(&last) {
        last = endings.next()?;
    }
    if last.len() == name.len() {
        return by_name("parquet");
    }
    FORMATS.iter().copied().find(|format| format.endings().contains(&last))
}

/// The one format that the files at `location` have by their endings.
///
/// # Errors
/// `NOT_SUPPORTED` that names the first file of no known format or of another than the first, and says how to read one kind.
pub fn common_format(files: &[TableFile], location: &Location) -> Result<Option<&'static dyn TableFormat>> {
    let mut common: Option<&'static dyn TableFormat> = None;
    for file in files {
        let Some(own) = by_ending(&file.object.location) else {
            return Err(unknown(file, files, location));
        };
        match common {
            Some(known) if known.name() != own.name() => return Err(mixed(known, own, file, location)),
            _ => common = Some(own),
        }
    }
    Ok(common)
}

fn unknown(file: &TableFile, files: &[TableFile], location: &Location) -> Error {
    let known = files.iter().find_map(|file| by_ending(&file.object.location));
    let advice = match known {
        Some(format) if !location.is_glob() => format!(
            "; read the {} files beside it with \"{}\"",
            format.name(),
            glob(location, format)
        ),
        _ => {
            let endings: Vec<String> = FORMATS
                .iter()
                .map(|format| format!(".{}", format.endings()[0]))
                .collect();
            format!(
                "; known are {}: for another name, say the format with CREATE EXTERNAL TABLE",
                endings.join(", ")
            )
        }
    };
    let message = format!("\"{}\" is of no format that is known by its name{advice}", file.shown());
    Error::new(ErrorCode::NotSupported, message)
}

fn mixed(known: &dyn TableFormat, other: &dyn TableFormat, file: &TableFile, location: &Location) -> Error {
    let message = format!(
        "\"{location}\" holds files of several formats: \"{}\" is {} beside {}; read one kind, such as \"{}\"",
        file.shown(),
        other.name(),
        known.name(),
        glob(location, known)
    );
    Error::new(ErrorCode::NotSupported, message)
}

/// A pattern for the files of one format at `location`, in its sub-directories too.
fn glob(location: &Location, format: &dyn TableFormat) -> String {
    let ending = format.endings()[0];
    let shown = location.to_string();
    if !location.is_glob() {
        return format!("{}/**/*.{ending}", shown.trim_end_matches('/'));
    }
    match shown.strip_suffix("/**") {
        Some(directory) => format!("{directory}/**/*.{ending}"),
        None => format!("{}.{ending}", shown.trim_end_matches(".*")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_ending_in_any_case_and_behind_a_compression() {
        for (path, wanted) in [
            ("20240101_abc", Some("parquet")),
            ("A.PARQUET", Some("parquet")),
            ("a.snappy.parquet", Some("parquet")),
            ("x/readme.txt", None),
            ("x/data.gz", None),
        ] {
            assert_eq!(by_ending(&Path::from(path)).map(TableFormat::name), wanted, "{path}");
        }
    }
}
