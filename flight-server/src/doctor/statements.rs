//! Prepared statements and their parameters, as drivers use them.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, StringArray, UnionArray};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{DataType, Field, Schema, UnionFields};
use arrow::error::ArrowError;
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest, Any, CommandPreparedStatementQuery,
    CommandStatementQuery, CommandStatementUpdate, DoPutPreparedStatementResult, ProstMessageExt,
};
use bytes::Bytes;
use prost::Message;
use std::sync::Arc;

use super::finding::{Notes, Rule};
use super::probe::{Answer, Probe};
use super::refusal::Refusal;
use super::rules;
use super::sequence::Visit;
use crate::messages::PreparedStatementCreated;

/// Parameters of the probe: more than nine, since servers that sort their names as texts put the tenth before the second.
const NUMBERS: i64 = 11;
/// The one after them.
const TEXT: &str = "twelfth";

const CREATE: &str = "CreatePreparedStatement";
const EXECUTE: &str = "GetFlightInfo of a prepared statement";
const BIND: &str = "DoPut of parameters";

/// A name that no table has, and longer than headers may be.
const LONG_NAME_BYTES: usize = 9000;
/// What the headers of a status may take: beyond, the drivers in Java report a broken stream.
const STATUS_LIMIT_BYTES: usize = 8 << 10;

pub(super) const PREPARE: Rule = Rule::must(
    "prepared-statements",
    "no statement runs: the driver prepares every one",
    "arrow-java#62, ADBC cursor.execute",
    "answer CreatePreparedStatement, CommandPreparedStatementQuery and ClosePreparedStatement",
);
pub(super) const UNTYPED: Rule = Rule::must(
    "parameter-schema",
    "\"parameter ordinal out of range\", or \"Can't set null on non-nullable parameter\"",
    "arrow-java#153",
    "let parameter_schema have a nullable field of a concrete type for each \"?\"",
);
pub(super) const PARAMETERS: Rule = Rule::must(
    "parameters",
    "statements with parameters fail, or give rows of other values",
    "spice v1.3.1, datafusion-sql: \"?\" has no index",
    "bind the columns of the rows by their place to each \"?\"",
);
pub(super) const LONG_STATUS: Rule = Rule::must(
    "status-length",
    "HeaderListSize exceeded, and no word of what is wrong with the statement",
    "arrow#40104, gizmosql 1.23.0",
    "cut the text of an error to less than 8 KB",
);

/// A statement as a server prepared it.
pub(super) struct Prepared {
    pub(super) handle: Bytes,
    pub(super) dataset_schema: Bytes,
    pub(super) parameter_schema: Bytes,
    pub(super) is_update: Option<bool>,
}

impl Prepared {
    /// The command that runs it as a query.
    pub(super) fn query(&self) -> CommandPreparedStatementQuery {
        CommandPreparedStatementQuery {
            prepared_statement_handle: self.handle.clone(),
        }
    }

    /// Whether a driver would run it as an update: an old one knows it by the missing schema.
    pub(super) fn looks_like_update(&self) -> bool {
        self.is_update.unwrap_or_else(|| {
            let columns = rules::unreadable_schema(&self.dataset_schema);
            columns.is_ok_and(|columns| columns.fields().is_empty()) || self.dataset_schema.is_empty()
        })
    }
}

/// CommandStatementQuery.
pub(super) fn query(sql: &str) -> CommandStatementQuery {
    CommandStatementQuery {
        query: sql.to_owned(),
        transaction_id: None,
    }
}

/// CommandStatementUpdate.
pub(super) fn update(sql: &str) -> CommandStatementUpdate {
    CommandStatementUpdate {
        query: sql.to_owned(),
        transaction_id: None,
    }
}

/// CreatePreparedStatement.
pub(super) async fn prepare(probe: &mut Probe, sql: &str) -> Result<Prepared, Refusal> {
    let request = ActionCreatePreparedStatementRequest {
        query: sql.to_owned(),
        transaction_id: None,
    };
    let results = probe.act(CREATE, request.as_any().encode_to_vec()).await?;
    let malformed = |error: prost::DecodeError| Refusal::malformed(CREATE, error.to_string());
    let Some(first) = results.first() else {
        return Err(Refusal::malformed(CREATE, "the action has no result"));
    };
    let any = Any::decode(&**first).map_err(malformed)?;
    let created = PreparedStatementCreated::decode(&*any.value).map_err(malformed)?;
    Ok(Prepared {
        handle: created.prepared_statement_handle,
        dataset_schema: created.dataset_schema,
        parameter_schema: created.parameter_schema,
        is_update: created.is_update,
    })
}

