//! The requests of a file, in the order in which they came.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Builder, Int64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;

use super::REQUESTS;
use super::clock::{Day, Rhythm};
use super::site::{Kind, Page, Site};
use crate::generators::plan::midnight;
use crate::generators::random::{Draws, scatter, whole, within};

const ROWS_PER_BATCH: u64 = 8_192;

/// The columns of the table, without the partition's. Times are UTC.
pub(super) fn schema() -> SchemaRef {
    let required = |name, data_type| Field::new(name, data_type, false);
    Arc::new(Schema::new(vec![
        required("ts", DataType::Timestamp(TimeUnit::Microsecond, None)),
        required("client_ip", DataType::Utf8),
        required("method", DataType::Utf8),
        required("path", DataType::Utf8),
        required("protocol", DataType::Utf8),
        required("status", DataType::Int32),
        required("bytes", DataType::Int64),
        required("duration_ms", DataType::Int32),
        Field::new("referrer", DataType::Utf8, true),
        required("user_agent", DataType::Utf8),
    ]))
}

/// The rows of a file: those of a day from one number to another.
pub(super) struct Slice {
    pub(super) site: Arc<Site>,
    pub(super) day: Day,
    pub(super) from: u64,
    pub(super) to: u64,
    /// The number of the file, which tells its random numbers from those of the others.
    pub(super) file: u64,
}

impl Slice {
    pub(super) fn batches(self) -> impl Iterator<Item = Result<RecordBatch, ArrowError>> {
        let mut draws = Draws::of(self.site.seed(), REQUESTS, self.file);
        let (rhythm, schema) = (Rhythm::of_a_day(), schema());
        let outage = Outage::of(self.site.seed(), self.day.number);
        let starts = (self.from..self.to).step_by(usize::try_from(ROWS_PER_BATCH).unwrap_or(1));
        starts.map(move |start| {
            let mut columns = Columns::default();
            for row in start..self.to.min(start + ROWS_PER_BATCH) {
                // One request in each of as many equal shares of the day's traffic: in order, and nowhere too regular.
                let quantile = (row as f64 + draws.unit()) / self.day.rows as f64;
                let millisecond = rhythm.millisecond(quantile);
                let is_down = outage.as_ref().is_some_and(|outage| outage.holds(millisecond));
                columns.time(midnight(self.day.date), millisecond);
                columns.request(&self.site, &mut draws, is_down);
            }
            columns.finish(&schema)
        })
    }
}

/// Minutes in which the servers do not keep up.
struct Outage {
    from_minute: u64,
    minutes: u64,
}

impl Outage {
    /// That of a day, which every third has.
    fn of(seed: u64, day: u64) -> Option<Self> {
        let word = scatter(seed ^ 0x0fa1, day);
        word.is_multiple_of(3).then(|| Self {
            from_minute: 9 * 60 + within(word.rotate_left(16), 12 * 60),
            minutes: 12 + within(word.rotate_left(32), 34),
        })
    }

    fn holds(&self, millisecond: u64) -> bool {
        let minute = millisecond / 60_000;
        (self.from_minute..self.from_minute + self.minutes).contains(&minute)
    }
}

/// What a server answers.
struct Answer {
    method: &'static str,
    status: i32,
    bytes: u64,
    milliseconds: f64,
}

#[derive(Default)]
struct Columns {
    ts: TimestampMicrosecondBuilder,
    client_ip: StringBuilder,
    method: StringBuilder,
    path: StringBuilder,
    protocol: StringBuilder,
    status: Int32Builder,
    bytes: Int64Builder,
    duration_ms: Int32Builder,
    referrer: StringBuilder,
    user_agent: StringBuilder,
    address: String,
}

impl Columns {
    fn time(&mut self, midnight: i64, millisecond: u64) {
        let within = i64::try_from(millisecond * 1_000).unwrap_or_default();
        self.ts.append_value(midnight + within);
    }

    fn request(&mut self, site: &Site, draws: &mut Draws, is_down: bool) {
        let visitor = site.visitor_ranks.draw(draws);
        let Some(page) = site.pages.get(site.page_ranks.draw(draws)) else {
            return;
        };
        let agent = site.agent(visitor);
        let answer = answer(page, draws, is_down);
        site.write_address(visitor, &mut self.address);
        self.client_ip.append_value(&self.address);
        self.method.append_value(answer.method);
        self.path.append_value(&page.path);
        let is_old = !agent.starts_with("Mozilla/5.0 (") || draws.happens(12.0);
        self.protocol.append_value(if is_old { "HTTP/1.1" } else { "HTTP/2.0" });
        self.status.append_value(answer.status);
        self.bytes.append_value(i64::try_from(answer.bytes).unwrap_or_default());
        let milliseconds = i32::try_from(whole(answer.milliseconds)).unwrap_or(i32::MAX);
        self.duration_ms.append_value(milliseconds);
        self.refer(site, page, draws);
        self.user_agent.append_value(agent);
    }

