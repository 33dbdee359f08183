//! Processes of `owlet` in a directory of their own, and the Parquet files that they read.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

/// A directory to work in, with Owlet's own data beside the user's files.
pub struct Shell {
    directory: TempDir,
    variables: Vec<(String, String)>,
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}

impl Shell {
    pub fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
            variables: Vec::new(),
        }
    }

    /// A shell whose processes also see `variables`.
    pub fn with_variables(variables: Vec<(String, String)>) -> Self {
        Self {
            variables,
            ..Self::new()
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `owlet` with an environment of its own: nothing of the machine's reaches it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_owlet"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .env("OWLET_HOME", self.path("home"))
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    /// Runs `owlet` to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs `owlet` with `input` on its standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Ended {
        let mut child = spawn(self.command(arguments).stdin(Stdio::piped()));
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap().into()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The user's files, without Owlet's own.
    pub fn files(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<_> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.retain(|name| name != "home");
        names.sort();
        names
    }

    /// A Parquet file with the numbers from 0 to `rows` as `n`.
    pub fn write_numbers(&self, name: &str, rows: i64) {
        write_parquet(
            &self.path(name),
            vec![("n", Arc::new(Int64Array::from_iter_values(0..rows)))],
        );
    }

    /// A Parquet file of three people, one without a name: `id`, `name`.
    pub fn write_people(&self, name: &str) {
        write_parquet(&self.path(name), people());
    }
}

/// Starts a command with its output and its errors in pipes.
pub fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub fn people() -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("id", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        (
            "name",
            Arc::new(StringArray::from(vec![Some("Ada"), Some("Zoë, \"Z\""), None])),
        ),
    ]
}

pub fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

impl Ended {
    /// The standard output of a run that must have succeeded.
    #[track_caller]
    pub fn succeeded(&self) -> &str {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        &self.stdout
    }

    /// The standard error of a run that must have ended with `code`.
    #[track_caller]
    pub fn failed(&self, code: i32) -> &str {
        assert_eq!(
            self.code,
            Some(code),
            "stdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
        &self.stderr
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code(),
        }
    }
}
