//! The SQL names of types, as CREATE TABLE declares them and DESCRIBE shows them: Hive's and Athena's, and those of Trino,
//! PostgreSQL and `DuckDB` beside them.
//!
//! What a name means where dialects differ: `float` has four bytes, `decimal` alone is `decimal(10,0)` (both as in Hive and
//! Athena), a `timestamp` counts microseconds, which reach the year 9999, a `time` nanoseconds, as the literal `TIME '…'` does, and
//! a `timestamp with time zone` is a moment in UTC. The length of `varchar(n)` and
//! `char(n)` is read and not enforced: both are `string`, since the files of an external table hold whatever they hold.

use arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType, Field, Fields, IntervalUnit, TimeUnit,
};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};
use std::collections::HashSet;
use std::sync::Arc;

use crate::name::nearest;

/// Types within one another.
const NESTING: usize = 50;

/// Reads one type where `parser` stands, and nothing behind it.
///
/// # Errors
/// With its place, if there is no name of a type.
pub fn read(parser: &mut Parser<'_>) -> Result<DataType, ParserError> {
    let mut reader = TypeReader {
        parser,
        half_closed: false,
        depth: 0,
    };
    let data_type = reader.data_type()?;
    if reader.half_closed {
        return reader
            .parser
            .expected_at("one \">\"", reader.parser.get_current_index());
    }
    Ok(data_type)
}

/// The SQL name of `data_type`. [`read`] reads it back as the same type where the type can be declared, save what a
/// declaration does not say: whether nested values may be NULL, how text, bytes and lists are laid out in memory, and which
/// time zone a moment is shown in.
#[must_use]
pub fn name(data_type: &DataType) -> String {
    use DataType::{
        Binary, BinaryView, Date32, Date64, Decimal32, Decimal64, Decimal128, Decimal256, Dictionary, FixedSizeList,
        Float16, Float32, Float64, Int8, Int16, Int32, Int64, Interval, LargeBinary, LargeList, LargeListView,
        LargeUtf8, List, ListView, Map, RunEndEncoded, Struct, Time32, Time64, Timestamp, UInt8, UInt16, UInt32,
        UInt64, Utf8, Utf8View,
    };
    match data_type {
        DataType::Boolean => "boolean".to_owned(),
        Int8 => "tinyint".to_owned(),
        Int16 => "smallint".to_owned(),
        Int32 => "int".to_owned(),
        Int64 => "bigint".to_owned(),
        UInt8 => "tinyint unsigned".to_owned(),
        UInt16 => "smallint unsigned".to_owned(),
        UInt32 => "int unsigned".to_owned(),
        UInt64 => "bigint unsigned".to_owned(),
        Float16 => "half float".to_owned(),
        Float32 => "float".to_owned(),
        Float64 => "double".to_owned(),
        Decimal32(precision, scale)
        | Decimal64(precision, scale)
        | Decimal128(precision, scale)
        | Decimal256(precision, scale) => format!("decimal({precision},{scale})"),
        Utf8 | LargeUtf8 | Utf8View => "string".to_owned(),
        Binary | LargeBinary | BinaryView => "binary".to_owned(),
        DataType::FixedSizeBinary(bytes) => format!("binary({bytes})"),
        Date32 => "date".to_owned(),
        Date64 => "date in milliseconds".to_owned(),
        Time64(TimeUnit::Microsecond) => "time(6)".to_owned(),
        Time32(unit) | Time64(unit) => format!("time{}", precision_of(*unit)),
        Timestamp(unit, None) => format!("timestamp{}", precision_of(*unit)),
        Timestamp(unit, Some(_)) => format!("timestamp{} with time zone", precision_of(*unit)),
        Interval(IntervalUnit::MonthDayNano) => "interval".to_owned(),
        Interval(IntervalUnit::YearMonth) => "interval year to month".to_owned(),
        Interval(IntervalUnit::DayTime) => "interval day to second".to_owned(),
        DataType::Duration(_) => "duration".to_owned(),
        DataType::Null => "null".to_owned(),
        List(item) | LargeList(item) | FixedSizeList(item, _) | ListView(item) | LargeListView(item) => {
            format!("array<{}>", name(item.data_type()))
        }
        Map(entries, _) => match entries.data_type() {
            Struct(pair) if pair.len() == 2 => {
                format!("map<{},{}>", name(pair[0].data_type()), name(pair[1].data_type()))
            }
            other => format!("map<{}>", name(other)),
        },
        Struct(fields) => format!("struct<{}>", named(fields.iter())),
        DataType::Union(fields, _) => format!("union<{}>", named(fields.iter().map(|(_, field)| field))),
        Dictionary(_, values) => name(values),
        RunEndEncoded(_, values) => name(values.data_type()),
    }
}

