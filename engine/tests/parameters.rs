//! Statements with parameters: what they are found to be, and what their values do.

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array, DictionaryArray,
    DurationMicrosecondArray, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, IntervalMonthDayNanoArray,
    LargeStringArray, ListArray, NullArray, RecordBatch, StringArray, StringViewArray, StructArray,
    Time64MicrosecondArray, TimestampMicrosecondArray, TimestampNanosecondArray, UInt64Array, UnionArray,
    new_null_array,
};
use arrow::datatypes::{DataType, Field, Int32Type, IntervalMonthDayNano, TimeUnit, UnionFields, i256};
use futures::StreamExt;
use owlet_engine::{Description, ErrorCode, Result, Session, StatementKind};
use std::sync::Arc;

use crate::support::{Answer, TestEngine, run};

/// Runs `sql` with one row of parameters, or with several.
async fn run_with(session: &Session, sql: &str, parameters: Vec<ArrayRef>) -> Result<Answer> {
    let named = parameters
        .into_iter()
        .enumerate()
        .map(|(index, column)| (format!("p{index}"), column, true));
    let parameters = RecordBatch::try_from_iter_with_nullable(named).unwrap();
    let mut stream = session.plan(sql, Some(&parameters)).await?.start().await?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        batches.push(batch?);
    }
    if batches.is_empty() {
        batches.push(RecordBatch::new_empty(stream.schema()));
    }
    Ok(Answer {
        batches,
        statistics: stream.statistics(),
        query_id: stream.query_id().to_owned(),
    })
}

fn one(value: impl Array + 'static) -> ArrayRef {
    Arc::new(value)
}

/// A value of every kind of type that a client sends.
fn values() -> Vec<ArrayRef> {
    let fields = vec![
        (
            Arc::new(Field::new("a", DataType::Int32, true)),
            one(Int32Array::from(vec![7])),
        ),
        (
            Arc::new(Field::new("b", DataType::Utf8, true)),
            one(StringArray::from(vec!["x'y"])),
        ),
    ];
    vec![
        one(BooleanArray::from(vec![true])),
        one(Int8Array::from(vec![-128])),
        one(Int32Array::from(vec![i32::MIN])),
        one(Int64Array::from(vec![i64::MIN])),
        one(Int64Array::from(vec![i64::MAX])),
        one(UInt64Array::from(vec![u64::MAX])),
        one(Float32Array::from(vec![0.1_f32])),
        one(Float64Array::from(vec![1e-300])),
        one(Float64Array::from(vec![-0.0])),
        one(Float64Array::from(vec![f64::INFINITY])),
        one(Float64Array::from(vec![f64::NAN])),
        one(
            Decimal128Array::from(vec![-12_345_678_901_234_567_890_123_456_789_012_345_678_i128])
                .with_precision_and_scale(38, 10)
                .unwrap(),
        ),
        one(Decimal256Array::from(vec![
            i256::from_string("-1234567890123456789012345678901234567890123456").unwrap(),
        ])
        .with_precision_and_scale(60, 5)
        .unwrap()),
        one(StringArray::from(vec!["'; drop table t; -- ü"])),
        one(LargeStringArray::from(vec!["large"])),
        one(StringViewArray::from(vec!["a view that is longer than twelve"])),
        one(DictionaryArray::<Int32Type>::from_iter(["word"])),
        one(BinaryArray::from(vec![&[0_u8, 255, 39][..]])),
        one(Date32Array::from(vec![-719_162])),
        one(Date32Array::from(vec![2_932_896])),
        one(Time64MicrosecondArray::from(vec![86_399_999_999])),
        one(TimestampMicrosecondArray::from(vec![253_402_300_799_999_999])),
        one(TimestampMicrosecondArray::from(vec![-1]).with_timezone("+05:30")),
        one(TimestampNanosecondArray::from(vec![1_700_000_000_123_456_789])),
        one(DurationMicrosecondArray::from(vec![-90_000_001])),
        one(IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(
            -14,
            3,
            5_000_000_001,
        )])),
        one(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![
            Some(1),
            None,
            Some(3),
        ])])),
        one(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(Vec::<
            Option<i32>,
        >::new(
        ))])),
        one(StructArray::from(fields)),
    ]
}

/// The type that a value comes back with: text and bytes have one form among constants.
fn returned(data_type: &DataType) -> DataType {
    match data_type {
        DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => DataType::Utf8,
        other => other.clone(),
    }
}

