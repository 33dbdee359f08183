//! The columns of a table: their names, types and comments, and which of them stand in the paths.

use std::collections::HashSet;

use arrow::datatypes::DataType;
use datafusion::sql::sqlparser::tokenizer::Token;

use crate::catalog::{Column, types};
use crate::error::{ErrorCode, Position, Result};
use crate::syntax::command::PartitionColumn;
use crate::syntax::names::{Name, in_lower_case, refuse_twice};
use crate::syntax::reader::Reader;

/// A column as it is declared.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    name: Name,
    data_type: Option<DataType>,
    nullable: bool,
    comment: Option<String>,
}

/// `( name type [NULL | NOT NULL] [COMMENT '…'], … )`.
pub(super) fn columns(reader: &mut Reader<'_>) -> Result<Vec<Declared>> {
    reader.list(|reader| {
        refuse_table_constraint(reader)?;
        let column = column(reader)?;
        if column.data_type.is_none() {
            let message = format!("the column \"{}\" has no type", column.name.written);
            return Err(column.name.error(ErrorCode::SyntaxError, message));
        }
        Ok(column)
    })
}

/// `( name [type] [COMMENT '…'], … )` of PARTITIONED BY.
pub(super) fn partition_columns(reader: &mut Reader<'_>) -> Result<Vec<Declared>> {
    reader.list(|reader| {
        if *reader.peek(1) == Token::LParen {
            return Err(reader.unsupported("a partition by an expression", "name the columns of the partitions"));
        }
        column(reader)
    })
}

fn column(reader: &mut Reader<'_>) -> Result<Declared> {
    let name = reader.name("the name of a column")?;
    let untyped = matches!(reader.peek(0), Token::Comma | Token::RParen) || reader.is("COMMENT");
    let data_type = if untyped {
        None
    } else {
        Some(reader.sqlparser(types::read)?)
    };
    let mut column = Declared {
        name,
        data_type,
        nullable: true,
        comment: None,
    };
    loop {
        if reader.takes("NOT NULL") {
            column.nullable = false;
        } else if column.nullable && reader.takes("NULL") {
            // It may hold NULL anyway.
        } else if column.comment.is_none() && reader.takes("COMMENT") {
            column.comment = Some(reader.string("the comment in quotes")?);
        } else {
            break;
        }
    }
    refuse_column_option(reader)?;
    Ok(column)
}

/// What a column may be declared to be in other systems, and would not be here.
const COLUMN_OPTIONS: &[&str] = &[
    "PRIMARY KEY",
    "UNIQUE",
    "CHECK",
    "DEFAULT",
    "REFERENCES",
    "CONSTRAINT",
    "COLLATE",
    "CHARACTER SET",
    "GENERATED",
    "AUTO_INCREMENT",
    "AUTOINCREMENT",
    "IDENTITY",
    "KEY",
];

fn refuse_column_option(reader: &Reader<'_>) -> Result<()> {
    match COLUMN_OPTIONS.iter().find(|option| reader.is(option)) {
        Some(option) => Err(reader.unsupported(&format!("{option} of a column"), "leave it out, it is not enforced")),
        None => Ok(()),
    }
}

/// A constraint is told from a column of that name by what follows: the type of a column is never in brackets.
fn refuse_table_constraint(reader: &Reader<'_>) -> Result<()> {
    let in_brackets = |word: &str| reader.is(word) && *reader.peek(1) == Token::LParen;
    let named = ["PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]
        .into_iter()
        .any(|word| reader.is("CONSTRAINT") && reader.is_ahead(2, word));
    let constraint = if reader.is("PRIMARY KEY") {
        "PRIMARY KEY"
    } else if in_brackets("UNIQUE") {
        "UNIQUE"
    } else if in_brackets("CHECK") {
        "CHECK"
    } else if reader.is("FOREIGN KEY") {
        "FOREIGN KEY"
    } else if named {
        "CONSTRAINT"
    } else {
        return Ok(());
    };
    Err(reader.unsupported(&format!("{constraint} of a table"), "leave it out, it is not enforced"))
}

/// The columns in the files and those in the paths under their final names: lower case, unless two differ by case alone.
///
/// # Errors
/// `ALREADY_EXISTS` for a column that is declared twice, `COLUMN_NOT_FOUND` for a partition column without a type that is none of
/// the declared ones.
pub(super) fn folded(
    columns: Vec<Declared>,
    partitions: Vec<Declared>,
    has_query: bool,
) -> Result<(Vec<Column>, Vec<PartitionColumn>)> {
    let typed = |column: &&Declared| column.data_type.is_some();
    let all = columns
        .iter()
        .chain(partitions.iter().filter(typed))
        .map(|column| &column.name);
    refuse_twice(all.clone(), Name::folded, "column")?;
    let fold = in_lower_case(all);
    refuse_twice(partitions.iter().map(|column| &column.name), &fold, "partition column")?;
    let declared: HashSet<String> = columns.iter().map(|column| fold(&column.name)).collect();
    let missing = partitions
        .iter()
        .find(|column| column.data_type.is_none() && !declared.contains(&fold(&column.name)));
    if let Some(column) = missing
        && !has_query
        && !columns.is_empty()
    {
        let message = format!(
            "PARTITIONED BY names \"{}\", which is not declared; write its type behind it",
            column.name.written
        );
        return Err(column.name.error(ErrorCode::ColumnNotFound, message));
    }
    let partition_columns = partitions
        .iter()
        .map(|column| PartitionColumn {
            name: fold(&column.name),
            data_type: column.data_type.clone(),
            comment: column.comment.clone(),
        })
        .collect();
    let columns = columns
        .iter()
        .filter_map(|column| {
            Some(Column {
                name: fold(&column.name),
                data_type: column.data_type.clone()?,
                nullable: column.nullable,
                comment: column.comment.clone(),
            })
        })
        .collect();
    Ok((columns, partition_columns))
}

/// A partition column that a property names.
pub(super) fn named_by_property(name: String, position: Option<Position>) -> Declared {
    Declared {
        name: Name {
            written: name,
            quoted: true,
            position,
        },
        data_type: None,
        nullable: true,
        comment: None,
    }
}
