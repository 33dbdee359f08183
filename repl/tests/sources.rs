//! Where SQL comes from, and where Owlet keeps its own data.

use crate::shell::Shell;

#[test]
fn commands_scripts_and_standard_input_run_in_the_order_given() {
    let shell = Shell::new();
    shell.write("two.sql", "select 2 as n;");
    let arguments = [
        "--format",
        "ndjson",
        "-c",
        "select 1 as n",
        "-f",
        "two.sql",
        "-f",
        "-",
        "-c",
        "select 4 as n",
    ];
    let ended = shell.run_with_input(&arguments, b"select 3 as n");
    assert_eq!(ended.succeeded(), "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n");
}

#[test]
fn standard_input_is_read_when_nothing_else_is_asked_for() {
    let shell = Shell::new();
    let ended = shell.run_with_input(&["--format", "csv"], b"\xef\xbb\xbfselect ';' as a; -- the end;\n");
    assert_eq!(ended.succeeded(), "a\n;\n");
    let ended = shell.run_with_input(&[], b"");
    assert_eq!((ended.succeeded(), ended.stderr.as_str()), ("", ""));
    let ended = shell.run_with_input(&[], b"select \xff");
    assert!(ended.failed(2).contains("not UTF-8"), "{}", ended.stderr);
}

#[test]
fn the_data_directory_is_the_one_named_else_the_environments() {
    let shell = Shell::new();
    shell.run(&["-c", "select 1"]).succeeded();
    assert!(shell.path("home").is_dir());
    shell.run(&["--data-dir", "elsewhere", "-c", "select 1"]).succeeded();
    assert!(shell.path("elsewhere").is_dir());
    let count = "select count(*) as n from system.query_executions where sql = 'select 1'";
    for directory in ["home", "elsewhere"] {
        let ended = shell.run(&["--data-dir", directory, "--format", "csv", "-c", count]);
        assert_eq!(ended.succeeded(), "n\n1\n", "{directory}");
    }
}