/// ClosePreparedStatement.
pub(super) async fn close(probe: &mut Probe, prepared: &Prepared) -> Result<(), Refusal> {
    let request = ActionClosePreparedStatementRequest {
        prepared_statement_handle: prepared.handle.clone(),
    };
    probe
        .act("ClosePreparedStatement", request.as_any().encode_to_vec())
        .await?;
    Ok(())
}

/// Prepares `sql`, runs it as a query, fetches its rows and closes it; what does not work breaks [`PREPARE`].
pub(super) async fn run(visit: &mut Visit, notes: &mut Notes, sql: &str) -> Option<(Prepared, Answer)> {
    let prepared = match prepare(&mut visit.probe, sql).await {
        Ok(prepared) => prepared,
        Err(refusal) => {
            notes.breaks(&PREPARE, refusal.to_string());
            return None;
        }
    };
    let answer = visit.probe.ask(EXECUTE, &prepared.query()).await;
    if let Err(refusal) = close(&mut visit.probe, &prepared).await {
        notes.breaks(&PREPARE, refusal.to_string());
    }
    match answer {
        Ok(answer) => Some((prepared, answer)),
        Err(refusal) => {
            notes.breaks(&PREPARE, refusal.to_string());
            None
        }
    }
}

/// How a driver sends the values of parameters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Binding {
    /// In the columns of parameter_schema, under their names and with their types.
    AsAnnounced,
    /// In columns named 0, 1, … of the values' own types.
    ByPlace,
    /// In columns named param_0, param_1, …, each a dense union with one value.
    InUnions,
}

/// Prepares a statement with twelve parameters, binds them, runs it, and looks whether each value is where it belongs.
pub(super) async fn bind(visit: &mut Visit, notes: &mut Notes, binding: Binding, parameters: &Rule) {
    let numbers = (1..=NUMBERS).map(|number| format!("CAST(? AS BIGINT) AS p{number}, "));
    let sql = format!("SELECT {}CAST(? AS VARCHAR) AS p12", numbers.collect::<String>());
    let prepared = match prepare(&mut visit.probe, &sql).await {
        Ok(prepared) => prepared,
        Err(refusal) => return notes.breaks(parameters, refusal.to_string()),
    };
    let announced = if binding == Binding::AsAnnounced {
        announced_parameters(&prepared, notes)
    } else {
        None
    };
    if binding == Binding::AsAnnounced && announced.is_none() {
        return;
    }
    let values = match values(binding, announced.as_ref()) {
        Ok(values) => values,
        Err(error) => return notes.breaks(&UNTYPED, error.to_string()),
    };
    let bound = run_bound(&mut visit.probe, &prepared, values).await;
    // A statement that stays open is ended with the connection.
    let _ = close(&mut visit.probe, &prepared).await;
    let answer = match bound {
        Ok(answer) => answer,
        Err(refusal) => return notes.breaks(parameters, refusal.to_string()),
    };
    let expected = (1..=NUMBERS).map(|number| number.to_string()).chain([TEXT.to_owned()]);
    let wrong = expected.enumerate().find_map(|(place, expected)| {
        let found = answer.texts_at(place).and_then(|texts| texts.into_iter().next());
        let found = found.unwrap_or_else(|| Some("nothing".to_owned()));
        let found = found.unwrap_or_else(|| "NULL".to_owned());
        (found != expected).then(|| format!("parameter {} is {expected}, and arrives as {found}", place + 1))
    });
    match wrong {
        Some(wrong) => notes.breaks(parameters, wrong),
        None if answer.row_count() != 1 => {
            notes.breaks(
                parameters,
                format!("one row of parameters gives {} rows", answer.row_count()),
            );
        }
        None => notes.saw("12 parameters arrive where they belong"),
    }
}

/// Whether the text of an error stays below what drivers read.
pub(super) async fn long_status(visit: &mut Visit, notes: &mut Notes) {
    let sql = format!("SELECT * FROM \"{}\"", "x".repeat(LONG_NAME_BYTES));
    let refusal = match prepare(&mut visit.probe, &sql).await {
        Err(refusal) => refusal,
        Ok(prepared) => match visit.probe.ask(EXECUTE, &prepared.query()).await {
            Err(refusal) => refusal,
            Ok(_) => return notes.skips("the server runs a statement of 9000 letters without a word"),
        },
    };
    if refusal.is_of_transport {
        return notes.breaks(&LONG_STATUS, refusal.to_string());
    }
    let bytes = refusal.header_bytes;
    if bytes > STATUS_LIMIT_BYTES {
        return notes.breaks(
            &LONG_STATUS,
            format!("the error of a long statement takes {bytes} bytes of headers"),
        );
    }
    notes.saw(format!("the error of a long statement takes {bytes} bytes"));
}

