//! Both services of the vault, which sees nothing in the clear; the `twinlock-server` program.
