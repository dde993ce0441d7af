//! The desktop app: window, tray and notifications over `twinlock-client`.
//!
//! Knows no rule of its own: what may be pushed, what is a conflict and what is refused, the client says.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod announcements;
mod clipboard;
mod commands;
mod core;
mod difference;
mod dto;
mod handed;
mod offers;
mod page;
mod qr;
mod shell;
mod tray;
mod window;

use std::process::ExitCode;

/// Nothing of what was in memory is given back unwiped.
#[global_allocator]
static ALLOCATOR: twinlock_memory::WipingAllocator = twinlock_memory::WIPING;

fn main() -> ExitCode {
    shell::run()
}
