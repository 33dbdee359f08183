//! `DataFusion`'s errors in our words: the one place that decides their codes.

use arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Diagnostic, SchemaError};
use datafusion::parquet::errors::ParquetError;
use std::error::Error as StdError;
use std::io;

use crate::error::{Error, ErrorCode, Position};
use crate::name::nearest;
use crate::storage;

/// The longest message that is passed on, in characters.
const MESSAGE_LIMIT: usize = 2_000;

/// What `error` is in our words: its code, a message without the library's own prefixes, and a position if one is known.
pub fn from_datafusion(error: DataFusionError) -> Error {
    let position = position(&error);
    let translated = translate(error);
    match position {
        Some(position) if translated.position().is_none() => translated.at(position),
        _ => translated,
    }
}

fn translate(error: DataFusionError) -> Error {
    if let Some(own) = own_error(&error) {
        return own;
    }
    if let Some(stored) = storage::from_chain(&error) {
        return stored;
    }
    let (code, message) = code_and_message(root(&error));
    Error::new(code, shortened(&message)).caused_by(error)
}

/// An error of ours that travelled through the library.
fn own_error(error: &(dyn StdError + 'static)) -> Option<Error> {
    let mut next = Some(error);
    while let Some(current) = next {
        // downcast: errors travel through the library as `dyn Error`, there is no other way to know one again.
        if let Some(own) = current.downcast_ref::<Error>() {
            let copy = Error::new(own.code(), own.message());
            return Some(match own.position() {
                Some(position) => copy.at(position),
                None => copy,
            });
        }
        next = inner(current);
    }
    None
}

/// What lies beneath `error`. Some wrappers of the library do not say so through `source`.
fn inner<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    // downcast: see `own_error`.
    if let Some(DataFusionError::External(inner)) = error.downcast_ref::<DataFusionError>() {
        return Some(inner.as_ref());
    }
    if let Some(DataFusionError::ArrowError(inner, _)) = error.downcast_ref::<DataFusionError>() {
        return Some(inner.as_ref());
    }
    if let Some(DataFusionError::ParquetError(inner)) = error.downcast_ref::<DataFusionError>() {
        return Some(inner.as_ref());
    }
    if let Some(ArrowError::ExternalError(inner)) = error.downcast_ref::<ArrowError>() {
        return Some(inner.as_ref());
    }
    if let Some(ParquetError::External(inner)) = error.downcast_ref::<ParquetError>() {
        return Some(inner.as_ref());
    }
    error.source()
}

/// The innermost error of the library's own kind.
// downcast: see `own_error`.
fn root(error: &DataFusionError) -> &DataFusionError {
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => root(inner),
        DataFusionError::Shared(inner) => root(inner),
        DataFusionError::Collection(errors) => errors.first().map_or(error, root),
        DataFusionError::External(inner) => match inner.downcast_ref::<DataFusionError>() {
            Some(inner) => root(inner),
            None => error,
        },
        DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
            ArrowError::ExternalError(inner) => inner.downcast_ref::<DataFusionError>().map_or(error, root),
            _ => error,
        },
        _ => error,
    }
}

