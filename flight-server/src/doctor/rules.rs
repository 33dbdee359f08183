//! What several drivers need of an answer. Each function gives what is wrong, in words; the driver knows what comes of it.

use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::reader::StreamReader;

use super::finding::Rule;
use super::probe::Answer;

/// The only location that is none: come back over the same connection.
const REUSE_CONNECTION: &str = "arrow-flight-reuse-connection://?";

pub(super) const LOCATION: Rule = Rule::must(
    "location",
    "connection refused, or a hang, when rows are fetched from another machine or through TLS",
    "arrow-rs#5540, ballista#1012, spice#11287",
    "leave the location of an endpoint empty, unless the rows really are elsewhere",
);

/// Locations that a driver would dial instead of staying where it is.
pub(super) fn locations(answer: &Answer) -> Option<String> {
    let endpoints = answer.announcement.endpoint.iter();
    let mut elsewhere = endpoints
        .flat_map(|endpoint| &endpoint.location)
        .filter(|location| location.uri != REUSE_CONNECTION);
    let first = elsewhere.next()?;
    Some(format!(
        "{}: drivers are sent to \"{}\" for the rows",
        answer.call, first.uri
    ))
}

/// How the announced schema differs from the one that was sent. An announcement without a schema promises nothing.
pub(super) fn announced_otherwise(answer: &Answer) -> Vec<String> {
    if answer.announcement.schema.is_empty() {
        return Vec::new();
    }
    let announced = match answer.announcement.clone().try_decode_schema() {
        Ok(announced) => announced,
        Err(error) => {
            return vec![format!(
                "{}: the schema of the FlightInfo cannot be read: {error}",
                answer.call
            )];
        }
    };
    let differences = differences(&announced, &answer.schema, ("announced", "sent"));
    differences
        .into_iter()
        .map(|difference| format!("{}: {difference}", answer.call))
        .collect()
}

/// How the schema of metadata differs from the one of the specification.
pub(super) fn unlike_specification(answer: &Answer, expected: &Schema) -> Vec<String> {
    let differences = differences(expected, &answer.schema, ("in the specification", "sent"));
    differences
        .into_iter()
        .map(|difference| format!("{}: {difference}", answer.call))
        .collect()
}

/// Columns that are missing, or are not of the type of the specification. Their order and whether they may be NULL is not
/// looked at: a driver finds them by name, and casts their vectors.
pub(super) fn unreadable_columns(answer: &Answer, expected: &Schema) -> Vec<String> {
    let wrong = expected.fields().iter().filter_map(|wanted| {
        let Ok(found) = answer.schema.field_with_name(wanted.name()) else {
            return Some(format!("{}: there is no column \"{}\"", answer.call, wanted.name()));
        };
        let found = found.data_type();
        (!found.equals_datatype(wanted.data_type())).then(|| {
            let (name, wanted) = (wanted.name(), wanted.data_type());
            format!("{}: the column \"{name}\" is {found}, not {wanted}", answer.call)
        })
    });
    wrong.collect()
}

/// Columns that the announced schema lacks: some drivers rename columns before a row comes.
pub(super) fn unannounced_columns(answer: &Answer, expected: &Schema) -> Vec<String> {
    let Ok(announced) = answer.announcement.clone().try_decode_schema() else {
        return vec![format!(
            "{}: the FlightInfo has no schema that can be read",
            answer.call
        )];
    };
    let names = expected.fields().iter().map(|field| field.name());
    let missing = names.filter(|name| announced.index_of(name).is_err());
    missing
        .map(|name| format!("{}: the column \"{name}\" is not announced", answer.call))
        .collect()
}

/// Columns of types that old drivers do not know.
pub(super) fn unknown_types(call: &str, schema: &Schema) -> Vec<String> {
    let unknown = schema.fields().iter().filter(|field| is_unknown(field));
    unknown
        .map(|field| format!("{call}: the column \"{}\" is {}", field.name(), field.data_type()))
        .collect()
}

/// Why a schema within a message cannot be read by drivers, which want it as an encapsulated IPC message.
pub(super) fn unreadable_schema(message: &[u8]) -> Result<Schema, String> {
    if message.is_empty() {
        return Err("it is empty".to_owned());
    }
    let mark = message.get(..4).is_some_and(|start| start == [0xff; 4]);
    let old_length = message.first_chunk().map(|start| i32::from_le_bytes(*start));
    let is_old =
        old_length.is_some_and(|length| usize::try_from(length).is_ok_and(|length| length + 4 <= message.len()));
    if !mark && !is_old {
        return Err("it is no encapsulated IPC message: the mark and the length before it are missing".to_owned());
    }
    let reader =
        StreamReader::try_new(message, None).map_err(|error| format!("it is no encapsulated IPC message: {error}"))?;
    Ok(reader.schema().as_ref().clone())
}