fn named<'a>(fields: impl Iterator<Item = &'a Arc<Field>>) -> String {
    let named: Vec<String> = fields
        .map(|field| format!("{}:{}", field_name(field.name()), name(field.data_type())))
        .collect();
    named.join(",")
}

fn field_name(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain {
        name.to_owned()
    } else {
        format!("`{}`", name.replace('`', "``"))
    }
}

fn precision_of(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "(0)",
        TimeUnit::Millisecond => "(3)",
        TimeUnit::Microsecond => "",
        TimeUnit::Nanosecond => "(9)",
    }
}

/// The first words of all types, for whoever misspells one.
const NAMES: &[&str] = &[
    "array",
    "bigint",
    "binary",
    "blob",
    "boolean",
    "bytea",
    "char",
    "date",
    "datetime",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "interval",
    "map",
    "numeric",
    "real",
    "row",
    "smallint",
    "string",
    "struct",
    "text",
    "time",
    "timestamp",
    "timestamptz",
    "tinyint",
    "varbinary",
    "varchar",
];

struct TypeReader<'p, 'd> {
    parser: &'p mut Parser<'d>,
    /// The first half of a `>>` has closed a type, the second is still to close the one around it.
    half_closed: bool,
    depth: usize,
}

impl TypeReader<'_, '_> {
    fn data_type(&mut self) -> Result<DataType, ParserError> {
        self.depth += 1;
        if self.depth > NESTING {
            return self.too_deep();
        }
        let token = self.parser.next_token();
        let Token::Word(word) = &token.token else {
            return self.parser.expected("a type", token);
        };
        if word.quote_style.is_some() {
            return self.parser.expected("a type", token);
        }
        let word = word.value.to_ascii_lowercase();
        let mut data_type = match self.scalar(&word)? {
            Some(data_type) => data_type,
            None => match word.as_str() {
                "array" => self.array()?,
                "map" => self.map()?,
                "struct" | "row" => self.structure()?,
                _ => return Err(unknown(&word, &token)),
            },
        };
        let mut arrays = 0;
        while !self.half_closed && self.parser.peek_token_ref().token == Token::LBracket {
            arrays += 1;
            if self.depth + arrays > NESTING {
                return self.too_deep();
            }
            self.parser.advance_token();
            self.parser.expect_token(&Token::RBracket)?;
            data_type = list(within(data_type));
        }
        self.depth -= 1;
        Ok(data_type)
    }

    fn too_deep(&self) -> Result<DataType, ParserError> {
        let expected = "fewer types within one another";
        self.parser.expected_ref(expected, self.parser.peek_token_ref())
    }

