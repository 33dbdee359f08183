//! One schema for several files: columns are matched by name whatever their case, and a type may widen but not change.

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use datafusion::datasource::table_schema::TableSchema;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::files::{Origin, may_round};
use crate::error::{Error, ErrorCode, Result};

/// The schema that every one of `files` can be read under: the columns of the first, then those that later ones add.
///
/// Names are lower case, as Hive and Athena have them, unless two columns of one file differ by case alone. A column that a
/// file lacks is NULL there. `files` are pairs of a name for messages and the file's own schema.
///
/// # Errors
/// `BAD_DATA` that names the file and the column if its types in two files have no common type.
pub fn merge<'a>(files: impl IntoIterator<Item = (&'a str, &'a Schema)> + Clone) -> Result<SchemaRef> {
    let exact = files.clone().into_iter().any(|(_, schema)| has_case_twins(schema));
    let mut fields: Vec<Field> = Vec::new();
    let mut first_file: Vec<&str> = Vec::new();
    let mut index_of: HashMap<String, usize> = HashMap::new();
    let mut appearances: Vec<usize> = Vec::new();
    let mut file_count = 0;
    for (file, schema) in files {
        file_count += 1;
        let mut names = HashSet::new();
        if let Some(twice) = schema.fields().iter().find(|field| !names.insert(field.name())) {
            let message = format!(
                "\"{file}\" has two columns named \"{}\", which cannot be told apart",
                twice.name()
            );
            return Err(Error::new(ErrorCode::BadData, message));
        }
        for field in schema.fields() {
            let name = column_name(field.name(), exact);
            let data_type = readable(field.data_type());
            let Some(&index) = index_of.get(&name) else {
                index_of.insert(name.clone(), fields.len());
                fields.push(Field::new(name, data_type, field.is_nullable()));
                first_file.push(file);
                appearances.push(1);
                continue;
            };
            let known = &fields[index];
            let Some(wider) = widened(known.data_type(), &data_type) else {
                return Err(clash(&name, first_file[index], known.data_type(), file, &data_type));
            };
            let nullable = known.is_nullable() || field.is_nullable();
            fields[index] = Field::new(name, wider, nullable);
            appearances[index] += 1;
        }
    }
    for (field, seen) in fields.iter_mut().zip(appearances) {
        if seen < file_count {
            *field = field.clone().with_nullable(true);
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// Checks that a file which took no part in [`merge`] can be read under `table`: without losing a column, unless the columns
/// were declared or the paths spell it, and without changing a value.
///
/// # Errors
/// `BAD_DATA` that names the file and the column.
pub fn check_fits(file: &str, schema: &Schema, columns: &TableSchema, origin: Origin) -> Result<()> {
    let table = columns.file_schema();
    if origin == Origin::Declared {
        return check_declared(file, schema, table);
    }
    for field in schema.fields() {
        if is_among(columns.table_partition_cols(), field.name()) {
            continue;
        }
        let Some(index) = index_of(table, field.name()) else {
            return Err(Error::new(
                ErrorCode::BadData,
                format!(
                    "\"{file}\" has a column \"{}\" that the files looked at first do not have; \
                     raise formats.inference_files so that every file is looked at",
                    field.name()
                ),
            ));
        };
        let known = table.field(index).data_type();
        let found = readable(field.data_type());
        if widened(known, &found).as_ref() != Some(known) {
            return Err(clash(
                table.field(index).name(),
                "the files looked at first",
                known,
                file,
                &found,
            ));
        }
    }
    Ok(())
}

/// Checks that each declared column which the file has can be read from it, and that those which it lacks may be NULL.
fn check_declared(file: &str, schema: &Schema, table: &Schema) -> Result<()> {
    for field in table.fields() {
        let bad = |message: String| Err(Error::new(ErrorCode::BadData, message));
        match find(schema, field.name()) {
            Found::One(index) => {
                let found = schema.field(index).data_type();
                if !castable(found, field.data_type()) {
                    return bad(format!(
                        "column \"{}\" is declared as {} and is {found} in \"{file}\", which cannot be read as that without \
                         changing values; declare the type that the file has",
                        field.name(),
                        field.data_type(),
                    ));
                }
            }
            Found::Several => {
                return bad(format!(
                    "\"{file}\" has several columns that \"{}\" can mean, which differ by case alone",
                    field.name()
                ));
            }
            Found::None if field.is_nullable() => {}
            Found::None => {
                return bad(format!(
                    "\"{file}\" has no column \"{}\", which is declared NOT NULL",
                    field.name()
                ));
            }
        }
    }
    Ok(())
}

/// Whether every value of a file's column of type `from` is a value of the declared type `to`.
fn castable(from: &DataType, to: &DataType) -> bool {
    use DataType::{
        Binary, BinaryView, Dictionary, FixedSizeBinary, LargeBinary, LargeList, LargeUtf8, List, Map, Struct,
        Timestamp, Utf8, Utf8View,
    };
    match (from, to) {
        (Dictionary(_, value), _) => castable(value, to),
        (Utf8 | LargeUtf8 | Utf8View, Utf8 | LargeUtf8 | Utf8View) => true,
        // Files of some writers do not say that their bytes are text; bytes that are not fail when they are read.
        (Binary | LargeBinary | BinaryView, Utf8 | LargeUtf8 | Utf8View) => true,
        (Binary | LargeBinary | BinaryView | FixedSizeBinary(_), Binary | LargeBinary | BinaryView) => true,
        // A finer time is compared with what it becomes, value by value, when it is read.
        (Timestamp(_, from), Timestamp(_, to)) => {
            from == to || (is_utc(from.as_deref()) && to.is_none()) || (from.is_some() && to.is_some())
        }
        (List(from) | LargeList(from), List(to) | LargeList(to)) => castable_inside(from.data_type(), to.data_type()),
        (Struct(from), Struct(to)) => {
            to.iter().all(|field| member_castable(from, field))
                && to.iter().any(|field| from.find(field.name()).is_some())
        }
        (Map(from, _), Map(to, _)) => match (from.data_type(), to.data_type()) {
            (Struct(from), Struct(to)) => from
                .iter()
                .zip(to)
                .all(|(from, to)| castable_inside(from.data_type(), to.data_type())),
            _ => false,
        },
        _ => from == to || widened(&readable(from), &readable(to)).as_ref() == Some(&readable(to)),
    }
}

/// As [`castable`], for what is inside of lists and structures: there nothing is compared value by value.
fn castable_inside(from: &DataType, to: &DataType) -> bool {
    castable(from, to) && !may_round(from, to)
}

/// Whether a member of a declared structure can be read from one with the members `from`. Members are matched by their exact names
/// when they are read: one that differs by case alone must not pass for one that is not there.
fn member_castable(from: &Fields, member: &Field) -> bool {
    match from.find(member.name()) {
        Some((_, own)) => castable_inside(own.data_type(), member.data_type()),
        None => member.is_nullable() && !from.iter().any(|own| own.name().eq_ignore_ascii_case(member.name())),
    }
}

fn is_utc(zone: Option<&str>) -> bool {
    matches!(zone, Some("UTC" | "Etc/UTC" | "Z" | "+00:00"))
}

/// Whether one of `columns` has the name `name`, in any case.
pub fn is_among(columns: &[FieldRef], name: &str) -> bool {
    let lower = name.to_lowercase();
    columns.iter().any(|column| column.name().to_lowercase() == lower)
}

/// How many columns a name can mean.
pub enum Found {
    None,
    One(usize),
    Several,
}

/// The column of `schema` that `name` means, if it means one.
pub fn find(schema: &Schema, name: &str) -> Found {
    if let Some(index) = index_of(schema, name) {
        return Found::One(index);
    }
    let lower = name.to_lowercase();
    let is_alike = |field: &FieldRef| field.name().to_lowercase() == lower;
    if schema.fields().iter().any(is_alike) {
        Found::Several
    } else {
        Found::None
    }
}

/// The column of `schema` that `name` means: the same letters, or else the only one that differs by case alone.
#[must_use]
pub fn index_of(schema: &Schema, name: &str) -> Option<usize> {
    if let Ok(index) = schema.index_of(name) {
        return Some(index);
    }
    let lower = name.to_lowercase();
    let mut alike = schema
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| field.name().to_lowercase() == lower);
    let first = alike.next()?;
    alike.next().is_none().then_some(first.0)
}

fn has_case_twins(schema: &Schema) -> bool {
    let mut names: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| field.name().to_lowercase())
        .collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

fn column_name(name: &str, exact: bool) -> String {
    if exact { name.to_owned() } else { name.to_lowercase() }
}

/// The type that a column of a file is read as: text and bytes as views, which the Parquet reader makes without copying.
pub fn readable(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        other => other.clone(),
    }
}

