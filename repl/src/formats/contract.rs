//! What every format must hold to, run for each of [`FORMATS`]: no case makes it fail, and reading back gives as many
//! rows as were written, with every value that the format can express.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use ::arrow::array::*;
use ::arrow::buffer::{OffsetBuffer, ScalarBuffer};
use ::arrow::csv::ReaderBuilder;
use ::arrow::csv::reader::Format as CsvFormat;
use ::arrow::datatypes::*;
use ::arrow::ipc::reader::{FileReader, StreamReader};
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use bytes::Bytes;

use super::*;

/// A sink whose bytes the test keeps.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A sink whose reader has gone.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

fn page(schema: &SchemaRef) -> Page {
    Page {
        schema: schema.clone(),
        shown_rows: None,
        terminal_columns: None,
        is_file: true,
    }
}

fn written(format: &Format, page: &Page, batches: &[RecordBatch]) -> Result<Vec<u8>, WriteError> {
    let memory = Memory::default();
    let mut writer = open(format, page, Box::new(memory.clone()))?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()?;
    let bytes = memory.0.lock().unwrap().clone();
    Ok(bytes)
}

fn text(format: &str, batches: &[RecordBatch]) -> String {
    let bytes = written(named(format).unwrap(), &page(&batches[0].schema()), batches).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// How many rows a reader of `format` finds.
fn rows_found(format: &Format, columns: usize, bytes: &[u8]) -> usize {
    let lines = || std::str::from_utf8(bytes).unwrap().lines();
    match format.name {
        "table" => {
            let shown = lines().filter(|line| line.starts_with('|'));
            // A line after one that ends in a plus continues it.
            shown.filter(|line| !line.contains("+|")).count() - usize::from(columns > 0)
        }
        "markdown" => lines().count() - 2 * usize::from(columns > 0),
        "vertical" => lines().filter(|line| line.starts_with("-[ ROW ")).count(),
        "csv" | "tsv" => {
            let separator = if format.name == "csv" { b',' } else { b'\t' };
            let (schema, _) = CsvFormat::default()
                .with_header(true)
                .with_delimiter(separator)
                .infer_schema(bytes, None)
                .unwrap();
            let reader = ReaderBuilder::new(Arc::new(schema))
                .with_header(true)
                .with_delimiter(separator)
                .build(bytes)
                .unwrap();
            reader.map(|batch| batch.unwrap().num_rows()).sum()
        }
        "json" => serde_json::from_slice::<Vec<serde_json::Map<_, _>>>(bytes)
            .unwrap()
            .len(),
        "ndjson" => lines()
            .filter(|line| serde_json::from_str::<serde_json::Map<_, _>>(line).is_ok())
            .count(),
        "arrow" => FileReader::try_new(io::Cursor::new(bytes), None)
            .unwrap()
            .map(|batch| batch.unwrap().num_rows())
            .sum(),
        "parquet" => parquet_batches(bytes).iter().map(RecordBatch::num_rows).sum(),
        other => panic!("the contract does not know how to read {other}"),
    }
}

fn parquet_batches(bytes: &[u8]) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(bytes))
        .unwrap()
        .build()
        .unwrap();
    reader.map(Result::unwrap).collect()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn strings(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn integers(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

/// One array of each type, with a value and a null.
#[expect(clippy::too_many_lines, reason = "a flat list")]
fn every_type() -> Vec<ArrayRef> {
    let item = |data_type| Arc::new(Field::new("item", data_type, true));
    let numbers = || Int32Array::from(vec![Some(1), None, Some(3)]);
    let offsets = || OffsetBuffer::<i32>::from_lengths([3, 0]);
    let nulls = || Some(vec![true, false].into());
    let structure = StructArray::new(
        vec![
            Field::new("n", DataType::Int32, true),
            Field::new("s", DataType::Utf8, true),
        ]
        .into(),
        vec![Arc::new(Int32Array::from(vec![Some(1), None])), strings(&[None, None])],
        nulls(),
    );
    let mut text_keys = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    text_keys.keys().append_value("k");
    text_keys.values().append_null();
    text_keys.append(true).unwrap();
    text_keys.append(false).unwrap();
    let mut number_keys = MapBuilder::new(None, Int32Builder::new(), StringBuilder::new());
    number_keys.keys().append_value(7);
    number_keys.values().append_value("v");
    number_keys.append(true).unwrap();
    number_keys.append(false).unwrap();
    let dictionary = DictionaryArray::<Int8Type>::new(vec![0, 1].into(), strings(&[Some("d"), None]));
    let runs = RunArray::<Int32Type>::try_new(&vec![1, 2].into(), &StringArray::from(vec![Some("r"), None])).unwrap();
    let union_fields = UnionFields::try_new(
        [0, 1],
        [
            Field::new("a", DataType::Int32, true),
            Field::new("b", DataType::Utf8, true),
        ],
    )
    .unwrap();
    let types: ScalarBuffer<i8> = vec![0_i8, 1].into();
    let union = UnionArray::try_new(
        union_fields,
        types,
        None,
        vec![Arc::new(Int32Array::from(vec![Some(1), None])), strings(&[None, None])],
    );
    vec![
        Arc::new(NullArray::new(2)),
        Arc::new(BooleanArray::from(vec![Some(true), None])),
        Arc::new(Int8Array::from(vec![Some(i8::MIN), None])),
        Arc::new(Int16Array::from(vec![Some(i16::MIN), None])),
        Arc::new(Int32Array::from(vec![Some(i32::MIN), None])),
        Arc::new(Int64Array::from(vec![Some(i64::MIN), None])),
        Arc::new(UInt8Array::from(vec![Some(u8::MAX), None])),
        Arc::new(UInt16Array::from(vec![Some(u16::MAX), None])),
        Arc::new(UInt32Array::from(vec![Some(u32::MAX), None])),
        Arc::new(UInt64Array::from(vec![Some(u64::MAX), None])),
        ::arrow::compute::cast(&Float32Array::from(vec![Some(1.5), None]), &DataType::Float16).unwrap(),
        Arc::new(Float32Array::from(vec![Some(f32::MAX), None])),
        Arc::new(Float64Array::from(vec![Some(f64::MIN_POSITIVE), None])),
        Arc::new(
            Decimal32Array::from(vec![Some(123), None])
                .with_precision_and_scale(5, 2)
                .unwrap(),
        ),
        Arc::new(
            Decimal64Array::from(vec![Some(123), None])
                .with_precision_and_scale(15, 2)
                .unwrap(),
        ),
        Arc::new(
            Decimal128Array::from(vec![Some(i128::from(i64::MIN)), None])
                .with_precision_and_scale(38, 10)
                .unwrap(),
        ),
        Arc::new(
            Decimal256Array::from(vec![Some(123.into()), None])
                .with_precision_and_scale(76, 70)
                .unwrap(),
        ),
        Arc::new(Date32Array::from(vec![Some(19_000), None])),
        Arc::new(Date64Array::from(vec![Some(86_400_000), None])),
        Arc::new(Time32SecondArray::from(vec![Some(1), None])),
        Arc::new(Time32MillisecondArray::from(vec![Some(1), None])),
        Arc::new(Time64MicrosecondArray::from(vec![Some(1), None])),
        Arc::new(Time64NanosecondArray::from(vec![Some(1), None])),
        Arc::new(TimestampSecondArray::from(vec![Some(1), None])),
        Arc::new(TimestampMillisecondArray::from(vec![Some(1), None])),
        Arc::new(TimestampMicrosecondArray::from(vec![Some(-1), None])),
        Arc::new(TimestampNanosecondArray::from(vec![Some(1), None]).with_timezone("Europe/Vienna")),
        Arc::new(DurationSecondArray::from(vec![Some(1), None])),
        Arc::new(DurationMillisecondArray::from(vec![Some(1), None])),
        Arc::new(DurationMicrosecondArray::from(vec![Some(1), None])),
        Arc::new(DurationNanosecondArray::from(vec![Some(1), None])),
        Arc::new(IntervalYearMonthArray::from(vec![Some(14), None])),
        Arc::new(IntervalDayTimeArray::from(vec![Some(IntervalDayTime::new(1, 2)), None])),
        Arc::new(IntervalMonthDayNanoArray::from(vec![
            Some(IntervalMonthDayNano::new(1, 2, 3)),
            None,
        ])),
        strings(&[Some("漢字 \"quoted\", and\nmore"), None]),
        Arc::new(LargeStringArray::from(vec![Some(""), None])),
        Arc::new(StringViewArray::from(vec![
            Some("a view that is longer than twelve bytes"),
            None,
        ])),
        Arc::new(BinaryArray::from(vec![Some(&b"\x00\xff"[..]), None])),
        Arc::new(LargeBinaryArray::from(vec![Some(&b"\x00\xff"[..]), None])),
        Arc::new(BinaryViewArray::from(vec![Some(&b"\x00\xff"[..]), None])),
        Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size([Some([1, 2]), None].into_iter(), 2).unwrap()),
        Arc::new(ListArray::new(
            item(DataType::Int32),
            offsets(),
            Arc::new(numbers()),
            nulls(),
        )),
        Arc::new(LargeListArray::new(
            item(DataType::Int32),
            OffsetBuffer::from_lengths([3, 0]),
            Arc::new(numbers()),
            nulls(),
        )),
        Arc::new(FixedSizeListArray::new(
            item(DataType::Int32),
            1,
            Arc::new(Int32Array::from(vec![1, 2])),
            nulls(),
        )),
        Arc::new(ListViewArray::new(
            item(DataType::Int32),
            vec![0, 0].into(),
            vec![3, 0].into(),
            Arc::new(numbers()),
            nulls(),
        )),
        Arc::new(structure),
        Arc::new(text_keys.finish()),
        Arc::new(number_keys.finish()),
        Arc::new(dictionary),
        Arc::new(runs),
        Arc::new(union.unwrap()),
    ]
}

/// What Parquet has no type for.
fn parquet_lacks(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Union(_, _) | DataType::Interval(IntervalUnit::MonthDayNano)
    )
}