    /// The type of that first word, with what else belongs to it, unless the word says a nested type or none.
    fn scalar(&mut self, word: &str) -> Result<Option<DataType>, ParserError> {
        let data_type = match word {
            "boolean" | "bool" => DataType::Boolean,
            "tinyint" => self.integer(DataType::Int8, DataType::UInt8),
            "smallint" | "int2" => self.integer(DataType::Int16, DataType::UInt16),
            "int" | "integer" | "int4" => self.integer(DataType::Int32, DataType::UInt32),
            "bigint" | "int8" => self.integer(DataType::Int64, DataType::UInt64),
            "utinyint" => DataType::UInt8,
            "usmallint" => DataType::UInt16,
            "uinteger" => DataType::UInt32,
            "ubigint" => DataType::UInt64,
            "float" | "real" | "float4" => DataType::Float32,
            "double" => {
                self.takes("precision");
                DataType::Float64
            }
            "float8" => DataType::Float64,
            "decimal" | "numeric" | "dec" => self.decimal()?,
            "string" | "text" => self.text(),
            "varchar" => self.text_with_length()?,
            "char" | "character" => {
                self.takes("varying");
                self.text_with_length()?
            }
            "binary" | "varbinary" | "bytea" | "blob" => self.bytes(),
            "date" => DataType::Date32,
            "time" => match self.precision_or(TimeUnit::Nanosecond)? {
                unit @ (TimeUnit::Second | TimeUnit::Millisecond) => DataType::Time32(unit),
                unit => DataType::Time64(unit),
            },
            "timestamp" | "datetime" => self.timestamp()?,
            "timestamptz" => DataType::Timestamp(self.precision()?, Some("UTC".into())),
            "interval" => self.interval()?,
            _ => return Ok(None),
        };
        Ok(Some(data_type))
    }

    fn integer(&mut self, signed: DataType, unsigned: DataType) -> DataType {
        if self.takes("unsigned") { unsigned } else { signed }
    }

    fn text(&self) -> DataType {
        if self.depth > 1 {
            DataType::Utf8
        } else {
            DataType::Utf8View
        }
    }

    fn bytes(&self) -> DataType {
        if self.depth > 1 {
            DataType::Binary
        } else {
            DataType::BinaryView
        }
    }

    fn text_with_length(&mut self) -> Result<DataType, ParserError> {
        if self.parser.consume_token(&Token::LParen) {
            self.parser.parse_literal_uint()?;
            self.parser.expect_token(&Token::RParen)?;
        }
        Ok(self.text())
    }

    fn decimal(&mut self) -> Result<DataType, ParserError> {
        let start = self.parser.peek_token_ref().span.start;
        let (precision, scale) = if self.parser.consume_token(&Token::LParen) {
            let precision = self.parser.parse_literal_uint()?;
            let scale = if self.parser.consume_token(&Token::Comma) {
                self.parser.parse_literal_uint()?
            } else {
                0
            };
            self.parser.expect_token(&Token::RParen)?;
            (precision, scale)
        } else {
            (10, 0)
        };
        let refused = |message: &str| Err(ParserError::ParserError(format!("{message}{start}")));
        let (Ok(digits), Ok(fraction)) = (u8::try_from(precision), i8::try_from(scale)) else {
            return refused("a decimal has at most 76 digits");
        };
        if digits == 0 || digits > DECIMAL256_MAX_PRECISION {
            return refused("a decimal has 1 to 76 digits");
        }
        if scale > precision {
            return refused("the scale of a decimal is at most its precision");
        }
        if digits <= DECIMAL128_MAX_PRECISION {
            Ok(DataType::Decimal128(digits, fraction))
        } else {
            Ok(DataType::Decimal256(digits, fraction))
        }
    }

    fn timestamp(&mut self) -> Result<DataType, ParserError> {
        let unit = self.precision()?;
        if self.takes("with") {
            self.time_zone()?;
            return Ok(DataType::Timestamp(unit, Some("UTC".into())));
        }
        if self.takes("without") {
            self.time_zone()?;
        }
        Ok(DataType::Timestamp(unit, None))
    }

    fn time_zone(&mut self) -> Result<(), ParserError> {
        if self.takes("time") && self.takes("zone") {
            return Ok(());
        }
        self.parser.expected_ref("TIME ZONE", self.parser.peek_token_ref())
    }

    fn precision(&mut self) -> Result<TimeUnit, ParserError> {
        self.precision_or(TimeUnit::Microsecond)
    }