#[tokio::test]
async fn every_value_comes_back_as_it_went_in() {
    let engine = TestEngine::local().await;
    let session = engine.session();
    for value in values() {
        let shown = format!("{value:?}");
        let answer = run_with(&session, "select ? as value", vec![Arc::clone(&value)]).await;
        let answer = answer.unwrap_or_else(|error| panic!("{shown}: {error}"));
        let given = answer.batches[0].column(0);
        let expected = arrow::compute::cast(&value, &returned(value.data_type())).unwrap();
        assert_eq!(given.len(), 1, "{shown}");
        match value.data_type() {
            // The fields of a list or struct that is made of constants may be named or NULL in another way.
            DataType::List(_) | DataType::Struct(_) => {
                let text = |array: &ArrayRef| arrow::util::display::array_value_to_string(array, 0).unwrap();
                assert_eq!(text(given), text(&expected), "{shown}");
            }
            _ => assert_eq!(given.to_data(), expected.to_data(), "{shown}"),
        }
    }
}

#[tokio::test]
async fn null_keeps_its_type() {
    let engine = TestEngine::local().await;
    let session = engine.session();
    for value in values() {
        let null = new_null_array(value.data_type(), 1);
        let answer = run_with(&session, "select ? as value", vec![null]).await.unwrap();
        let given = answer.batches[0].column(0);
        assert!(given.is_null(0), "{:?}", value.data_type());
        if !value.data_type().is_nested() {
            let expected = match value.data_type() {
                DataType::Dictionary(_, values) => values,
                other => other,
            };
            assert_eq!(given.data_type(), expected);
        }
    }
    let answer = run_with(
        &session,
        "select ? is null, coalesce(?, 5)",
        vec![one(NullArray::new(1)), one(NullArray::new(1))],
    );
    assert_eq!(answer.await.unwrap().lines(), ["true|5"]);
}

#[tokio::test]
async fn every_question_mark_is_a_parameter_of_its_own() {
    let engine = TestEngine::local().await;
    let session = engine.session();
    let number = |number: i64| one(Int64Array::from(vec![number]));
    let text = |text: &str| one(StringArray::from(vec![text.to_owned()]));
    let answer = run_with(&session, "select ? as a, ? as b", vec![number(1), text("two")])
        .await
        .unwrap();
    assert_eq!(answer.lines(), ["1|two"]);
    let twelve: Vec<String> = (1..=12).map(|place| format!("${place} as c{place}")).collect();
    let sql = format!("select {}", twelve.join(", "));
    let answer = run_with(&session, &sql, (1..=12).map(number).collect());
    assert_eq!(answer.await.unwrap().lines(), ["1|2|3|4|5|6|7|8|9|10|11|12"]);
    let sql = "select v from (values (1), (2), (3), (4)) x(v) where v >= ? and v <> ? order by v limit ? offset ?";
    let answer = run_with(&session, sql, vec![number(1), number(2), number(2), number(1)])
        .await
        .unwrap();
    assert_eq!(answer.lines(), ["3", "4"]);
    let error = run_with(&session, "select ?, ?", vec![number(1)]).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidValue);
    let two_rows = one(Int64Array::from(vec![1, 2]));
    let error = run_with(&session, "select ?", vec![two_rows]).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidValue);
}

#[tokio::test]
async fn a_union_is_the_value_that_it_holds() {
    let engine = TestEngine::local().await;
    let session = engine.session();
    let fields = UnionFields::from_fields(vec![
        Field::new("string", DataType::Utf8, true),
        Field::new("int64", DataType::Int64, true),
    ]);
    let union = |ids: Vec<i8>, offsets: Vec<i32>| -> ArrayRef {
        let children = vec![
            one(StringArray::from(vec!["a", "b"])),
            one(Int64Array::from(vec![7, 8])),
        ];
        Arc::new(UnionArray::try_new(fields.clone(), ids.into(), Some(offsets.into()), children).unwrap())
    };
    let both = vec![union(vec![1], vec![1]), union(vec![0], vec![1])];
    assert_eq!(
        run_with(&session, "select ? + 1, ?", both).await.unwrap().lines(),
        ["9|b"]
    );
    run(&session, "create table t (id int, name varchar)").await.unwrap();
    let rows = vec![union(vec![1, 1], vec![0, 1]), union(vec![0, 0], vec![1, 0])];
    assert_eq!(
        run_with(&session, "insert into t values (?, ?)", rows)
            .await
            .unwrap()
            .value(),
        "2"
    );
    assert_eq!(
        run(&session, "select * from t order by id").await.unwrap().lines(),
        ["7|b", "8|a"]
    );
    let mixed = vec![union(vec![1, 0], vec![0, 1]), union(vec![0, 0], vec![1, 0])];
    let error = run_with(&session, "insert into t values (?, ?)", mixed)
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidValue);
}