#[test]
fn every_type_is_written_with_its_nulls_or_refused_by_name() {
    for format in FORMATS {
        for array in every_type() {
            let data_type = array.data_type().clone();
            let batch = batch(vec![("id", integers(&[Some(1), Some(2)])), ("value", array)]);
            match written(format, &page(&batch.schema()), &[batch]) {
                Ok(bytes) => assert_eq!(rows_found(format, 2, &bytes), 2, "{} {data_type}", format.name),
                Err(WriteError::Value(error)) if format.name == "parquet" && parquet_lacks(&data_type) => {
                    assert_eq!(error.code(), ErrorCode::NotSupported, "{error}");
                }
                Err(error) => panic!("{} does not write {data_type}: {error:?}", format.name),
            }
        }
    }
}

#[test]
fn a_result_without_rows_is_whole() {
    let empty = batch(vec![("a", integers(&[])), ("b", strings(&[]))]);
    for format in FORMATS {
        for batches in [&[][..], std::slice::from_ref(&empty), &[empty.clone(), empty.clone()]] {
            let bytes = written(format, &page(&empty.schema()), batches).unwrap();
            assert_eq!(rows_found(format, 2, &bytes), 0, "{}", format.name);
        }
    }
}

#[test]
fn a_result_of_several_batches_is_one_result() {
    let (one, none) = (
        batch(vec![("a", integers(&[Some(1), None]))]),
        batch(vec![("a", integers(&[]))]),
    );
    let batches = [none.clone(), one.clone(), none, one.clone(), one.slice(1, 1)];
    let with_text = [one.clone(), one.slice(0, 1)].map(|batch| {
        RecordBatch::try_from_iter_with_nullable([
            ("a", batch.column(0).clone(), true),
            ("b", strings(&vec![Some("x,\"\n"); batch.num_rows()]), true),
        ])
        .unwrap()
    });
    for format in FORMATS {
        // Delimited text of one column has a null as an empty line, which arrow-csv's reader passes over.
        if !["csv", "tsv"].contains(&format.name) {
            let bytes = written(format, &page(&one.schema()), &batches).unwrap();
            assert_eq!(rows_found(format, 1, &bytes), 5, "{}", format.name);
        }
        let bytes = written(format, &page(&with_text[0].schema()), &with_text).unwrap();
        assert_eq!(rows_found(format, 2, &bytes), 3, "{}", format.name);
    }
}

