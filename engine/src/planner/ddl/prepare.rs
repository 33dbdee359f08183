//! PREPARE and DEALLOCATE: statements that a session keeps under a name.

use crate::error::{Error, ErrorCode, Result};
use crate::name::nearest;
use crate::planner::plan::Plan;
use crate::planner::planning::Planning;
use crate::planner::session::{PreparedStatement, SessionChange};
use crate::syntax::{Command, Prepare};

/// The most statements that a session may have prepared.
const PREPARED_STATEMENTS: usize = 1_000;

/// Keeps a statement under a name. It is planned anew by each EXECUTE; here its names are looked up, so that a mistake is told
/// where it is made.
pub async fn prepare(planning: &Planning<'_>, prepare: &Prepare) -> Result<Plan> {
    let known = &planning.session().prepared;
    if known.contains_key(&prepare.name) {
        let name = &prepare.name;
        let message = format!("the statement \"{name}\" is prepared already; DEALLOCATE PREPARE {name} first");
        return Err(Error::new(ErrorCode::AlreadyExists, message));
    }
    if known.len() >= PREPARED_STATEMENTS {
        let message = format!("a session has at most {PREPARED_STATEMENTS} prepared statements; DEALLOCATE some");
        return Err(Error::new(ErrorCode::ExceededStatementLimit, message));
    }
    let within = prepare.statement.command();
    if matches!(
        within,
        Command::Prepare(_) | Command::Execute(_) | Command::Deallocate(_) | Command::DeallocateAll
    ) {
        let message = "PREPARE of PREPARE, EXECUTE or DEALLOCATE is not supported; prepare the statement itself";
        return Err(Error::new(ErrorCode::NotSupported, message));
    }
    check_names(planning, prepare).await?;
    let prepared = PreparedStatement {
        sql: prepare.sql.clone(),
        types: prepare.types.clone(),
    };
    planning
        .session_change(SessionChange::Prepare(prepare.name.clone(), prepared))
        .await
}

/// Plans the query of the statement, and refuses it for names that lead nowhere. Whatever else planning says may be for want of a
/// parameter's type or value, and is told by EXECUTE.
async fn check_names(planning: &Planning<'_>, prepare: &Prepare) -> Result<()> {
    let statement = &prepare.statement;
    let Some(tree) = statement.command().query() else {
        return Ok(());
    };
    let mut references = statement.reads().to_vec();
    if matches!(statement.command(), Command::Insert(_)) {
        references.extend_from_slice(statement.writes());
    }
    let Err(error) = planning.logical_over(tree, &references).await else {
        return Ok(());
    };
    let is_name = matches!(
        error.code(),
        ErrorCode::DatabaseNotFound
            | ErrorCode::TableNotFound
            | ErrorCode::ColumnNotFound
            | ErrorCode::FunctionNotFound
    );
    match (is_name, prepare.text_at) {
        (false, _) => Ok(()),
        (true, None) => Err(error),
        (true, Some(place)) => Err(error.context("the statement to prepare").at(place)),
    }
}

/// Forgets a prepared statement.
pub async fn deallocate(planning: &Planning<'_>, name: &str) -> Result<Plan> {
    let known = &planning.session().prepared;
    if !known.contains_key(name) {
        return Err(not_prepared(name, known.keys().map(String::as_str)));
    }
    planning
        .session_change(SessionChange::Deallocate(name.to_owned()))
        .await
}

/// The error of a name under which no statement is prepared.
pub fn not_prepared<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
    let hint = match nearest(name, known) {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None => format!("; PREPARE {name} FROM … comes first"),
    };
    Error::new(
        ErrorCode::InvalidValue,
        format!("there is no prepared statement \"{name}\" in this session{hint}"),
    )
}
