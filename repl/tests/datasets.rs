//! `owlet datasets`: what it writes, that it is the same every time, and what is left when it does not come to its end.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use owlet_s3_fixture::{Fault, Moment, RequestKind, RequestRule, S3Fixture, Victim};

use crate::shell::{Ended, Shell, spawn};

/// How long a process may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A log of one day in one file, which goes up in some five parts.
const IN_PARTS: &[&str] = &[
    "datasets",
    "weblogs",
    "--rows",
    "150000",
    "--days",
    "1",
    "--format",
    "csv",
    "--compression",
    "none",
    "--to",
    "s3://bucket/logs/",
];

/// The first word of what `args` ask for is the name of the set.
fn generate(shell: &Shell, arguments: &str) -> Ended {
    let arguments: Vec<&str> = ["datasets"].into_iter().chain(arguments.split_whitespace()).collect();
    shell.run(&arguments)
}

/// The answer to `sql` as CSV.
#[track_caller]
fn answer(shell: &Shell, sql: &str) -> String {
    shell.run(&["-q", "--format", "csv", "-c", sql]).succeeded().to_owned()
}

/// The files below a directory, by name, with what they hold.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().to_str().unwrap();
                found.push((name.to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn names(directory: &Path) -> Vec<String> {
    files(directory).into_iter().map(|(name, _)| name).collect()
}

/// FNV-1a of names and contents (<https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>).
fn digest(directory: &Path) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (name, content) in files(directory) {
        for byte in name.bytes().chain(content) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

fn send(signal: Signal, child: &Child) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

/// Waits until `is_so`.
#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn tpch_in_a_bucket_has_the_rows_of_the_specification_and_answers_all_queries() {
    let store = S3Fixture::start_blocking(&["bucket"]);
    let shell = Shell::with_variables(store.environment());
    let generated = generate(&shell, "tpch --scale 0.01 --to s3://bucket/lake/tpch");
    assert_eq!(
        generated.succeeded(),
        "CREATE DATABASE tpch FROM 's3://bucket/lake/tpch/';\n"
    );
    assert!(
        generated.stderr.contains("8 of 8 files · 86805 rows generated"),
        "{}",
        generated.stderr
    );
    assert!(store.open_uploads("bucket").is_empty());
    shell.run_with_input(&[], generated.stdout.as_bytes()).succeeded();
    // The cardinalities of dbgen at this scale.
    for (table, rows) in [
        ("customer", 1_500),
        ("lineitem", 60_175),
        ("nation", 25),
        ("orders", 15_000),
        ("part", 2_000),
        ("partsupp", 8_000),
        ("region", 5),
        ("supplier", 100),
    ] {
        let counted = answer(&shell, &format!("select count(*) as n from tpch.{table}"));
        assert_eq!(counted, format!("n\n{rows}\n"), "{table}");
    }
    let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/tpch/queries");
    let run = |number: u32| {
        let query = fs::read_to_string(queries.join(format!("q{number:02}.sql"))).unwrap();
        answer(&shell, &format!("use tpch; {query}"))
    };
    // The answers that DuckDB publishes for this scale.
    assert_eq!(run(6), "revenue\n1193053.2253\n");
    let first = run(1);
    let mut lines = first.lines().skip(1);
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("A,F,380456.00,532348211.65,505822441.4861,526165934.000839,25.57"),
        "{first}"
    );
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("N,F,8971.00,12384801.37,11798257.2080,"),
        "{first}"
    );
    let types = answer(&shell, "select l_shipdate, l_discount from tpch.lineitem where false");
    assert_eq!(types, "l_shipdate,l_discount\n");
    let described = answer(&shell, "describe tpch.lineitem");
    for line in ["l_discount,\"decimal(15,2)\"", "l_shipdate,date", "l_orderkey,bigint"] {
        assert!(described.contains(line), "{described}");
    }
    for number in (2..=22).filter(|number| *number != 6) {
        run(number);
    }
}

