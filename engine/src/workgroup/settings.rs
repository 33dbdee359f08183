//! The limits of a workgroup, with defaults from the machine.

use serde::Deserialize;
use std::fs;
use std::path::PathBuf;

/// The limits that hold for all statements together and for each.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How many statements run at once. 0 stands for twice the processors.
    pub concurrent_statements: usize,
    /// How many statements may wait to run.
    pub queue_limit: usize,
    /// How long a statement waits to run, in seconds.
    pub queue_timeout_seconds: u64,
    /// How many statements are planned at once. 0 stands for twice the processors.
    pub concurrent_planning: usize,
    /// The memory that all queries together may reserve, in bytes. 0 stands for 60 % of the machine's.
    pub memory_limit_bytes: usize,
    /// The memory that one query may reserve, in bytes. 0 stands for the whole limit: it is refused what others hold.
    pub query_memory_limit_bytes: usize,
    /// Where queries spill to. Empty stands for `spill` in the data directory.
    pub spill_directory: PathBuf,
    /// The bytes that all queries together may spill.
    pub spill_limit_bytes: u64,
    /// How long planning may take, in seconds, with listing and reading footers in it.
    pub planning_timeout_seconds: u64,
    /// How long execution may take, in seconds. Athena's default is 30 minutes.
    pub execution_timeout_seconds: u64,
    /// Into how many parts a scan is split. 0 stands for the number of processors.
    pub target_partitions: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrent_statements: 0,
            queue_limit: 100,
            queue_timeout_seconds: 60,
            concurrent_planning: 0,
            memory_limit_bytes: 0,
            query_memory_limit_bytes: 0,
            spill_directory: PathBuf::new(),
            spill_limit_bytes: 100 << 30,
            planning_timeout_seconds: 300,
            execution_timeout_seconds: 1800,
            target_partitions: 0,
        }
    }
}

/// What the machine offers this process.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Processors that may be used.
    pub processors: usize,
    /// Memory in bytes: the control group's limit or the machine's.
    pub memory_bytes: usize,
}

impl Machine {
    /// Asks the operating system.
    #[must_use]
    pub fn present() -> Self {
        Self {
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: memory_bytes().unwrap_or(4 << 30),
        }
    }
}

/// The smaller of the control group's limit and the machine's memory, where Linux says.
fn memory_bytes() -> Option<usize> {
    let total = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        let kibibytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
        kibibytes.checked_mul(1024)
    });
    let group = fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse().ok());
    match (total, group) {
        (Some(total), Some(group)) => Some(total.min(group)),
        (total, group) => total.or(group),
    }
}