#[tokio::test]
async fn rows_of_parameters_are_one_insert() {
    let engine = TestEngine::local().await;
    let session = engine.session();
    run(
        &session,
        "create table t (id int, name varchar, price decimal(9, 2), day date)",
    )
    .await
    .unwrap();
    let rows = || {
        vec![
            one(Int64Array::from(vec![Some(1), Some(2), None])),
            one(StringArray::from(vec![Some("a"), None, Some("it's")])),
            one(Decimal128Array::from(vec![Some(150), None, Some(-1)])
                .with_precision_and_scale(9, 2)
                .unwrap()),
            one(Date32Array::from(vec![Some(0), Some(1), None])),
        ]
    };
    let answer = run_with(&session, "insert into t values (?, ?, ?, ?)", rows())
        .await
        .unwrap();
    assert_eq!(answer.value(), "3");
    let answer = run_with(
        &session,
        "insert into t (price, id, name) values ($3, $1, upper($2) || '!')",
        rows()[..3].to_vec(),
    );
    assert_eq!(answer.await.unwrap().value(), "3");
    let answer = run(&session, "select * from t order by name, id, day").await.unwrap();
    assert_eq!(
        answer.lines(),
        [
            "1|A!|1.50|NULL",
            "NULL|IT'S!|-0.01|NULL",
            "1|a|1.50|1970-01-01",
            "NULL|it's|-0.01|NULL",
            "2|NULL|NULL|1970-01-02",
            "2|NULL|NULL|NULL"
        ]
    );
    let none = vec![
        one(Int64Array::from(Vec::<i64>::new())),
        one(StringArray::from(Vec::<String>::new())),
    ];
    let answer = run_with(&session, "insert into t (id, name) values (?, ?)", none)
        .await
        .unwrap();
    assert_eq!(answer.value(), "0");
    let too_large = vec![one(Int64Array::from(vec![1, i64::MAX]))];
    let error = run_with(&session, "insert into t (id) values (?)", too_large)
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidValue, "{error}");
    assert_eq!(run(&session, "select count(*) from t").await.unwrap().value(), "6");
}

