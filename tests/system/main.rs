//! The whole system, through real clients and the real programs.

mod architecture;
mod canaries;
mod cli;
mod core_files;
mod formats;
mod main_job;
mod tampering;
mod tls;
mod trust;
