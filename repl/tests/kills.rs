//! A process that is killed while it writes a table: another one finds the old state or the new one, and nothing between.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use owlet_s3_fixture::{Moment, RequestKind, RequestRule, S3Fixture, Victim};

use crate::shell::Shell;

/// How long a process may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is written: rows of some 120 bytes, in files of a size.
#[derive(Debug, Clone, Copy)]
struct Load {
    rows: i64,
    target_file_bytes: i64,
    files: usize,
    /// Requests that change the bucket.
    writes: usize,
}

/// Three files, a PUT each.
const SMALL: Load = Load {
    rows: 24_000,
    target_file_bytes: 600_000,
    files: 3,
    writes: 3,
};

/// Two files in two parts each, and the rest in a PUT.
const IN_PARTS: Load = Load {
    rows: 150_000,
    target_file_bytes: 6_500_000,
    files: 3,
    writes: 9,
};

/// Where the table lies.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In a directory of its own, which no second run shares.
    Warehouse,
    /// In a place that the statement names. What the dead process left there is in the way, and goes.
    Named,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Old,
    New,
}

struct Lake {
    shell: Shell,
    load: Load,
    create: String,
}

impl Lake {
    /// `directory` is a URL or a path, without `/` at its end.
    fn new(load: Load, place: Place, directory: &str, variables: Vec<(String, String)>) -> Self {
        let own = [
            ("OWLET_CATALOG_WAREHOUSE", directory.to_owned()),
            (
                "OWLET_FORMATS_WRITE_TARGET_FILE_BYTES",
                load.target_file_bytes.to_string(),
            ),
            ("OWLET_FORMATS_WRITE_UPLOAD_PART_BYTES", "5300000".to_owned()),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        let shell = Shell::with_variables(variables.into_iter().chain(own).collect());
        shell.write_numbers("numbers.parquet", load.rows);
        let location = match place {
            Place::Warehouse => String::new(),
            Place::Named => format!("external_location = '{directory}/named/', "),
        };
        let create = format!(
            "create table kept with ({location}format = 'arrow') as \
             select n, repeat(cast(n as varchar), 18) as text from 'numbers.parquet'"
        );
        Self { shell, load, create }
    }

    fn start(&self, victim: &Victim) {
        let mut command = self.shell.command(&["-q", "-c", &self.create]);
        victim.start(command.stdout(Stdio::null()).stderr(Stdio::null()));
    }

    /// What another process sees, which must be all or nothing.
    #[track_caller]
    fn state(&self, when: &str) -> State {
        let query = "select count(*) as n, sum(n) as sum, sum(length(text)) as length from kept";
        let ended = self.shell.run(&["-q", "--format", "csv", "-c", query]);
        if ended.code != Some(0) {
            assert!(ended.stderr.contains("TABLE_NOT_FOUND"), "{when}: {}", ended.stderr);
            return State::Old;
        }
        let rows = self.load.rows;
        let length: usize = (0..rows).map(|n| n.to_string().len() * 18).sum();
        let whole = format!("n,sum,length\n{rows},{},{length}\n", rows * (rows - 1) / 2);
        assert_eq!(ended.stdout, whole, "{when}: half a table");
        State::New
    }

    /// Runs the statement again, which must lead to the whole table.
    #[track_caller]
    fn repeat(&self, found: State, when: &str) {
        let again = match found {
            State::Old => self.create.clone(),
            State::New => self.create.replace("create table", "create table if not exists"),
        };
        let ended = self.shell.run(&["-q", "-c", &again]);
        assert_eq!(ended.code, Some(0), "{when}, again: {}", ended.stderr);
        assert_eq!(self.state(&format!("{when}, again")), State::New);
    }

    /// The files below `directory` are those of the table, beside what a dead process left where nobody looks.
    #[track_caller]
    fn check_files(&self, place: Place, directory: &Path, when: &str) {
        let found = visible(directory);
        match place {
            Place::Warehouse => assert!(found >= self.load.files, "{when}: {found} files"),
            Place::Named => assert_eq!(found, self.load.files, "{when}: leftovers, or too few files"),
        }
    }
}

/// How many files there are below a directory that are not hidden.
fn visible(directory: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return 0;
    };
    let count = |entry: std::fs::DirEntry| match entry.path() {
        path if path.is_dir() => visible(&path),
        path => usize::from(
            !path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b".")),
        ),
    };
    entries.map(|entry| count(entry.unwrap())).sum()
}