#[test]
fn the_same_arguments_give_the_same_bytes_however_many_files_are_written_at_once() {
    // A dependency that writes other bytes than before is noticed here. If that is as it should be, so is the new digest:
    // say in the changes that files of a seed differ from those of earlier versions.
    for (set, digests) in [
        ("tpch --scale 0.002", "7afd603c01b9e4d5"),
        ("weblogs --rows 20000 --days 3", "e912bd364f06057a"),
        ("weblogs --rows 3000 --days 2 --format json", "4e5fdeadac23b673"),
        ("weblogs --rows 3000 --days 2 --format csv", "0e51e70e3ceac5fe"),
        ("sensors --devices 4 --days 3", "aa5cd5b1bfa63b34"),
    ] {
        let shell = Shell::new();
        generate(&shell, &format!("{set} --parallel 1 --to one")).succeeded();
        generate(&shell, &format!("{set} --parallel 4 --to four")).succeeded();
        assert_eq!(files(&shell.path("one")), files(&shell.path("four")), "{set}");
        assert_eq!(digest(&shell.path("one")), digests, "{set}");
        if set.starts_with("tpch") {
            continue;
        }
        generate(&shell, &format!("{set} --seed 43 --to other")).succeeded();
        let (one, other) = (files(&shell.path("one")), files(&shell.path("other")));
        assert_eq!(one.len(), other.len(), "{set}");
        for ((name, content), (_, other)) in one.iter().zip(&other) {
            assert!(name.ends_with("_SUCCESS") || content != other, "{set}: {name}");
        }
    }
}

#[test]
fn web_logs_read_as_a_partitioned_table_of_which_a_day_can_be_read_alone() {
    let store = S3Fixture::start_blocking(&["bucket"]);
    let shell = Shell::with_variables(store.environment());
    let generated = generate(&shell, "weblogs --rows 30000 --days 3 --to s3://bucket/logs/");
    shell.run(&["-c", generated.succeeded()]).succeeded();
    let counted = answer(
        &shell,
        "select count(*) as n, count(distinct dt) as days from weblogs.requests",
    );
    assert_eq!(counted, "n,days\n30000,3\n");
    let misplaced = "select count(*) as n from weblogs.requests where cast(ts as date) <> dt";
    assert_eq!(answer(&shell, misplaced), "n\n0\n");
    store.reset();
    answer(
        &shell,
        "select sum(bytes) as n from weblogs.requests where dt = date '2026-01-02'",
    );
    let read = store.requests();
    let gets: Vec<_> = read.iter().filter(|request| request.kind == RequestKind::Get).collect();
    assert!(!gets.is_empty());
    assert!(gets.iter().all(|get| get.key.contains("/dt=2026-01-02/")), "{gets:?}");
    // A few visitors and pages make most of the traffic, and most of it is in order.
    let skew =
        "select max(n) > 50 * avg(n) as skewed from (select count(*) as n from weblogs.requests group by client_ip)";
    assert_eq!(answer(&shell, skew), "skewed\ntrue\n");
    let fine = "select avg(case when status < 400 then 1.0 else 0.0 end) > 0.9 as fine, count(distinct status) > 8 as various, \
                count(distinct path) > 300 as broad from weblogs.requests";
    assert_eq!(answer(&shell, fine), "fine,various,broad\ntrue,true,true\n");
    let rhythm = "select 3 * sum(case when extract(hour from ts) = 4 then 1 else 0 end) < \
                  sum(case when extract(hour from ts) = 20 then 1 else 0 end) as rhythm from weblogs.requests";
    assert_eq!(answer(&shell, rhythm), "rhythm\ntrue\n");
}

