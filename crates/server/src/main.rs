//! The `twinlock-server` program.

fn main() {}
