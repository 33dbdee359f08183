//! What CAST can do, as a map from each type to those that it can become.

use arrow::compute::can_cast_types;
use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use arrow_flight::sql::SqlSupportsConvert as Convert;

/// Every type of the enumeration, and what it is here.
const TYPES: &[(Convert, DataType)] = &[
    (Convert::SqlConvertBigint, DataType::Int64),
    (Convert::SqlConvertBinary, DataType::Binary),
    (Convert::SqlConvertBit, DataType::Boolean),
    (Convert::SqlConvertChar, DataType::Utf8),
    (Convert::SqlConvertDate, DataType::Date32),
    (Convert::SqlConvertDecimal, DataType::Decimal128(38, 10)),
    (Convert::SqlConvertFloat, DataType::Float64),
    (Convert::SqlConvertInteger, DataType::Int32),
    (Convert::SqlConvertIntervalDayTime, INTERVAL),
    (Convert::SqlConvertIntervalYearMonth, INTERVAL),
    (Convert::SqlConvertLongvarbinary, DataType::Binary),
    (Convert::SqlConvertLongvarchar, DataType::Utf8),
    (Convert::SqlConvertNumeric, DataType::Decimal128(38, 10)),
    (Convert::SqlConvertReal, DataType::Float32),
    (Convert::SqlConvertSmallint, DataType::Int16),
    (Convert::SqlConvertTime, DataType::Time64(TimeUnit::Microsecond)),
    (
        Convert::SqlConvertTimestamp,
        DataType::Timestamp(TimeUnit::Microsecond, None),
    ),
    (Convert::SqlConvertTinyint, DataType::Int8),
    (Convert::SqlConvertVarbinary, DataType::Binary),
    (Convert::SqlConvertVarchar, DataType::Utf8),
];

/// The type of every interval that a statement writes.
const INTERVAL: DataType = DataType::Interval(IntervalUnit::MonthDayNano);

/// For each type the types that CAST makes of it, both as numbers of the enumeration.
pub(super) fn conversions() -> Vec<(i32, Vec<i32>)> {
    let targets = |from: &DataType| -> Vec<i32> {
        let possible = TYPES
            .iter()
            .filter(|(_, to)| has_a_name(to) && can_cast_types(from, to));
        possible.map(|(code, _)| *code as i32).collect()
    };
    TYPES.iter().map(|(code, from)| (*code as i32, targets(from))).collect()
}

/// Whether CAST knows the type by the name that clients have for it. `BINARY`, `VARBINARY` and intervals of their kinds it does not.
fn has_a_name(to: &DataType) -> bool {
    !matches!(to, DataType::Binary | DataType::Interval(_))
}
