//! What is in the memory of a running process, as Linux shows it to whoever may look (root, or with `CAP_SYS_PTRACE`: our
//! programs are closed to their own user).

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use aho_corasick::AhoCorasick;

/// Which of these, by their names, are in the memory of a process that it can write to.
///
/// # Errors
/// The system does not let this process look.
pub fn found_in_memory<'a>(process: u32, wanted: &[(&'a str, Vec<u8>)]) -> io::Result<Vec<&'a str>> {
    let search = AhoCorasick::new(wanted.iter().map(|(_, bytes)| bytes)).map_err(io::Error::other)?;
    let memory = File::open(format!("/proc/{process}/mem"))?;
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps"))?;
    let mut found = vec![false; wanted.len()];
    let mut seen = 0;
    for map in maps.lines() {
        let mut parts = map.split_whitespace();
        let (Some(range), Some(rights)) = (parts.next(), parts.next()) else { continue };
        let Some((from, to)) =
            range.split_once('-').and_then(|(from, to)| Some((address(from)?, address(to)?)))
        else {
            continue;
        };
        if !rights.starts_with("rw") {
            continue;
        }
        let mut bytes = vec![0; usize::try_from(to - from).map_err(io::Error::other)?];
        // A stack's guard, or what was unmapped meanwhile.
        if memory.read_exact_at(&mut bytes, from).is_err() {
            continue;
        }
        seen += bytes.len();
        for at in search.find_iter(&bytes).map(|found| found.pattern().as_usize()) {
            found[at] = true;
        }
    }
    assert!(seen > 1 << 20, "a program has more than a megabyte of memory, and this read {seen} bytes");
    Ok(wanted.iter().zip(found).filter(|(_, found)| *found).map(|((name, _), _)| *name).collect())
}

fn address(hexadecimal: &str) -> Option<u64> {
    u64::from_str_radix(hexadecimal, 16).ok()
}
