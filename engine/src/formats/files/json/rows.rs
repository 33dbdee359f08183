//! Records to columns.

use arrow::array::{Array, ArrayRef, ListArray, MapArray, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use datafusion::datasource::table_schema::TableSchema;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::members::{Value, items, members, string};
use crate::formats::files::Origin;
use crate::formats::files::text::{self, Reading};
use crate::formats::schema::{Found, find, is_among};

/// What is wrong with a record: its place among the records, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    pub record: usize,
    pub why: String,
}

/// The values of one column, each with the place of its record.
#[derive(Debug, Default)]
struct Cells<'a> {
    values: Vec<Value<'a>>,
    records: Vec<usize>,
}

impl<'a> Cells<'a> {
    fn push(&mut self, value: Value<'a>, record: usize) {
        self.values.push(value);
        self.records.push(record);
    }

    fn wrong(&self, cell: usize, why: String) -> Wrong {
        Wrong {
            record: self.records[cell],
            why,
        }
    }

    fn nulls(&self) -> Option<NullBuffer> {
        let present: Vec<bool> = self.values.iter().map(|value| *value != Value::Null).collect();
        present.contains(&false).then(|| NullBuffer::from(present))
    }
}

/// The columns of the files of `table` at the places `wanted`, of `records`.
///
/// # Errors
/// The first record that is no object, or holds a value that is none of its column's type.
pub fn columns(
    records: &[&str],
    table: &TableSchema,
    wanted: &[usize],
    origin: Origin,
) -> Result<Vec<ArrayRef>, Wrong> {
    let of_files = table.file_schema();
    let mut cells: Vec<Cells<'_>> = of_files.fields().iter().map(|_| Cells::default()).collect();
    let mut known: HashMap<String, Option<usize>> = HashMap::new();
    let mut filled = vec![usize::MAX; cells.len()];
    for (record, text) in records.iter().enumerate() {
        let wrong = |why: String| Err(Wrong { record, why });
        let Some(members) = members(text) else {
            return wrong("is not JSON".to_owned());
        };
        for (name, value) in members {
            let place = if let Some(place) = known.get(name.as_ref()) {
                *place
            } else {
                let place = place_of(&name, table, origin).map_err(|why| Wrong { record, why })?;
                known.insert(name.clone().into_owned(), place);
                place
            };
            let Some(place) = place else { continue };
            if std::mem::replace(&mut filled[place], record) == record {
                return wrong(format!("has the member \"{name}\" twice"));
            }
            cells[place].push(value, record);
        }
        for (place, cells) in cells.iter_mut().enumerate() {
            if filled[place] != record {
                cells.push(Value::Null, record);
            }
        }
    }
    let reading = match origin {
        Origin::Declared => Reading::Declared,
        Origin::AllFiles | Origin::SomeFiles => Reading::Inferred,
    };
    wanted
        .iter()
        .map(|index| column(&cells[*index], of_files.field(*index), reading))
        .collect()
}

/// Which column a member is; nothing for one that is left out.
fn place_of(name: &str, table: &TableSchema, origin: Origin) -> Result<Option<usize>, String> {
    match find(table.file_schema(), name) {
        Found::One(index) => Ok(Some(index)),
        Found::Several => Err(format!("has a member \"{name}\", which several columns can be")),
        Found::None if origin == Origin::Declared || is_among(table.table_partition_cols(), name) => Ok(None),
        Found::None => Err(format!(
            "has a member \"{name}\" that the records looked at first do not have; raise formats.inference_records or \
             formats.inference_bytes, or create a table that declares the columns"
        )),
    }
}

fn column(cells: &Cells<'_>, field: &Field, reading: Reading) -> Result<ArrayRef, Wrong> {
    let built: ArrayRef = match field.data_type() {
        DataType::Struct(fields) => Arc::new(structure(cells, field, fields, reading)?),
        DataType::List(item) => Arc::new(list(cells, field, item, reading)?),
        DataType::Map(entries, sorted) => Arc::new(map(cells, field, entries, *sorted, reading)?),
        _ => scalars(cells, field, reading)?,
    };
    if !field.is_nullable()
        && let Some(cell) = (0..built.len()).find(|cell| built.is_null(*cell))
    {
        let why = format!(
            "has no value in column \"{}\", which is declared NOT NULL",
            field.name()
        );
        return Err(cells.wrong(cell, why));
    }
    Ok(built)
}

fn not_of_kind(cells: &Cells<'_>, cell: usize, field: &Field, reading: Reading) -> Wrong {
    let value = cells.values[cell];
    let shown: String = value.text().chars().take(60).collect();
    let why = text::not_of_type(&shown, field, reading);
    cells.wrong(cell, format!("{why} ({} is there)", value.kind()))
}