#[test]
fn a_result_without_columns_is_written_or_refused() {
    let options = RecordBatchOptions::new().with_row_count(Some(2));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    for format in FORMATS {
        match written(format, &page(&batch.schema()), std::slice::from_ref(&batch)) {
            Ok(bytes) if ["json", "ndjson", "vertical", "arrow"].contains(&format.name) => {
                assert_eq!(rows_found(format, 0, &bytes), 2, "{}", format.name);
            }
            Ok(_) => {}
            Err(WriteError::Value(error)) => {
                assert_eq!((format.name, error.code()), ("parquet", ErrorCode::NotSupported));
            }
            Err(error) => panic!("{}: {error:?}", format.name),
        }
    }
}

#[test]
fn a_reader_that_went_away_is_told_apart_from_other_failures() {
    let batch = batch(vec![("a", integers(&[Some(1)]))]);
    for format in FORMATS {
        let result = open(format, &page(&batch.schema()), Box::new(Closed)).and_then(|mut writer| {
            writer.write(&batch)?;
            writer.finish()
        });
        match result {
            Err(WriteError::Sink(error)) => assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{}", format.name),
            other => panic!("{}: {other:?}", format.name),
        }
    }
}

#[test]
fn formats_for_people_let_nothing_command_the_terminal() {
    let value = strings(&[Some("\u{1b}[2J\u{9b}1m\r\u{202e}evil\nline\t|")]);
    let batch = batch(vec![("na\u{1b}me\n", value)]);
    for format in FORMATS.iter().filter(|format| format.reader == Reader::Person) {
        let text =
            String::from_utf8(written(format, &page(&batch.schema()), std::slice::from_ref(&batch)).unwrap()).unwrap();
        let commands = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(commands), "{}: {text:?}", format.name);
        assert_eq!(rows_found(format, 1, text.as_bytes()), 1, "{}: {text}", format.name);
    }
}