#[test]
fn web_logs_as_text_hold_what_they_hold_as_parquet() {
    let shell = Shell::new();
    let sums = |from: &str| {
        let sql = format!(
            "select count(*) as n, sum(bytes) as bytes, sum(duration_ms) as ms, count(referrer) as referrers, \
             count(distinct client_ip) as clients, min(cast(ts as timestamp)) as first, max(dt) as last from '{from}'"
        );
        answer(&shell, &sql)
    };
    let set = "weblogs --rows 5000 --days 2";
    for format in ["parquet", "csv", "json"] {
        generate(&shell, &format!("{set} --format {format} --to {format}")).succeeded();
    }
    generate(&shell, &format!("{set} --format csv --compression none --to plain")).succeeded();
    let expected = sums("parquet/requests/");
    assert!(expected.contains("5000,"), "{expected}");
    for other in ["csv", "json", "plain"] {
        assert_eq!(sums(&format!("{other}/requests/")), expected, "{other}");
    }
    assert_eq!(
        names(&shell.path("json")),
        [
            "requests/_SUCCESS",
            "requests/dt=2026-01-01/part-00000.json.gz",
            "requests/dt=2026-01-02/part-00000.json.gz"
        ]
    );
}

#[test]
fn sensors_report_every_minute_in_order_with_gaps_and_a_table_of_devices() {
    let shell = Shell::new();
    let generated = generate(&shell, "sensors --devices 30 --days 2 --start 2025-12-31 --to sensors");
    shell.run(&["-c", generated.succeeded()]).succeeded();
    let counted = "select count(*) as n, count(distinct device_id) as devices, min(dt) as first, max(dt) as last \
                   from sensors.readings";
    let expected = format!("n,devices,first,last\n{},30,2025-12-31,2026-01-01\n", 30 * 2 * 1_440);
    assert_eq!(answer(&shell, counted), expected);
    let joined = "select count(*) as n from sensors.readings join sensors.devices using (device_id)";
    assert_eq!(answer(&shell, joined), format!("n\n{}\n", 30 * 2 * 1_440));
    let quality = "select count(*) filter (where temperature_c is null) as gaps, \
                   count(*) filter (where (quality = 'missing') <> (temperature_c is null)) as wrong, \
                   count(*) filter (where quality = 'suspect') > 0 as suspects from sensors.readings";
    let answered = answer(&shell, quality);
    let gaps: u64 = answered
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(gaps > 0 && answered.ends_with(",0,true\n"), "{answered}");
    // Without an ORDER BY the rows of one file come in its order.
    let times = answer(
        &shell,
        "select ts from 'sensors/readings/dt=2026-01-01/part-00000.parquet'",
    );
    let times: Vec<&str> = times.lines().skip(1).collect();
    assert!(times.len() == 30 * 1_440 && times.is_sorted());
}

