//! The client that plays the drivers: a connection of its own, headers, cookies and a bearer, and answers as they came.

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::decode::{DecodedPayload, FlightDataDecoder};
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::ProstMessageExt;
use arrow_flight::{Action, FlightData, FlightDescriptor, FlightInfo, HandshakeRequest, PutResult, Ticket};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use owlet_engine::{Error, ErrorCode, Result};
use prost::Message;
use std::collections::BTreeMap;
use std::time::Duration;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use super::address::Address;
use super::refusal::Refusal;

/// More than any driver takes, so that too much is seen and not refused.
const MESSAGE_LIMIT_BYTES: usize = 256 << 20;
const HEADER_LIMIT_BYTES: u32 = 1 << 20;

/// How many rows of a result are looked at.
const ROW_LIMIT: usize = 100_000;

/// Whether a driver sends back the cookies that it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookies {
    Kept,
    Dropped,
}

/// A client on a connection of its own.
#[derive(Clone)]
pub(super) struct Probe {
    address: Address,
    client: FlightServiceClient<Channel>,
    authorization: Option<AsciiMetadataValue>,
    cookies: Option<BTreeMap<String, String>>,
    limit: Duration,
}

/// What a command gave: what was announced, and what was sent.
pub(super) struct Answer {
    pub(super) call: &'static str,
    pub(super) announcement: FlightInfo,
    /// The schema of the stream.
    pub(super) schema: SchemaRef,
    pub(super) batches: Vec<RecordBatch>,
    pub(super) largest_message_bytes: usize,
}

impl Probe {
    /// A client that dials `address` with its first call.
    ///
    /// # Errors
    /// `INVALID_VALUE` if the transport does not take the address.
    pub(super) fn new(address: &Address, cookies: Cookies, limit: Duration) -> Result<Self> {
        let endpoint = Endpoint::from_shared(address.for_transport()).map_err(|error| {
            let message = format!("\"{address}\" is no address: write it as grpc://host:port");
            Error::new(ErrorCode::InvalidValue, message).caused_by(error)
        })?;
        let channel = endpoint
            .connect_timeout(limit)
            .http2_max_header_list_size(HEADER_LIMIT_BYTES)
            .connect_lazy();
        Ok(Self {
            address: address.clone(),
            client: FlightServiceClient::new(channel).max_decoding_message_size(MESSAGE_LIMIT_BYTES),
            authorization: None,
            cookies: (cookies == Cookies::Kept).then(BTreeMap::new),
            limit,
        })
    }

