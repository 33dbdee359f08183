//! Statements that ask for more memory than there is, in processes that could not get it.

use std::process::Command;

use crate::shell::{Ended, Shell};

/// What a process may map, in kibibytes: enough for its threads and a small result, not for what is asked for below.
const ADDRESS_SPACE: &str = "3000000";

/// Runs `sql` in a process that ends by a signal if it asks the system for too much.
fn run(shell: &Shell, sql: &str) -> Ended {
    let owlet = shell.command(&["-q", "-c", sql]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", &format!("ulimit -v {ADDRESS_SPACE}; exec \"$0\" \"$@\"")])
        .arg(owlet.get_program())
        .args(owlet.get_args())
        .current_dir(owlet.get_current_dir().unwrap())
        .env_clear()
        .env("OWLET_WORKGROUP_MEMORY_LIMIT_BYTES", "200000000")
        .env("OWLET_HOME", shell.path("home"));
    limited.output().unwrap().into()
}

#[test]
fn what_asks_for_gigabytes_takes_none() {
    let shell = Shell::new();
    assert_eq!(run(&shell, "select 1 as n").code, Some(0));
    for call in [
        "array_resize([1], 1000000000)",
        "repeat('x', 2000000000)",
        "generate_series(1, 2000000000)",
        "array_repeat('x', 1000000000)",
        "lpad('x', 2000000000)",
        "concat(repeat('x', 4000000), cast(value as varchar)) from generate_series(1, 8192)",
        "approx_percentile_cont(value, 0.5, 2000000000) from generate_series(1, 10)",
        "cast(null as int[1000000000])",
        "replace(repeat('x', 10000000), 'x', repeat('y', 10000))",
    ] {
        let ended = run(&shell, &format!("select {call}"));
        assert!(
            ended.failed(1).contains("EXCEEDED_MEMORY_LIMIT"),
            "{call}: {}",
            ended.stderr
        );
    }
}
