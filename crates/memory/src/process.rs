//! What a process does at its start.

use std::io;

/// Keeps this process's memory out of core files, out of what a panic says, and out of reach of other processes of the same
/// user that are not privileged. Every program of ours calls it first. A program that this process becomes by `exec` is as ever.
///
/// Linux: the process is not dumpable (`prctl(2)`, `PR_SET_DUMPABLE`), whatever limit or pattern is set for core files.
/// macOS and Windows write no full dump of a program unless somebody switched that on; nothing is done there.
///
/// # Errors
/// The system refused.
pub fn keep_to_ourselves() -> io::Result<()> {
    std::panic::set_hook(Box::new(crate::panic::say_where));
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}