fn structure(cells: &Cells<'_>, field: &Field, fields: &Fields, reading: Reading) -> Result<StructArray, Wrong> {
    let inside = Schema::new(fields.clone());
    let mut children: Vec<Cells<'_>> = fields.iter().map(|_| Cells::default()).collect();
    for (cell, value) in cells.values.iter().enumerate() {
        let record = cells.records[cell];
        let present = match value {
            Value::Null => Vec::new(),
            Value::Object(text) => members(text).unwrap_or_default(),
            _ => return Err(not_of_kind(cells, cell, field, reading)),
        };
        let mut filled = vec![false; children.len()];
        for (name, value) in present {
            match find(&inside, &name) {
                Found::One(place) if !std::mem::replace(&mut filled[place], true) => {
                    children[place].push(value, record);
                }
                Found::One(_) | Found::Several => {
                    return Err(cells.wrong(cell, format!("has the member \"{name}\" of \"{}\" twice", field.name())));
                }
                Found::None if reading == Reading::Declared => {}
                Found::None => {
                    let why = format!(
                        "has a member \"{name}\" in \"{}\" that the records looked at first do not have; raise \
                         formats.inference_records, or create a table that declares the columns",
                        field.name()
                    );
                    return Err(cells.wrong(cell, why));
                }
            }
        }
        for (child, filled) in children.iter_mut().zip(filled) {
            if !filled {
                child.push(Value::Null, record);
            }
        }
    }
    let built = fields.iter().zip(&children);
    let built = built
        .map(|(field, cells)| column(cells, field, reading))
        .collect::<Result<Vec<_>, _>>()?;
    StructArray::try_new(fields.clone(), built, cells.nulls()).map_err(|error| cells.wrong(0, error.to_string()))
}

fn list(cells: &Cells<'_>, field: &Field, item: &FieldRef, reading: Reading) -> Result<ListArray, Wrong> {
    let mut inside = Cells::default();
    let mut lengths = Vec::with_capacity(cells.values.len());
    for (cell, value) in cells.values.iter().enumerate() {
        let present = match value {
            Value::Null => Vec::new(),
            Value::Array(text) => items(text).unwrap_or_default(),
            _ => return Err(not_of_kind(cells, cell, field, reading)),
        };
        lengths.push(present.len());
        for value in present {
            inside.push(value, cells.records[cell]);
        }
    }
    let named = item.as_ref().clone().with_name(field.name());
    let built = column(&inside, &named, reading)?;
    ListArray::try_new(
        Arc::clone(item),
        OffsetBuffer::from_lengths(lengths),
        built,
        cells.nulls(),
    )
    .map_err(|error| cells.wrong(0, error.to_string()))
}

fn map(
    cells: &Cells<'_>,
    field: &Field,
    entries: &FieldRef,
    sorted: bool,
    reading: Reading,
) -> Result<MapArray, Wrong> {
    let DataType::Struct(pair) = entries.data_type() else {
        return Err(cells.wrong(0, format!("cannot be read as {}", field.data_type())));
    };
    let (mut names, mut values) = (Vec::new(), Cells::default());
    let mut lengths = Vec::with_capacity(cells.values.len());
    for (cell, value) in cells.values.iter().enumerate() {
        let present = match value {
            Value::Null => Vec::new(),
            Value::Object(text) => members(text).unwrap_or_default(),
            _ => return Err(not_of_kind(cells, cell, field, reading)),
        };
        lengths.push(present.len());
        for (name, value) in present {
            names.push(name);
            values.push(value, cells.records[cell]);
        }
    }
    let keys = text::build(
        pair[0].data_type(),
        reading,
        names.iter().map(|name| Some(name.as_ref())),
    );
    let keys = keys.map_err(|wrong| values.wrong(wrong.row, text::not_of_type(&wrong.text, &pair[0], reading)))?;
    let built = column(&values, &pair[1], reading)?;
    let structure = StructArray::try_new(pair.clone(), vec![keys, built], None);
    structure
        .and_then(|pairs| {
            MapArray::try_new(
                Arc::clone(entries),
                OffsetBuffer::from_lengths(lengths),
                pairs,
                cells.nulls(),
                sorted,
            )
        })
        .map_err(|error| cells.wrong(0, error.to_string()))
}

