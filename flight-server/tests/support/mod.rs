//! What the tests share: a server over temporary state, and clients that compare what is announced with what is sent.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, Schema};
use arrow::ipc::reader::StreamReader;
use arrow_flight::decode::{DecodedPayload, FlightDataDecoder};
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest, Any, CommandPreparedStatementQuery,
    CommandPreparedStatementUpdate, CommandStatementQuery, CommandStatementUpdate, DoPutUpdateResult, ProstMessageExt,
};
use arrow_flight::{Action, FlightData, FlightDescriptor, FlightInfo, PutResult, Ticket};
use base64::Engine as _;
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use owlet_engine::{Config, Engine, Environment};
use owlet_flight_server::{Settings, bind, serve};
use prost::Message;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

/// A server with an engine of its own.
pub struct Served {
    pub engine: Engine,
    pub address: SocketAddr,
    shutdown: Option<oneshot::Sender<()>>,
    task: JoinHandle<owlet_engine::Result<()>>,
    _directory: TempDir,
}

impl Served {
    pub async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    /// With these settings, but on a free port.
    pub async fn with(settings: Settings) -> Self {
        Self::in_environment(settings, &[]).await
    }

    /// With these settings and these variables.
    pub async fn in_environment(settings: Settings, variables: &[(String, String)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().display().to_string();
        let own = [("OWLET_HOME", home.as_str()), ("HOME", home.as_str())];
        let variables = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let environment: Environment = own.into_iter().chain(variables).collect();
        let mut config = Config::load(None, environment, directory.path().to_owned()).unwrap();
        config.set_sample(owlet_datasets::sample::FILES.iter().map(|file| (file.path, file.bytes)));
        let engine = Engine::open(config).await.unwrap();
        let settings = Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            ..settings
        };
        let listener = bind(&settings).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, ends) = oneshot::channel();
        let ends = async {
            let _ = ends.await;
        };
        let task = tokio::spawn(serve(engine.clone(), settings, listener, ends));
        Self {
            engine,
            address,
            shutdown: Some(shutdown),
            task,
            _directory: directory,
        }
    }

    /// A client with a connection of its own.
    pub async fn client(&self) -> Client {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        Client {
            raw: FlightServiceClient::new(endpoint.connect().await.unwrap()),
            headers: Vec::new(),
        }
    }

    /// Asks the server to end.
    pub fn shut_down(&mut self) {
        drop(self.shutdown.take());
    }

    /// Waits for the end of the server.
    pub async fn ended(self) -> owlet_engine::Result<()> {
        self.task.await.unwrap()
    }

    /// The number that `sql` gives, asked of the engine itself.
    pub async fn count(&self, sql: &str) -> i64 {
        let session = self.engine.session(owlet_engine::Principal::local());
        let batches: Vec<RecordBatch> = session.run(sql).await.unwrap().try_collect().await.unwrap();
        only_number(&batches)
    }

    /// Waits until nothing of any statement is under way.
    pub async fn at_rest(&self) {
        within("the engine is at rest", || {
            self.engine.computing_tasks() == 0 && self.engine.reserved_bytes() == 0
        })
        .await;
    }
}