#[test]
fn a_place_that_is_not_empty_is_refused_unless_all_that_is_there_is_replaced() {
    let shell = Shell::new();
    let set = "sensors --devices 2 --days 2 --to set";
    generate(&shell, set).succeeded();
    let first = files(&shell.path("set"));
    let refused = generate(&shell, &format!("{set} --seed 5"));
    assert!(
        refused
            .failed(1)
            .contains("\"readings\" holds 2 files already, such as"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("ALREADY_EXISTS") && refused.stderr.contains("--overwrite"),
        "{}",
        refused.stderr
    );
    assert_eq!(files(&shell.path("set")), first);

    let replaced = generate(&shell, &format!("{set} --seed 5 --overwrite"));
    replaced.succeeded();
    assert!(
        replaced
            .stderr
            .contains("3 of them in place of files of the same names"),
        "{}",
        replaced.stderr
    );
    let second = files(&shell.path("set"));
    assert!(first.len() == second.len() && first != second);

    // Fewer days than lie there: rows of two sets would be mixed.
    let mixed = generate(&shell, "sensors --devices 2 --days 1 --to set --overwrite");
    assert!(
        mixed.failed(1).contains("rows of two sets would be mixed"),
        "{}",
        mixed.stderr
    );
    assert_eq!(files(&shell.path("set")), second);
    // What no reader of tables reads is in nobody's way.
    fs::create_dir_all(shell.path("hidden/devices")).unwrap();
    shell.write("hidden/devices/.x", "");
    generate(&shell, "sensors --devices 2 --days 1 --tables devices --to hidden").succeeded();
}

#[test]
fn bad_arguments_are_refused_before_anything_is_written() {
    let shell = Shell::new();
    for (arguments, expected) in [
        (
            "tpch --scale 0 --to x",
            "--scale is 0: give a number from 0.001 to 100000",
        ),
        ("tpch --scale -1 --to x", "--scale is -1"),
        ("tpch --scale NaN --to x", "--scale is NaN"),
        ("tpch --scale 1e6 --to x", "--scale is 1000000"),
        (
            "tpch --seed 1 --to x",
            "takes no --seed, since its specification fixes every row",
        ),
        (
            "tpch --tables linitem --to x",
            "has no table \"linitem\": it has lineitem, orders",
        ),
        (
            "taxis --to x",
            "there is no data set \"taxis\": choose tpch, weblogs, sensors",
        ),
        ("weblogs --rows 0 --to x", "--rows is 0: give a number from 1"),
        ("weblogs --scale 1 --to x", "takes no --scale"),
        (
            "weblogs --start yesterday --to x",
            "--start is \"yesterday\": give a day such as",
        ),
        ("weblogs --format csv --compression snappy --to x", "choose gzip, none"),
        ("sensors --days 100000 --to x", "--days is 100000"),
        ("sensors --parallel 0 --to x", "--parallel"),
        ("sensors", "--to"),
        ("sensors --to=", "say where the set goes"),
    ] {
        let refused = generate(&shell, arguments);
        assert!(refused.failed(2).contains(expected), "{arguments}: {}", refused.stderr);
    }
    for (to, expected) in [
        ("https://example.com/x/", "name a bucket or a local directory"),
        ("x*/", "without a wildcard"),
    ] {
        let refused = generate(&shell, &format!("sensors --to {to}"));
        assert!(refused.failed(1).contains(expected), "{to}: {}", refused.stderr);
    }
    assert!(shell.files().is_empty(), "{:?}", shell.files());
}

#[test]
fn without_a_name_the_sets_are_listed_and_quiet_is_quiet() {
    let shell = Shell::new();
    let listed = shell.run(&["datasets"]);
    for part in ["tpch", "weblogs", "sensors", "--scale", "--devices", "lineitem, orders"] {
        assert!(listed.succeeded().contains(part), "{}", listed.stdout);
    }
    let quiet = generate(&shell, "sensors --devices 1 --days 1 -q --to it's");
    let expected = format!("CREATE DATABASE sensors FROM '{}/';\n", shell.path("it''s").display());
    assert_eq!((quiet.succeeded(), quiet.stderr.as_str()), (expected.as_str(), ""));
}

#[test]
fn a_store_that_refuses_is_an_error_that_names_the_file_and_leaves_no_upload() {
    let store = S3Fixture::start_blocking(&["bucket"]);
    let shell = Shell::with_variables(store.environment());
    let denied = Fault::Status {
        code: 403,
        s3_code: "AccessDenied",
    };
    let rule = RequestRule::on(RequestKind::Put).query_contains("partNumber=3");
    let rule = store.inject(rule.fault(denied));
    let failed = shell.run(IN_PARTS);
    let error = failed.failed(1);
    assert!(error.contains("STORAGE_DENIED"), "{error}");
    assert!(
        error.contains("s3://bucket/logs/requests/dt=2026-01-01/part-00000.csv"),
        "{error}"
    );
    assert!(failed.stdout.is_empty() && store.open_uploads("bucket").is_empty());
    assert!(names(&store.bucket_directory("bucket")).is_empty());
    store.withdraw(rule);
    let missing = generate(&shell, "sensors --devices 1 --days 1 --to s3://nowhere/x/");
    assert!(missing.failed(1).contains("nowhere"), "{}", missing.stderr);
}

#[test]
fn an_end_of_an_upload_whose_answer_is_lost_is_found_out() {
    let store = S3Fixture::start_blocking(&["bucket"]);
    let shell = Shell::with_variables(store.environment());
    let rule = RequestRule::on(RequestKind::Post).query_contains("uploadId=").times(1);
    let rule = store.inject(rule.fault(Fault::ApplyThenDropReply));
    shell.run(IN_PARTS).succeeded();
    assert_eq!(store.times_fired(rule), 1);
    let count = "select count(*) as n from 's3://bucket/logs/requests/'";
    assert_eq!(answer(&shell, count), "n\n150000\n");
}

#[test]
fn ctrl_c_ends_the_uploads_and_says_what_was_written() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let store = S3Fixture::start_blocking(&["bucket"]);
        let shell = Shell::with_variables(store.environment());
        // Parts are held up, so that none of the files comes to its end before the signal.
        store.set_latency(Duration::from_millis(300));
        let child = spawn(&mut shell.command(IN_PARTS));
        wait_until("no upload begins", || !store.open_uploads("bucket").is_empty());
        send(signal, &child);
        let asked = Instant::now();
        let ended = Ended::from(child.wait_with_output().unwrap());
        assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
        assert!(
            ended.failed(code).contains(&format!("CANCELLED: ended by {signal}")),
            "{}",
            ended.stderr
        );
        assert!(ended.stderr.contains("0 of 1 file ·"), "{}", ended.stderr);
        assert_eq!(store.open_uploads("bucket"), Vec::<String>::new());
        assert!(names(&store.bucket_directory("bucket")).is_empty() && ended.stdout.is_empty());
    }
}

