//! Runs that end before their time: readers that go away, and signals.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::shell::{Ended, Shell, spawn};

/// More rows than anybody waits for, first ones at once.
const ENDLESS: &str = "select a.n from 'numbers.parquet' a cross join 'numbers.parquet' b";

/// How long a process may take to end once it was asked to.
const PATIENCE: Duration = Duration::from_secs(30);

fn shell() -> Shell {
    let shell = Shell::new();
    shell.write_numbers("numbers.parquet", 200_000);
    shell
}

/// Starts `ENDLESS` and reads its first line; the rest stays in the pipe, so that the process waits for its reader.
fn start(shell: &Shell, arguments: &[&str]) -> Child {
    let arguments = [arguments, &["--format", "csv", "-c", ENDLESS]].concat();
    let mut child = spawn(&mut shell.command(&arguments));
    let mut line = String::new();
    BufReader::with_capacity(1, child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "n\n");
    child
}

fn send(signal: Signal, child: &Child) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

/// Waits for the end without reading standard output.
fn wait(mut child: Child) -> Ended {
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        let is_late = Instant::now() > deadline;
        if is_late {
            child.kill().unwrap();
        }
        assert!(!is_late, "the process does not end");
        std::thread::yield_now();
    };
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    Ended {
        stdout: String::new(),
        stderr,
        code: status.code(),
    }
}

fn recorded_states(shell: &Shell) -> String {
    let query = "select state from system.query_executions where sql like 'select a.n%'";
    shell
        .run(&["--format", "csv", "-q", "-c", query])
        .succeeded()
        .to_owned()
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let shell = shell();
    let mut child = start(&shell, &[]);
    drop(child.stdout.take());
    let ended = wait(child);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(141), ""));
    assert_eq!(recorded_states(&shell), "state\nCANCELLED\n");
}

#[test]
fn a_signal_cancels_the_query_though_nobody_reads_its_rows() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let shell = shell();
        let child = start(&shell, &[]);
        send(signal, &child);
        let ended = wait(child);
        assert_eq!(ended.failed(code), format!("error: CANCELLED: ended by {signal}\n"));
        assert_eq!(recorded_states(&shell), "state\nCANCELLED\n");
    }
}

#[test]
fn a_signal_leaves_no_file_behind() {
    let shell = shell();
    shell.write("x.csv", "old");
    let command = &mut shell.command(&["-o", "x.csv", "-c", ENDLESS]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    let is_unfinished = |name: &String| {
        name.ends_with(".unfinished") && std::fs::metadata(shell.path(name)).is_ok_and(|metadata| metadata.len() > 0)
    };
    while !shell.files().iter().any(is_unfinished) {
        assert!(Instant::now() < deadline, "nothing is written");
        std::thread::yield_now();
    }
    send(Signal::SIGINT, &child);
    wait(child).failed(130);
    assert_eq!(shell.read("x.csv"), "old");
    assert_eq!(shell.files(), ["numbers.parquet", "x.csv"]);
}

/// Joins without a pause, more of them than there are processors: no pair passes the filter.
fn pauseless() -> String {
    let join = "select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b \
                where a.value * b.value % 7 = 8";
    let joins = std::thread::available_parallelism().unwrap().get() + 3;
    vec![join; joins].join(" union all ")
}

/// Waits until `child` has computed for two seconds, which it does only in its joins.
fn wait_until_it_computes(child: &Child) {
    let deadline = Instant::now() + PATIENCE;
    let hundredths = || -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        let mut fields = status.rsplit_once(')').unwrap().1.split_whitespace();
        fields.nth(11).unwrap().parse().unwrap()
    };
    while hundredths() < 200 {
        assert!(Instant::now() < deadline, "nothing is computed");
        std::thread::yield_now();
    }
}

fn recorded(shell: &Shell) -> String {
    let query = "select state, error_code from system.query_executions where sql like 'select count%'";
    shell
        .run(&["--format", "csv", "-q", "-c", query])
        .succeeded()
        .to_owned()
}

#[test]
fn a_signal_ends_joins_that_never_pause() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let shell = Shell::new();
        let child = spawn(&mut shell.command(&["-c", &pauseless()]));
        wait_until_it_computes(&child);
        let asked = Instant::now();
        send(signal, &child);
        let ended = wait(child);
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
        assert_eq!(ended.failed(code), format!("error: CANCELLED: ended by {signal}\n"));
        assert_eq!(recorded(&shell), "state,error_code\nCANCELLED,\n");
    }
}

#[test]
fn the_time_limit_ends_joins_that_never_pause() {
    let limit = ("OWLET_WORKGROUP_EXECUTION_TIMEOUT_SECONDS", "1");
    let shell = Shell::with_variables(vec![(limit.0.to_owned(), limit.1.to_owned())]);
    let started = Instant::now();
    let ended = wait(spawn(&mut shell.command(&["-c", &pauseless()])));
    assert!(ended.failed(1).contains("EXCEEDED_TIME_LIMIT"), "{}", ended.stderr);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(recorded(&shell), "state,error_code\nFAILED,EXCEEDED_TIME_LIMIT\n");
}
