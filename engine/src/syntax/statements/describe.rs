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
    if reader.is_query(0) && !(reader.is("TABLE") && !reader.is_query(1)) {
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