#[test]
fn names_that_repeat_stay_apart_where_names_are_keys() {
    let schema = Schema::new(vec![
        Field::new("a", DataType::Int64, true),
        Field::new("a", DataType::Int64, true),
    ]);
    let columns = vec![integers(&[Some(1)]), integers(&[Some(2)])];
    let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    assert_eq!(text("csv", std::slice::from_ref(&batch)), "a,a\n1,2\n");
    assert_eq!(text("ndjson", std::slice::from_ref(&batch)), "{\"a\":1,\"a_1\":2}\n");
    let bytes = written(named("parquet").unwrap(), &page(&batch.schema()), &[batch]).unwrap();
    let schema = parquet_batches(&bytes)[0].schema();
    assert_eq!(
        schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect::<Vec<_>>(),
        ["a", "a_1"]
    );
}

#[test]
fn json_keeps_every_digit_and_every_special_number() {
    let decimal = Decimal256Array::from(vec![Some(
        i256::from_string("-12345678901234567890123456789012345678901234567890").unwrap(),
    )]);
    let negative_scale = Decimal128Array::from(vec![12]).with_precision_and_scale(5, -3).unwrap();
    let batch = batch(vec![
        ("i", integers(&[Some(i64::MIN)])),
        ("u", Arc::new(UInt64Array::from(vec![u64::MAX]))),
        ("d", Arc::new(decimal.with_precision_and_scale(76, 10).unwrap())),
        ("k", Arc::new(negative_scale)),
        ("f", Arc::new(Float64Array::from(vec![0.1 + 0.2]))),
        ("nan", Arc::new(Float64Array::from(vec![f64::NAN]))),
        ("inf", Arc::new(Float32Array::from(vec![f32::NEG_INFINITY]))),
        ("none", integers(&[None])),
    ]);
    assert_eq!(
        text("ndjson", &[batch]),
        "{\"i\":-9223372036854775808,\"u\":18446744073709551615,\
         \"d\":-1234567890123456789012345678901234567890.1234567890,\"k\":12000,\"f\":0.30000000000000004,\
         \"nan\":\"NaN\",\"inf\":\"-Infinity\",\"none\":null}\n"
    );
}