fn code_and_message(error: &DataFusionError) -> (ErrorCode, String) {
    match error {
        DataFusionError::SQL(parser, _) => (ErrorCode::SyntaxError, parser.to_string()),
        DataFusionError::NotImplemented(message) => (ErrorCode::NotSupported, plain(message)),
        DataFusionError::SchemaError(schema, _) => schema_error(schema),
        DataFusionError::Plan(message) if message.contains("require unique expression names") => {
            (ErrorCode::NotSupported, same_names(message))
        }
        DataFusionError::Plan(message) => (plan_code(message), plain(message)),
        DataFusionError::Execution(message) => (execution_code(message), plain(message)),
        DataFusionError::ResourcesExhausted(message) if is_spill_limit(message) => {
            (ErrorCode::ExceededSpillLimit, SPILL_LIMIT.to_owned())
        }
        DataFusionError::ResourcesExhausted(message) => (ErrorCode::ExceededMemoryLimit, plain(message)),
        DataFusionError::ArrowError(arrow, _) => arrow_error(arrow),
        DataFusionError::ParquetError(parquet) => (ErrorCode::BadData, plain(&parquet.to_string())),
        DataFusionError::IoError(error) => io_error(error),
        DataFusionError::ExecutionJoin(error) if error.is_panic() => {
            (ErrorCode::Internal, "the query ended by a panic".to_owned())
        }
        DataFusionError::Internal(message) => mislabelled(message),
        DataFusionError::Configuration(message) => (ErrorCode::InvalidSetting, plain(message)),
        other => (ErrorCode::Internal, plain(&other.strip_backtrace())),
    }
}

/// What the library calls a defect of its own. Some are the statement's, and some the machine's.
fn mislabelled(message: &str) -> (ErrorCode, String) {
    let (code, message) = if message.contains("no data to spill") {
        // What a nested loop join says when it can neither hold its left side nor spill it.
        let message = "a join without equality needs more memory than was granted";
        (ErrorCode::ExceededMemoryLimit, message)
    } else if message.contains("unnest on struct can only be applied at the root level") {
        let message =
            "unnest of a struct gives several columns and is no operand; name its fields, as in s['a'], instead";
        (ErrorCode::NotSupported, message)
    } else if message.contains("array_resize: failed to convert size") {
        let message = "\"array_resize\" takes a size from 0";
        (ErrorCode::InvalidValue, message)
    } else {
        let error = DataFusionError::Internal(message.to_owned());
        return (ErrorCode::Internal, plain(&error.strip_backtrace()));
    };
    (code, message.to_owned())
}

fn schema_error(error: &SchemaError) -> (ErrorCode, String) {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let known = valid_fields.iter().map(|column| column.name.as_str());
            let hint = match nearest(&field.name, known.clone()) {
                Some(near) => format!("; did you mean \"{near}\"?"),
                None => known_columns(known),
            };
            (
                ErrorCode::ColumnNotFound,
                format!("there is no column \"{}\"{hint}", field.name),
            )
        }
        SchemaError::AmbiguousReference { field } => {
            let message = format!(
                "column \"{}\" is in more than one relation; write relation.column",
                field.name
            );
            (ErrorCode::ColumnNotFound, message)
        }
        SchemaError::DuplicateUnqualifiedField { name } | SchemaError::DuplicateQualifiedField { name, .. } => {
            let message = format!("two columns are named \"{name}\": give one of them another name with AS");
            (ErrorCode::NotSupported, message)
        }
    }
}

/// What to do about two columns of one name. The library says their places, and names that nobody has written.
fn same_names(message: &str) -> String {
    let place = |part: &str| part.split_whitespace().next()?.parse::<usize>().ok();
    let places: Vec<usize> = message.split("at position ").skip(1).filter_map(place).collect();
    let which = match places.as_slice() {
        [first, second] => format!("columns {} and {} have", first + 1, second + 1),
        _ => "two columns have".to_owned(),
    };
    format!("{which} the same name: give one of them another with AS, as in SELECT id, id AS again")
}

/// The columns that there are, if they are few enough to read.
fn known_columns<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.len() {
        0 => String::new(),
        1..=20 => format!("; there are {}", names.join(", ")),
        _ => format!("; there are {} and {} more", names[..20].join(", "), names.len() - 20),
    }
}

/// The library has one kind for all that is wrong in a statement; its messages tell them apart.
fn plan_code(message: &str) -> ErrorCode {
    let lower = message.to_lowercase();
    let has = |part: &str| lower.contains(part);
    if has("invalid function") || has("no function matches") || has("does not support zero arguments") {
        ErrorCode::FunctionNotFound
    } else if has("table") && has("not found") {
        ErrorCode::TableNotFound
    } else if has("not supported") || has("unsupported") || has("not implemented") {
        ErrorCode::NotSupported
    } else if has("sql error") || has("parsererror") {
        ErrorCode::SyntaxError
    } else {
        ErrorCode::TypeMismatch
    }
}