/// The narrowest type that holds every value of both exactly, if there is one.
fn widened(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{Date32, Decimal128, Dictionary, Float32, Float64, Time32, Time64, Timestamp};
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (Dictionary(_, value), other) | (other, Dictionary(_, value)) => widened(&readable(value), other),
        (Float32, Float64) | (Float64, Float32) => Some(Float64),
        (Decimal128(p1, s1), Decimal128(p2, s2)) => {
            let scale = *s1.max(s2);
            let whole = (i16::from(*p1) - i16::from(*s1)).max(i16::from(*p2) - i16::from(*s2));
            let precision = u8::try_from(whole + i16::from(scale)).ok()?;
            (precision <= 38).then_some(Decimal128(precision, scale))
        }
        (Timestamp(u1, z1), Timestamp(u2, z2)) if z1 == z2 => Some(Timestamp(finer(*u1, *u2), z1.clone())),
        // A day in nanoseconds is far from what 64 bits count: every time of day has one.
        (Time32(_), Time64(unit)) | (Time64(unit), Time32(_)) => Some(Time64(*unit)),
        (Time32(u1), Time32(u2)) => Some(Time32(finer(*u1, *u2))),
        (Time64(u1), Time64(u2)) => Some(Time64(finer(*u1, *u2))),
        (Date32, Timestamp(..)) | (Timestamp(..), Date32) => None,
        _ => widened_integer(a, b),
    }
}

