//! Sensors in the rooms of some buildings, one reading a minute each: the weather and the hour are in them, every sensor drifts,
//! some fall silent for a while, and a few readings are wrong.
//!
//! A reading depends on the seed, its device and its minute, and on no reading before it, so that each file can be made alone.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Builder, Float64Builder, Int32Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use chrono::NaiveDate;

use super::encoding::Encoding;
use super::plan::{Batches, Plan, PlannedFile, midnight, slices};
use super::random::{Draws, scatter, unit, within as below};
use super::wishes::within;
use super::{Generator, Refusal, Wishes};

pub(super) const GENERATOR: Generator = Generator {
    name: "sensors",
    summary: "readings of sensors, a directory a day and one a minute and device, with drift, gaps and a quality flag",
    options: &[
        ("devices", "how many sensors, up to 100000 [default: 100]"),
        ("days", "how many days [default: 7]"),
        ("start", "the first day [default: 2026-01-01]"),
        ("seed", "what decides every random choice [default: 42]"),
        ("format", "parquet, csv or json [default: parquet]"),
    ],
    tables: &[READINGS, DEVICES],
    plan,
};

const READINGS: &str = "readings";
const DEVICES: &str = "devices";
const MOST_DEVICES: u64 = 100_000;
const MINUTES: u64 = 24 * 60;
/// About 40 MiB of Parquet.
const ROWS_PER_FILE: u64 = 4 << 20;
const ROWS_PER_BATCH: usize = 8_192;

fn plan(wishes: &Wishes) -> Result<Plan, Refusal> {
    let encoding = Encoding::choose(wishes.format, wishes.compression)?;
    let (seed, days) = (wishes.seed(), wishes.days()?);
    let devices = within("devices", wishes.devices.unwrap_or(100), MOST_DEVICES)?;
    let mut files = Vec::new();
    let mut expected_rows = 0;
    if wishes.includes(READINGS) {
        for (number, day) in (0..).zip(&days) {
            files.extend(day_files(seed, devices, (number, *day), encoding));
        }
        expected_rows += devices * MINUTES * days.len() as u64;
    }
    if wishes.includes(DEVICES) {
        let start = days.first().copied().unwrap_or_default();
        let begin = move || Box::new(device_batches(seed, devices, start)) as Batches;
        files.push(PlannedFile::numbered(
            (DEVICES, ""),
            0,
            encoding,
            device_schema(),
            begin,
        ));
        expected_rows += devices;
    }
    Ok(Plan {
        files,
        expected_rows,
        encoding,
    })
}

/// The files of a day: some minutes of all devices each.
fn day_files(
    seed: u64,
    devices: u64,
    (number, day): (u64, NaiveDate),
    encoding: Encoding,
) -> impl Iterator<Item = PlannedFile> {
    let partition = format!("dt={day}/");
    let most_minutes = (ROWS_PER_FILE / devices).max(1);
    (0..).zip(slices(MINUTES, most_minutes)).map(move |(file, (from, to))| {
        let draws = Draws::of(seed, READINGS, number << 20 | file);
        let minutes = Minutes {
            seed,
            devices,
            day: number,
            midnight: midnight(day),
        };
        let begin = move || Box::new(minutes.batches(from, to, draws)) as Batches;
        PlannedFile::numbered((READINGS, &partition), file, encoding, reading_schema(), begin)
    })
}

/// The columns of the readings, without the partition's. Times are UTC; what was not measured is NULL.
fn reading_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("ts", DataType::Timestamp(TimeUnit::Microsecond, None), false),
        Field::new("device_id", DataType::Utf8, false),
        Field::new("temperature_c", DataType::Float64, true),
        Field::new("humidity_percent", DataType::Float64, true),
        Field::new("battery_volts", DataType::Float64, true),
        Field::new("quality", DataType::Utf8, false),
    ]))
}

/// Some minutes of a day.
struct Minutes {
    seed: u64,
    devices: u64,
    /// From 0.
    day: u64,
    /// Microseconds since 1970.
    midnight: i64,
}

