//! GetSqlInfo: which codes there are, in which kind of value, and what drivers need of them.

use arrow::array::{Array, AsArray, UnionArray};
use arrow::datatypes::{DataType, UInt32Type, UnionMode};
use arrow_flight::sql::{CommandGetSqlInfo, SqlInfo};
use std::fmt;

use super::probe::{Answer, Probe};
use super::refusal::Refusal;

const CALL: &str = "GetSqlInfo";

/// The kinds of values, by the child of the union that holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Truth,
    Long,
    Bits,
    Texts,
    Map,
}

/// The codes that a driver reads, from and to, and the kind that it casts them to.
pub(super) type Wanted = &'static [(u32, u32, Kind)];

/// What the JDBC driver casts to what (ArrowDatabaseMetadata.java). It reads all other codes, too, and drops them.
pub(super) const JDBC: Wanted = &[
    (0, 1, Kind::Text),
    (3, 3, Kind::Truth),
    (504, 504, Kind::Text),
    (508, 512, Kind::Texts),
    (513, 514, Kind::Text),
    (515, 516, Kind::Truth),
    (517, 517, Kind::Map),
    (518, 521, Kind::Truth),
    (522, 522, Kind::Bits),
    (523, 524, Kind::Truth),
    (525, 526, Kind::Bits),
    (527, 527, Kind::Truth),
    (528, 528, Kind::Bits),
    (529, 531, Kind::Text),
    (532, 532, Kind::Truth),
    (533, 535, Kind::Bits),
    (536, 537, Kind::Truth),
    (538, 538, Kind::Bits),
    (539, 539, Kind::Truth),
    (540, 540, Kind::Bits),
    (541, 555, Kind::Long),
    (556, 556, Kind::Truth),
    (557, 562, Kind::Long),
    (563, 563, Kind::Truth),
    (564, 564, Kind::Bits),
    (565, 566, Kind::Truth),
    (567, 567, Kind::Bits),
    (572, 576, Kind::Truth),
];

/// What the ODBC driver reinterprets as what (get_info_cache.cc).
pub(super) const ODBC: Wanted = &[
    (0, 1, Kind::Text),
    (3, 3, Kind::Truth),
    (503, 503, Kind::Long),
    (504, 504, Kind::Text),
    (505, 505, Kind::Long),
    (506, 506, Kind::Truth),
    (507, 507, Kind::Long),
    (508, 512, Kind::Texts),
    (513, 514, Kind::Text),
    (515, 516, Kind::Truth),
    (517, 517, Kind::Map),
    (518, 521, Kind::Truth),
    (522, 522, Kind::Bits),
    (523, 524, Kind::Truth),
    (525, 526, Kind::Bits),
    (527, 527, Kind::Truth),
    (528, 528, Kind::Bits),
    (529, 531, Kind::Text),
    (532, 532, Kind::Truth),
    (533, 534, Kind::Bits),
    (537, 537, Kind::Truth),
    (538, 538, Kind::Bits),
    (540, 540, Kind::Bits),
    (541, 555, Kind::Long),
    (556, 556, Kind::Truth),
    (557, 562, Kind::Long),
    (563, 563, Kind::Truth),
    (564, 564, Kind::Bits),
    (565, 566, Kind::Truth),
    (572, 572, Kind::Truth),
];

/// One code and what was told about it.
pub(super) struct Told {
    pub(super) code: u32,
    /// Nothing if the value is in a child that the specification does not have.
    pub(super) kind: Option<Kind>,
    pub(super) type_id: i8,
    /// The value, if it is a text.
    pub(super) text: Option<String>,
    /// The value, if it is a number.
    pub(super) number: Option<i64>,
    /// Whether the value is a map whose entries are called otherwise than `key` and `value`.
    pub(super) has_other_keys: bool,
}

/// What was told, and the answer that it came in.
pub(super) struct Information {
    pub(super) answer: Answer,
    pub(super) told: Vec<Told>,
}

/// Asks for `codes`; for all of them if there are none.
pub(super) async fn ask(probe: &mut Probe, codes: &[u32]) -> Result<Information, Refusal> {
    let command = CommandGetSqlInfo { info: codes.to_vec() };
    let answer = probe.ask(CALL, &command).await?;
    let told = told(&answer).map_err(|why| Refusal::malformed(CALL, why))?;
    Ok(Information { answer, told })
}

impl Information {
    pub(super) fn find(&self, code: u32) -> Option<&Told> {
        self.told.iter().find(|told| told.code == code)
    }

    /// The codes of `wanted` that were not told.
    pub(super) fn missing(&self, wanted: Wanted) -> Vec<u32> {
        let codes = wanted.iter().flat_map(|(first, last, _)| *first..=*last);
        codes.filter(|code| self.find(*code).is_none()).collect()
    }