fn execution_code(message: &str) -> ErrorCode {
    let lower = message.to_lowercase();
    if lower.contains("not supported") || lower.contains("unsupported") {
        ErrorCode::NotSupported
    } else {
        ErrorCode::InvalidValue
    }
}

const FULL_DISK: &str = "the disk of workgroup.spill_directory is full; free some space, or narrow the query";

const SPILL_LIMIT: &str = "what queries spill has reached workgroup.spill_limit_bytes; raise it, or narrow the query";

/// The disk manager's refusal has a text alone.
fn is_spill_limit(message: &str) -> bool {
    message.contains("used disk space during the spilling process")
}

fn arrow_error(error: &ArrowError) -> (ErrorCode, String) {
    match error {
        ArrowError::DivideByZero => (ErrorCode::InvalidValue, "division by zero".to_owned()),
        ArrowError::CastError(message)
        | ArrowError::ParseError(message)
        | ArrowError::ComputeError(message)
        | ArrowError::ArithmeticOverflow(message)
        | ArrowError::InvalidArgumentError(message) => (ErrorCode::InvalidValue, plain(message)),
        ArrowError::NotYetImplemented(message) => (ErrorCode::NotSupported, plain(message)),
        ArrowError::SchemaError(message) => (ErrorCode::TypeMismatch, plain(message)),
        ArrowError::ParquetError(message) | ArrowError::IpcError(message) => (ErrorCode::BadData, plain(message)),
        ArrowError::IoError(_, error) => io_error(error),
        ArrowError::MemoryError(message) => (ErrorCode::ExceededMemoryLimit, plain(message)),
        other => (ErrorCode::Internal, plain(&other.to_string())),
    }
}

/// The only files that the library itself writes or reads are those that it spills.
fn io_error(error: &io::Error) -> (ErrorCode, String) {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (ErrorCode::ExceededSpillLimit, FULL_DISK.to_owned())
        }
        // Arrow's writer keeps the text of the operating system's error alone.
        _ if error.to_string().contains("No space left on device") => {
            (ErrorCode::ExceededSpillLimit, FULL_DISK.to_owned())
        }
        // The disk manager's refusal, which its writer has wrapped.
        _ if is_spill_limit(&error.to_string()) => (ErrorCode::ExceededSpillLimit, SPILL_LIMIT.to_owned()),
        _ => (ErrorCode::Internal, format!("a spilled file cannot be used: {error}")),
    }
}

/// The message without the names that the library puts before it, beginning in lower case.
fn plain(message: &str) -> String {
    const PREFIXES: &[&str] = &[
        "Error during planning: ",
        "Execution error: ",
        "This feature is not implemented: ",
        "Arrow error: ",
        "Compute error: ",
        "Cast error: ",
        "Parser error: ",
        "Parquet error: ",
        "External error: ",
        "Internal error: ",
        "Resources exhausted: ",
        "Invalid argument error: ",
        "Optimizer rule ",
    ];
    let message = without_dump(message.split(BUG_REPORT).next().unwrap_or_default());
    let mut rest = message.trim().trim_end_matches(['.', ':']).trim_end();
    while let Some(shorter) = PREFIXES.iter().find_map(|prefix| rest.strip_prefix(prefix)) {
        rest = shorter.trim_start();
    }
    let mut letters = rest.chars();
    let (first, second) = (letters.next(), letters.next());
    match (first, second) {
        // A word in capitals is a name and stays.
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(rest.chars().skip(1)).collect()
        }
        _ => rest.to_owned(),
    }
}