    fn precision_or(&mut self, unwritten: TimeUnit) -> Result<TimeUnit, ParserError> {
        if !self.parser.consume_token(&Token::LParen) {
            return Ok(unwritten);
        }
        let token = self.parser.peek_token();
        let unit = match self.parser.parse_literal_uint()? {
            0 => TimeUnit::Second,
            3 => TimeUnit::Millisecond,
            6 => TimeUnit::Microsecond,
            9 => TimeUnit::Nanosecond,
            _ => return self.parser.expected("a precision of 0, 3, 6 or 9 digits", token),
        };
        self.parser.expect_token(&Token::RParen)?;
        Ok(unit)
    }

    fn interval(&mut self) -> Result<DataType, ParserError> {
        let (unit, end) = if self.takes("year") {
            (IntervalUnit::YearMonth, "month")
        } else if self.takes("day") {
            (IntervalUnit::DayTime, "second")
        } else {
            return Ok(DataType::Interval(IntervalUnit::MonthDayNano));
        };
        if self.takes("to") && self.takes(end) {
            return Ok(DataType::Interval(unit));
        }
        let expected = "INTERVAL YEAR TO MONTH or INTERVAL DAY TO SECOND";
        self.parser.expected_ref(expected, self.parser.peek_token_ref())
    }

    fn array(&mut self) -> Result<DataType, ParserError> {
        let bracket = self.open()?;
        let item = self.data_type()?;
        self.close(&bracket)?;
        Ok(list(item))
    }

    fn map(&mut self) -> Result<DataType, ParserError> {
        let bracket = self.open()?;
        let key = self.data_type()?;
        self.separator(Token::Comma)?;
        let value = self.data_type()?;
        self.close(&bracket)?;
        let pair = vec![Field::new("key", key, false), Field::new("value", value, true)];
        let entries = Field::new("entries", DataType::Struct(pair.into()), false);
        Ok(DataType::Map(Arc::new(entries), false))
    }

    /// `struct<a:int,b:int>`, `row(a int, b int)` and mixtures of both.
    fn structure(&mut self) -> Result<DataType, ParserError> {
        let bracket = self.open()?;
        let mut names = HashSet::new();
        let mut fields = Vec::new();
        loop {
            let token = self.parser.next_token();
            let name = match &token.token {
                Token::Word(word) if word.quote_style.is_some() => word.value.clone(),
                Token::Word(word) => word.value.to_lowercase(),
                _ => return self.parser.expected("the name of a field", token),
            };
            if !names.insert(name.clone()) {
                return self.parser.expected("another name for the second field", token);
            }
            let _ = self.parser.consume_token(&Token::Colon);
            fields.push(Field::new(name, self.data_type()?, true));
            if self.half_closed || !self.parser.consume_token(&Token::Comma) {
                break;
            }
        }
        self.close(&bracket)?;
        Ok(DataType::Struct(Fields::from(fields)))
    }

    /// The bracket that closes the one which stands here.
    fn open(&mut self) -> Result<Token, ParserError> {
        let token = self.parser.next_token();
        match token.token {
            Token::Lt => Ok(Token::Gt),
            Token::LParen => Ok(Token::RParen),
            _ => self.parser.expected("\"<\" and the types within", token),
        }
    }

    fn close(&mut self, bracket: &Token) -> Result<(), ParserError> {
        if *bracket == Token::Gt {
            if std::mem::take(&mut self.half_closed) {
                return Ok(());
            }
            // Two brackets in a row are one token, a shift.
            if self.parser.consume_token(&Token::ShiftRight) {
                self.half_closed = true;
                return Ok(());
            }
        }
        self.separator(bracket.clone())
    }

