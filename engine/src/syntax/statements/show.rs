//! SHOW of names, definitions and settings. What names are called is left to them: `SHOW PARTITIONS partitions` is read.

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

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_refusals, names, read};
    use super::*;
    use crate::error::ErrorCode::{NotSupported, SyntaxError};

    fn shown(command: &Command) -> String {
        let Command::Show(show) = command else {
            panic!("{command:?}")
        };
        let like = |pattern: &Option<NamePattern>| match pattern {
            Some(NamePattern::Like(text)) => format!(" like {text}"),
            Some(NamePattern::Hive(text)) => format!(" hive {text}"),
            None => String::new(),
        };
        let of = |database: &Option<DatabaseReference>| {
            database.as_ref().map_or_else(String::new, |database| {
                let catalog = database
                    .catalog
                    .as_ref()
                    .map_or_else(String::new, |name| format!("{name}."));
                format!(" {catalog}{}", database.database)
            })
        };
        let name = |table: &crate::syntax::Reference| table.name_parts().join(".");
        match show {
            Show::Catalogs => "catalogs".to_owned(),
            Show::Databases { catalog, pattern } => {
                let catalog = catalog.as_ref().map_or_else(String::new, |name| format!(" {name}"));
                format!("databases{catalog}{}", like(pattern))
            }
            Show::Tables { database, pattern } => format!("tables{}{}", of(database), like(pattern)),
            Show::Views { database, pattern } => format!("views{}{}", of(database), like(pattern)),
            Show::Columns(table) => format!("columns {}", name(table)),
            Show::Partitions(table) => format!("partitions {}", name(table)),
            Show::CreateTable(table) => format!("create table {}", name(table)),
            Show::CreateView(table) => format!("create view {}", name(table)),
            Show::TableProperties(table, key) => {
                format!("properties {} {}", name(table), key.as_deref().unwrap_or("*"))
            }
            Show::Functions(pattern) => format!("functions{}", like(pattern)),
            Show::Setting(name) => format!("setting {name}"),
            Show::AllSettings => "all".to_owned(),
        }
    }

    #[test]
    fn names_definitions_and_settings_are_shown() {
        check(
            shown,
            &[
                ("show catalogs", "catalogs"),
                ("SHOW DATABASES", "databases"),
                ("show schemas from Lake like 'a%'", "databases lake like a%"),
                ("show databases in lake 'a*|b'", "databases lake hive a*|b"),
                ("show databases like 'sales_*'", "databases hive sales_*"),
                ("show databases like \"x\"", "databases like x"),
                ("show tables", "tables"),
                ("show tables in Default", "tables default"),
                ("show tables from lake.\"D\" 'p*'", "tables lake.d hive p*"),
                ("show tables like 'p_'", "tables like p_"),
                ("show views in d like '%'", "views d like %"),
                ("show columns from t", "columns t"),
                ("show columns in T from D", "columns d.t"),
                ("show columns from t in lake.d", "columns lake.d.t"),
                ("show columns from columns", "columns columns"),
                ("show fields from 's3://B/x'", "columns s3://B/x"),
                ("show partitions lake.d.t", "partitions lake.d.t"),
                ("show partitions partitions", "partitions partitions"),
                ("show create table `T`", "create table t"),
                ("show create view v", "create view v"),
                ("show tblproperties t", "properties t *"),
                ("show tblproperties t ('K')", "properties t K"),
                ("show functions", "functions"),
                ("show functions like 'date%'", "functions like date%"),
                ("show functions 'date*'", "functions hive date*"),
                ("show all", "all"),
                ("show time zone", "setting time_zone"),
                (
                    "show Datafusion.execution.Batch_Size",
                    "setting datafusion.execution.batch_size",
                ),
                ("show timezone;", "setting timezone"),
            ],
        );
        let reads = |sql: &str| names(&read(sql)).0;
        assert_eq!(reads("show columns from T from D"), ["d.t"]);
        assert_eq!(reads("show create table T"), ["t"]);
        assert_eq!(reads("show partitions t"), ["t"]);
        assert!(reads("show tables in d").is_empty());
    }

    #[test]
    fn what_is_not_offered_is_refused_at_its_place() {
        check_refusals(&[
            ("show", SyntaxError, "expected what to show", 0),
            ("show 'x'", SyntaxError, "expected what to show", 6),
            ("show columns", SyntaxError, "expected FROM or IN", 0),
            (
                "show columns from d.t from e",
                SyntaxError,
                "the database is named twice",
                19,
            ),
            ("show columns from t like 'a'", NotSupported, "LIKE of this SHOW", 21),
            ("show tables where a = 1", NotSupported, "WHERE of this SHOW", 13),
            (
                "show tables like 'a' escape 'b'",
                NotSupported,
                "ESCAPE of this SHOW",
                22,
            ),
            (
                "show tables in a.b.c",
                SyntaxError,
                "the name of a database has more than two parts",
                19,
            ),
            ("show tables like a", SyntaxError, "expected a pattern in quotes", 18),
            ("show full tables", NotSupported, "SHOW FULL is not supported yet", 1),
            ("show stats for t", NotSupported, "SHOW STATS", 1),
            ("show create database d", NotSupported, "SHOW CREATE DATABASE", 6),
            (
                "show create table 's3://b/x'",
                SyntaxError,
                "expected the name of a table, found the location",
                19,
            ),
            (
                "show partitions t partition (a = 1)",
                NotSupported,
                "a filter of SHOW PARTITIONS",
                19,
            ),
            ("show tblproperties t (k)", SyntaxError, "expected a key in quotes", 23),
            (
                "show datafusion.execution.batch_size verbose",
                NotSupported,
                "VERBOSE of this SHOW",
                38,
            ),
            (
                "show tables t",
                SyntaxError,
                "expected the end of the statement, found \"t\"",
                13,
            ),
        ]);
    }
}
