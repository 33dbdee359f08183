//! How a shell ends.

use nix::sys::signal::Signal;

use super::typist::{CTRL_D, PROMPT, Typist};
use crate::shell::Shell;

#[test]
fn whoever_leaves_ends_with_0_and_finds_the_terminal_as_it_was() {
    for farewell in [CTRL_D, ".quit\r", ".exit\r", "\\q\r", "exit\r", "quit;\r"] {
        let mut typist = Typist::alone();
        typist.type_keys(farewell);
        assert_eq!(typist.end(), Some(0), "{farewell:?}");
        assert!(typist.is_as_it_was(), "{farewell:?}");
    }
}

#[test]
fn a_signal_at_the_prompt_leaves_the_terminal_as_it_was() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let mut typist = Typist::alone();
        assert!(!typist.is_as_it_was());
        typist.send(signal);
        assert_eq!(typist.end(), Some(code), "{signal}");
        assert!(typist.is_as_it_was(), "{signal}");
    }
}

#[test]
fn a_signal_while_a_query_runs_closes_its_record() {
    let shell = Shell::new();
    let mut typist = Typist::start(&shell);
    typist.type_keys("select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b ");
    typist.type_keys("where a.value * b.value % 7 = 8;\r");
    typist.expect(" s · Ctrl-C cancels");
    typist.send(Signal::SIGTERM);
    assert_eq!(typist.end(), Some(143));
    assert!(typist.is_as_it_was());
    let query = "select state from system.query_executions where sql like 'select count%'";
    let states = shell.run(&["--format", "csv", "-q", "-c", query]);
    assert_eq!(states.succeeded(), "state\nCANCELLED\n");
}

#[test]
fn a_signal_that_asks_for_nothing_but_an_interruption_keeps_the_shell() {
    let mut typist = Typist::alone();
    typist.send(Signal::SIGINT);
    typist.expect(PROMPT);
    assert!(typist.run("select 1 as one;").contains("| one |"));
}