    /// The codes of `wanted` whose value is of another kind, in words.
    pub(super) fn of_other_kinds(&self, wanted: Wanted) -> Vec<String> {
        let wrong = self.told.iter().filter_map(|told| {
            let (_, _, kind) = wanted
                .iter()
                .find(|(first, last, _)| (*first..=*last).contains(&told.code))?;
            (told.kind != Some(*kind)).then(|| match told.kind {
                Some(found) => format!("{CALL}: code {} is {found}, not {kind}", told.code),
                None => format!(
                    "{CALL}: code {} is in a child of the union that nobody knows",
                    told.code
                ),
            })
        });
        wrong.collect()
    }

    /// Codes that no enumeration has.
    pub(super) fn unknown(&self) -> Vec<u32> {
        let codes = self.told.iter().map(|told| told.code);
        codes
            .filter(|code| i32::try_from(*code).map_or(true, |code| SqlInfo::try_from(code).is_err()))
            .collect()
    }

    /// Whether the child of the union with this number is of `data_type`.
    pub(super) fn has_child(&self, type_id: i8, data_type: &DataType) -> bool {
        let value = self
            .answer
            .schema
            .field_with_name("value")
            .map(arrow::datatypes::Field::data_type);
        let Ok(DataType::Union(children, UnionMode::Dense)) = value else {
            return false;
        };
        children
            .iter()
            .any(|(id, child)| id == type_id && child.data_type() == data_type)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a string_value",
            Self::Truth => "a bool_value",
            Self::Long => "a bigint_value",
            Self::Bits => "an int32_bitmask",
            Self::Texts => "a string_list",
            Self::Map => "an int32_to_int32_list_map",
        })
    }
}

/// Every row of the answer, or what is wrong with its columns.
fn told(answer: &Answer) -> Result<Vec<Told>, String> {
    let mut told = Vec::new();
    for batch in &answer.batches {
        let codes = batch
            .column_by_name("info_name")
            .ok_or("there is no column \"info_name\"")?;
        let codes = codes
            .as_primitive_opt::<UInt32Type>()
            .ok_or_else(|| format!("the column \"info_name\" is {}, not UInt32", codes.data_type()))?;
        let values = batch.column_by_name("value").ok_or("there is no column \"value\"")?;
        let union = values.as_union_opt();
        let union = union.filter(|union| union.offsets().is_some());
        let values =
            union.ok_or_else(|| format!("the column \"value\" is {}, not a dense union", values.data_type()))?;
        told.extend(
            codes
                .values()
                .iter()
                .enumerate()
                .map(|(row, code)| read(*code, values, row)),
        );
    }
    Ok(told)
}

fn read(code: u32, values: &UnionArray, row: usize) -> Told {
    let value = values.value(row);
    let text = value
        .as_string_opt::<i32>()
        .filter(|text| text.is_valid(0))
        .map(|text| text.value(0).to_owned());
    let long = value.as_primitive_opt::<arrow::datatypes::Int64Type>();
    let bits = value.as_primitive_opt::<arrow::datatypes::Int32Type>();
    let long = long.filter(|long| long.is_valid(0)).map(|long| long.value(0));
    let bits = bits
        .filter(|bits| bits.is_valid(0))
        .map(|bits| i64::from(bits.value(0)));
    Told {
        code,
        kind: kind(value.data_type()),
        type_id: values.type_id(row),
        text,
        number: long.or(bits),
        has_other_keys: has_other_keys(value.data_type()),
    }
}

fn kind(data_type: &DataType) -> Option<Kind> {
    match data_type {
        DataType::Utf8 => Some(Kind::Text),
        DataType::Boolean => Some(Kind::Truth),
        DataType::Int64 => Some(Kind::Long),
        DataType::Int32 => Some(Kind::Bits),
        DataType::List(item) if *item.data_type() == DataType::Utf8 => Some(Kind::Texts),
        DataType::Map(_, _) => Some(Kind::Map),
        _ => None,
    }
}

fn has_other_keys(data_type: &DataType) -> bool {
    let DataType::Map(entries, _) = data_type else {
        return false;
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return true;
    };
    let names = fields.iter().map(|field| field.name().as_str());
    !names.eq(["key", "value"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_that_drivers_read_are_in_order_and_known() {
        for wanted in [JDBC, ODBC] {
            assert!(wanted.iter().all(|(first, last, _)| first <= last));
            assert!(wanted.windows(2).all(|pair| pair[0].1 < pair[1].0));
            for code in wanted.iter().flat_map(|(first, last, _)| *first..=*last) {
                assert!(SqlInfo::try_from(i32::try_from(code).unwrap()).is_ok(), "{code}");
            }
        }
    }
}
