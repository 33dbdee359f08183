//! SqlInfo and the list of types, as drivers read them.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Fields, Int32Type, Int64Type, UnionFields, UnionMode};
use arrow_flight::sql::{CommandGetSqlInfo, CommandGetXdbcTypeInfo};
use std::sync::Arc;

use super::{TestEngine, codes, fields, value_of};
use crate::metadata::{Metadata, annotated};

/// The kinds of values, by their place in the union.
const TEXT: i8 = 0;
const BOOL: i8 = 1;
const LONG: i8 = 2;
const BITS: i8 = 3;
const TEXTS: i8 = 4;
const MAP: i8 = 5;

/// Which kind the drivers of JDBC (`ArrowDatabaseMetadata`), ODBC (`get_info_cache.cc`) and ADBC cast the value of `code` to; where
/// none of them reads it, what the protocol says.
fn kind_that_drivers_expect(code: u32) -> i8 {
    match code {
        0..=2 | 6 | 7 | 504 | 513 | 514 | 529..=531 => TEXT,
        8 | 100 | 101 | 522 | 525 | 526 | 528 | 533..=535 | 538 | 540 | 564 | 567..=571 => BITS,
        503 | 505 | 507 | 541..=555 | 557..=562 => LONG,
        508..=512 => TEXTS,
        517 => MAP,
        _ => BOOL,
    }
}

async fn info(engine: &TestEngine, codes: &[u32]) -> RecordBatch {
    let command = CommandGetSqlInfo { info: codes.to_vec() };
    engine.rows(&Metadata::SqlInfo(command)).await
}

fn texts(array: &ArrayRef) -> Vec<String> {
    let list = array.as_list::<i32>().value(0);
    list.as_string::<i32>().iter().flatten().map(str::to_owned).collect()
}

/// What JDBC's driver does on its first question: every code must be one that the enumeration of every release has, and none of
/// these may be missing.
#[tokio::test]
async fn a_question_for_everything_is_answered_with_what_every_driver_knows() {
    let engine = TestEngine::open().await;
    let everything = info(&engine, &[]).await;
    let known: Vec<u32> = (0..=9).chain(100..=101).chain(500..=576).collect();
    assert_eq!(codes(&everything), known);
}

#[tokio::test]
async fn codes_that_are_asked_for_come_in_order_and_unknown_ones_do_not() {
    let engine = TestEngine::open().await;
    for (asked, wanted) in [
        (&[0, 2, 3, 504][..], &[0, 2, 3, 504][..]),
        (&[8], &[8]),
        (&[504, 0, 504], &[0, 504]),
        (&[10, 11], &[10, 11]),
        (&[9_999, 12, 577, 10_000], &[]),
        (&[9_999, 0], &[0]),
    ] {
        assert_eq!(codes(&info(&engine, asked).await), wanted, "{asked:?}");
    }
}

#[tokio::test]
async fn every_value_has_the_kind_that_drivers_cast_it_to() {
    let engine = TestEngine::open().await;
    let everything = info(&engine, &[]).await;
    let later = info(&engine, &[10, 11]).await;
    for (rows, codes) in [(&everything, codes(&everything)), (&later, vec![10, 11])] {
        for code in codes {
            let (kind, value) = value_of(rows, code);
            assert_eq!(kind, kind_that_drivers_expect(code), "{code}");
            assert_eq!((value.len(), value.null_count()), (1, 0), "{code}");
        }
    }
}

/// The reference schema of ADBC's driver.
#[test]
fn the_union_is_that_of_the_reference_implementations() {
    let schema = Metadata::SqlInfo(CommandGetSqlInfo::default()).schema();
    let list = |data_type| DataType::List(Arc::new(Field::new("item", data_type, true)));
    let pair = Fields::from(vec![
        Field::new("key", DataType::Int32, false),
        Field::new("value", list(DataType::Int32), true),
    ]);
    let map = DataType::Map(Arc::new(Field::new("entries", DataType::Struct(pair), false)), false);
    let kinds = [
        ("string_value", DataType::Utf8),
        ("bool_value", DataType::Boolean),
        ("bigint_value", DataType::Int64),
        ("int32_bitmask", DataType::Int32),
        ("string_list", list(DataType::Utf8)),
        ("int32_to_int32_list_map", map),
    ];
    let kinds = UnionFields::from_fields(kinds.map(|(name, data_type)| Field::new(name, data_type, false)));
    let wanted = vec![
        ("info_name", DataType::UInt32, false),
        ("value", DataType::Union(kinds, UnionMode::Dense), false),
    ];
    assert_eq!(fields(&schema), wanted);
}

