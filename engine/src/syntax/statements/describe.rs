//! DESCRIBE of tables, files, queries and databases. What is described may be called like the words in front of it: `DESCRIBE
//! database` is about a table of that name.

use datafusion::sql::sqlparser::tokenizer::Token;

use crate::error::Result;
use crate::syntax::command::Command;
use crate::syntax::reader::Reader;

pub(super) fn describe(reader: &mut Reader<'_>) -> Result<Command> {
    reader.advance();
    let named = matches!(reader.peek(1), Token::Word(_) | Token::SingleQuotedString(_));
    if named && (reader.takes("DATABASE") || reader.takes("SCHEMA")) {
        return Ok(Command::DescribeDatabase(reader.database()?));
    }
    for word in ["EXTENDED", "FORMATTED", "FUNCTION", "INPUT", "OUTPUT"] {
        if named && reader.is(word) {
            return Err(reader.unsupported(&format!("DESCRIBE {word}"), "write DESCRIBE with the name of a table"));
        }
    }
    if reader.is_query(0) && (!reader.is("TABLE") || reader.is_query(1)) {
        return Ok(Command::DescribeQuery(reader.query()?));
    }
    if named && !reader.takes("TABLE") {
        reader.takes("VIEW");
    }
    let relation = reader.relation("the name of a table, the location of files or a query")?;
    if matches!(reader.peek(0), Token::Word(_)) {
        return Err(reader.unsupported(
            "DESCRIBE of one column or partition",
            "write DESCRIBE with the name of the table alone",
        ));
    }
    Ok(Command::DescribeTable(relation))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_refusals, names, read};
    use super::*;
    use crate::error::ErrorCode::{NotSupported, SyntaxError};

    fn shown(command: &Command) -> String {
        match command {
            Command::DescribeTable(table) if table.is_location() => format!("files {}", table.parts().join("")),
            Command::DescribeTable(table) => format!("table {}", table.name_parts().join(".")),
            Command::DescribeQuery(query) => format!("query {query}"),
            Command::DescribeDatabase(database) => format!("database {}", database.database),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tables_files_queries_and_databases_are_described() {
        check(
            shown,
            &[
                ("describe T", "table t"),
                ("desc lake.default.\"T\"", "table lake.default.t"),
                ("describe table t", "table t"),
                ("describe view v", "table v"),
                ("describe 's3://B/x/*.parquet'", "files s3://B/x/*.parquet"),
                ("describe table '/tmp/x.csv'", "files /tmp/x.csv"),
                ("describe database d", "database d"),
                ("describe schema lake.D", "database d"),
                ("describe database", "table database"),
                ("describe extended", "table extended"),
                ("describe database.t", "table database.t"),
                ("describe select 1", "query SELECT 1"),
                ("describe (select 1)", "query (SELECT 1)"),
                (
                    "describe with a as (select 1) select * from a",
                    "query WITH a AS (SELECT 1) SELECT * FROM a",
                ),
                ("describe partitions", "table partitions"),
            ],
        );
        assert_eq!(names(&read("describe T")).0, ["t"]);
        assert_eq!(names(&read("describe select * from s")).0, ["s"]);
    }

    #[test]
    fn what_is_not_offered_is_refused_at_its_place() {
        check_refusals(&[
            ("describe", SyntaxError, "expected the name of a table", 0),
            ("describe extended t", NotSupported, "DESCRIBE EXTENDED", 10),
            ("describe formatted d.t", NotSupported, "DESCRIBE FORMATTED", 10),
            ("describe t a", NotSupported, "DESCRIBE of one column or partition", 12),
            (
                "describe t partition (a = 1)",
                NotSupported,
                "DESCRIBE of one column or partition",
                12,
            ),
            ("describe function f", NotSupported, "DESCRIBE FUNCTION", 10),
            ("describe input p", NotSupported, "DESCRIBE INPUT", 10),
            ("describe a.'b'", NotSupported, "the table name \"a.'b'\" mixes", 10),
            (
                "describe select ?",
                SyntaxError,
                "a parameter stands outside PREPARE",
                17,
            ),
        ]);
    }
}