impl Minutes {
    /// The readings of the minutes from one to before another, in the order of time.
    fn batches(self, from: u64, to: u64, mut draws: Draws) -> impl Iterator<Item = Result<RecordBatch, ArrowError>> {
        let schema = reading_schema();
        let devices: Vec<Device> = (0..self.devices)
            .map(|number| Device::of(self.seed, number, self.day))
            .collect();
        let mut rows = (from * self.devices..to * self.devices).peekable();
        std::iter::from_fn(move || {
            rows.peek()?;
            let mut columns = Readings::default();
            for row in rows.by_ref().take(ROWS_PER_BATCH) {
                let (minute, number) = (row / self.devices, row % self.devices);
                let device = usize::try_from(number).ok().and_then(|number| devices.get(number))?;
                // Within a minute one device reports after another.
                let microsecond = minute * 60_000_000 + number * 60_000_000 / self.devices;
                columns
                    .ts
                    .append_value(self.midnight + i64::try_from(microsecond).ok()?);
                columns.device_id.append_value(&device.name);
                let reading = self.reading(device, minute, &mut draws);
                columns.quality.append_value(reading.quality);
                columns.temperature_c.append_option(reading.temperature);
                columns.humidity_percent.append_option(reading.humidity);
                columns.battery_volts.append_option(reading.battery);
            }
            Some(columns.finish(&schema))
        })
    }

    fn reading(&self, device: &Device, minute: u64, draws: &mut Draws) -> Reading {
        // Drawn whether it is used or not, so that a gap shifts nothing that follows.
        let (noise, humid_noise, luck) = (draws.bell(), draws.bell(), draws.unit());
        if device.gap.contains(&minute) {
            return Reading::MISSING;
        }
        let age_days = self.day as f64 + minute as f64 / MINUTES as f64;
        let outside = weather(self.seed, device.site, self.day, minute);
        let mut temperature = device.base + device.share_of_weather * outside + device.drift_per_day * age_days;
        temperature += 1.4 * by_day(minute) + 0.08 * noise;
        let mut quality = "good";
        if luck < 0.0008 {
            (temperature, quality) = (temperature + if luck < 0.0004 { 38.0 } else { -45.0 }, "suspect");
        }
        let humidity = (46.0 - 0.9 * (temperature - 21.0) + 4.0 * outside / 6.0 + 0.6 * humid_noise).clamp(3.0, 99.0);
        let battery = (device.battery - 0.0016 * age_days).max(2.4);
        if battery < 2.5 {
            quality = "low_battery";
        }
        Reading {
            temperature: Some(rounded(temperature, 100.0)),
            humidity: Some(rounded(humidity, 10.0)),
            battery: Some(rounded(battery, 1000.0)),
            quality,
        }
    }
}

struct Reading {
    temperature: Option<f64>,
    humidity: Option<f64>,
    battery: Option<f64>,
    quality: &'static str,
}

impl Reading {
    const MISSING: Self = Self {
        temperature: None,
        humidity: None,
        battery: None,
        quality: "missing",
    };
}

const SITES: &[&str] = &["Aarau", "Basel", "Bern", "Chur", "Lugano", "Zürich"];
const MODELS: &[&str] = &["TH-100", "TH-120", "TH-200"];
const ROOMS: &[&str] = &["office", "server room", "warehouse", "laboratory", "cold store"];

/// A sensor on a day: what it has for good, and its gap of the day.
struct Device {
    name: String,
    site: u64,
    room: usize,
    base: f64,
    share_of_weather: f64,
    drift_per_day: f64,
    battery: f64,
    /// The minutes of the day in which it is silent.
    gap: std::ops::Range<u64>,
}

impl Device {
    fn of(seed: u64, number: u64, day: u64) -> Self {
        let word = scatter(seed ^ 0xde71, number);
        let room = place(word, ROOMS.len());
        let of_day = scatter(scatter(seed ^ 0x9a95, number), day);
        let start = below(of_day.rotate_left(16), MINUTES);
        // One day in sixteen has a gap, of up to three hours.
        let minutes = if of_day.is_multiple_of(16) {
            5 + below(of_day.rotate_left(32), 175)
        } else {
            0
        };
        let spread = |turn: u32| unit(word.rotate_left(turn));
        Self {
            name: format!("dev-{number:06}"),
            site: below(word.rotate_left(8), SITES.len() as u64),
            room,
            base: [21.5, 19.0, 16.0, 20.5, 4.5].get(room).copied().unwrap_or_default() + 2.0 * (spread(16) - 0.5),
            share_of_weather: [0.15, 0.05, 0.6, 0.1, 0.04].get(room).copied().unwrap_or_default(),
            drift_per_day: 0.03 * (spread(24) - 0.5),
            battery: 2.55 + 0.5 * spread(32),
            gap: start..start + minutes,
        }
    }
}