fn finer(a: TimeUnit, b: TimeUnit) -> TimeUnit {
    a.max(b)
}

fn widened_integer(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{Float32, Float64, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64};
    // (bits, signed) of integers; a float holds the integers of half its width exactly.
    let shape = |data_type: &DataType| match data_type {
        Int8 => Some((8, true)),
        Int16 => Some((16, true)),
        Int32 => Some((32, true)),
        Int64 => Some((64, true)),
        UInt8 => Some((8, false)),
        UInt16 => Some((16, false)),
        UInt32 => Some((32, false)),
        UInt64 => Some((64, false)),
        _ => None,
    };
    match (shape(a), shape(b)) {
        (Some((bits_a, signed_a)), Some((bits_b, signed_b))) => {
            let signed = signed_a || signed_b;
            let need = |bits: u8, own: bool| if signed && !own { bits * 2 } else { bits };
            match (need(bits_a, signed_a).max(need(bits_b, signed_b)), signed) {
                (16, true) => Some(Int16),
                (32, true) => Some(Int32),
                (64, true) => Some(Int64),
                (16, false) => Some(UInt16),
                (32, false) => Some(UInt32),
                (64, false) => Some(UInt64),
                _ => None,
            }
        }
        (Some((bits, _)), None) if *b == Float64 && bits <= 32 => Some(Float64),
        (None, Some((bits, _))) if *a == Float64 && bits <= 32 => Some(Float64),
        (Some((bits, _)), None) if *b == Float32 && bits <= 16 => Some(Float32),
        (None, Some((bits, _))) if *a == Float32 && bits <= 16 => Some(Float32),
        _ => None,
    }
}