#[test]
fn nested_values_are_the_same_json_everywhere() {
    let fields = vec![
        Field::new("n", DataType::Int32, true),
        Field::new("s", DataType::Utf8, true),
    ];
    let structure = StructArray::new(
        fields.into(),
        vec![Arc::new(Int32Array::from(vec![None])), strings(&[Some("a \"b\",\tc")])],
        None,
    );
    let json = r#"{"n":null,"s":"a \"b\",\tc"}"#;
    let batch = batch(vec![("v", Arc::new(structure)), ("w", integers(&[Some(1)]))]);
    assert_eq!(
        text("ndjson", std::slice::from_ref(&batch)),
        format!("{{\"v\":{json},\"w\":1}}\n")
    );
    assert_eq!(
        text("csv", std::slice::from_ref(&batch)),
        format!("v,w\n\"{}\",1\n", json.replace('"', "\"\""))
    );
    assert_eq!(
        text("tsv", std::slice::from_ref(&batch)),
        format!("v\tw\n\"{}\"\t1\n", json.replace('"', "\"\""))
    );
    assert!(text("table", &[batch]).contains(json));
}

#[test]
fn a_null_and_an_empty_text_stay_apart() {
    let batch = batch(vec![
        ("a", strings(&[Some(""), None])),
        ("b", strings(&[None, Some("NULL")])),
    ]);
    for (format, expected) in [
        ("csv", "a,b\n\"\",\n,NULL\n"),
        ("tsv", "a\tb\n\"\"\t\n\tNULL\n"),
        ("ndjson", "{\"a\":\"\",\"b\":null}\n{\"a\":null,\"b\":\"NULL\"}\n"),
    ] {
        assert_eq!(text(format, std::slice::from_ref(&batch)), expected);
    }
}

#[test]
fn a_null_among_the_values_of_a_dictionary_is_a_null() {
    let dictionary = DictionaryArray::<Int8Type>::new(vec![0, 1].into(), strings(&[Some(""), None]));
    let batch = batch(vec![("d", Arc::new(dictionary)), ("i", integers(&[Some(1), Some(2)]))]);
    assert_eq!(text("csv", std::slice::from_ref(&batch)), "d,i\n\"\",1\n,2\n");
    assert_eq!(
        text("json", &[batch]),
        "[{\"d\":\"\",\"i\":1},\n{\"d\":null,\"i\":2}]\n"
    );
}

#[test]
fn dates_outside_of_the_calendar_are_an_error_and_no_text() {
    let batch = batch(vec![("t", Arc::new(TimestampSecondArray::from(vec![i64::MAX])))]);
    for format in FORMATS.iter().filter(|format| format.reader != Reader::BinaryProgram) {
        match written(format, &page(&batch.schema()), std::slice::from_ref(&batch)) {
            Err(WriteError::Value(error)) => assert_eq!(error.code(), ErrorCode::InvalidValue),
            other => panic!("{}: {other:?}", format.name),
        }
    }
}

#[test]
fn dates_times_and_bytes_have_one_text() {
    let batch = batch(vec![
        (
            "t",
            Arc::new(TimestampMicrosecondArray::from(vec![1_700_000_000_123_456])),
        ),
        (
            "z",
            Arc::new(TimestampSecondArray::from(vec![1_700_000_000]).with_timezone("UTC")),
        ),
        ("d", Arc::new(Date32Array::from(vec![19_675]))),
        ("b", Arc::new(BinaryArray::from(vec![&b"\x00\xabz"[..]]))),
    ]);
    assert_eq!(
        text("csv", &[batch]),
        "t,z,d,b\n2023-11-14T22:13:20.123456,2023-11-14T22:13:20Z,2023-11-14,00ab7a\n"
    );
}

#[test]
fn a_table_is_aligned_by_display_width_with_numbers_at_the_right() {
    let batch = batch(vec![
        ("n", integers(&[Some(1), Some(100), None])),
        ("名前", strings(&[Some("漢字漢"), Some("b\nc"), None])),
    ]);
    assert_eq!(
        text("table", std::slice::from_ref(&batch)),
        "+------+--------+\n|    n | 名前   |\n+------+--------+\n\
         |    1 | 漢字漢 |\n|  100 | b     +|\n|      | c      |\n| NULL | NULL   |\n+------+--------+\n"
    );
    assert_eq!(
        text("markdown", std::slice::from_ref(&batch)),
        "|    n | 名前   |\n| ---: | ------ |\n|    1 | 漢字漢 |\n|  100 | b<br>c |\n| NULL | NULL   |\n"
    );
    let title = |row| format!("{:-<30}", format!("-[ ROW {row} ]"));
    assert_eq!(
        text("vertical", &[batch.slice(0, 2)]),
        format!(
            "{}\nn    | 1\n名前 | 漢字漢\n{}\nn    | 100\n名前 | b\n     | c\n",
            title(1),
            title(2)
        )
    );
}