/// Numbers as a list of ranges: `508–512, 517`.
pub(super) fn ranges(numbers: impl IntoIterator<Item = u32>) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let words = ranges.into_iter().map(|(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}–{last}")
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

/// How two schemas differ in names, types and what may be NULL, column by column. Metadata is not looked at.
fn differences(left: &Schema, right: &Schema, (here, there): (&str, &str)) -> Vec<String> {
    let (ours, theirs) = (left.fields(), right.fields());
    if ours.len() != theirs.len() {
        return vec![format!(
            "{} columns are {here}, and {} {there}",
            ours.len(),
            theirs.len()
        )];
    }
    let pairs = ours.iter().zip(theirs).filter_map(|(ours, theirs)| {
        let name = ours.name();
        if name != theirs.name() {
            return Some(format!(
                "the column \"{name}\" is {here}, and \"{}\" {there}",
                theirs.name()
            ));
        }
        if !ours.data_type().equals_datatype(theirs.data_type()) {
            let types = (ours.data_type(), theirs.data_type());
            return Some(format!(
                "the column \"{name}\" is {} {here}, and {} {there}",
                types.0, types.1
            ));
        }
        (ours.is_nullable() != theirs.is_nullable()).then(|| {
            format!(
                "the column \"{name}\" is {} {here}, and {} {there}",
                null(ours),
                null(theirs)
            )
        })
    });
    pairs.collect()
}

fn null(field: &Field) -> &'static str {
    if field.is_nullable() { "nullable" } else { "NOT NULL" }
}

fn is_unknown(field: &Field) -> bool {
    match field.data_type() {
        DataType::Utf8View
        | DataType::BinaryView
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::RunEndEncoded(_, _)
        | DataType::Float16
        | DataType::Decimal32(_, _)
        | DataType::Decimal64(_, _) => true,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => is_unknown(item),
        DataType::Struct(fields) => fields.iter().any(|field| is_unknown(field)),
        DataType::Dictionary(_, values) => is_unknown(&Field::new("", values.as_ref().clone(), true)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::ipc::writer::StreamWriter;

    fn schema(fields: &[(&str, DataType, bool)]) -> Schema {
        let fields = fields.iter();
        Schema::new(
            fields
                .map(|(name, data_type, nullable)| Field::new(*name, data_type.clone(), *nullable))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn schemas_differ_by_number_name_type_and_null() {
        let ours = schema(&[("a", DataType::Utf8, true)]);
        let check = |theirs: Schema, expected: &[&str]| {
            assert_eq!(differences(&ours, &theirs, ("announced", "sent")), expected);
        };
        check(ours.clone(), &[]);
        check(schema(&[]), &["1 columns are announced, and 0 sent"]);
        check(
            schema(&[("b", DataType::Utf8, true)]),
            &["the column \"a\" is announced, and \"b\" sent"],
        );
        check(
            schema(&[("a", DataType::Int32, true)]),
            &["the column \"a\" is Utf8 announced, and Int32 sent"],
        );
        check(
            schema(&[("a", DataType::Utf8, false)]),
            &["the column \"a\" is nullable announced, and NOT NULL sent"],
        );
    }

    #[test]
    fn types_that_old_drivers_do_not_know_are_found_within_others() {
        let view = Field::new_list_field(DataType::Utf8View, true);
        let found = unknown_types(
            "DoGet",
            &schema(&[
                ("plain", DataType::Utf8, true),
                ("nested", DataType::List(view.into()), true),
                ("half", DataType::Float16, true),
            ]),
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("nested") && found[1].contains("half"), "{found:?}");
    }

    #[test]
    fn a_schema_within_a_message_has_its_length_before_it() {
        let mut stream = Vec::new();
        let written = schema(&[("a", DataType::Utf8, true)]);
        StreamWriter::try_new(&mut stream, &written).unwrap();
        assert_eq!(unreadable_schema(&stream).unwrap(), written);
        let bare = unreadable_schema(&stream[8..]).unwrap_err();
        assert!(bare.contains("encapsulated"), "{bare}");
        assert!(unreadable_schema(&[]).unwrap_err().contains("empty"));
        assert!(unreadable_schema(&stream[..12]).is_err());
    }

    #[test]
    fn numbers_that_follow_each_other_are_a_range() {
        assert_eq!(ranges([]), "");
        assert_eq!(ranges([1, 3, 4, 5, 9]), "1, 3–5, 9");
    }
}