fn clash(column: &str, first: &str, known: &DataType, file: &str, found: &DataType) -> Error {
    Error::new(
        ErrorCode::BadData,
        format!("column \"{column}\" is {known} in \"{first}\" and {found} in \"{file}\", which have no common type"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, data_type: DataType) -> Schema {
        Schema::new(vec![Field::new(name, data_type, false)])
    }

    #[test]
    fn types_widen_where_no_value_is_lost_and_clash_where_one_could_be() {
        use DataType::*;
        for (a, b, wanted) in [
            (Int32, Int64, Some(Int64)),
            (UInt32, Int32, Some(Int64)),
            (UInt64, Int64, None),
            (UInt8, UInt16, Some(UInt16)),
            (Int32, Float64, Some(Float64)),
            (Int64, Float64, None),
            (Float32, Float64, Some(Float64)),
            (Decimal128(10, 2), Decimal128(12, 4), Some(Decimal128(12, 4))),
            (Decimal128(38, 0), Decimal128(38, 10), None),
            (Utf8, LargeUtf8, Some(Utf8View)),
            (Dictionary(Box::new(Int32), Box::new(Utf8)), Utf8, Some(Utf8View)),
            (Utf8, Int64, None),
            (
                Timestamp(TimeUnit::Millisecond, None),
                Timestamp(TimeUnit::Nanosecond, None),
                Some(Timestamp(TimeUnit::Nanosecond, None)),
            ),
            (
                Time32(TimeUnit::Millisecond),
                Time64(TimeUnit::Microsecond),
                Some(Time64(TimeUnit::Microsecond)),
            ),
            (
                Time64(TimeUnit::Microsecond),
                Time64(TimeUnit::Nanosecond),
                Some(Time64(TimeUnit::Nanosecond)),
            ),
            (Boolean, Int8, None),
        ] {
            assert_eq!(widened(&readable(&a), &readable(&b)), wanted, "{a} and {b}");
            assert_eq!(widened(&readable(&b), &readable(&a)), wanted, "{b} and {a}");
        }
    }

    #[test]
    fn a_clash_names_both_files_and_the_column() {
        let (a, b) = (one("Id", DataType::Utf8), one("ID", DataType::Int64));
        let error = merge([("a.parquet", &a), ("b.parquet", &b)]).unwrap_err();
        for part in ["\"id\"", "a.parquet", "b.parquet"] {
            assert!(error.message().contains(part), "{error}");
        }
    }

    #[test]
    fn a_file_with_two_columns_of_one_name_is_named() {
        let twins = Schema::new(vec![Field::new("a", DataType::Int64, true); 2]);
        assert!(merge([("f", &twins)]).unwrap_err().message().contains("\"f\""));
    }

    #[test]
    fn a_column_that_one_file_lacks_is_nullable() {
        let (a, b) = (one("x", DataType::Int64), one("y", DataType::Int64));
        let merged = merge([("a", &a), ("b", &b)]).unwrap();
        assert!(merged.fields().iter().all(|field| field.is_nullable()));
        assert_eq!(merged.fields().len(), 2);
    }

    #[test]
    fn twins_by_case_in_one_file_keep_their_case() {
        let twins = Schema::new(vec![
            Field::new("a", DataType::Int64, true),
            Field::new("A", DataType::Int64, true),
        ]);
        let merged = merge([("f", &twins)]).unwrap();
        assert_eq!(index_of(&merged, "A"), Some(1));
    }

    #[test]
    fn a_file_outside_the_sample_must_not_bring_a_column() {
        let (table, file) = (one("x", DataType::Int64), one("z", DataType::Int64));
        let table = TableSchema::builder(Arc::new(table)).build();
        assert!(check_fits("f", &file, &table, Origin::SomeFiles).is_err());
        assert!(check_fits("f", &one("X", DataType::Int32), &table, Origin::SomeFiles).is_ok());
        assert!(check_fits("f", &one("x", DataType::Float64), &table, Origin::SomeFiles).is_err());
    }
}
