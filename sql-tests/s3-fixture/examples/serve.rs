//! The S3 server by itself, for trying Owlet by hand and for figures.
//!
//!     cargo run --example serve -p owlet-s3-fixture -- lake other-bucket
//!
//! Serves the named buckets on a free port of loopback until standard input ends. It first writes the variables that a client
//! needs, as a shell takes them; and after each line on standard input, what it has served since the last one.
#![expect(clippy::print_stdout, reason = "its output is what it is run for")]

use owlet_s3_fixture::S3Fixture;
use std::io;
use std::time::Duration;

fn main() -> io::Result<()> {
    let buckets: Vec<String> = std::env::args().skip(1).collect();
    let names: Vec<&str> = buckets.iter().map(String::as_str).collect();
    let fixture = S3Fixture::start_blocking(&names);
    for (name, value) in fixture.environment() {
        println!("export {name}={value}");
    }
    for line in io::stdin().lines() {
        // "latency 30" from here on: milliseconds a request.
        if let Some(milliseconds) = line?.strip_prefix("latency ").and_then(|number| number.parse().ok()) {
            fixture.set_latency(Duration::from_millis(milliseconds));
        }
        let served = fixture.counters();
        println!(
            "GET {} HEAD {} LIST {} PUT {} POST {} DELETE {}, {} bytes of bodies",
            served.get, served.head, served.list, served.put, served.post, served.delete, served.body_bytes_sent
        );
        fixture.reset();
    }
    Ok(())
}
