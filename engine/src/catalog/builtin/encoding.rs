//! How columns and maps are written in the metastore.
//!
//! Columns are an Arrow IPC stream without batches, as a Parquet file keeps its `ARROW:schema`: a written standard that every
//! later version reads, and exact for every type. Arrow's own text form was rejected: it loses the metadata of nested fields
//! and cannot read back a nested name with a quote in it, and it has changed from version to version.

use std::collections::BTreeMap;

use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::catalog::Column;
use crate::error::{Error, ErrorCode, Result};

/// Where a column's comment stands in the metadata of its field.
const COMMENT: &str = "comment";

/// `columns` as text.
pub(super) fn write_columns(columns: &[Column]) -> Result<String> {
    let field = |column: &Column| {
        let comment = column.comment.iter().map(|text| (COMMENT.to_owned(), text.clone()));
        Field::new(&column.name, column.data_type.clone(), column.nullable).with_metadata(comment.collect())
    };
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let written = StreamWriter::try_new(Vec::new(), &schema).and_then(StreamWriter::into_inner);
    let bytes = written.map_err(|error| not_kept("these columns cannot be written", error))?;
    Ok(STANDARD.encode(bytes))
}

/// The columns that [`write_columns`] wrote.
pub(super) fn read_columns(text: &str) -> Result<Vec<Column>> {
    let bytes = STANDARD
        .decode(text)
        .map_err(|error| not_kept("its columns are not base64", error))?;
    let reader = StreamReader::try_new(bytes.as_slice(), None);
    let schema = reader
        .map_err(|error: ArrowError| not_kept("its columns are not an Arrow schema", error))?
        .schema();
    let column = |field: &Field| Column {
        name: field.name().clone(),
        data_type: field.data_type().clone(),
        nullable: field.is_nullable(),
        comment: field.metadata().get(COMMENT).cloned(),
    };
    Ok(schema.fields().iter().map(|field| column(field)).collect())
}

/// `map` as a JSON object.
pub(super) fn write_map(map: &BTreeMap<String, String>) -> String {
    let object = map.iter().map(|(key, value)| (key.clone(), value.clone().into()));
    serde_json::Value::Object(object.collect()).to_string()
}

/// The map that [`write_map`] wrote.
pub(super) fn read_map(text: &str) -> Result<BTreeMap<String, String>> {
    serde_json::from_str(text)
        .map_err(|error| not_kept("its properties or options are not a JSON object of texts", error))
}

/// The values of a partition as a JSON array of texts and nulls.
pub(super) fn write_values(values: &[Option<String>]) -> String {
    values.iter().cloned().collect::<serde_json::Value>().to_string()
}

/// The values that [`write_values`] wrote.
pub(super) fn read_values(text: &str) -> Result<Vec<Option<String>>> {
    serde_json::from_str(text).map_err(|error| not_kept("its values are not a JSON array of texts", error))
}

