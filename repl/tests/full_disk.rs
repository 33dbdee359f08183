//! A disk without room: what is written there fails with words, and leaves nothing.

use std::process::{Command, Stdio};

use crate::shell::{Ended, Shell};

/// Runs `sql` in a process whose files may grow to 4 MiB, as a quota has it: no privilege is needed for that.
fn run_with_little_room(shell: &Shell, sql: &str) -> Ended {
    let owlet = shell.command(&[]);
    let mut command = Command::new("sh");
    command
        // A signal would end the process; ignored, which is inherited, the write fails. The unit is 512 bytes.
        .args(["-c", "trap '' XFSZ; ulimit -f 8192; exec \"$0\" \"$@\""])
        .arg(owlet.get_program())
        .args(["-q", "-c", sql])
        .env_clear()
        .envs(owlet.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null());
    if let Some(directory) = owlet.get_current_dir() {
        command.current_dir(directory);
    }
    command.output().unwrap().into()
}

#[test]
fn a_table_that_does_not_fit_is_refused_and_nothing_of_it_stays() {
    let shell = Shell::new();
    shell.write_numbers("numbers.parquet", 60_000);
    std::fs::create_dir(shell.path("place")).unwrap();
    let create = "create table t with (format = 'arrow', external_location = 'place/') as \
                  select n, repeat(cast(n as varchar), 40) as text from 'numbers.parquet'";
    let ended = run_with_little_room(&shell, create);
    let error = ended.failed(4);
    assert!(error.contains("STORAGE_UNAVAILABLE: there is no room for"), "{error}");
    assert!(error.contains("place/"), "{error}");
    let left: Vec<_> = std::fs::read_dir(shell.path("place")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let seen = shell.run(&["-q", "-c", "select * from t"]);
    assert!(seen.failed(1).contains("TABLE_NOT_FOUND"), "{}", seen.stderr);
    // With room it succeeds, in the same place.
    shell.run(&["-q", "-c", create]).succeeded();
    let count = shell.run(&["-q", "--format", "csv", "-c", "select count(*) as n from t"]);
    assert_eq!(count.succeeded(), "n\n60000\n");
}