    /// Where it calls.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// The same client on a connection of its own.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(super) fn elsewhere(&self) -> Result<Self> {
        let cookies = if self.cookies.is_some() {
            Cookies::Kept
        } else {
            Cookies::Dropped
        };
        let other = Self::new(&self.address, cookies, self.limit)?;
        Ok(Self {
            authorization: self.authorization.clone(),
            ..other
        })
    }

    /// Sends this header `authorization` with every call from now on; nothing if it cannot be one.
    pub(super) fn authorize(&mut self, value: &str) {
        self.authorization = AsciiMetadataValue::try_from(value).ok().map(|mut value| {
            value.set_sensitive(true);
            value
        });
    }

    /// Says who it is as drivers do, by a header, and takes the bearer of the answer's header. False if there is none.
    pub(super) async fn introduce(&mut self, user: &str, password: &str) -> std::result::Result<bool, Refusal> {
        const CALL: &str = "Handshake";
        self.authorize(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
        let request = self.request(stream::empty::<HandshakeRequest>());
        let limit = self.limit;
        let shaking = async {
            let response = self.client.handshake(request).await?;
            let (headers, mut answers, _) = response.into_parts();
            while answers.message().await?.is_some() {}
            let trailers = answers.trailers().await?.unwrap_or_default();
            Ok((headers, trailers))
        };
        let (headers, trailers) = within(CALL, limit, shaking).await?;
        self.keep_cookies(&headers);
        let bearer = [&headers, &trailers]
            .into_iter()
            .find_map(|headers| headers.get("authorization").cloned());
        let is_bearer = |value: &AsciiMetadataValue| value.as_bytes().to_ascii_lowercase().starts_with(b"bearer ");
        let bearer = bearer.filter(is_bearer);
        let found = bearer.is_some();
        if found {
            self.authorization = bearer;
        }
        Ok(found)
    }

    /// GetFlightInfo.
    pub(super) async fn announce(
        &mut self,
        call: &'static str,
        command: &impl ProstMessageExt,
    ) -> std::result::Result<FlightInfo, Refusal> {
        let request = self.request(descriptor(command));
        let response = within(call, self.limit, self.client.get_flight_info(request)).await?;
        self.keep_cookies(response.metadata());
        Ok(response.into_inner())
    }

    /// GetFlightInfo, and DoGet of every endpoint.
    pub(super) async fn ask(
        &mut self,
        call: &'static str,
        command: &impl ProstMessageExt,
    ) -> std::result::Result<Answer, Refusal> {
        let announcement = self.announce(call, command).await?;
        self.fetch(call, announcement).await
    }

    /// DoGet of every endpoint, over this connection whatever their locations are.
    pub(super) async fn fetch(
        &mut self,
        call: &'static str,
        announcement: FlightInfo,
    ) -> std::result::Result<Answer, Refusal> {
        let mut answer: Option<Answer> = None;
        for endpoint in &announcement.endpoint {
            let Some(ticket) = endpoint.ticket.clone() else {
                return Err(Refusal::malformed(call, "an endpoint has no ticket"));
            };
            let (schema, batches, largest) = within(call, self.limit, self.get(ticket)).await?;
            match &mut answer {
                None => {
                    answer = Some(Answer {
                        call,
                        announcement: FlightInfo::default(),
                        schema,
                        batches,
                        largest_message_bytes: largest,
                    });
                }
                Some(answer) => {
                    answer.batches.extend(batches);
                    answer.largest_message_bytes = answer.largest_message_bytes.max(largest);
                }
            }
        }
        let answer = answer.ok_or_else(|| Refusal::malformed(call, "the FlightInfo has no endpoint"))?;
        Ok(Answer { announcement, ..answer })
    }

    /// DoAction, to the end.
    pub(super) async fn act(
        &mut self,
        call: &'static str,
        body: impl Into<Bytes>,
    ) -> std::result::Result<Vec<Bytes>, Refusal> {
        let request = self.request(Action {
            r#type: call.to_owned(),
            body: body.into(),
        });
        let limit = self.limit;
        let acting = async {
            let (headers, results, _) = self.client.do_action(request).await?.into_parts();
            let results: Vec<_> = results.try_collect().await?;
            Ok((headers, results))
        };
        let (headers, results) = within(call, limit, acting).await?;
        self.keep_cookies(&headers);
        Ok(results.into_iter().map(|result| result.body).collect())
    }

    /// DoPut of a command alone, as for an update without parameters. The first answer.
    pub(super) async fn put(
        &mut self,
        call: &'static str,
        command: &impl ProstMessageExt,
    ) -> std::result::Result<Option<PutResult>, Refusal> {
        self.put_rows(call, command, RecordBatch::new_empty(Schema::empty().into()))
            .await
    }

    /// DoPut of a command with rows. The first answer, which drivers read before they close their side.
    pub(super) async fn put_rows(
        &mut self,
        call: &'static str,
        command: &impl ProstMessageExt,
        rows: RecordBatch,
    ) -> std::result::Result<Option<PutResult>, Refusal> {
        let schema = rows.schema();
        let batches = if rows.num_columns() == 0 {
            vec![]
        } else {
            vec![Ok(rows)]
        };
        let encoder = FlightDataEncoderBuilder::new()
            .with_schema(schema)
            .with_flight_descriptor(Some(descriptor(command)))
            .build(stream::iter(batches));
        let messages: std::result::Result<Vec<FlightData>, _> = encoder.try_collect().await;
        let messages = messages.map_err(|error| Refusal::malformed(call, error.to_string()))?;
        let request = self.request(stream::iter(messages));
        let limit = self.limit;
        let putting = async {
            let (headers, mut answers, _) = self.client.do_put(request).await?.into_parts();
            let first = answers.message().await?;
            while answers.message().await?.is_some() {}
            Ok((headers, first))
        };
        let (headers, first) = within(call, limit, putting).await?;
        self.keep_cookies(&headers);
        Ok(first)
    }

    async fn get(&mut self, ticket: Ticket) -> std::result::Result<(SchemaRef, Vec<RecordBatch>, usize), Status> {
        let request = self.request(ticket);
        let messages = self.client.do_get(request).await?.into_inner();
        let mut decoder = FlightDataDecoder::new(messages.map_err(FlightError::from));
        let (mut schema, mut batches, mut rows, mut largest) = (None, Vec::new(), 0, 0);
        while let Some(decoded) = decoder.next().await {
            let decoded = decoded.map_err(status)?;
            largest = largest.max(decoded.inner.encoded_len());
            match decoded.payload {
                DecodedPayload::Schema(sent) => schema = Some(sent),
                DecodedPayload::RecordBatch(batch) => {
                    rows += batch.num_rows();
                    batches.push(batch);
                }
                DecodedPayload::None => {}
            }
            if rows > ROW_LIMIT {
                break;
            }
        }
        let schema = schema.ok_or_else(|| Status::data_loss("the stream has no schema"))?;
        Ok((schema, batches, largest))
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        let cookies = self
            .cookies
            .iter()
            .flatten()
            .map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        if let Some(cookies) = AsciiMetadataValue::try_from(cookies)
            .ok()
            .filter(|cookies| !cookies.is_empty())
        {
            request.metadata_mut().insert("cookie", cookies);
        }
        request
    }

    fn keep_cookies(&mut self, headers: &MetadataMap) {
        let Some(cookies) = &mut self.cookies else { return };
        for value in headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| value.to_str().ok())
        {
            let pair = value.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

impl Answer {
    /// All rows.
    pub(super) fn row_count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The values of a column as texts, by its name; NULL is nothing. Nothing at all if there is no such column.
    pub(super) fn texts(&self, column: &str) -> Option<Vec<Option<String>>> {
        let index = self.schema.index_of(column).ok()?;
        self.texts_at(index)
    }

    /// The values of a column as texts, by its place from 0.
    pub(super) fn texts_at(&self, column: usize) -> Option<Vec<Option<String>>> {
        use arrow::util::display::{ArrayFormatter, FormatOptions};
        let mut texts = Vec::with_capacity(self.row_count());
        for batch in &self.batches {
            let array = batch.columns().get(column)?;
            let formatter = ArrayFormatter::try_new(array, &FormatOptions::default()).ok()?;
            texts.extend((0..array.len()).map(|row| array.is_valid(row).then(|| formatter.value(row).to_string())));
        }
        Some(texts)
    }
}

/// A command as a descriptor.
fn descriptor(command: &impl ProstMessageExt) -> FlightDescriptor {
    FlightDescriptor::new_cmd(command.as_any().encode_to_vec())
}

/// What `call` gives, if it does so in time.
async fn within<T>(
    name: &'static str,
    limit: Duration,
    call: impl Future<Output = std::result::Result<T, Status>>,
) -> std::result::Result<T, Refusal> {
    match tokio::time::timeout(limit, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(status)) => Err(Refusal::said(name, &status)),
        Err(_) => Err(Refusal::silence(name, limit)),
    }
}

fn status(error: FlightError) -> Status {
    match error {
        FlightError::Tonic(status) => *status,
        other => Status::data_loss(other.to_string()),
    }
}
