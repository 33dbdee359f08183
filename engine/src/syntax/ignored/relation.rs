//! Clauses of relations: tables, their aliases and joins.

use datafusion::sql::sqlparser::ast::{
    FunctionArg, Join, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableAliasColumnDef, TableFactor,
    TableFunctionArgs, TableWithJoins,
};

use super::super::parser::position_of;
use super::refuse_if;
use crate::error::{Position, Result};

pub(super) fn check(factor: &TableFactor) -> Result<()> {
    match factor {
        TableFactor::Table { .. } => check_table(factor),
        TableFactor::Derived {
            lateral: _,
            subquery: _,
            alias,
            sample,
        } => {
            let position = alias.as_ref().and_then(|alias| position_of(alias.name.span.start));
            refuse_if(sample.is_some(), "TABLESAMPLE", SAMPLE_ADVICE, position)?;
            check_alias(alias.as_ref())
        }
        TableFactor::Function {
            lateral: _,
            name,
            args,
            with_ordinality,
            alias,
        } => {
            let position = position_of_name(name);
            refuse_if(
                *with_ordinality,
                "WITH ORDINALITY",
                "number the rows with row_number()",
                position,
            )?;
            check_call(name, args)?;
            check_alias(alias.as_ref())
        }
        TableFactor::NestedJoin {
            table_with_joins,
            alias,
        } => {
            check_joins(table_with_joins)?;
            check_alias(alias.as_ref())
        }
        TableFactor::UNNEST { alias, .. } => check_alias(alias.as_ref()),
        // DataFusion refuses these by itself.
        TableFactor::TableFunction { .. }
        | TableFactor::JsonTable { .. }
        | TableFactor::OpenJsonTable { .. }
        | TableFactor::Pivot { .. }
        | TableFactor::Unpivot { .. }
        | TableFactor::MatchRecognize { .. }
        | TableFactor::XmlTable { .. }
        | TableFactor::SemanticView { .. } => Ok(()),
    }
}

const SAMPLE_ADVICE: &str = "write WHERE random() < 0.1 for about a tenth of the rows";

fn check_table(factor: &TableFactor) -> Result<()> {
    let TableFactor::Table {
        name,
        alias,
        args,
        with_hints,
        version,
        with_ordinality,
        partitions,
        json_path,
        sample,
        index_hints,
    } = factor
    else {
        return Ok(());
    };
    let position = position_of_name(name);
    refuse_if(sample.is_some(), "TABLESAMPLE", SAMPLE_ADVICE, position)?;
    refuse_if(
        version.is_some(),
        "time travel (AS OF, AT)",
        "the table is read as it is now",
        position,
    )?;
    refuse_if(!with_hints.is_empty(), "a table hint (WITH)", "leave it out", position)?;
    refuse_if(!index_hints.is_empty(), "an index hint", "leave it out", position)?;
    refuse_if(
        !partitions.is_empty(),
        "PARTITION after a table name",
        "filter by the partition columns",
        position,
    )?;
    refuse_if(
        json_path.is_some(),
        "a path after a table name",
        "select the field of a column",
        position,
    )?;
    refuse_if(
        *with_ordinality,
        "WITH ORDINALITY",
        "number the rows with row_number()",
        position,
    )?;
    if let Some(TableFunctionArgs { args, settings }) = args {
        refuse_if(settings.is_some(), "SETTINGS", "leave it out", position)?;
        check_call(name, args)?;
    }
    check_alias(alias.as_ref())
}

/// Table functions have one plain name, and their arguments none.
fn check_call(name: &ObjectName, args: &[FunctionArg]) -> Result<()> {
    let position = position_of_name(name);
    refuse_if(
        name.0.len() > 1,
        "a table function of a database",
        "write its name alone",
        position,
    )?;
    let named = args.iter().any(|arg| !matches!(arg, FunctionArg::Unnamed(_)));
    refuse_if(
        named,
        "a named argument of a table function",
        "give the arguments in their order",
        position,
    )
}

pub(super) fn check_alias(alias: Option<&TableAlias>) -> Result<()> {
    let Some(TableAlias {
        explicit: _,
        name,
        columns,
        at,
    }) = alias
    else {
        return Ok(());
    };
    let position = position_of(name.span.start);
    refuse_if(at.is_some(), "AT after an alias", "leave it out", position)?;
    let typed = columns
        .iter()
        .any(|TableAliasColumnDef { name: _, data_type }| data_type.is_some());
    refuse_if(
        typed,
        "a type in a list of column aliases",
        "name the columns alone, and CAST them",
        position,
    )
}

pub(super) fn check_joins(tables: &TableWithJoins) -> Result<()> {
    let TableWithJoins { relation: _, joins } = tables;
    joins.iter().try_for_each(check_join)
}

pub(super) fn check_join(join: &Join) -> Result<()> {
    let Join {
        relation,
        global,
        join_operator,
    } = join;
    let position = position_of_relation(relation);
    refuse_if(*global, "GLOBAL JOIN", "leave GLOBAL out", position)?;
    // Without a common column DataFusion makes an inner product of it, which drops the rows that an outer join keeps.
    let outer = matches!(
        join_operator,
        JoinOperator::Left(JoinConstraint::Natural)
            | JoinOperator::LeftOuter(JoinConstraint::Natural)
            | JoinOperator::Right(JoinConstraint::Natural)
            | JoinOperator::RightOuter(JoinConstraint::Natural)
            | JoinOperator::FullOuter(JoinConstraint::Natural)
            | JoinOperator::LeftSemi(JoinConstraint::Natural)
            | JoinOperator::RightSemi(JoinConstraint::Natural)
            | JoinOperator::LeftAnti(JoinConstraint::Natural)
            | JoinOperator::RightAnti(JoinConstraint::Natural)
    );
    refuse_if(
        outer,
        "NATURAL of any but an inner join",
        "name the common columns with ON",
        position,
    )?;
    // DataFusion takes the left side's column for the common one, which is NULL in the rows that only the right side has.
    let merges_wrongly = matches!(
        join_operator,
        JoinOperator::Right(JoinConstraint::Using(_))
            | JoinOperator::RightOuter(JoinConstraint::Using(_))
            | JoinOperator::FullOuter(JoinConstraint::Using(_))
    );
    refuse_if(
        merges_wrongly,
        "USING of a RIGHT or FULL JOIN",
        "write ON a.k = b.k, and coalesce(a.k, b.k) for the common column",
        position,
    )
}

fn position_of_name(name: &ObjectName) -> Option<Position> {
    let ident = name.0.first()?.as_ident()?;
    position_of(ident.span.start)
}

fn position_of_relation(factor: &TableFactor) -> Option<Position> {
    match factor {
        TableFactor::Table { name, .. } | TableFactor::Function { name, .. } => position_of_name(name),
        TableFactor::Derived { alias, .. } | TableFactor::UNNEST { alias, .. } => {
            position_of(alias.as_ref()?.name.span.start)
        }
        _ => None,
    }
}