/// The deviation of the outside temperature of a site: a value for every six hours, and straight lines between them.
fn weather(seed: u64, site: u64, day: u64, minute: u64) -> f64 {
    let (quarter, within) = (day * 4 + minute / 360, (minute % 360) as f64 / 360.0);
    let at = |quarter: u64| 12.0 * (unit(scatter(seed ^ (0x7ea7 + site), quarter)) - 0.5);
    at(quarter) * (1.0 - within) + at(quarter + 1) * within
}

/// From -1 at four in the morning to 1 at four in the afternoon: two parabolas, close to a sine.
fn by_day(minute: u64) -> f64 {
    let turn = ((minute + MINUTES - 600) % MINUTES) as f64 / 720.0;
    if turn < 1.0 {
        4.0 * turn * (1.0 - turn)
    } else {
        -4.0 * (turn - 1.0) * (2.0 - turn)
    }
}

fn rounded(number: f64, steps: f64) -> f64 {
    (number * steps).round() / steps
}

fn place(word: u64, count: usize) -> usize {
    usize::try_from(below(word, count as u64)).unwrap_or_default()
}

#[derive(Default)]
struct Readings {
    ts: TimestampMicrosecondBuilder,
    device_id: StringBuilder,
    temperature_c: Float64Builder,
    humidity_percent: Float64Builder,
    battery_volts: Float64Builder,
    quality: StringBuilder,
}

impl Readings {
    fn finish(mut self, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.ts.finish()),
            Arc::new(self.device_id.finish()),
            Arc::new(self.temperature_c.finish()),
            Arc::new(self.humidity_percent.finish()),
            Arc::new(self.battery_volts.finish()),
            Arc::new(self.quality.finish()),
        ];
        RecordBatch::try_new(SchemaRef::clone(schema), columns)
    }
}

fn device_schema() -> SchemaRef {
    let required = |name, data_type| Field::new(name, data_type, false);
    Arc::new(Schema::new(vec![
        required("device_id", DataType::Utf8),
        required("site", DataType::Utf8),
        required("room", DataType::Utf8),
        required("floor", DataType::Int32),
        required("model", DataType::Utf8),
        required("installed_on", DataType::Date32),
    ]))
}

/// The devices. They were installed in the three years before `start`.
fn device_batches(seed: u64, devices: u64, start: NaiveDate) -> impl Iterator<Item = Result<RecordBatch, ArrowError>> {
    let schema = device_schema();
    let last_day = midnight(start) / 86_400_000_000;
    (0..devices).step_by(ROWS_PER_BATCH).map(move |first| {
        let mut names: [StringBuilder; 4] = Default::default();
        let (mut floor, mut installed_on) = (Int32Builder::new(), Date32Builder::new());
        for number in first..devices.min(first + ROWS_PER_BATCH as u64) {
            let device = Device::of(seed, number, 0);
            let word = scatter(seed ^ 0xf100, number);
            let site = usize::try_from(device.site).ok().and_then(|site| SITES.get(site));
            let model = MODELS[place(word, MODELS.len())];
            let own = [
                device.name.as_str(),
                site.copied().unwrap_or_default(),
                ROOMS[device.room],
                model,
            ];
            for (column, text) in names.iter_mut().zip(own) {
                column.append_value(text);
            }
            floor.append_value(i32::try_from(below(word.rotate_left(16), 5)).unwrap_or_default());
            let age = i64::try_from(1 + below(word.rotate_left(32), 1_095)).unwrap_or_default();
            installed_on.append_value(i32::try_from(last_day - age).unwrap_or_default());
        }
        let [mut name, mut site, mut room, mut model] = names;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(name.finish()),
            Arc::new(site.finish()),
            Arc::new(room.finish()),
            Arc::new(floor.finish()),
            Arc::new(model.finish()),
            Arc::new(installed_on.finish()),
        ];
        RecordBatch::try_new(SchemaRef::clone(&schema), columns)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_coldest_at_four_and_warmest_twelve_hours_later() {
        let at = |hour: u64| by_day(hour * 60);
        assert_eq!((at(4), at(10), at(16), at(22)), (-1.0, 0.0, 1.0, 0.0));
        assert!(at(7) < 0.0 && at(13) > 0.0);
    }
}
