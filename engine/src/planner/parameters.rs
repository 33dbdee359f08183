//! What the parameters of a statement are, before they have values.

use arrow::datatypes::{DataType, SchemaRef};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::planning::{Planner, Planning, Request};
use super::{ddl, deep_stack};
use crate::error::Result;
use crate::syntax::{self, Command};

/// The parameters of a statement.
#[derive(Clone, Debug)]
pub struct ParameterTypes {
    /// The type of each, in their order, where the statement tells it.
    pub types: Vec<Option<DataType>>,
    /// The columns of the query, if the statement is one.
    pub schema: Option<SchemaRef>,
}

impl Planner {
    /// The types of the `count` parameters that the statement has as `$1` and so on. Nothing is planned but the query in it.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub async fn parameters(
        &self,
        request: Request,
        count: usize,
        cancel: CancellationToken,
    ) -> Result<ParameterTypes> {
        let planner = self.clone();
        let _cancel_on_drop = cancel.clone().drop_guard();
        deep_stack::run(async move {
            let planning = Planning::new(&planner, &request, &cancel);
            Box::pin(parameters(&planning, request.statement.command(), count)).await
        })
        .await
    }
}

async fn parameters(planning: &Planning<'_>, command: &Command, count: usize) -> Result<ParameterTypes> {
    let mut types: HashMap<String, Option<DataType>> = HashMap::new();
    let mut schema = None;
    if let Command::Insert(insert) = command {
        let columns = ddl::types_of_values(planning, insert).await?;
        types.extend(syntax::values_of_columns(&insert.query, &columns));
    }
    if let Some(tree) = command.query() {
        match planning.logical(tree).await {
            Ok((plan, _)) => {
                schema = matches!(command, Command::Query(_)).then(|| Arc::clone(plan.schema().inner()));
                // Where two uses of a parameter want two types, none is told.
                for (name, found) in plan.get_parameter_types().unwrap_or_default() {
                    let known = types.entry(name).or_default();
                    *known = known.take().or(found);
                }
            }
            Err(error) if types.is_empty() => return Err(error),
            Err(_) => {}
        }
    }
    let types = (1..=count)
        .map(|number| types.remove(&format!("${number}")).flatten())
        .collect();
    Ok(ParameterTypes { types, schema })
}
