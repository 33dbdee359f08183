//! The types that columns can have, with the numbers of JDBC and ODBC.
//!
//! Power BI and Excel look a column up here by its number or its name and load no table whose types they do not find. Names are
//! those of `TYPE_NAME` in the metadata of fields. A type that drivers give different numbers has a row for each: a column of 4-byte
//! floats is FLOAT to ODBC's driver and to JDBC's, and bytes are BINARY to the one and VARBINARY to the other.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, IntervalUnit, SchemaRef, TimeUnit};
use arrow_flight::sql::metadata::{XdbcTypeInfo, XdbcTypeInfoDataBuilder};
use arrow_flight::sql::{Nullable, Searchable, XdbcDataType as Xdbc, XdbcDatetimeSubcode as Subcode};
use owlet_engine::{Error, ErrorCode, Result, type_name};
use std::sync::Arc;

use super::columns::precision;

/// The longest text, in characters: JDBC and ODBC count in 32 bits.
const TEXT_LIMIT: i32 = i32::MAX;
/// The most digits of a decimal.
const DECIMAL_DIGITS: i32 = 76;

pub(super) fn schema() -> SchemaRef {
    XdbcTypeInfoDataBuilder::new().schema()
}

/// The types whose number is `data_type`, or all, in the order of numbers and names.
pub(super) fn rows(data_type: Option<i32>) -> Result<RecordBatch> {
    let mut builder = XdbcTypeInfoDataBuilder::new();
    for row in types() {
        builder.append(row);
    }
    let all = builder.build();
    all.and_then(|all| all.record_batch(data_type))
        .map_err(|error| Error::new(ErrorCode::Internal, "cannot list the types").caused_by(error))
}

fn types() -> Vec<XdbcTypeInfo> {
    let nanoseconds = TimeUnit::Nanosecond;
    let zoned = DataType::Timestamp(nanoseconds, Some("UTC".into()));
    vec![
        plain(Xdbc::XdbcBit, &DataType::Boolean),
        integer(Xdbc::XdbcTinyint, &DataType::Int8),
        integer(Xdbc::XdbcTinyint, &DataType::UInt8),
        integer(Xdbc::XdbcSmallint, &DataType::Int16),
        integer(Xdbc::XdbcSmallint, &DataType::UInt16),
        integer(Xdbc::XdbcInteger, &DataType::Int32),
        integer(Xdbc::XdbcInteger, &DataType::UInt32),
        integer(Xdbc::XdbcBigint, &DataType::Int64),
        integer(Xdbc::XdbcBigint, &DataType::UInt64),
        float(Xdbc::XdbcReal, &DataType::Float32, 24),
        float(Xdbc::XdbcFloat, &DataType::Float32, 24),
        float(Xdbc::XdbcDouble, &DataType::Float64, 53),
        decimal(),
        text(),
        bytes(Xdbc::XdbcVarbinary),
        bytes(Xdbc::XdbcBinary),
        // The subcode of a date has the name of its alias here.
        datetime(Xdbc::XdbcDate, Subcode::XdbcSubcodeYear, &DataType::Date32, "DATE '"),
        datetime(
            Xdbc::XdbcTime,
            Subcode::XdbcSubcodeTime,
            &DataType::Time64(nanoseconds),
            "TIME '",
        ),
        datetime(
            Xdbc::XdbcTimestamp,
            Subcode::XdbcSubcodeTimestamp,
            &DataType::Timestamp(nanoseconds, None),
            "TIMESTAMP '",
        ),
        datetime(
            Xdbc::XdbcTimestamp,
            Subcode::XdbcSubcodeTimestampWithTimezone,
            &zoned,
            "TIMESTAMP WITH TIME ZONE '",
        ),
        interval(Subcode::XdbcSubcodeIntervalYearToMonth, IntervalUnit::YearMonth),
        interval(Subcode::XdbcSubcodeIntervalDayToSecond, IntervalUnit::DayTime),
        interval(Subcode::XdbcSubcodeUnknown, IntervalUnit::MonthDayNano),
        plain(Xdbc::XdbcUnknownType, &DataType::Duration(nanoseconds)),
        plain(Xdbc::XdbcUnknownType, &DataType::Null),
        nested("array"),
        nested("map"),
        nested("row"),
    ]
}

