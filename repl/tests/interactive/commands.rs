//! What the shell itself can be told.

use super::typist::{PROMPT, Typist};
use crate::shell::Shell;

#[test]
fn help_names_the_commands_and_its_questions_can_be_asked() {
    let mut typist = Typist::alone();
    typist.type_keys(".help\r");
    let shown = typist.expect(PROMPT);
    for name in [
        ".help", ".tables", ".schema", ".format", ".read", ".once", ".quit", "\\d",
    ] {
        assert!(shown.contains(name), "{name}: {shown}");
    }
    let question = shown.split("\n-- ").nth(1).unwrap();
    let sql = question.split_once('\n').unwrap().1.trim();
    let answer = typist.run(&sql.replace('\n', "\r"));
    assert!(answer.contains("| start_station"), "{answer}");
}

#[test]
fn the_catalogue_is_shown_and_the_prompt_names_the_database() {
    let mut typist = Typist::alone();
    assert!(typist.run(".databases").contains("| sample "));
    assert!(typist.run(".tables sample.tr*").contains("| trips "));
    assert!(typist.run("\\d sample.stations").contains("| docks "));
    typist.type_keys("use sample;\r");
    typist.expect("owlet sample> ");
    assert!(typist.run("\\dt").contains("| trips "));
}

#[test]
fn results_are_shown_as_they_were_asked_for() {
    let shell = Shell::new();
    shell.write_numbers("numbers.parquet", 5);
    let mut typist = Typist::start(&shell);
    typist.type_keys(".maxrows 2\r");
    typist.expect(PROMPT);
    assert!(
        typist
            .run("select n from 'numbers.parquet';")
            .contains("5 rows (2 shown)")
    );
    typist.type_keys(".format parquet\r");
    assert!(typist.expect(PROMPT).contains(".once FILE.parquet"));
    typist.run(".once two.csv\rselect 1 as one;");
    assert_eq!(shell.read("two.csv"), "one\n1\n");
    assert!(typist.run("select 1 as one;").contains("| one |"));
    typist.type_keys(".footer off\r.format json\rselect 8 as eight;\r");
    typist.expect("[{\"eight\":8}]");
    assert!(!typist.expect(PROMPT).contains("spilled"));
}

#[test]
fn what_cannot_be_done_is_said_and_the_shell_goes_on() {
    let mut typist = Typist::alone();
    for (line, message) in [
        (".nothing", "there is no command \".nothing\""),
        (".", "did you mean .help?"),
        (".TABEL", "did you mean .tables?"),
        (".schema", "use .schema NAME"),
        (".read nowhere.sql", "cannot read the script \"nowhere.sql\""),
        (".once x.unknown", "means no format"),
        (
            ".once /nodir/x.csv",
            "cannot write to \"/nodir/x.csv\": No such file or directory (os error 2); give",
        ),
    ] {
        typist.type_keys(&format!("{line}\r"));
        typist.expect("error: ");
        typist.expect(message);
        typist.expect(PROMPT);
    }
    // None of them keeps a statement from running.
    assert!(typist.run("select 1 as one;").contains("| one |"));
}

#[test]
fn a_file_waits_for_the_next_result_of_a_statement() {
    let shell = Shell::with_variables(vec![("HOME".to_owned(), ".".to_owned())]);
    let mut typist = Typist::start(&shell);
    typist.run(".once \"~/two words.csv\"\r.databases");
    assert_eq!(shell.files(), [""; 0]);
    typist.type_keys("selec 1;\r");
    typist.expect("error: SYNTAX_ERROR");
    typist.expect(PROMPT);
    typist.run("create database bikes;");
    assert_eq!(shell.files(), [""; 0]);
    let shown = typist.run("select 1 as one;");
    assert!(!shown.contains("| one |"), "{shown}");
    assert_eq!(shell.read("two words.csv"), "one\n1\n");
    assert!(typist.run("select 1 as one;").contains("| one |"));
}

