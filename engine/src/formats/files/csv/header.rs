//! What the first record of a file is, and which of its fields a column of the table is.

use arrow::datatypes::Schema;
use datafusion::datasource::table_schema::TableSchema;

use super::dialect::Header;
use super::records::Records;
use crate::error::{Error, ErrorCode, Result};
use crate::formats::files::Origin;
use crate::formats::files::text::Evidence;
use crate::formats::schema::{Found, find, is_among};

/// How the fields of a file's records are laid out.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// Whether the first record is names.
    pub is_header: bool,
    /// How many fields a record has.
    pub width: usize,
    /// Which field each column of the table is; `None` for a column that the file lacks.
    pub fields: Vec<Option<usize>>,
}

/// The fields of the first record as names of columns: without blanks around them, and `column3` for the fourth if it is empty.
pub fn names(first: &Records) -> Vec<String> {
    (0..first.width()).map(|index| name(first, index)).collect()
}

/// The names of columns that have none.
pub fn numbered(width: usize) -> Vec<String> {
    (0..width).map(|index| format!("column{index}")).collect()
}

fn name(first: &Records, index: usize) -> String {
    let text = first.field(index).text().trim();
    if text.is_empty() {
        format!("column{index}")
    } else {
        text.to_owned()
    }
}

/// Whether the first record looks like names: none of its fields is a number, a date or a Boolean, or else one of them is text over
/// a column that is not.
pub fn looks_like_names(first: &[Evidence], rest: &[Evidence]) -> bool {
    let typed = first.iter().any(|field| field.is_typed());
    let over = |(first, rest): (&Evidence, &Evidence)| {
        let is_text = *first != Evidence::default() && !first.is_typed();
        is_text && rest.is_typed()
    };
    !typed || first.iter().zip(rest).any(over)
}

/// The layout of a file whose first record is `first`, for a table with the columns of `table`.
///
/// # Errors
/// `BAD_DATA` that names the file if its header does not fit the table.
pub fn layout(file: &str, first: &Records, columns: &TableSchema, origin: Origin, header: Header) -> Result<Layout> {
    let table = columns.file_schema();
    let names = names(first);
    let known = names.iter().filter(|name| is_known(columns, name)).count();
    let is_header = match header {
        Header::Yes => true,
        Header::No => false,
        Header::Auto if origin == Origin::Declared => known > 0,
        Header::Auto => known == names.len() || !is_numbered(table),
    };
    let fields = if is_header && (known > 0 || origin != Origin::Declared) {
        by_name(file, &names, columns, origin)?
    } else {
        by_position(file, names.len(), table, origin)?
    };
    Ok(Layout {
        is_header,
        width: names.len(),
        fields,
    })
}

fn is_numbered(table: &Schema) -> bool {
    let expected = numbered(table.fields().len());
    table
        .fields()
        .iter()
        .zip(expected)
        .all(|(field, expected)| *field.name() == expected)
}

/// Whether the table has a column `name`, in its files or in their paths.
fn is_known(columns: &TableSchema, name: &str) -> bool {
    !matches!(find(columns.file_schema(), name), Found::None) || is_among(columns.table_partition_cols(), name)
}

fn by_name(file: &str, names: &[String], columns: &TableSchema, origin: Origin) -> Result<Vec<Option<usize>>> {
    let own = Schema::new(
        names
            .iter()
            .map(|name| arrow::datatypes::Field::new(name, arrow::datatypes::DataType::Utf8View, true))
            .collect::<Vec<_>>(),
    );
    if origin != Origin::Declared
        && let Some(unknown) = names.iter().find(|name| !is_known(columns, name))
    {
        return Err(bad(format!(
            "\"{file}\" has a column \"{unknown}\" that the files looked at first do not have; \
             raise formats.inference_files so that every file is looked at"
        )));
    }
    let fields = columns.file_schema().fields().iter();
    fields
        .map(|field| match find(&own, field.name()) {
            Found::One(index) if names.iter().filter(|name| *name == own.field(index).name()).count() == 1 => {
                Ok(Some(index))
            }
            Found::One(_) | Found::Several => Err(bad(format!(
                "\"{file}\" has several columns that \"{}\" can mean; declare the columns with header 'false'",
                field.name()
            ))),
            Found::None if field.is_nullable() => Ok(None),
            Found::None => Err(lacks(file, field.name())),
        })
        .collect()
}

/// Fields beyond the declared columns are left out, columns beyond the fields are NULL: both are how tables without header grow.
fn by_position(file: &str, width: usize, table: &Schema, origin: Origin) -> Result<Vec<Option<usize>>> {
    if origin != Origin::Declared && width != table.fields().len() {
        return Err(bad(format!(
            "\"{file}\" has {width} columns and no header, the files looked at first have {}",
            table.fields().len()
        )));
    }
    let fields = table.fields().iter().enumerate();
    fields
        .map(|(index, field)| match index < width {
            true => Ok(Some(index)),
            false if field.is_nullable() => Ok(None),
            false => Err(lacks(file, field.name())),
        })
        .collect()
}

fn lacks(file: &str, column: &str) -> Error {
    bad(format!(
        "\"{file}\" has no column \"{column}\", which is declared NOT NULL"
    ))
}

fn bad(message: String) -> Error {
    Error::new(ErrorCode::BadData, message)
}