/// What all types have in common: NULL may stand in their columns, and those in a WHERE.
fn plain(code: Xdbc, data_type: &DataType) -> XdbcTypeInfo {
    XdbcTypeInfo {
        type_name: type_name(data_type),
        local_type_name: Some(type_name(data_type)),
        data_type: code,
        sql_data_type: code,
        column_size: precision(data_type),
        nullable: Nullable::NullabilityNullable,
        searchable: Searchable::Basic,
        ..XdbcTypeInfo::default()
    }
}

fn integer(code: Xdbc, data_type: &DataType) -> XdbcTypeInfo {
    XdbcTypeInfo {
        unsigned_attribute: Some(data_type.is_unsigned_integer()),
        fixed_prec_scale: true,
        minimum_scale: Some(0),
        maximum_scale: Some(0),
        auto_increment: Some(false),
        num_prec_radix: Some(10),
        ..plain(code, data_type)
    }
}

/// The size of an approximate number is its number of bits.
fn float(code: Xdbc, data_type: &DataType, bits: i32) -> XdbcTypeInfo {
    XdbcTypeInfo {
        column_size: Some(bits),
        unsigned_attribute: Some(false),
        auto_increment: Some(false),
        num_prec_radix: Some(2),
        ..plain(code, data_type)
    }
}

fn decimal() -> XdbcTypeInfo {
    XdbcTypeInfo {
        column_size: Some(DECIMAL_DIGITS),
        create_params: Some(vec!["precision".to_owned(), "scale".to_owned()]),
        unsigned_attribute: Some(false),
        auto_increment: Some(false),
        minimum_scale: Some(0),
        maximum_scale: Some(DECIMAL_DIGITS),
        num_prec_radix: Some(10),
        ..plain(Xdbc::XdbcDecimal, &DataType::Decimal128(38, 0))
    }
}

fn text() -> XdbcTypeInfo {
    XdbcTypeInfo {
        column_size: Some(TEXT_LIMIT),
        literal_prefix: Some("'".to_owned()),
        literal_suffix: Some("'".to_owned()),
        create_params: Some(vec!["length".to_owned()]),
        case_sensitive: true,
        searchable: Searchable::Full,
        ..plain(Xdbc::XdbcVarchar, &DataType::Utf8)
    }
}

fn bytes(code: Xdbc) -> XdbcTypeInfo {
    XdbcTypeInfo {
        column_size: Some(TEXT_LIMIT),
        literal_prefix: Some("X'".to_owned()),
        literal_suffix: Some("'".to_owned()),
        ..plain(code, &DataType::Binary)
    }
}

fn datetime(code: Xdbc, subcode: Subcode, data_type: &DataType, prefix: &str) -> XdbcTypeInfo {
    let has_fraction = code != Xdbc::XdbcDate;
    XdbcTypeInfo {
        literal_prefix: Some(prefix.to_owned()),
        literal_suffix: Some("'".to_owned()),
        create_params: has_fraction.then(|| vec!["precision".to_owned()]),
        minimum_scale: Some(0),
        maximum_scale: Some(if has_fraction { 9 } else { 0 }),
        sql_data_type: Xdbc::XdbcDatetime,
        datetime_subcode: Some(subcode),
        ..plain(code, data_type)
    }
}

fn interval(subcode: Subcode, unit: IntervalUnit) -> XdbcTypeInfo {
    XdbcTypeInfo {
        literal_prefix: Some("INTERVAL '".to_owned()),
        literal_suffix: Some("'".to_owned()),
        datetime_subcode: Some(subcode),
        interval_precision: Some(9),
        ..plain(Xdbc::XdbcInterval, &DataType::Interval(unit))
    }
}

/// A nested type under its bare name; that of a column says what is in it.
fn nested(name: &str) -> XdbcTypeInfo {
    XdbcTypeInfo {
        type_name: name.to_owned(),
        local_type_name: Some(name.to_owned()),
        ..plain(
            Xdbc::XdbcUnknownType,
            &DataType::Struct(Vec::<Arc<Field>>::new().into()),
        )
    }
}