    fn separator(&mut self, token: Token) -> Result<(), ParserError> {
        if self.half_closed {
            let index = self.parser.get_current_index();
            return self.parser.expected_at(&format!("\"{token}\""), index);
        }
        self.parser.expect_token(&token).map(drop)
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = !self.half_closed
            && matches!(&self.parser.peek_token_ref().token,
                Token::Word(next) if next.quote_style.is_none() && next.value.eq_ignore_ascii_case(word));
        if found {
            self.parser.advance_token();
        }
        found
    }
}

fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

/// The type as it stands within another one.
fn within(data_type: DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        other => other,
    }
}

fn unknown(word: &str, token: &TokenWithSpan) -> ParserError {
    let hint = match nearest(word, NAMES.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => "see the list of types in the documentation of CREATE TABLE".to_owned(),
    };
    ParserError::ParserError(format!("there is no type \"{word}\"; {hint}{}", token.span.start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorCode, Result};
    use datafusion::sql::sqlparser::dialect::GenericDialect;

    /// The type that `name` declares.
    ///
    /// Text and bytes are views at the outermost level, as the columns of files are read, and plain ones within other types.
    ///
    /// # Errors
    /// `SYNTAX_ERROR` if it is not the name of a type.
    fn parse(name: &str) -> Result<DataType> {
        let read = || -> Result<DataType, ParserError> {
            let mut parser = Parser::new(&GenericDialect {}).try_with_sql(name)?;
            let data_type = read(&mut parser)?;
            match parser.peek_token().token {
                Token::EOF => Ok(data_type),
                _ => parser.expected_ref("the end of the type", parser.peek_token_ref()),
            }
        };
        read().map_err(|error| {
            let reason = error.to_string();
            let reason = reason.strip_prefix("sql parser error: ").unwrap_or(&reason);
            let reason = reason
                .rsplit_once(" at Line: ")
                .map_or(reason, |(reason, _)| reason)
                .replacen("Expected: ", "expected ", 1);
            Error::new(ErrorCode::SyntaxError, format!("\"{name}\" is not a type: {reason}"))
        })
    }

    fn check(declared: &str, data_type: &DataType, canonical: &str) {
        let found = parse(declared).unwrap_or_else(|error| panic!("{declared}: {error}"));
        assert_eq!(found, *data_type, "{declared}");
        assert_eq!(name(&found), canonical, "{declared}");
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a flat table")]
    fn every_spelling_means_one_type() {
        use DataType::*;
        use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
        let utc = || Some("UTC".into());
        for (spellings, data_type, canonical) in [
            ("boolean|BOOL|Boolean", Boolean, "boolean"),
            ("tinyint", Int8, "tinyint"),
            ("smallint|int2", Int16, "smallint"),
            ("int|integer|INT4", Int32, "int"),
            ("bigint|int8", Int64, "bigint"),
            ("tinyint unsigned|utinyint", UInt8, "tinyint unsigned"),
            ("smallint unsigned|usmallint", UInt16, "smallint unsigned"),
            ("int unsigned|integer UNSIGNED|uinteger", UInt32, "int unsigned"),
            ("bigint unsigned|ubigint", UInt64, "bigint unsigned"),
            ("float|real|float4", Float32, "float"),
            ("double|double precision|float8", Float64, "double"),
            (
                "decimal|numeric|decimal(10)|decimal(10, 0)",
                Decimal128(10, 0),
                "decimal(10,0)",
            ),
            ("decimal(38,38)", Decimal128(38, 38), "decimal(38,38)"),
            ("decimal(39,1)", Decimal256(39, 1), "decimal(39,1)"),
            (
                "string|text|varchar|varchar(10)|char(3)|character varying(7)|char",
                Utf8View,
                "string",
            ),
            ("binary|varbinary|bytea|blob", BinaryView, "binary"),
            ("date", Date32, "date"),
            ("time(6)", Time64(Microsecond), "time(6)"),
            ("time(0)", Time32(Second), "time(0)"),
            ("time(3)", Time32(Millisecond), "time(3)"),
            ("time|time(9)", Time64(Nanosecond), "time(9)"),
            (
                "timestamp|timestamp(6)|datetime|timestamp without time zone",
                Timestamp(Microsecond, None),
                "timestamp",
            ),
            ("timestamp(0)", Timestamp(Second, None), "timestamp(0)"),
            ("timestamp(3)", Timestamp(Millisecond, None), "timestamp(3)"),
            ("timestamp(9)", Timestamp(Nanosecond, None), "timestamp(9)"),
            (
                "timestamp with time zone|timestamptz|timestamp(6) with time zone",
                Timestamp(Microsecond, utc()),
                "timestamp with time zone",
            ),
            (
                "timestamptz(3)|timestamp(3) with time zone",
                Timestamp(Millisecond, utc()),
                "timestamp(3) with time zone",
            ),
            ("interval", Interval(IntervalUnit::MonthDayNano), "interval"),
            (
                "interval year to month",
                Interval(IntervalUnit::YearMonth),
                "interval year to month",
            ),
            (
                "interval day to second",
                Interval(IntervalUnit::DayTime),
                "interval day to second",
            ),
            ("array<int>|array(int)|int[]|ARRAY< int >", list(Int32), "array<int>"),
            ("array<string>|text[]|array(varchar(3))", list(Utf8), "array<string>"),
            (
                "array<array<bytea>>|bytea[][]",
                list(list(Binary)),
                "array<array<binary>>",
            ),
        ] {
            for declared in spellings.split('|') {
                check(declared, &data_type, canonical);
            }
        }
    }

    #[test]
    fn nested_types_are_hives_and_trinos() {
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        let inner = DataType::Struct(vec![field("c", DataType::Float64), field("d e", DataType::Utf8)].into());
        let outer = DataType::Struct(vec![field("a", DataType::Int32), field("b", list(inner))].into());
        let canonical = "struct<a:int,b:array<struct<c:double,`d e`:string>>>";
        for declared in [
            canonical,
            "struct<A:int, b : array< struct< c : double, `d e` : string > > >",
            "row(a integer, b array(row(c double, \"d e\" varchar)))",
            "struct<a int, b row(c double, `d e` text)[]>",
        ] {
            check(declared, &outer, canonical);
        }
        let DataType::Map(entries, false) = parse("map<string,array<int>>").expect("a map") else {
            panic!("no map")
        };
        let DataType::Struct(pair) = entries.data_type() else {
            panic!("no entries")
        };
        assert_eq!((pair[0].data_type(), pair[0].is_nullable()), (&DataType::Utf8, false));
        assert_eq!(
            (pair[1].data_type(), pair[1].is_nullable()),
            (&list(DataType::Int32), true)
        );
        assert_eq!(
            name(&parse("map(varchar, bigint)").expect("a map")),
            "map<string,bigint>"
        );
    }

    /// Types that grow out of one another by a seed: what `name` writes, `parse` reads as the same type.
    #[test]
    fn what_is_named_is_read_back() {
        fn grow(seed: &mut u64, depth: usize) -> DataType {
            *seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let pick = (*seed >> 33) % if depth == 0 { 14 } else { 18 };
            let text = [DataType::Utf8View, DataType::Utf8][usize::from(depth < 4)].clone();
            match pick {
                0 => DataType::Boolean,
                1 => DataType::Int8,
                2 => DataType::UInt16,
                3 => DataType::Int32,
                4 => DataType::UInt64,
                5 => DataType::Float32,
                6 => DataType::Decimal128(38, i8::try_from(*seed % 39).unwrap()),
                7 => DataType::Decimal256(76, 10),
                8 => text,
                9 => DataType::Date32,
                10 => DataType::Time64(TimeUnit::Nanosecond),
                11 => DataType::Timestamp(TimeUnit::Second, Some("UTC".into())),
                12 => DataType::Timestamp(TimeUnit::Nanosecond, None),
                13 => DataType::Interval(IntervalUnit::YearMonth),
                14 | 15 => list(grow(seed, depth - 1)),
                16 => {
                    let pair = vec![
                        Field::new("key", grow(seed, depth - 1), false),
                        Field::new("value", grow(seed, depth - 1), true),
                    ];
                    DataType::Map(
                        Arc::new(Field::new("entries", DataType::Struct(pair.into()), false)),
                        false,
                    )
                }
                _ => {
                    let names = ["a", "B c", "order", "`", "é", "1x", "Upper"];
                    let fields: Vec<Field> = names
                        .iter()
                        .take(1 + usize::try_from(*seed % 7).unwrap())
                        .map(|name| Field::new(*name, grow(seed, depth - 1), true))
                        .collect();
                    DataType::Struct(fields.into())
                }
            }
        }
        let mut seed = 7;
        let mut nested = 0;
        for _ in 0..2_000 {
            let data_type = grow(&mut seed, 4);
            let named = name(&data_type);
            nested += usize::from(named.contains(">>>"));
            assert_eq!(
                parse(&named).unwrap_or_else(|error| panic!("{named}: {error}")),
                data_type,
                "{named}"
            );
        }
        assert!(nested > 20, "{nested} deep types");
    }

    #[test]
    fn layouts_that_cannot_be_declared_have_the_name_of_their_values() {
        let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let item = Arc::new(Field::new("element", DataType::LargeUtf8, false));
        for (data_type, shown) in [
            (DataType::LargeUtf8, "string"),
            (DataType::LargeBinary, "binary"),
            (dictionary, "string"),
            (DataType::LargeList(Arc::clone(&item)), "array<string>"),
            (DataType::FixedSizeList(item, 3), "array<string>"),
            (DataType::Decimal64(5, 2), "decimal(5,2)"),
            (
                DataType::Timestamp(TimeUnit::Microsecond, Some("+02:00".into())),
                "timestamp with time zone",
            ),
            (DataType::Null, "null"),
            (DataType::Float16, "half float"),
            (DataType::FixedSizeBinary(16), "binary(16)"),
        ] {
            assert_eq!(name(&data_type), shown);
        }
    }

    #[test]
    fn what_is_no_type_is_an_error_that_says_why() {
        for (text, why) in [
            ("", "expected a type, found: EOF"),
            ("strng", "there is no type \"strng\"; did you mean \"string\"?"),
            ("json", "there is no type \"json\"; see"),
            ("\"int\"", "expected a type"),
            ("int int", "expected the end of the type"),
            ("int(11)", "expected the end of the type"),
            ("decimal(0)", "a decimal has 1 to 76 digits"),
            ("decimal(77)", "a decimal has 1 to 76 digits"),
            ("decimal(5,6)", "the scale of a decimal is at most"),
            ("decimal(999999999999)", "a decimal has at most 76"),
            ("decimal(-1)", "expected literal int"),
            ("timestamp(4)", "expected a precision of 0, 3, 6 or 9 digits"),
            ("timestamp with zone", "expected TIME ZONE"),
            ("interval year", "expected INTERVAL YEAR TO MONTH"),
            ("array", "expected \"<\""),
            ("array<int", "expected >"),
            ("array<int>>", "expected one \">\""),
            ("array<array<int>", "expected >"),
            ("array(int>", "expected )"),
            ("map<int>", "expected ,"),
            ("map<array<int>>, int>", "expected \",\""),
            ("struct<>", "expected \"<\""),
            ("struct<a:int,a:int>", "expected another name"),
            ("struct<a:int,A:int>", "expected another name"),
            ("struct<'a':int>", "expected the name of a field"),
            ("'int", "Unterminated string"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.code(), ErrorCode::SyntaxError, "{text}");
            assert!(error.message().contains(why), "{text}: {error}");
        }
        for deep in ["array<", "struct<a:", "array(", "map<int,"] {
            let error = parse(&deep.repeat(100_000)).expect_err(deep);
            assert!(error.message().contains("expected fewer types"), "{deep}");
        }
        assert!(parse(&format!("int{}", "[]".repeat(100_000))).is_err());
    }
}
