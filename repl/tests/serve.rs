//! `owlet serve` as an operator has it: where it listens, what it says, and how it ends.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::shell::Shell;

/// How long the process may take to end once it was asked to.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts the server and reads its one line.
pub fn start(shell: &Shell, arguments: &[&str]) -> (Child, SocketAddr) {
    let arguments = [&["serve"], arguments].concat();
    let mut command = shell.command(&arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::with_capacity(1, child.stderr.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.strip_prefix("listening on grpc://");
    assert!(address.is_some(), "{line}");
    let address = address.unwrap_or_default();
    let address = address.trim().parse().unwrap();
    (child, address)
}

/// Sends the signal, and gives the code that the process ends with.
pub fn code_after(signal: Signal, mut child: Child) -> Option<i32> {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        let is_late = Instant::now() > deadline;
        if is_late {
            child.kill().unwrap();
        }
        assert!(!is_late, "the server does not end");
        std::thread::yield_now();
    }
}

#[test]
fn it_listens_where_it_is_told_and_ends_when_it_is_asked() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let shell = Shell::new();
        let (child, address) = start(&shell, &["--listen", "127.0.0.1:0"]);
        TcpStream::connect(address).unwrap();
        assert_eq!(code_after(signal, child), Some(0));
        assert!(TcpStream::connect(address).is_err());
    }
}

#[test]
fn the_address_comes_from_the_configuration_too() {
    let shell = Shell::with_variables(vec![("OWLET_SERVER_LISTEN".to_owned(), "[::1]:0".to_owned())]);
    let (child, address) = start(&shell, &[]);
    assert!(address.is_ipv6());
    assert_eq!(code_after(Signal::SIGTERM, child), Some(0));
}

#[test]
fn a_server_that_cannot_be_does_not_start() {
    let shell = Shell::new();
    let refused = |arguments: &[&str], part: &str| {
        let ended = shell.run(arguments);
        assert!(ended.failed(3).contains(part), "{}", ended.stderr);
    };
    refused(&["serve", "--listen", "0.0.0.0:0"], "neither TLS nor users");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    refused(&["serve", "--listen", &taken], "cannot listen on");
    drop(listener);
    shell.write("owlet.toml", "[server]\nsession_limt = 3\n");
    refused(&["serve", "--config", "owlet.toml"], "session_limt");
    shell.write("owlet.toml", "[server]\nsession_limit = 0\n");
    refused(
        &["serve", "--listen", "127.0.0.1:0", "--config", "owlet.toml"],
        "server.session_limit",
    );
    assert_eq!(shell.run(&["serve", "--listen", "nowhere"]).code, Some(2));
}
