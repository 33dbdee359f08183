//! A Flight SQL server with every fault that two dozen lines can have.

use arrow::array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, StringViewArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::sql::metadata::SqlInfoDataBuilder;
use arrow_flight::sql::server::{FlightSqlService, PeekableFlightDataStream};
use arrow_flight::sql::{
    ActionBeginTransactionRequest, ActionBeginTransactionResult, ActionClosePreparedStatementRequest,
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, CommandGetSqlInfo, CommandGetTables,
    CommandPreparedStatementQuery, CommandStatementQuery, DoPutPreparedStatementResult, ProstMessageExt, SqlInfo,
    TicketStatementQuery,
};
use arrow_flight::{Action, FlightDescriptor, FlightEndpoint, FlightInfo, Ticket};
use futures::{StreamExt, TryStreamExt, stream};
use prost::Message;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// Where it sends drivers for their rows, although it has them itself.
pub const ELSEWHERE: &str = "grpc+tcp://192.0.2.1:1";

struct Liar;

/// Starts it; it ends with the test.
pub async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = FlightServiceServer::new(Liar);
    tokio::spawn(
        Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpIncoming::from(listener)),
    );
    address
}

/// A number that is announced with NULL and sent without, and a text of a type that old drivers do not know.
fn rows() -> (Schema, RecordBatch) {
    let fields = |nullable| {
        Schema::new(vec![
            Field::new("n", DataType::Int64, nullable),
            Field::new("x", DataType::Utf8View, true),
        ])
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![1])),
        Arc::new(StringViewArray::from(vec!["x"])),
    ];
    (
        fields(true),
        RecordBatch::try_new(Arc::new(fields(false)), columns).unwrap(),
    )
}

/// One table, whose schema is no message, and a column too many unless it is asked for.
fn tables() -> RecordBatch {
    let text = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let columns: [(&str, ArrayRef, bool); 5] = [
        ("catalog_name", text("c"), true),
        ("db_schema_name", text("s"), true),
        ("table_name", text("t"), false),
        ("table_type", text("TABLE"), false),
        (
            "table_schema",
            Arc::new(BinaryArray::from(vec![&b"no message"[..]])),
            false,
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// A quote that is a number, a code that nobody knows, and no transactions, although they can be begun.
fn information() -> RecordBatch {
    let mut builder = SqlInfoDataBuilder::new();
    builder.append(SqlInfo::FlightSqlServerName, "liar");
    builder.append(SqlInfo::FlightSqlServerTransaction, 0_i32);
    builder.append(SqlInfo::SqlIdentifierQuoteChar, 34_i64);
    builder.append(SqlInfo::SqlSupportsConvert, HashMap::from([(1, vec![2])]));
    builder.append(9999_u32, "what is this");
    builder.build().unwrap().record_batch(None).unwrap()
}

type Stream = <Liar as FlightService>::DoGetStream;

fn announce(schema: &Schema, ticket: &impl ProstMessageExt) -> Response<FlightInfo> {
    let ticket = Ticket::new(ticket.as_any().encode_to_vec());
    let endpoint = FlightEndpoint::new().with_ticket(ticket).with_location(ELSEWHERE);
    let announcement = FlightInfo::new().try_with_schema(schema).unwrap();
    Response::new(announcement.with_endpoint(endpoint))
}

fn send(batch: RecordBatch) -> Response<Stream> {
    let encoder = FlightDataEncoderBuilder::new().with_schema(batch.schema());
    let messages = encoder.build(stream::iter([Ok(batch)]));
    Response::new(messages.map_err(Status::from).boxed())
}

#[tonic::async_trait]
impl FlightSqlService for Liar {
    type FlightService = Self;

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        if query.query.starts_with("SELECT * FROM \"x") {
            return Err(Status::not_found(query.query));
        }
        let ticket = TicketStatementQuery {
            statement_handle: query.query.into(),
        };
        Ok(announce(&rows().0, &ticket))
    }

    async fn get_flight_info_prepared_statement(
        &self,
        _: CommandPreparedStatementQuery,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let ticket = TicketStatementQuery {
            statement_handle: "prepared".into(),
        };
        Ok(announce(&rows().0, &ticket))
    }

    async fn do_get_statement(&self, _: TicketStatementQuery, _: Request<Ticket>) -> Result<Response<Stream>, Status> {
        Ok(send(rows().1))
    }

    async fn get_flight_info_tables(
        &self,
        query: CommandGetTables,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        Ok(announce(&tables().schema(), &query))
    }

    async fn do_get_tables(&self, query: CommandGetTables, _: Request<Ticket>) -> Result<Response<Stream>, Status> {
        let is_plain = query.table_types.is_empty() || query.table_types.contains(&"VIEW".to_owned());
        Ok(send(tables().slice(0, usize::from(is_plain))))
    }

    async fn get_flight_info_sql_info(
        &self,
        query: CommandGetSqlInfo,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        Ok(announce(&information().schema(), &query))
    }

    async fn do_get_sql_info(&self, _: CommandGetSqlInfo, _: Request<Ticket>) -> Result<Response<Stream>, Status> {
        Ok(send(information()))
    }

    async fn do_action_create_prepared_statement(
        &self,
        query: ActionCreatePreparedStatementRequest,
        _: Request<Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        if query.query.len() > 9000 {
            return Err(Status::not_found(query.query));
        }
        Ok(ActionCreatePreparedStatementResult::default())
    }

    async fn do_action_close_prepared_statement(
        &self,
        _: ActionClosePreparedStatementRequest,
        _: Request<Action>,
    ) -> Result<(), Status> {
        Ok(())
    }

    async fn do_put_prepared_statement_query(
        &self,
        _: CommandPreparedStatementQuery,
        _: Request<PeekableFlightDataStream>,
    ) -> Result<DoPutPreparedStatementResult, Status> {
        Ok(DoPutPreparedStatementResult::default())
    }

    async fn do_action_begin_transaction(
        &self,
        _: ActionBeginTransactionRequest,
        _: Request<Action>,
    ) -> Result<ActionBeginTransactionResult, Status> {
        Ok(ActionBeginTransactionResult::default())
    }

    async fn register_sql_info(&self, _: i32, _: &SqlInfo) {}
}