#[test]
fn a_file_is_called_off_by_a_command_or_by_one_failure() {
    let shell = Shell::new();
    std::fs::create_dir(shell.path("gone")).unwrap();
    let mut typist = Typist::start(&shell);
    typist.type_keys(".once x.csv\r.once\r");
    typist.expect("results are shown here again; \"x.csv\" is not written\n");
    typist.expect(PROMPT);
    assert!(typist.run("select 1 as one;").contains("| one |"));
    typist.type_keys(".once gone/x.csv\r");
    typist.expect(PROMPT);
    std::fs::remove_dir(shell.path("gone")).unwrap();
    typist.type_keys("select 2 as two;\r");
    typist.expect("results are shown here again\n");
    typist.expect(PROMPT);
    assert!(typist.run("select 2 as two;").contains("| two |"));
    assert_eq!(shell.files(), [""; 0]);
}

#[test]
fn who_looks_for_tables_is_shown_where_they_are() {
    let mut typist = Typist::alone();
    typist.type_keys(".tables\r");
    typist.expect("there are no tables in \"default\"; databases with tables: sample\n");
    typist.expect(PROMPT);
    typist.type_keys(".tables tripz\r");
    typist.expect("no table in \"default\" matches \"tripz\"; databases with tables: sample\n");
    typist.expect(PROMPT);
    for command in [".tables sample", "\\dt SAMPLE", ".Tables sample."] {
        assert!(typist.run(command).contains("| trips "), "{command}");
    }
}

#[test]
fn commands_say_how_things_are_and_what_they_do() {
    let mut typist = Typist::alone();
    for (command, answer) in [
        (".footer", "on\n"),
        (".FOOTER Off\r\\timing", "off\n"),
        (".maxrows", "40\n"),
        (".maxrows ALL\r.maxrows", "all\n"),
        (".format CSV\r.format", "csv\n"),
        (".help .once", "The file waits for the next statement"),
        (".help once", "The file waits for the next statement"),
    ] {
        typist.type_keys(&format!("{command}\r"));
        typist.expect(answer);
        typist.expect(PROMPT);
    }
}

#[test]
fn an_error_of_a_command_has_no_place_in_what_was_never_typed() {
    let mut typist = Typist::alone();
    typist.type_keys(".schema nix\r");
    typist.expect("error: TABLE_NOT_FOUND");
    let shown = typist.expect(PROMPT);
    assert!(!shown.contains("-->") && !shown.contains("DESCRIBE"), "{shown}");
}

#[test]
fn a_script_ends_at_its_first_error_and_says_what_did_not_run() {
    let shell = Shell::new();
    shell.write(
        "a b.sql",
        "select 1 as one; select * from nix; select 2 as two; select 3 as three;",
    );
    let mut typist = Typist::start(&shell);
    typist.type_keys(".read 'a b.sql'\r");
    typist.expect("| one |");
    let shown = typist.expect("2 statements behind it did not run\n");
    assert!(!shown.contains("| two |"), "{shown}");
    typist.expect(PROMPT);
}

#[test]
fn options_that_mean_nothing_at_a_prompt_are_refused() {
    for arguments in [&["-o", "x.csv"][..], &["--continue-on-error"], &["--format", "parquet"]] {
        let shell = Shell::new();
        let mut typist = Typist::start_with(&shell, arguments, &[], 120);
        typist.expect("error:");
        assert_eq!(typist.end(), Some(2), "{arguments:?}");
    }
    let shell = Shell::new();
    let mut typist = Typist::start_with(&shell, &["--quiet", "--format", "csv"], &[("NO_COLOR", "1")], 120);
    let shown = typist.expect(PROMPT);
    assert!(!shown.contains("Try:"), "{shown}");
    typist.type_keys("select 1 as one;\r");
    typist.expect("one\n1\n");
    assert!(!typist.expect(PROMPT).contains("spilled"));
}