/// The fields of parameter_schema, if there is one for each parameter that takes values and NULL.
fn announced_parameters(prepared: &Prepared, notes: &mut Notes) -> Option<Schema> {
    let schema = match rules::unreadable_schema(&prepared.parameter_schema) {
        Ok(schema) => schema,
        Err(why) => {
            notes.breaks(&UNTYPED, format!("parameter_schema of 12 parameters: {why}"));
            return None;
        }
    };
    let count = schema.fields().len();
    if count != 12 {
        notes.breaks(
            &UNTYPED,
            format!("parameter_schema of 12 parameters has {count} fields"),
        );
        return None;
    }
    let bad = schema
        .fields()
        .iter()
        .find(|field| !field.is_nullable() || *field.data_type() == DataType::Null);
    if let Some(bad) = bad {
        let null = if bad.is_nullable() { "nullable" } else { "NOT NULL" };
        let seen = format!("the parameter \"{}\" is {} and {null}", bad.name(), bad.data_type());
        notes.breaks(&UNTYPED, seen);
    }
    Some(schema)
}

async fn run_bound(probe: &mut Probe, prepared: &Prepared, values: RecordBatch) -> Result<Answer, Refusal> {
    let put = probe.put_rows(BIND, &prepared.query(), values).await?;
    let told = put.and_then(|put| DoPutPreparedStatementResult::decode(&*put.app_metadata).ok());
    // A server may give a new handle, with which the parameters are bound.
    let handle = told
        .and_then(|told| told.prepared_statement_handle)
        .filter(|handle| !handle.is_empty());
    let command = CommandPreparedStatementQuery {
        prepared_statement_handle: handle.unwrap_or_else(|| prepared.handle.clone()),
    };
    probe.ask(EXECUTE, &command).await
}

/// One row with a value for each parameter.
fn values(binding: Binding, announced: Option<&Schema>) -> Result<RecordBatch, ArrowError> {
    let mut columns: Vec<ArrayRef> = (1..=NUMBERS)
        .map(|number| Arc::new(Int64Array::from(vec![number])) as ArrayRef)
        .collect();
    columns.push(Arc::new(StringArray::from(vec![TEXT])));
    let (fields, columns): (Vec<Field>, Vec<ArrayRef>) = match (binding, announced) {
        (Binding::AsAnnounced, Some(schema)) => {
            let fields = schema.fields().iter().map(|field| field.as_ref().clone());
            let cast = columns.iter().zip(schema.fields());
            let cast = cast.map(|(column, field)| arrow::compute::cast(column, field.data_type()));
            (fields.collect(), cast.collect::<Result<_, _>>()?)
        }
        (Binding::InUnions, _) => {
            let unions = columns.into_iter().map(in_union).collect::<Result<Vec<_>, _>>()?;
            let fields = unions.iter().enumerate();
            let fields =
                fields.map(|(place, union)| Field::new(format!("param_{place}"), union.data_type().clone(), true));
            (fields.collect(), unions)
        }
        _ => {
            let fields = columns.iter().enumerate();
            let fields = fields.map(|(place, column)| Field::new(place.to_string(), column.data_type().clone(), true));
            (fields.collect(), columns)
        }
    };
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

/// A value as a dense union of the types that flightsql-dbapi knows.
fn in_union(value: ArrayRef) -> Result<ArrayRef, ArrowError> {
    let types = [DataType::Int64, DataType::Utf8];
    let id = i8::from(*value.data_type() != DataType::Int64);
    let children = types.iter().map(|data_type| {
        if data_type == value.data_type() {
            Arc::clone(&value)
        } else {
            arrow::array::new_empty_array(data_type)
        }
    });
    let fields = UnionFields::from_fields(
        types
            .iter()
            .enumerate()
            .map(|(place, data_type)| Field::new(place.to_string(), data_type.clone(), true)),
    );
    let (ids, offsets) = (ScalarBuffer::from(vec![id]), ScalarBuffer::from(vec![0]));
    Ok(Arc::new(UnionArray::try_new(
        fields,
        ids,
        Some(offsets),
        children.collect(),
    )?))
}
