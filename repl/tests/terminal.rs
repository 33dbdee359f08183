//! What a person at a terminal gets: a pseudo-terminal stands for theirs.

use std::fs::File;
use std::io::Read;
use std::process::Command;

use nix::pty::openpty;

use crate::shell::Shell;

/// Runs `command` with a terminal as its input, output and errors; what it shows, with plain line ends, and its exit
/// code.
fn run(mut command: Command) -> (String, Option<i32>) {
    let terminal = openpty(None, None).unwrap();
    let side = || terminal.slave.try_clone().unwrap();
    let mut child = command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
    // The last handles on the terminal are the child's, so that reading ends when it does.
    drop(command);
    drop(terminal.slave);
    let mut shown = Vec::new();
    // Linux ends a terminal that nobody holds any more by an error instead of an end.
    let _ = File::from(terminal.master).read_to_end(&mut shown);
    let code = child.wait().unwrap().code();
    (String::from_utf8(shown).unwrap().replace("\r\n", "\n"), code)
}

fn shown(shell: &Shell, arguments: &[&str]) -> String {
    let (shown, code) = run(shell.command(arguments));
    assert_eq!(code, Some(0), "{shown}");
    shown
}

#[test]
fn a_long_table_shows_its_ends_and_says_so() {
    let shell = Shell::new();
    shell.write_numbers("numbers.parquet", 100);
    let query = "select n from 'numbers.parquet' order by n";
    let table = shown(&shell, &["-c", query]);
    assert!(table.contains("… 60 rows not shown …"), "{table}");
    assert!(table.contains("100 rows (40 shown) in "), "{table}");
    assert!(
        table.contains("| 19 |") && !table.contains("| 20 |") && table.contains("| 80 |"),
        "{table}"
    );
    assert!(shown(&shell, &["--max-rows", "all", "-c", query]).contains("| 20 |"));
    assert_eq!(
        shown(&shell, &["--format", "csv", "-q", "-c", query]).lines().count(),
        101
    );
}

#[test]
fn binary_formats_are_refused() {
    for format in ["parquet", "arrow"] {
        let (shown, code) = run(Shell::new().command(&["--format", format, "-c", "select 1"]));
        assert_eq!(code, Some(2));
        assert!(shown.contains("add -o FILE"), "{shown}");
    }
}

#[test]
fn no_value_commands_the_terminal_in_any_format() {
    let shell = Shell::new();
    for format in ["table", "csv", "tsv", "json", "ndjson", "markdown", "vertical"] {
        let shown = shown(
            &shell,
            &[
                "--format",
                format,
                "-c",
                "select chr(27) || '[2Jx' as \"n\u{1b}[2J\", chr(155) as c",
            ],
        );
        assert!(!shown.contains(['\u{1b}', '\u{9b}']), "{format}: {shown:?}");
        assert!(shown.contains("\\u001b[2Jx"), "{format}: {shown:?}");
    }
}

#[test]
fn errors_are_red_unless_the_user_declines() {
    let shell = Shell::new();
    let error = |variable: &str, value: &str| {
        let mut command = shell.command(&["-c", "select * from nowhere"]);
        command.env("TERM", "xterm").env(variable, value);
        run(command).0
    };
    assert!(error("TERM", "xterm").starts_with("\u{1b}[1;31merror:\u{1b}[0m TABLE_NOT_FOUND"));
    assert!(!error("NO_COLOR", "1").contains('\u{1b}'));
}
