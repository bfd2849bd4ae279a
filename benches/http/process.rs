//! The processes that are measured.

use std::collections::HashMap;
use std::time::Duration;
use std::{fs, process};

/// Linux counts a process's time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// The processor time that a process has used so far, its own and the kernel's for it.
pub(crate) fn cpu_time(pid: u32) -> Duration {
    stat(pid).expect("a process that runs").cpu
}

/// What of a process is in memory.
pub(crate) fn resident_mebibytes(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = resident.unwrap().trim_end_matches("kB").trim();
    f64::from(kibibytes.parse::<u32>().unwrap()) / 1024.0
}

/// The processor time of all processes that this one has started, and those that they have started.
pub(crate) fn cpu_time_of_all() -> Duration {
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
        Some((pid, stat(pid)?))
    });
    let processes: HashMap<u32, Stat> = processes.collect();
    let is_ours = |mut pid: u32| {
        while let Some(stat) = processes.get(&pid) {
            if stat.parent == process::id() {
                return true;
            }
            pid = stat.parent;
        }
        false
    };
    let ours = processes.iter().filter(|(pid, _)| is_ours(**pid));
    ours.map(|(_, stat)| stat.cpu).sum()
}

struct Stat {
    parent: u32,
    cpu: Duration,
}

/// Nothing where the process has gone.
fn stat(pid: u32) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold spaces: fields are counted behind it.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let number = |field: usize| fields.get(field)?.parse::<u32>().ok();
    Some(Stat {
        parent: number(1)?,
        cpu: TICK * (number(11)? + number(12)?),
    })
}
