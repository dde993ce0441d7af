//! The whole system, through real clients and the real programs.

mod architecture;
mod canaries;
mod cli;
mod core_files;
mod crashes;
mod formats;
mod main_job;
mod secrets;
mod tampering;
mod tls;
mod trust;