/// What the library asks its own users to report; ours have another address.
const BUG_REPORT: &str = "This issue was likely caused by a bug in DataFusion's code";

/// The message up to where the library shows its own view of a statement, as programmers see it.
fn without_dump(message: &str) -> &str {
    const MARKS: &[&str] = &["Ident {", "Span {", "Span(", "Location(", "quote_style:", "Word(Word"];
    if !MARKS.iter().any(|mark| message.contains(mark)) {
        return message;
    }
    let begins_dump = |(at, word): (usize, &str)| {
        let name = word.split(['(', '{', '[']).next().unwrap_or_default();
        let is_type = name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase);
        let opens = word.len() > name.len() || message[at + word.len()..].starts_with(" {");
        (is_type && opens).then_some(at)
    };
    let mut words = message.split(' ').scan(0, |next, word| {
        let at = *next;
        *next += word.len() + 1;
        Some((at, word))
    });
    words.find_map(begins_dump).map_or(message, |at| &message[..at])
}

fn shortened(message: &str) -> String {
    if message.chars().count() <= MESSAGE_LIMIT {
        return message.to_owned();
    }
    message.chars().take(MESSAGE_LIMIT).chain("…".chars()).collect()
}

fn position(error: &DataFusionError) -> Option<Position> {
    let diagnostic: &Diagnostic = error.diagnostic()?;
    let start = diagnostic.span?.start;
    Some(Position {
        line: start.line,
        column: start.column,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_ours_comes_back_as_it_was() {
        let ours = Error::new(ErrorCode::ObjectChanged, "it changed");
        let parquet = ParquetError::External(Box::new(ours));
        let wrapped = DataFusionError::ArrowError(Box::new(ArrowError::ExternalError(Box::new(parquet))), None);
        let back = from_datafusion(wrapped.context("reading"));
        assert_eq!((back.code(), back.message()), (ErrorCode::ObjectChanged, "it changed"));
    }

    #[test]
    fn prefixes_of_the_library_go_and_names_in_capitals_stay() {
        assert_eq!(plain("Error during planning: Cannot coerce"), "cannot coerce");
        assert_eq!(plain("UNION needs"), "UNION needs");
    }

    #[test]
    fn what_is_meant_for_programmers_of_the_library_is_left_out() {
        let internal = DataFusionError::Internal("Bad plan".to_owned());
        assert_eq!(from_datafusion(internal).message(), "bad plan");
        let dump = "Unsupported ast node Identifier(Ident { value: \"x\", quote_style: None, span: Span(..) })";
        let refused = DataFusionError::NotImplemented(dump.to_owned());
        assert_eq!(from_datafusion(refused).message(), "unsupported ast node");
        assert_eq!(
            plain("Cannot cast Struct(a) to List(b)."),
            "cannot cast Struct(a) to List(b)"
        );
    }

    #[test]
    fn two_columns_of_one_name_are_not_supported_and_their_places_are_named() {
        let message = "Projections require unique expression names but the expression \"Int64(1)\" at position 0 and \
                       \"Int64(1)\" at position 1 have the same name. Consider aliasing (\"AS\") one of them.";
        let error = from_datafusion(DataFusionError::Plan(message.to_owned()));
        assert_eq!(error.code(), ErrorCode::NotSupported);
        assert!(
            error.message().starts_with("columns 1 and 2 have the same name"),
            "{error}"
        );
    }

    #[test]
    fn a_full_disk_is_the_spill_limit() {
        let wrapped = ArrowError::IoError(
            String::new(),
            io::Error::other("IO error: No space left on device (os error 28)"),
        );
        let wrapped = DataFusionError::ArrowError(Box::new(wrapped), None);
        assert_eq!(from_datafusion(wrapped).code(), ErrorCode::ExceededSpillLimit);
        let full = DataFusionError::IoError(io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(from_datafusion(full).code(), ErrorCode::ExceededSpillLimit);
    }
}