#[test]
fn a_killed_process_leaves_no_half_file_in_a_bucket() {
    let store = S3Fixture::start_blocking(&["bucket"]);
    // A killed run leaves its claim, which --overwrite passes over.
    let set = [IN_PARTS, &["--overwrite"]].concat();
    for (query, moment) in [("partNumber=2", Moment::After), ("uploadId=", Moment::Before)] {
        let shell = Shell::with_variables(store.environment());
        let kind = if query == "uploadId=" {
            RequestKind::Post
        } else {
            RequestKind::Put
        };
        let victim = Victim::default();
        let rule = store.kill_at(RequestRule::on(kind).query_contains(query), moment, &victim);
        victim.start(shell.command(&set).stdout(Stdio::null()).stderr(Stdio::null()));
        let status = victim.wait(PATIENCE);
        assert!(
            store.times_fired(rule) == 1 && status.is_some_and(|status| !status.success()),
            "{query}"
        );
        let left = names(&store.bucket_directory("bucket"));
        assert!(
            left.iter().all(|name| name.ends_with("_IN_PROGRESS")),
            "{query}: {left:?}"
        );
    }
    let shell = Shell::with_variables(store.environment());
    assert!(shell.run(IN_PARTS).failed(1).contains("another run"));
    shell.run(&set).succeeded();
    let left = names(&store.bucket_directory("bucket"));
    assert!(!left.iter().any(|name| name.ends_with("_IN_PROGRESS")), "{left:?}");
}

#[test]
fn a_killed_process_leaves_no_half_file_on_disk() {
    let shell = Shell::new();
    let set = "weblogs --rows 150000 --days 1 --format csv --compression none --to logs";
    let arguments: Vec<&str> = ["datasets"].into_iter().chain(set.split_whitespace()).collect();
    let mut child = spawn(&mut shell.command(&arguments));
    let directory = shell.path("logs/requests/dt=2026-01-01");
    wait_until("nothing is written", || {
        directory.is_dir() && !names(&directory).is_empty()
    });
    child.kill().unwrap();
    child.wait().unwrap();
    // What it left is hidden, and in nobody's way.
    assert!(
        names(&directory).iter().all(|name| name.starts_with('.')),
        "{:?}",
        names(&directory)
    );
    assert!(generate(&shell, set).failed(1).contains("another run"));
    generate(&shell, &format!("{set} --overwrite")).succeeded();
    assert_eq!(
        answer(&shell, "select count(*) as n from 'logs/requests/'"),
        "n\n150000\n"
    );
}