fn scalars(cells: &Cells<'_>, field: &Field, reading: Reading) -> Result<ArrayRef, Wrong> {
    let mut texts: Vec<Option<Cow<'_, str>>> = Vec::with_capacity(cells.values.len());
    for (cell, value) in cells.values.iter().enumerate() {
        let taken = match value {
            Value::Null => None,
            Value::String(text) => match string(text) {
                Some(text) => Some(text),
                None => {
                    return Err(cells.wrong(
                        cell,
                        format!("has a string in column \"{}\" that is not JSON", field.name()),
                    ));
                }
            },
            other => Some(Cow::Borrowed(other.text())),
        };
        if !is_taken(*value, taken.as_deref(), field.data_type(), reading) {
            return Err(not_of_kind(cells, cell, field, reading));
        }
        texts.push(taken);
    }
    text::build(field.data_type(), reading, texts.iter().map(Option::as_deref))
        .map_err(|wrong| cells.wrong(wrong.row, text::not_of_type(&wrong.text, field, reading)))
}

/// Whether a value of this kind may stand in a column of this type.
fn is_taken(value: Value<'_>, taken: Option<&str>, data_type: &DataType, reading: Reading) -> bool {
    let is_text = matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    // Empty text is NULL in files that have nothing but text; here there is a null.
    let is_empty = matches!(value, Value::String(_)) && taken == Some("");
    match (value, reading) {
        (Value::Null, _) => true,
        _ if is_empty => is_text,
        (Value::Object(text), Reading::Inferred) => is_text && text.len() <= 2,
        (Value::Array(_) | Value::Object(_), _) => is_text && reading == Reading::Declared,
        (_, Reading::Declared) => true,
        (Value::Boolean(_), Reading::Inferred) => *data_type == DataType::Boolean,
        (Value::Number(_), Reading::Inferred) => is_text || data_type.is_numeric(),
        (Value::String(_), Reading::Inferred) => is_text || data_type.is_temporal(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::util::display::array_value_to_string;

    fn table() -> TableSchema {
        let point = Fields::from(vec![
            Field::new("x", DataType::Int64, true),
            Field::new("Y", DataType::Float64, true),
        ]);
        let columns = Schema::new(vec![
            Field::new("id", DataType::Int64, true),
            Field::new("name", DataType::Utf8View, true),
            Field::new("point", DataType::Struct(point), true),
            Field::new(
                "tags",
                DataType::List(Field::new_list_field(DataType::Utf8View, true).into()),
                true,
            ),
        ]);
        TableSchema::builder(Arc::new(columns)).build()
    }

    /// The first row of all columns, or why not.
    fn check(record: &str, origin: Origin, wanted: Result<&str, &str>) {
        let found = columns(&[record], &table(), &[0, 1, 2, 3], origin);
        match (found, wanted) {
            (Ok(columns), Ok(wanted)) => {
                let shown: Vec<String> = columns
                    .iter()
                    .map(|column| array_value_to_string(column, 0).unwrap())
                    .collect();
                assert_eq!(shown.join("|"), wanted, "{record}");
            }
            (Err(wrong), Err(part)) => assert!(wrong.why.contains(part), "{record}: {}", wrong.why),
            (found, wanted) => panic!("{record}: {found:?} for {wanted:?}"),
        }
    }

    #[test]
    fn members_are_found_in_any_case_and_order_and_nested_ones_too() {
        let record = "{\"NAME\":\"ä\\n\",\"point\":{\"y\":1.5},\"Id\":7,\"tags\":[\"a\",null]}";
        check(record, Origin::AllFiles, Ok("7|ä\n|{x: , Y: 1.5}|[a, ]"));
        check("{}", Origin::AllFiles, Ok("|||"));
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_never_null() {
        for (record, part) in [
            ("{\"id\":\"7\"}", "a string is there"),
            ("{\"id\":7.5}", "no Int64"),
            ("{\"id\":9223372036854775808}", "no Int64"),
            ("{\"name\":true}", "a Boolean is there"),
            ("{\"point\":[1]}", "an array is there"),
            ("{\"tags\":\"a\"}", "a string is there"),
            ("{\"new\":1}", "\"new\""),
            ("{\"point\":{\"z\":1}}", "\"z\""),
            ("{\"id\":1,\"ID\":2}", "twice"),
            ("{\"id\":007}", "not JSON"),
            ("{\"id\":1", "not JSON"),
        ] {
            check(record, Origin::AllFiles, Err(part));
        }
    }

    #[test]
    fn a_declared_column_takes_what_its_type_can_hold() {
        check(
            "{\"id\":\"007\",\"name\":{\"a\": 1},\"more\":1}",
            Origin::Declared,
            Ok("7|{\"a\": 1}||"),
        );
        check("{\"name\":1.50}", Origin::Declared, Ok("|1.50||"));
        check("{\"id\":\"x\"}", Origin::Declared, Err("as the column is declared"));
    }
}