/// Polls `condition` until it holds.
pub async fn within(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A client on one connection, which keeps no cookies.
#[derive(Clone)]
pub struct Client {
    pub raw: FlightServiceClient<Channel>,
    /// What every call has in its headers.
    pub headers: Vec<(&'static str, String)>,
}

impl Client {
    /// The same client on the same connection, with another header.
    pub fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut client = self.clone();
        client.headers.push((name, value.into()));
        client
    }

    /// The same connection under a name of its own, by a handshake.
    pub async fn named(&self, name: &str) -> Self {
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{name}:"));
        let introduced = self.with("authorization", format!("Basic {encoded}"));
        let request = introduced.request(stream::iter([arrow_flight::HandshakeRequest::default()]));
        let answer = introduced.clone().raw.handshake(request).await.unwrap();
        let bearer = answer.metadata().get("authorization").unwrap().to_str().unwrap();
        self.with("authorization", bearer)
    }

    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        for (name, value) in &self.headers {
            request.metadata_mut().insert(*name, value.parse().unwrap());
        }
        request
    }

    /// Executes `sql` as a query does, without fetching.
    pub async fn execute(&mut self, sql: &str) -> Result<FlightInfo, Status> {
        self.announcement(&query(sql)).await
    }

    /// What GetFlightInfo says about `command`.
    pub async fn announcement(&mut self, command: &impl ProstMessageExt) -> Result<FlightInfo, Status> {
        Ok(self.announcement_and_headers(command).await?.into_inner())
    }

    pub async fn announcement_and_headers(
        &mut self,
        command: &impl ProstMessageExt,
    ) -> Result<Response<FlightInfo>, Status> {
        let request = self.request(descriptor(command));
        self.raw.get_flight_info(request).await
    }

    /// Executes `sql` and fetches its result, whose schema must be the announced one.
    pub async fn query(&mut self, sql: &str) -> Result<Vec<RecordBatch>, Status> {
        let info = self.execute(sql).await?;
        self.fetch(&info).await
    }

    /// The only number of `sql`.
    pub async fn number(&mut self, sql: &str) -> i64 {
        only_number(&self.query(sql).await.unwrap())
    }

    /// Fetches what was announced. The announcement must hold: one endpoint without a place, and the schema to the last
    /// nullability.
    pub async fn fetch(&mut self, info: &FlightInfo) -> Result<Vec<RecordBatch>, Status> {
        let [endpoint] = &info.endpoint[..] else {
            panic!("endpoints: {:?}", info.endpoint)
        };
        assert!(endpoint.location.is_empty(), "{:?}", endpoint.location);
        let (schema, batches) = self.get(endpoint.ticket.clone().unwrap()).await?;
        assert_eq!(schema, announced_schema(info));
        Ok(batches)
    }

    /// The messages that a ticket gives.
    pub async fn messages(&mut self, ticket: Ticket) -> Result<tonic::Streaming<FlightData>, Status> {
        let request = self.request(ticket);
        Ok(self.raw.do_get(request).await?.into_inner())
    }

    /// The schema and rows that a ticket gives.
    pub async fn get(&mut self, ticket: Ticket) -> Result<(Schema, Vec<RecordBatch>), Status> {
        let messages = self.messages(ticket).await?;
        let mut decoder = FlightDataDecoder::new(messages.map_err(FlightError::from));
        let (mut schema, mut batches) = (None, Vec::new());
        while let Some(decoded) = decoder.next().await {
            match decoded.map_err(status)?.payload {
                DecodedPayload::Schema(sent) => assert!(schema.replace(sent).is_none(), "two schemas"),
                DecodedPayload::RecordBatch(batch) => {
                    assert_eq!(Some(batch.schema_ref()), schema.as_ref());
                    batches.push(batch);
                }
                DecodedPayload::None => {}
            }
        }
        Ok((schema.unwrap().as_ref().clone(), batches))
    }

    /// Executes `sql` as an update.
    pub async fn update(&mut self, sql: &str) -> Result<i64, Status> {
        let command = CommandStatementUpdate {
            query: sql.to_owned(),
            transaction_id: None,
        };
        Ok(update_result(&self.put(vec![alone(&command)]).await?))
    }

    /// Sends messages with DoPut; the one answer.
    pub async fn put(&mut self, messages: Vec<FlightData>) -> Result<PutResult, Status> {
        self.put_stream(stream::iter(messages)).await
    }

    pub async fn put_stream(
        &mut self,
        messages: impl Stream<Item = FlightData> + Send + 'static,
    ) -> Result<PutResult, Status> {
        let request = self.request(messages);
        let mut answers = self.raw.do_put(request).await?.into_inner();
        let answer = answers.message().await?.unwrap();
        assert!(answers.message().await?.is_none());
        Ok(answer)
    }

    /// Runs an action; the bodies of its results.
    pub async fn action(&mut self, name: &str, body: impl Into<Bytes>) -> Result<Vec<Bytes>, Status> {
        Ok(self.action_and_headers(name, body).await?.1)
    }

    pub async fn action_and_headers(
        &mut self,
        name: &str,
        body: impl Into<Bytes>,
    ) -> Result<(MetadataMap, Vec<Bytes>), Status> {
        let request = self.request(Action {
            r#type: name.to_owned(),
            body: body.into(),
        });
        let (headers, results, _) = self.raw.do_action(request).await?.into_parts();
        let results: Vec<_> = results.try_collect().await?;
        Ok((headers, results.into_iter().map(|result| result.body).collect()))
    }

    /// Prepares `sql`.
    pub async fn prepare(&mut self, sql: &str) -> Result<Prepared, Status> {
        let request = ActionCreatePreparedStatementRequest {
            query: sql.to_owned(),
            transaction_id: None,
        };
        let results = self
            .action("CreatePreparedStatement", request.as_any().encode_to_vec())
            .await?;
        let any = Any::decode(&*results[0]).unwrap();
        assert!(any.type_url.ends_with(".ActionCreatePreparedStatementResult"));
        Ok(Prepared::decode(&*any.value).unwrap())
    }

    pub async fn close(&mut self, prepared: &Prepared) {
        let request = ActionClosePreparedStatementRequest {
            prepared_statement_handle: prepared.handle.clone(),
        };
        let results = self
            .action("ClosePreparedStatement", request.as_any().encode_to_vec())
            .await
            .unwrap();
        assert!(results.is_empty());
    }

    /// Binds parameters to a prepared statement.
    pub async fn bind(&mut self, prepared: &Prepared, parameters: &RecordBatch) -> Result<PutResult, Status> {
        self.put(rows(&prepared.query(), parameters).await).await
    }

    /// Executes a prepared statement as a query and fetches its result.
    pub async fn run(&mut self, prepared: &Prepared) -> Result<Vec<RecordBatch>, Status> {
        let info = self.announcement(&prepared.query()).await?;
        self.fetch(&info).await
    }

    /// Executes a prepared statement as an update.
    pub async fn run_update(&mut self, prepared: &Prepared, parameters: &RecordBatch) -> Result<i64, Status> {
        let messages = rows(&prepared.update(), parameters).await;
        Ok(update_result(&self.put(messages).await?))
    }
}