fn not_kept(what: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorCode::Internal, format!("{what}: {error}")).caused_by(error)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use arrow::datatypes::{DataType, Fields, IntervalUnit, TimeUnit, UnionFields, UnionMode};

    use super::*;

    fn simple_types() -> Vec<DataType> {
        use DataType::*;
        let units = [
            TimeUnit::Second,
            TimeUnit::Millisecond,
            TimeUnit::Microsecond,
            TimeUnit::Nanosecond,
        ];
        let mut types = vec![
            Null,
            Boolean,
            Int8,
            Int16,
            Int32,
            Int64,
            UInt8,
            UInt16,
            UInt32,
            UInt64,
            Float16,
            Float32,
            Float64,
            Date32,
            Date64,
            Binary,
            LargeBinary,
            BinaryView,
            Utf8,
            LargeUtf8,
            Utf8View,
            FixedSizeBinary(16),
            FixedSizeBinary(0),
            Interval(IntervalUnit::YearMonth),
            Interval(IntervalUnit::DayTime),
            Interval(IntervalUnit::MonthDayNano),
            Decimal32(9, 2),
            Decimal64(18, 0),
            Decimal128(38, -10),
            Decimal128(1, 1),
            Decimal256(76, 76),
            Time32(TimeUnit::Second),
            Time32(TimeUnit::Millisecond),
            Time64(TimeUnit::Microsecond),
            Time64(TimeUnit::Nanosecond),
        ];
        for unit in units {
            types.push(Duration(unit));
            for zone in [
                None,
                Some("UTC"),
                Some("+05:30"),
                Some("America/Argentina/Buenos_Aires"),
                Some("\"'\\"),
            ] {
                types.push(Timestamp(unit, zone.map(Into::into)));
            }
        }
        types
    }

    /// `inner` in each kind of nesting, under names that are hard to quote.
    fn nested(inner: &DataType) -> Vec<DataType> {
        use DataType::*;
        let metadata = HashMap::from([("a'b".to_owned(), "c\"d".to_owned())]);
        let field = |name: &str, nullable| Field::new(name, inner.clone(), nullable);
        let item = Arc::new(field("it's \"x\", y: z\\", false).with_metadata(metadata));
        let entries = Fields::from(vec![Field::new("keys", Utf8, false), field("values", true)]);
        let tags = UnionFields::try_new([3, 7], [field("a", true), field("", false)]).unwrap();
        vec![
            List(Arc::clone(&item)),
            LargeList(Arc::clone(&item)),
            ListView(Arc::clone(&item)),
            LargeListView(Arc::clone(&item)),
            FixedSizeList(Arc::clone(&item), 3),
            Struct(Fields::empty()),
            Struct(Fields::from(vec![field("A", true), field("a", false), field("", true)])),
            Map(Arc::new(Field::new("entries", Struct(entries.clone()), false)), false),
            Map(Arc::new(Field::new("entries", Struct(entries), false)), true),
            Union(tags.clone(), UnionMode::Dense),
            Union(tags, UnionMode::Sparse),
            RunEndEncoded(
                Arc::new(Field::new("run_ends", Int16, false)),
                Arc::new(field("values", true)),
            ),
            Dictionary(Box::new(UInt8), Box::new(inner.clone())),
        ]
    }

    #[test]
    fn every_type_is_read_back_exactly() {
        let simple = simple_types();
        let once: Vec<DataType> = simple.iter().flat_map(nested).collect();
        let twice = once
            .iter()
            .filter(|inner| !matches!(inner, DataType::Dictionary(..)))
            .flat_map(nested);
        let all: Vec<DataType> = simple.iter().cloned().chain(once.clone()).chain(twice).collect();
        assert!(all.len() > 5_000);
        let columns: Vec<Column> = all.into_iter().map(|data_type| Column::new("c", data_type)).collect();
        let read = read_columns(&write_columns(&columns).unwrap()).unwrap();
        for (read, written) in read.iter().zip(&columns) {
            assert_eq!(read, written);
        }
        assert_eq!(read.len(), columns.len());
    }

    #[test]
    fn names_nullability_and_comments_of_columns_are_read_back() {
        let columns = [
            Column {
                nullable: false,
                comment: Some("it's \"x\"\n\0é".to_owned()),
                ..Column::new("A b\"c", DataType::Int8)
            },
            Column {
                comment: Some(String::new()),
                ..Column::new("", DataType::Utf8)
            },
        ];
        assert_eq!(read_columns(&write_columns(&columns).unwrap()).unwrap(), columns);
        assert_eq!(read_columns(&write_columns(&[]).unwrap()).unwrap(), []);
    }

    /// A metastore lives longer than a version of Arrow: what this version wrote must always be read.
    #[test]
    fn columns_of_the_first_version_are_read() {
        let text = "/////3gBAAAQAAAAAAAKAAwACgAJAAQACgAAABAAAAAAAQQACAAIAAAABAAIAAAABAAAAAMAAADMAAAAiAAAAAQAAACQ////HAAA\
            AAwAAAAAAAEMVAAAAAEAAAAMAAAABAAEAAQAAAC0////HAAAAAwAAAAAAAEKJAAAAAAAAAAIAAwACgAEAAgAAAAIAAAAAAACAAMA\
            AABVVEMABAAAAGl0ZW0AAAAABAAAAHNlZW4AAAAAEAAUABAADgAPAAQAAAAIABAAAAAUAAAADAAAAAAAAQcUAAAAAAAAAJj///8C\
            AAAADAAAAAUAAABwcmljZQASABgAFAAAABMACAAAAAwABAASAAAANAAAABgAAAAgAAAAAAAAAhwAAAAIAAwABAALAAgAAABAAAAA\
            AAAAAQAAAAACAAAAaWQAAAEAAAAMAAAACAAMAAgABAAIAAAACAAAAAwAAAADAAAAa2V5AAcAAABjb21tZW50AAAAAAAAAAAAAAAA\
            AAAAAAAAAAAA/////wAAAAA=";
        let item = Arc::new(Field::new(
            "item",
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            true,
        ));
        let columns = [
            Column {
                nullable: false,
                comment: Some("key".to_owned()),
                ..Column::new("id", DataType::Int64)
            },
            Column::new("price", DataType::Decimal128(12, 2)),
            Column::new("seen", DataType::List(item)),
        ];
        let read = read_columns(text);
        assert!(
            read.is_ok_and(|read| read == columns),
            "now: {}",
            write_columns(&columns).unwrap()
        );
    }

    #[test]
    fn maps_and_values_are_read_back() {
        let map = BTreeMap::from([
            ("a\"b".to_owned(), "\0\u{fffd}é".to_owned()),
            (String::new(), String::new()),
        ]);
        assert_eq!(read_map(&write_map(&map)).unwrap(), map);
        assert!(!write_map(&map).contains('\0'), "PostgreSQL keeps no NUL");
        let values = vec![
            Some("null".to_owned()),
            None,
            Some(String::new()),
            Some("\",\0".to_owned()),
        ];
        assert_eq!(read_values(&write_values(&values)).unwrap(), values);
    }
}