async fn described(session: &Session, sql: &str) -> Description {
    session
        .describe(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn types(description: &Description) -> Vec<DataType> {
    description
        .schema
        .fields()
        .iter()
        .map(|field| field.data_type().clone())
        .collect()
}

/// A session with an empty table `t`.
async fn with_table(engine: &TestEngine) -> Session {
    let session = engine.session();
    let sql = "create table t (id int, name varchar, price decimal(9, 2), at timestamp)";
    run(&session, sql).await.unwrap();
    session
}

#[tokio::test]
async fn parameters_have_the_types_that_are_wanted_where_they_stand() {
    let engine = TestEngine::local().await;
    let session = with_table(&engine).await;
    let price = DataType::Decimal128(9, 2);
    let at = DataType::Timestamp(TimeUnit::Microsecond, None);

    let found = described(
        &session,
        "select id, price from t where id = ? and price < ? and at >= ?",
    )
    .await;
    assert_eq!((found.kind, found.returns_rows), (StatementKind::Select, true));
    assert_eq!(types(&found), [DataType::Int32, price.clone()]);
    assert_eq!(
        found.parameters,
        [Some(DataType::Int32), Some(price.clone()), Some(at.clone())]
    );

    let found = described(&session, "insert into t (price, id, at) values (?, ?, ?)").await;
    assert_eq!((found.kind, found.returns_rows), (StatementKind::Insert, false));
    assert_eq!(found.schema.fields().len(), 0);
    assert_eq!(found.parameters, [Some(price.clone()), Some(DataType::Int32), Some(at)]);

    let found = described(&session, "insert into t (id) select id from t where price = ?").await;
    assert_eq!(found.parameters, [Some(price)]);

    let found = described(&session, "select ? as a, upper(?) as b").await;
    assert_eq!(found.parameters, [None, Some(DataType::Utf8)]);
    assert_eq!(found.schema.fields().len(), 2);
    let found = described(&session, "select id from t limit ? offset ?").await;
    assert_eq!(types(&found), [DataType::Int32]);
    assert_eq!(found.parameters, [Some(DataType::Int64), Some(DataType::Int64)]);
    let found = described(
        &session,
        "select cast(? as bigint), try_cast(? as double), cast(? as varchar)",
    )
    .await;
    assert_eq!(
        found.parameters,
        [Some(DataType::Int64), Some(DataType::Float64), Some(DataType::Utf8)]
    );

    let found = described(
        &session,
        "select repeat('x', ?), date_trunc(?, at), substr(?, ?) from t",
    )
    .await;
    assert_eq!((found.parameters.len(), found.returns_rows), (4, true));
    assert_eq!(
        (&found.parameters[0], &found.parameters[2]),
        (&Some(DataType::Int64), &Some(DataType::Utf8))
    );
    assert!(!found.schema.fields().is_empty());
}

#[tokio::test]
async fn a_statement_is_described_without_being_run() {
    let engine = TestEngine::local().await;
    let session = with_table(&engine).await;
    for (sql, returns_rows) in [
        ("create table u as select 1 as a", false),
        ("create view v as select 1 as a", false),
        ("drop table t", false),
        ("set time_zone = 'UTC'", false),
        ("use default", false),
        ("show tables", true),
        ("describe t", true),
        ("explain select 1", true),
        ("values (1)", true),
    ] {
        let found = described(&session, sql).await;
        assert_eq!(found.returns_rows, returns_rows, "{sql}");
        assert_eq!(found.schema.fields().is_empty(), !returns_rows, "{sql}");
    }
    // Nothing of it has happened, and none of it is in the history.
    assert_eq!(run(&session, "show tables").await.unwrap().lines(), ["t|TABLE|NULL"]);
    let sql = "select count(*) from system.query_executions where sql like 'insert%' or sql like 'drop%' or sql like 'values%'";
    assert_eq!(run(&session, sql).await.unwrap().value(), "0");

    for (sql, code) in [
        ("select * from missing where a = ?", ErrorCode::TableNotFound),
        ("select missing from t where id = ?", ErrorCode::ColumnNotFound),
        ("insert into missing values (?)", ErrorCode::TableNotFound),
        ("selec ?", ErrorCode::SyntaxError),
    ] {
        assert_eq!(session.describe(sql).await.unwrap_err().code(), code, "{sql}");
    }
}

#[tokio::test]
async fn an_error_names_the_statement_that_the_history_has() {
    let engine = TestEngine::local().await;
    let session = engine.session();
    for sql in [
        "select * from missing",
        "select 1 / 0 from (values (1)) x(v) where v > 0",
        "drop table missing",
    ] {
        let error = run(&session, sql).await.unwrap_err();
        let id = error.query_id().unwrap_or_else(|| panic!("{sql}: {error}"));
        let found = format!("select sql, error_code from system.query_executions where query_id = '{id}'");
        let found = run(&session, &found).await.unwrap().lines();
        assert_eq!(found, [format!("{sql}|{}", error.code())]);
    }
    assert_eq!(run(&session, "selec").await.unwrap_err().query_id(), None);
}

#[tokio::test]
async fn a_planned_statement_holds_no_slot_and_is_cancelled_when_it_is_dropped() {
    let engine = TestEngine::open(&[
        ("OWLET_WORKGROUP_CONCURRENT_STATEMENTS", "1"),
        ("OWLET_WORKGROUP_QUEUE_LIMIT", "0"),
    ])
    .await;
    let session = engine.session();
    run(&session, "create table t (id int)").await.unwrap();
    let planned = session.plan("insert into t values (1)", None).await.unwrap();
    let dropped = session.plan("insert into t values (2)", None).await.unwrap();
    let id = dropped.query_id().to_owned();
    assert!(!planned.returns_rows());
    assert_eq!(run(&session, "select count(*) from t").await.unwrap().value(), "0");
    drop(dropped);
    let mut stream = planned.start().await.unwrap();
    while let Some(batch) = stream.next().await {
        batch.unwrap();
    }
    assert_eq!(run(&session, "select id from t").await.unwrap().value(), "1");
    let sql = format!("select state from system.query_executions where query_id = '{id}'");
    for _ in 0..200 {
        if run(&session, &sql).await.unwrap().value() == "CANCELLED" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the record of a dropped plan stays open");
}