#[tokio::test]
async fn clients_learn_what_they_act_upon() {
    let engine = TestEngine::open().await;
    let rows = info(&engine, &[]).await;
    let text = |code| value_of(&rows, code).1.as_string::<i32>().value(0).to_owned();
    let fact = |code| value_of(&rows, code).1.as_boolean().value(0);
    let bits = |code| value_of(&rows, code).1.as_primitive::<Int32Type>().value(0);
    let long = |code| value_of(&rows, code).1.as_primitive::<Int64Type>().value(0);
    assert_eq!(
        (text(0).as_str(), text(1).as_str()),
        ("Owlet", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(
        (text(504).as_str(), text(513).as_str(), text(531).as_str()),
        ("\"", "\\", "catalog")
    );
    assert!(
        !fact(3) && fact(4) && !fact(5) && fact(9),
        "read only, SQL, Substrait, cancel"
    );
    assert_eq!(bits(8), 0, "no transactions: ADBC commits by itself then");
    assert_eq!((long(562), fact(563), bits(564)), (0, false, 1));
    assert_eq!((long(503), long(505), long(507)), (3, 3, 0));
    assert_eq!(bits(100), 8 * 60 * 60 * 1_000, "prepared statements live for hours");
    // As the drivers test them: JDBC's supportsFullOuterJoins and supportsGroupBy, ODBC's SQL_SUBQUERIES.
    assert!(bits(528) & (1 << 2) != 0 && bits(528) & (1 << 1) != 0 && bits(522) != 0);
    assert_eq!((bits(538), bits(540), bits(567), bits(569)), (0b1111, 0b11, 0b10, 0b10));
    assert_eq!(
        bits(522) & 1,
        0,
        "ODBC would take it that what is selected need not be grouped"
    );
}

#[tokio::test]
async fn words_and_functions_are_those_of_the_engine() {
    let engine = TestEngine::open().await;
    let rows = info(&engine, &[508, 509, 510, 511, 512]).await;
    for (code, some) in [
        (508, &["SELECT", "TABLE", "QUALIFY"][..]),
        (509, &["ABS", "FLOOR", "LOG10", "POWER", "ROUND"]),
        (
            510,
            &[
                "CONCAT",
                "LENGTH",
                "LTRIM",
                "POSITION",
                "REPLACE",
                "SUBSTRING",
                "CHAR_LENGTH",
            ],
        ),
        (511, &["CAST", "COALESCE", "NULLIF", "IFNULL"]),
        (512, &["CURRENT_DATE", "EXTRACT", "NOW"]),
    ] {
        let words = texts(&value_of(&rows, code).1);
        assert!(words.is_sorted(), "{code}");
        for word in some {
            assert!(words.iter().any(|known| known == word), "{word} is not in {words:?}");
        }
    }
    let shown = engine.run("SHOW FUNCTIONS").await.unwrap().1;
    let callable: Vec<String> = shown
        .iter()
        .flat_map(|batch| {
            batch
                .column(0)
                .as_string::<i32>()
                .iter()
                .flatten()
                .map(str::to_ascii_uppercase)
        })
        .collect();
    let grammar = ["POSITION", "EXTRACT", "CAST", "TRY_CAST"];
    for code in 509..=512 {
        for function in texts(&value_of(&rows, code).1) {
            assert!(
                callable.contains(&function) || grammar.contains(&function.as_str()),
                "{function}"
            );
        }
    }
}

/// JDBC's driver asks for keys and values of the map by these names; ODBC's needs an entry for each type.
#[tokio::test]
async fn conversions_are_a_map_with_every_type() {
    let engine = TestEngine::open().await;
    let rows = info(&engine, &[517]).await;
    let (_, value) = value_of(&rows, 517);
    let entries = value.as_map().value(0);
    let keys = entries.column_by_name("key").unwrap().as_primitive::<Int32Type>();
    assert_eq!(keys.values().to_vec(), (0..20).collect::<Vec<i32>>());
    let targets = entries.column_by_name("value").unwrap().as_list::<i32>();
    let bigint = targets.value(0);
    let bigint = bigint.as_primitive::<Int32Type>();
    assert!(
        bigint.values().contains(&19) && bigint.values().contains(&5),
        "text and decimals"
    );
}

async fn types(engine: &TestEngine, data_type: Option<i32>) -> Vec<(i32, String)> {
    let rows = engine
        .rows(&Metadata::XdbcTypeInfo(CommandGetXdbcTypeInfo { data_type }))
        .await;
    let names = rows.column(0).as_string::<i32>().iter().flatten().map(str::to_owned);
    let numbers = rows.column(1).as_primitive::<Int32Type>().values().iter().copied();
    numbers.zip(names).collect()
}

#[tokio::test]
async fn types_come_in_the_order_of_numbers_and_names_or_by_number() {
    let engine = TestEngine::open().await;
    let all = types(&engine, None).await;
    assert!(all.is_sorted() && all.len() > 20, "{all:?}");
    let pair = |number: i32, name: &str| (number, name.to_owned());
    assert_eq!(
        types(&engine, Some(-5)).await,
        [pair(-5, "bigint"), pair(-5, "bigint unsigned")]
    );
    assert_eq!(
        types(&engine, Some(93)).await,
        [pair(93, "timestamp"), pair(93, "timestamp with time zone")]
    );
    assert_eq!(types(&engine, Some(12)).await, [pair(12, "varchar")]);
    assert_eq!(types(&engine, Some(4711)).await, []);
}

/// What Power BI does for every column: it looks the type up by the number that the driver made of it, and by its name.
#[tokio::test]
async fn every_type_that_is_sent_is_found_by_name_and_by_the_numbers_of_the_drivers() {
    use arrow::datatypes::TimeUnit::Microsecond;
    let engine = TestEngine::open().await;
    let all = types(&engine, None).await;
    let zoned = DataType::Timestamp(Microsecond, Some("UTC".into()));
    // The number of ODBC's driver, then that of JDBC's where it is another one of the enumeration.
    for (data_type, numbers) in [
        (DataType::Boolean, &[-7][..]),
        (DataType::Int8, &[-6]),
        (DataType::UInt8, &[-6]),
        (DataType::Int16, &[5]),
        (DataType::UInt16, &[5]),
        (DataType::Int32, &[4]),
        (DataType::UInt32, &[4]),
        (DataType::Int64, &[-5]),
        (DataType::UInt64, &[-5]),
        (DataType::Float32, &[6, 7]),
        (DataType::Float64, &[8]),
        (DataType::Decimal128(12, 2), &[3]),
        (DataType::Decimal256(60, 2), &[3]),
        (DataType::Utf8, &[12]),
        (DataType::Binary, &[-2, -3]),
        (DataType::FixedSizeBinary(4), &[-2]),
        (DataType::Date32, &[91]),
        (DataType::Time64(Microsecond), &[92]),
        (DataType::Timestamp(Microsecond, None), &[93]),
        (zoned, &[93]),
        (DataType::Null, &[0]),
        (DataType::Duration(Microsecond), &[0]),
    ] {
        let schema = annotated(&arrow::datatypes::Schema::new(vec![Field::new("c", data_type, true)]));
        let name = &schema.field(0).metadata()["ARROW:FLIGHT:SQL:TYPE_NAME"];
        for number in numbers {
            assert!(
                all.contains(&(*number, name.clone())),
                "{number} {name} is not in {all:?}"
            );
        }
    }
}

#[tokio::test]
async fn types_say_how_they_are_written_and_compared() {
    let engine = TestEngine::open().await;
    let command = CommandGetXdbcTypeInfo { data_type: None };
    let rows = engine.rows(&Metadata::XdbcTypeInfo(command)).await;
    let names = rows.column(0).as_string::<i32>();
    let row = |name: &str| names.iter().position(|one| one == Some(name)).unwrap();
    let number = |column: &str, name: &str| {
        let array = rows.column_by_name(column).unwrap().as_primitive::<Int32Type>();
        let row = row(name);
        array.is_valid(row).then(|| array.value(row))
    };
    assert_eq!(number("column_size", "bigint"), Some(19));
    assert_eq!(
        (number("column_size", "double"), number("num_prec_radix", "double")),
        (Some(53), Some(2))
    );
    assert_eq!(
        (number("column_size", "decimal"), number("num_prec_radix", "decimal")),
        (Some(76), Some(10))
    );
    assert_eq!(
        (number("sql_data_type", "date"), number("datetime_subcode", "date")),
        (Some(9), Some(1))
    );
    assert_eq!(
        (number("searchable", "varchar"), number("searchable", "bigint")),
        (Some(3), Some(2))
    );
    assert_eq!(number("nullable", "varchar"), Some(1));
    let prefix = rows.column_by_name("literal_prefix").unwrap().as_string::<i32>();
    assert_eq!(prefix.value(row("timestamp")), "TIMESTAMP '");
    assert!(prefix.is_null(row("integer")));
}
