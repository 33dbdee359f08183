//! What the parameters of a statement are, before they have values.

use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result as DataFusionResult};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};
use futures::FutureExt;
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::ddl;
use super::failure::from_datafusion;
use super::planning::{Planner, Planning, Request};
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
        self.on_a_deep_stack(request, cancel, move |planning| parameters(planning, count).boxed())
            .await
    }
}

async fn parameters(planning: Planning<'_>, count: usize) -> Result<ParameterTypes> {
    let command = planning.statement().command();
    let mut types: HashMap<String, Option<DataType>> = HashMap::new();
    let mut schema = None;
    if let Command::Insert(insert) = command {
        let columns = ddl::types_of_values(&planning, insert).await?;
        types.extend(syntax::values_of_columns(&insert.query, &columns));
    }
    if let Some(tree) = command.query() {
        match planning.logical(tree).await {
            Ok((plan, _)) => {
                schema = matches!(command, Command::Query(_)).then(|| Arc::clone(plan.schema().inner()));
                // Where two uses of a parameter want two types, none is told.
                let inferred = plan.get_parameter_types().unwrap_or_default();
                for (name, found) in inferred.into_iter().chain(wanted(&plan).map_err(from_datafusion)?) {
                    let known = types.entry(name).or_default();
                    *known = known.take().or(found);
                }
            }
            Err(error) if types.is_empty() => return Err(error),
            Err(_) => {}
        }
    }
    let types = (1..=count)
        .map(|number| types.remove(&format!("${number}")).flatten().map(as_sent))
        .collect();
    Ok(ParameterTypes { types, schema })
}

/// What is wanted where a parameter stands, beyond what the planning library infers: the type of a CAST, the number of a LIMIT, the
/// type that a function takes in this place.
fn wanted(plan: &LogicalPlan) -> DataFusionResult<HashMap<String, Option<DataType>>> {
    let mut found = HashMap::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Limit(limit) = node {
            for bound in [&limit.skip, &limit.fetch].into_iter().flatten() {
                note(&mut found, bound, &DataType::Int64);
            }
        }
        let schema = merge_schema(&node.inputs());
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                match expr {
                    Expr::Cast(cast) => note(&mut found, &cast.expr, cast.field.data_type()),
                    Expr::TryCast(cast) => note(&mut found, &cast.expr, cast.field.data_type()),
                    Expr::ScalarFunction(call) => {
                        // A call that fits no signature is told of where it is planned.
                        let taken = taken(call, &schema).unwrap_or_default();
                        for (argument, field) in call.args.iter().zip(&taken) {
                            note(&mut found, argument, field.data_type());
                        }
                    }
                    _ => {}
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// What the function takes in each place.
fn taken(call: &ScalarFunction, schema: &DFSchema) -> DataFusionResult<Vec<FieldRef>> {
    let given = call
        .args
        .iter()
        .map(|argument| argument.to_field(schema).map(|(_, field)| field));
    fields_with_udf(&given.collect::<DataFusionResult<Vec<_>>>()?, call.func.as_ref())
}

/// The type that a client sends: how the engine holds a text or bytes is none of its business.
fn as_sent(data_type: DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        other => other,
    }
}

/// Notes the type of `expr`, if that is a parameter.
fn note(found: &mut HashMap<String, Option<DataType>>, expr: &Expr, data_type: &DataType) {
    if let Expr::Placeholder(placeholder) = expr {
        let told = (*data_type != DataType::Null).then(|| data_type.clone());
        found.entry(placeholder.id.clone()).or_insert(told);
    }
}
