//! What a panic says.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write as _};
use std::panic::PanicHookInfo;

/// Where it was, and nothing of why: its message may quote the text that it stumbled over.
pub(crate) fn say_where(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(|| "a place that is not known".to_owned(), ToString::to_string);
    let said = format!("Twinlock made a mistake of its own at {place}. Please report this line.\n");
    let trace = Backtrace::capture();
    let trace = match trace.status() {
        BacktraceStatus::Captured => trace.to_string(),
        _ => String::new(),
    };
    // Nobody is left to tell if standard error is gone.
    let _ = io::stderr().lock().write_all((said + &trace).as_bytes());
}