    /// Where the visitor came from: another page of the shop, a search, or nobody knows.
    fn refer(&mut self, site: &Site, page: &Page, draws: &mut Draws) {
        let place = draws.unit() * 100.0;
        if page.kind == Kind::Probe || place < 34.0 {
            self.referrer.append_null();
        } else if place < 88.0 || page.kind != Kind::Document {
            let before = site.pages.get(site.page_ranks.draw(draws));
            let path = before
                .filter(|page| page.kind == Kind::Document)
                .map_or("/", |page| &page.path);
            self.address.clear();
            self.address.push_str("https://shop.example.com");
            self.address.push_str(path);
            self.referrer.append_value(&self.address);
        } else {
            self.referrer
                .append_value(draws.weighted(ELSEWHERE).copied().unwrap_or_default());
        }
    }

    fn finish(mut self, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.ts.finish()),
            Arc::new(self.client_ip.finish()),
            Arc::new(self.method.finish()),
            Arc::new(self.path.finish()),
            Arc::new(self.protocol.finish()),
            Arc::new(self.status.finish()),
            Arc::new(self.bytes.finish()),
            Arc::new(self.duration_ms.finish()),
            Arc::new(self.referrer.finish()),
            Arc::new(self.user_agent.finish()),
        ];
        RecordBatch::try_new(SchemaRef::clone(schema), columns)
    }
}

/// The pages of others that lead to the shop.
const ELSEWHERE: &[(u64, &str)] = &[
    (70, "https://www.google.com/"),
    (10, "https://www.bing.com/"),
    (8, "https://duckduckgo.com/"),
    (7, "https://www.instagram.com/"),
    (5, "https://news.example.org/best-lamps-of-the-year"),
];

fn answer(page: &Page, draws: &mut Draws, is_down: bool) -> Answer {
    let (method, status) = outcome(page.kind, draws, is_down);
    let is_static = page.kind == Kind::Asset;
    let bytes = match status {
        304 | 204 => 0,
        200 if is_static => page.bytes,
        200 | 201 => page.bytes + draws.below(1 + page.bytes / 4),
        300..400 => 178,
        _ => 540 + draws.below(900),
    };
    // Most answers come soon, and some take many times as long.
    let luck = draws.unit();
    let usual = if is_static { 3.0 } else { 38.0 };
    let slow = if is_down { 12.0 } else { 1.0 };
    let milliseconds = usual * slow * (0.4 + luck + 18.0 * luck * luck * luck * luck * luck * luck * luck * luck);
    Answer {
        method,
        status,
        bytes,
        milliseconds,
    }
}

/// Method and status.
fn outcome(kind: Kind, draws: &mut Draws, is_down: bool) -> (&'static str, i32) {
    let is_dynamic = matches!(kind, Kind::Document | Kind::Api | Kind::Login);
    let is_failing = is_dynamic && draws.happens(if is_down { 28.0 } else { 0.12 });
    let choices: &[(u64, (&str, i32))] = match kind {
        Kind::Document if is_failing => &[(60, ("GET", 503)), (30, ("GET", 500)), (10, ("GET", 504))],
        Kind::Api | Kind::Login if is_failing => &[(70, ("POST", 503)), (30, ("GET", 500))],
        Kind::Document => &[
            (950, ("GET", 200)),
            (24, ("GET", 301)),
            (18, ("GET", 404)),
            (8, ("HEAD", 200)),
        ],
        Kind::Asset => &[(640, ("GET", 200)), (356, ("GET", 304)), (4, ("GET", 404))],
        Kind::Api => &[
            (600, ("GET", 200)),
            (250, ("POST", 201)),
            (110, ("POST", 204)),
            (25, ("GET", 401)),
            (15, ("POST", 429)),
        ],
        Kind::Login => &[(500, ("GET", 200)), (360, ("POST", 302)), (140, ("POST", 401))],
        Kind::Probe => &[(940, ("GET", 404)), (60, ("GET", 403))],
    };
    draws.weighted(choices).copied().unwrap_or(("GET", 200))
}
