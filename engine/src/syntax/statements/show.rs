//! SHOW.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::not_yet;
use crate::error::{ErrorCode, Result};
use crate::syntax::command::{Command, DatabaseReference, NamePattern, Show};
use crate::syntax::reader::{Reader, at};

pub(super) fn show(reader: &mut Reader<'_>) -> Result<Command> {
    let position = reader.position();
    reader.expect("SHOW")?;
    if let Some(words) = NOT_YET.iter().find(|words| reader.is(words)) {
        return Err(at(position, not_yet(&format!("SHOW {words}"))));
    }
    let show = match reader.word().unwrap_or_default().as_str() {
        "CATALOGS" => word(reader, Show::Catalogs),
        "DATABASES" | "SCHEMAS" => databases(reader)?,
        "TABLES" => {
            let (database, pattern) = relations(reader)?;
            Show::Tables { database, pattern }
        }
        "VIEWS" => {
            let (database, pattern) = relations(reader)?;
            Show::Views { database, pattern }
        }
        "COLUMNS" | "FIELDS" => columns(reader)?,
        "PARTITIONS" => {
            reader.advance();
            let table = reader.table("the name of a table")?;
            if reader.is("PARTITION") || reader.is("WHERE") {
                return Err(reader.unsupported("a filter of SHOW PARTITIONS", "SELECT DISTINCT the partition columns"));
            }
            Show::Partitions(table)
        }
        "CREATE" => create(reader)?,
        "TBLPROPERTIES" => table_properties(reader)?,
        "FUNCTIONS" => {
            reader.advance();
            Show::Functions(pattern(reader)?)
        }
        "ALL" => word(reader, Show::AllSettings),
        _ => setting(reader)?,
    };
    refuse_more(reader)?;
    Ok(Command::Show(show))
}

/// What other systems show.
const NOT_YET: &[&str] = &[
    "COLLATION",
    "ENGINES",
    "EXTENDED",
    "FULL",
    "GRANTS",
    "INDEX",
    "INDEXES",
    "KEYS",
    "LOCKS",
    "PROCESSLIST",
    "ROLE",
    "ROLES",
    "SESSION",
    "STATS",
    "STATUS",
    "TABLE EXTENDED",
    "TERSE",
    "TRANSACTIONS",
    "TRIGGERS",
    "VARIABLES",
];

fn word(reader: &mut Reader<'_>, show: Show) -> Show {
    reader.advance();
    show
}

fn databases(reader: &mut Reader<'_>) -> Result<Show> {
    reader.advance();
    let catalog = if takes_from(reader) {
        Some(reader.name("the name of a catalogue")?.lower())
    } else {
        None
    };
    let pattern = pattern(reader)?;
    Ok(Show::Databases { catalog, pattern })
}

fn relations(reader: &mut Reader<'_>) -> Result<(Option<DatabaseReference>, Option<NamePattern>)> {
    reader.advance();
    let database = if takes_from(reader) {
        Some(reader.database()?)
    } else {
        None
    };
    Ok((database, pattern(reader)?))
}

/// {FROM | IN} table \[{FROM | IN} database\].
fn columns(reader: &mut Reader<'_>) -> Result<Show> {
    reader.advance();
    if !takes_from(reader) {
        return Err(reader.expected("FROM or IN"));
    }
    let position = reader.position();
    let table = reader.relation("the name of a table")?;
    if !takes_from(reader) {
        return Ok(Show::Columns(table));
    }
    let database = reader.database()?;
    if table.is_location() || table.parts().len() > 1 {
        let message = "the database is named twice; write SHOW COLUMNS FROM database.table";
        return Err(at(position, reader.error(ErrorCode::SyntaxError, message)));
    }
    Ok(Show::Columns(table.within(&database)))
}

fn create(reader: &mut Reader<'_>) -> Result<Show> {
    let position = reader.position();
    reader.advance();
    if reader.takes("TABLE") {
        return Ok(Show::CreateTable(reader.table("the name of a table")?));
    }
    if reader.takes("VIEW") {
        return Ok(Show::CreateView(reader.table("the name of a view")?));
    }
    match reader.word() {
        Some(word) => Err(at(position, not_yet(&format!("SHOW CREATE {word}")))),
        None => Err(reader.expected("TABLE or VIEW")),
    }
}

/// TBLPROPERTIES table \[('key')\].
fn table_properties(reader: &mut Reader<'_>) -> Result<Show> {
    reader.advance();
    let table = reader.table("the name of a table")?;
    let key = if reader.takes_token(&Token::LParen) {
        let key = reader.string("a key in quotes")?;
        reader.expect_token(&Token::RParen)?;
        Some(key)
    } else {
        None
    };
    Ok(Show::TableProperties(table, key))
}

fn setting(reader: &mut Reader<'_>) -> Result<Show> {
    if reader.takes("TIME ZONE") {
        return Ok(Show::Setting("time_zone".to_owned()));
    }
    if !matches!(reader.peek(0), Token::Word(_)) {
        return Err(reader.expected("what to show"));
    }
    Ok(Show::Setting(reader.setting_name()?))
}

fn takes_from(reader: &mut Reader<'_>) -> bool {
    reader.takes("FROM") || reader.takes("IN")
}

/// \[LIKE\] 'pattern'. Behind LIKE it is SQL's, unless it has Hive's `*` or `|` and no `%`: so Athena reads it.
fn pattern(reader: &mut Reader<'_>) -> Result<Option<NamePattern>> {
    let like = reader.takes("LIKE");
    if !like && !matches!(reader.peek(0), Token::SingleQuotedString(_)) && !is_double_quoted(reader.peek(0)) {
        return Ok(None);
    }
    let text = reader.string("a pattern in quotes")?;
    let hive = !like || (text.contains(['*', '|']) && !text.contains('%'));
    Ok(Some(if hive {
        NamePattern::Hive(text)
    } else {
        NamePattern::Like(text)
    }))
}

fn is_double_quoted(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.quote_style == Some('"'))
}

/// Clauses of other systems that stand behind what is shown.
fn refuse_more(reader: &Reader<'_>) -> Result<()> {
    for word in [
        "ESCAPE", "ILIKE", "LIKE", "LIMIT", "NOT", "RLIKE", "STARTS", "VERBOSE", "WHERE",
    ] {
        if reader.is(word) {
            return Err(reader.unsupported(&format!("{word} of this SHOW"), "leave it out"));
        }
    }
    Ok(())
}