#[test]
fn a_limited_table_shows_both_ends_and_says_what_it_leaves_out() {
    let schema = batch(vec![("n", integers(&[]))]).schema();
    for size in [1, 3, 4, 7, 100] {
        let all: Vec<_> = (0..100).map(Some).collect();
        let batches: Vec<_> = all
            .chunks(size)
            .map(|rows| batch(vec![("n", integers(rows))]))
            .collect();
        let page = Page {
            shown_rows: Some(5),
            ..page(&schema)
        };
        let text = String::from_utf8(written(named("table").unwrap(), &page, &batches).unwrap()).unwrap();
        let lines: Vec<_> = text.lines().map(|line| line.trim_matches(['|', ' '])).collect();
        assert_eq!(
            lines[3..9],
            ["0", "1", "2", "… 95 rows not shown …", "98", "99"],
            "batches of {size}"
        );
    }
    let few = batch(vec![("n", integers(&[Some(1), Some(2), Some(3), Some(4), Some(5)]))]);
    let page = Page {
        shown_rows: Some(5),
        ..page(&schema)
    };
    assert!(
        !String::from_utf8(written(named("table").unwrap(), &page, &[few]).unwrap())
            .unwrap()
            .contains("not shown")
    );
}

#[test]
fn a_table_without_end_streams_and_keeps_every_value() {
    let rows = aligned::SAMPLED_ROWS;
    let memory = Memory::default();
    let first = batch(vec![("s", strings(&vec![Some("x"); rows]))]);
    let mut writer = open(
        named("table").unwrap(),
        &page(&first.schema()),
        Box::new(memory.clone()),
    )
    .unwrap();
    writer.write(&first.slice(0, rows - 1)).unwrap();
    assert!(memory.0.lock().unwrap().is_empty(), "the widths are not known yet");
    writer.write(&first.slice(0, 1)).unwrap();
    assert!(!memory.0.lock().unwrap().is_empty(), "the widths are known");
    writer
        .write(&batch(vec![("s", strings(&[Some("wider than all before")]))]))
        .unwrap();
    let text = String::from_utf8(memory.0.lock().unwrap().clone()).unwrap();
    assert!(text.ends_with("| wider than all before |\n"));
    assert!(text.starts_with("+---+\n| s |\n+---+\n| x |\n"));
}

#[test]
fn parquet_keeps_dates_and_times_as_such_for_every_reader() {
    let batch = batch(vec![
        (
            "t",
            Arc::new(TimestampSecondArray::from(vec![1_700_000_000])) as ArrayRef,
        ),
        ("s", Arc::new(Time32SecondArray::from(vec![1]))),
        ("d", Arc::new(Date64Array::from(vec![86_400_000]))),
    ]);
    let bytes = written(named("parquet").unwrap(), &page(&batch.schema()), &[batch]).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
    assert!(
        reader
            .parquet_schema()
            .columns()
            .iter()
            .all(|column| column.logical_type_ref().is_some())
    );
    let read = reader.build().unwrap().next().unwrap().unwrap();
    assert_eq!(
        read.column(0).as_primitive::<TimestampMillisecondType>().value(0),
        1_700_000_000_000
    );
    assert_eq!(read.column(1).as_primitive::<Time32MillisecondType>().value(0), 1000);
    assert_eq!(read.column(2).as_primitive::<Date32Type>().value(0), 1);
}

#[test]
fn arrow_is_a_stream_in_a_pipe() {
    let batch = batch(vec![(
        "v",
        Arc::new(StringViewArray::from(vec!["a view that is longer than twelve bytes"])) as ArrayRef,
    )]);
    let page = Page {
        is_file: false,
        ..page(&batch.schema())
    };
    let bytes = written(named("arrow").unwrap(), &page, &[batch]).unwrap();
    let batches: Vec<_> = StreamReader::try_new(bytes.as_slice(), None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        batches[0].column(0).as_string::<i32>().value(0),
        "a view that is longer than twelve bytes"
    );
}