/// Kills a process at its `n`th write, from 0; tells what was found, or nothing if there were not so many.
fn kill_at(store: &S3Fixture, load: Load, place: Place, n: u64, moment: Moment) -> Option<State> {
    let when = format!("killed {moment:?} write {n} in {place:?}");
    store.reset();
    let directory = format!("{}-{n}-{moment:?}-{place:?}", load.files);
    let lake = Lake::new(load, place, &format!("s3://bucket/{directory}"), store.environment());
    let victim = Victim::default();
    let write = RequestRule::on_any(&RequestKind::WRITES).skip(n);
    let rule = store.kill_at(write, moment, &victim);
    lake.start(&victim);
    let status = victim.wait(PATIENCE);
    let was_killed = store.times_fired(rule) == 1;
    assert_eq!(status.map(|status| status.success()), Some(!was_killed), "{when}");
    store.reset();
    let found = lake.state(&when);
    lake.repeat(found, &when);
    lake.check_files(place, &store.bucket_directory("bucket").join(directory), &when);
    was_killed.then_some(found)
}

/// Kills at every write there is, before and after it has its effect.
fn check_every_write(load: Load, places: &[Place]) {
    let store = S3Fixture::start_blocking(&["bucket"]);
    for place in places {
        for moment in [Moment::Before, Moment::After] {
            let found: Vec<State> = (0..).map_while(|n| kill_at(&store, load, *place, n, moment)).collect();
            assert_eq!(found.len(), load.writes, "writes of {load:?}");
            // The row in the metastore comes after the last of them.
            assert!(found.iter().all(|found| *found == State::Old), "{moment:?}: {found:?}");
        }
    }
}

#[test]
fn a_table_is_there_or_not_at_whichever_put_its_maker_dies() {
    check_every_write(SMALL, &[Place::Warehouse, Place::Named]);
}

#[test]
fn a_table_is_there_or_not_at_whichever_step_of_its_uploads_its_maker_dies() {
    check_every_write(IN_PARTS, &[Place::Named]);
}

#[test]
fn a_table_is_there_or_not_whenever_its_maker_dies_on_disk() {
    const KILLS: u32 = 30;
    let undisturbed = Lake::new(SMALL, Place::Warehouse, "warehouse", Vec::new());
    let victim = Victim::default();
    let began = Instant::now();
    undisturbed.start(&victim);
    assert!(victim.wait(PATIENCE).is_some_and(|status| status.success()));
    let whole = began.elapsed();
    let mut found = Vec::new();
    for kill in 0..KILLS {
        let place = if kill % 2 == 0 { Place::Warehouse } else { Place::Named };
        let lake = Lake::new(SMALL, place, "warehouse", Vec::new());
        let victim = Victim::default();
        lake.start(&victim);
        // Spread over the run and a little beyond it by the golden ratio.
        let moment = whole.mul_f64(1.2 * (f64::from(kill) * 0.618_034).fract());
        if victim.wait(moment).is_none() {
            victim.kill();
        }
        let when = format!("killed after {moment:?} in {place:?}");
        let state = lake.state(&when);
        found.push(state);
        lake.repeat(state, &when);
        lake.check_files(place, &lake.shell.path("warehouse"), &when);
    }
    assert!(found.contains(&State::Old), "no kill came early enough: {found:?}");
}
