//! What was typed before.

use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;

use super::typist::{CTRL_D, PROMPT, Typist, UP};
use crate::shell::Shell;

#[test]
fn an_entry_of_several_lines_comes_back_in_the_next_shell() {
    let shell = Shell::new();
    let mut first = Typist::start(&shell);
    first.run("select 41 + 1\r as answer;");
    first.type_keys(CTRL_D);
    assert_eq!(first.end(), Some(0));
    let mut second = Typist::start(&shell);
    second.type_keys(UP);
    second.expect("select 41 + 1\n as answer;");
    assert!(second.run("").contains("| answer |"));
}

#[test]
fn a_killed_shell_loses_nothing_and_nobody_else_may_read() {
    let shell = Shell::new();
    let mut typist = Typist::start(&shell);
    typist.run("select 'kept';");
    typist.run("select 'kept';");
    typist.send(Signal::SIGKILL);
    typist.end();
    assert_eq!(shell.read("home/shell_history"), "select 'kept';\n");
    let metadata = std::fs::metadata(shell.path("home/shell_history")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[test]
fn two_shells_at_once_keep_what_was_typed_in_both() {
    let shell = Shell::new();
    let (mut one, mut other) = (Typist::start(&shell), Typist::start(&shell));
    one.run("select 'from one';");
    other.run("select 'from the other';");
    one.run("select 'from one again';");
    for typist in [&mut one, &mut other] {
        typist.type_keys(".quit\r");
        assert_eq!(typist.end(), Some(0));
    }
    let kept = shell.read("home/shell_history");
    let entries: Vec<_> = kept.lines().filter(|line| line.starts_with("select")).collect();
    assert_eq!(
        entries,
        [
            "select 'from one';",
            "select 'from the other';",
            "select 'from one again';"
        ]
    );
}

#[test]
fn a_history_that_cannot_be_kept_keeps_nobody_from_working() {
    let shell = Shell::new();
    std::fs::create_dir_all(shell.path("home/shell_history")).unwrap();
    let mut typist = Typist::start_with(&shell, &[], &[("NO_COLOR", "1")], 120);
    typist.expect("error: the history of this shell is not kept");
    typist.expect(PROMPT);
    assert!(typist.run("select 1 as one;").contains("| one |"));
}
