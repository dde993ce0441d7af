//! The `twinlock` program.

fn main() {}
