//! CREATE VIEW, which keeps the text of its query as it was written.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::create::{Modifiers, if_not_exists};
use crate::error::Result;
use crate::syntax::command::{Command, CreateView};
use crate::syntax::names::{Name, in_lower_case, refuse_twice};
use crate::syntax::reader::Reader;

pub(super) fn create(reader: &mut Reader<'_>, modifiers: Modifiers) -> Result<Command> {
    if modifiers.temporary {
        return Err(reader.unsupported(
            "CREATE TEMPORARY VIEW",
            "write WITH in front of the query that reads it",
        ));
    }
    reader.expect("VIEW")?;
    let if_not_exists = if_not_exists(reader, modifiers.or_replace)?;
    let name = reader.table("the name of the new view")?;
    let columns = if reader.is_token(&Token::LParen) {
        columns(reader)?
    } else {
        Vec::new()
    };
    let comment = if reader.takes("COMMENT") {
        reader.takes_token(&Token::Eq);
        Some(reader.string("the comment in quotes")?)
    } else {
        None
    };
    for word in ["TBLPROPERTIES", "WITH", "OPTIONS", "PARTITIONED", "SECURITY"] {
        if reader.is(word) {
            return Err(reader.unsupported(&format!("{word} of CREATE VIEW"), "leave it out"));
        }
    }
    reader.expect("AS")?;
    if !reader.is_query(0) {
        return Err(reader.expected("a query"));
    }
    reader.refuse_parameters("a view")?;
    let sql = reader.rest_of_text().to_owned();
    Ok(Command::CreateView(Box::new(CreateView {
        name,
        or_replace: modifiers.or_replace,
        if_not_exists,
        columns,
        comment,
        sql,
        query: reader.query()?,
    })))
}

/// `( name [COMMENT '…'], … )`: lower case, unless two differ by case alone.
fn columns(reader: &mut Reader<'_>) -> Result<Vec<(String, Option<String>)>> {
    let columns = reader.list(|reader| {
        let name = reader.name("the name of a column")?;
        let comment = if reader.takes("COMMENT") {
            Some(reader.string("the comment in quotes")?)
        } else {
            None
        };
        Ok((name, comment))
    })?;
    let names = || columns.iter().map(|(name, _)| name);
    refuse_twice(names(), Name::folded, "column")?;
    let fold = in_lower_case(names());
    Ok(columns
        .iter()
        .map(|(name, comment)| (fold(name), comment.clone()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_refusals, names, read};
    use super::*;
    use crate::error::ErrorCode::{AlreadyExists, NotSupported, SyntaxError};

    fn shown(command: &Command) -> String {
        let Command::CreateView(view) = command else {
            panic!("{command:?}")
        };
        let mut parts = vec![view.name.name_parts().join(".")];
        parts.extend(view.or_replace.then(|| "or replace".to_owned()));
        parts.extend(view.if_not_exists.then(|| "if not exists".to_owned()));
        parts.extend(view.columns.iter().map(|(name, comment)| match comment {
            Some(comment) => format!("{name} '{comment}'"),
            None => name.clone(),
        }));
        parts.extend(view.comment.as_ref().map(|text| format!("comment={text}")));
        parts.push(format!("<{}>", view.sql));
        parts.join("; ")
    }

    #[test]
    fn views_keep_the_text_of_their_query() {
        check(
            shown,
            &[
                ("create view v as select 1", "v; <select 1>"),
                (
                    "CREATE OR REPLACE VIEW Lake.d.\"V\" (A, `b` COMMENT 'x') COMMENT 'c' AS\n  SELECT  1 -- é\n , 'ß;''' ;  ; -- end",
                    "lake.d.v; or replace; a; b 'x'; comment=c; <SELECT  1 -- é\n , 'ß;'''>",
                ),
                (
                    "create view if not exists v as with x as (select 1) select * from x",
                    "v; if not exists; <with x as (select 1) select * from x>",
                ),
                ("create view v as (select 1)", "v; <(select 1)>"),
                ("create view comment as values (1)", "comment; <values (1)>"),
            ],
        );
        let statement = read("explain create view v as select * from \"S\"");
        assert_eq!(names(&statement), (vec!["s".to_owned()], vec![]));
        assert_eq!(
            names(&read("create view v as select * from s")),
            (vec!["s".to_owned()], vec!["v".to_owned()])
        );
    }

    #[test]
    fn what_is_not_offered_is_refused_at_its_place() {
        check_refusals(&[
            (
                "create temporary view v as select 1",
                NotSupported,
                "CREATE TEMPORARY VIEW",
                18,
            ),
            ("create view v", SyntaxError, "expected AS", 0),
            ("create view v as", SyntaxError, "expected a query", 0),
            (
                "create view v as insert into t values (1)",
                SyntaxError,
                "expected a query, found \"insert\"",
                18,
            ),
            (
                "create view v (a, A) as select 1, 2",
                AlreadyExists,
                "the column \"A\" is named twice",
                19,
            ),
            (
                "create view v tblproperties ('a'='b') as select 1",
                NotSupported,
                "TBLPROPERTIES of CREATE VIEW",
                15,
            ),
            (
                "create view v as select 1 with no schema binding",
                SyntaxError,
                "expected the end of the statement",
                27,
            ),
            (
                "create view v as select 1 with data",
                SyntaxError,
                "expected the end of the statement",
                27,
            ),
            (
                "create view v as select $1",
                SyntaxError,
                "a parameter stands outside PREPARE",
                25,
            ),
            (
                "create view v as select * from t tablesample (10)",
                NotSupported,
                "TABLESAMPLE",
                32,
            ),
        ]);
    }
}