/// The answer of CreatePreparedStatement as the clients of Arrow 25 read it.
#[derive(Clone, PartialEq, Message)]
pub struct Prepared {
    #[prost(bytes = "bytes", tag = "1")]
    pub handle: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub dataset_schema: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub parameter_schema: Bytes,
    #[prost(bool, optional, tag = "4")]
    pub is_update: Option<bool>,
}

impl Prepared {
    pub fn query(&self) -> CommandPreparedStatementQuery {
        CommandPreparedStatementQuery {
            prepared_statement_handle: self.handle.clone(),
        }
    }

    pub fn update(&self) -> CommandPreparedStatementUpdate {
        CommandPreparedStatementUpdate {
            prepared_statement_handle: self.handle.clone(),
        }
    }
}

pub fn query(sql: &str) -> CommandStatementQuery {
    CommandStatementQuery {
        query: sql.to_owned(),
        transaction_id: None,
    }
}

pub fn descriptor(command: &impl ProstMessageExt) -> FlightDescriptor {
    FlightDescriptor::new_cmd(command.as_any().encode_to_vec())
}

pub fn announced_schema(info: &FlightInfo) -> Schema {
    read_schema(&info.schema)
}

/// The schema of an IPC message.
pub fn read_schema(message: &Bytes) -> Schema {
    let reader = StreamReader::try_new(&message[..], None).unwrap();
    reader.schema().as_ref().clone()
}

/// A message with a command and nothing else.
pub fn alone(command: &impl ProstMessageExt) -> FlightData {
    FlightData {
        flight_descriptor: Some(descriptor(command)),
        ..FlightData::default()
    }
}

/// The messages of a command with rows.
pub async fn rows(command: &impl ProstMessageExt, batch: &RecordBatch) -> Vec<FlightData> {
    let encoder = FlightDataEncoderBuilder::new()
        .with_schema(batch.schema())
        .with_flight_descriptor(Some(descriptor(command)))
        .build(stream::iter([Ok(batch.clone())]));
    encoder.try_collect().await.unwrap()
}

pub fn update_result(result: &PutResult) -> i64 {
    DoPutUpdateResult::decode(&*result.app_metadata).unwrap().record_count
}

/// The only value of one row and column.
pub fn only_number(batches: &[RecordBatch]) -> i64 {
    let numbers: Vec<i64> = batches.iter().flat_map(|batch| numbers(batch.column(0))).collect();
    assert_eq!(numbers.len(), 1);
    numbers[0]
}

pub fn numbers(column: &dyn Array) -> Vec<i64> {
    column.as_primitive::<Int64Type>().values().to_vec()
}

/// The status that an error of the decoder is.
pub fn status(error: FlightError) -> Status {
    match error {
        FlightError::Tonic(status) => *status,
        other => panic!("{other}"),
    }
}
