//! Clauses of queries and of SELECT.

use datafusion::sql::sqlparser::ast::{
    Cte, GroupByExpr, OrderBy, OrderByKind, PipeOperator, Query, Select, SelectFlavor, SetExpr, SetOperator,
    SetQuantifier, With,
};

use super::super::parser::position_of;
use super::super::statements::not_yet;
use super::{refuse_if, relation};
use crate::error::{Position, Result};

pub(super) fn check(query: &Query) -> Result<()> {
    let Query {
        with,
        body,
        order_by,
        limit_clause: _,
        fetch: _,
        locks,
        for_clause,
        settings,
        format_clause,
        pipe_operators,
    } = query;
    let position = position_of_body(body);
    refuse_if(
        !locks.is_empty(),
        "FOR UPDATE or FOR SHARE",
        "leave it out, rows are not locked",
        position,
    )?;
    refuse_if(
        for_clause.is_some(),
        "FOR XML, FOR JSON or FOR BROWSE",
        "leave it out",
        position,
    )?;
    refuse_if(settings.is_some(), "SETTINGS", "leave it out", position)?;
    refuse_if(
        format_clause.is_some(),
        "FORMAT",
        "leave it out, and choose the format in the shell",
        position,
    )?;
    check_body(body)?;
    if let Some(with) = with {
        check_with(with)?;
    }
    if let Some(OrderBy { kind, interpolate: _ }) = order_by {
        let dropped = matches!(kind, OrderByKind::All(_)) && !matches!(body.as_ref(), SetExpr::Select(_));
        refuse_if(
            dropped,
            "ORDER BY ALL after a set operation",
            "name the columns",
            position,
        )?;
    }
    pipe_operators
        .iter()
        .try_for_each(|operator| check_pipe(operator, position))
}

/// A statement that begins as a query may still be a change of data: `WITH x AS (…) INSERT …`.
fn check_body(body: &SetExpr) -> Result<()> {
    match body {
        SetExpr::Insert(_) => refuse_if(true, "INSERT behind WITH", "write INSERT INTO … WITH … SELECT …", None),
        SetExpr::Update(_) => Err(not_yet("UPDATE")),
        SetExpr::Delete(_) => Err(not_yet("DELETE")),
        SetExpr::Merge(_) => Err(not_yet("MERGE")),
        SetExpr::SetOperation {
            left,
            right,
            op,
            set_quantifier,
        } => {
            // 55.2 plans both as semi joins, which do not count how often a row stands on either side.
            let counted = matches!(op, SetOperator::Except | SetOperator::Intersect | SetOperator::Minus)
                && matches!(set_quantifier, SetQuantifier::All | SetQuantifier::AllByName);
            refuse_if(
                counted,
                "EXCEPT ALL or INTERSECT ALL",
                "number equal rows with row_number() and leave ALL out",
                position_of_body(left),
            )?;
            check_body(left)?;
            check_body(right)
        }
        SetExpr::Table(_) => refuse_if(true, "TABLE as a query", "write SELECT * FROM", None),
        // The visitor comes to a query in brackets by itself.
        SetExpr::Query(_) | SetExpr::Select(_) | SetExpr::Values(_) => Ok(()),
    }
}

fn position_of_body(body: &SetExpr) -> Option<Position> {
    match body {
        SetExpr::Select(select) => position_of(select.select_token.0.span.start),
        SetExpr::SetOperation { left, .. } => position_of_body(left),
        SetExpr::Query(query) => position_of_body(&query.body),
        _ => None,
    }
}

fn check_with(with: &With) -> Result<()> {
    for cte in &with.cte_tables {
        let Cte {
            alias,
            query,
            from,
            materialized,
            closing_paren_token: _,
        } = cte;
        let position = position_of(alias.name.span.start);
        refuse_if(from.is_some(), "FROM after a WITH query", "leave it out", position)?;
        refuse_if(
            materialized.is_some(),
            "MATERIALIZED of a WITH query",
            "leave it out",
            position,
        )?;
        relation::check_alias(Some(alias))?;
        // DataFusion plans the two sides of the UNION and forgets what stands around them.
        let union = matches!(
            query.body.as_ref(),
            SetExpr::SetOperation {
                op: SetOperator::Union,
                ..
            }
        );
        let around = query.with.is_some()
            || query.order_by.is_some()
            || query.limit_clause.is_some()
            || query.fetch.is_some()
            || !query.pipe_operators.is_empty();
        refuse_if(
            with.recursive && union && around,
            "WITH, ORDER BY, LIMIT or OFFSET of the UNION of a recursive WITH query",
            "put it into the query that reads the result",
            position,
        )?;
    }
    Ok(())
}

fn check_pipe(operator: &PipeOperator, position: Option<Position>) -> Result<()> {
    match operator {
        PipeOperator::Aggregate {
            full_table_exprs,
            group_by_expr,
        } => {
            let ordered = full_table_exprs
                .iter()
                .chain(group_by_expr)
                .any(|expr| expr.order_by.asc.is_some() || expr.order_by.nulls_first.is_some());
            refuse_if(
                ordered,
                "an order in the pipe operator AGGREGATE",
                "write |> ORDER BY after it",
                position,
            )
        }
        PipeOperator::Join(join) => relation::check_join(join),
        _ => Ok(()),
    }
}

pub(super) fn check_select(select: &Select) -> Result<()> {
    let Select {
        select_token,
        // Hints are comments in our dialect, and no answer depends on one.
        optimizer_hints: _,
        distinct: _,
        select_modifiers,
        top: _,
        top_before_distinct: _,
        projection: _,
        exclude,
        into,
        from,
        lateral_views: _,
        prewhere,
        selection: _,
        connect_by,
        group_by,
        cluster_by: _,
        distribute_by: _,
        sort_by: _,
        having: _,
        named_window: _,
        qualify: _,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    let position = position_of(select_token.0.span.start);
    // DataFusion makes rows without columns of it.
    let no_select = matches!(flavor, SelectFlavor::FromFirstNoSelect);
    refuse_if(no_select, "FROM without SELECT", "write SELECT * FROM", position)?;
    refuse_if(
        select_modifiers.is_some(),
        "a modifier after SELECT",
        "leave it out",
        position,
    )?;
    refuse_if(
        exclude.is_some(),
        "EXCLUDE after the SELECT list",
        "write * EXCLUDE (…) within it",
        position,
    )?;
    refuse_if(into.is_some(), "SELECT INTO", "leave INTO out", position)?;
    refuse_if(prewhere.is_some(), "PREWHERE", "write WHERE", position)?;
    refuse_if(!connect_by.is_empty(), "CONNECT BY", "write WITH RECURSIVE", position)?;
    refuse_if(
        value_table_mode.is_some(),
        "SELECT AS STRUCT or AS VALUE",
        "write named_struct(…)",
        position,
    )?;
    let modifiers = match group_by {
        GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers) => modifiers,
    };
    refuse_if(
        !modifiers.is_empty(),
        "WITH ROLLUP, WITH CUBE, WITH TOTALS or GROUPING SETS after GROUP BY expressions",
        "write GROUP BY ROLLUP (…), CUBE (…) or GROUPING SETS (…)",
        position,
    )?;
    from.iter().try_for_each(relation::check_joins)
}
