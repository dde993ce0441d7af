//! Wiping what a computation leaves on the stack.

use std::hint::black_box;
use zeroize::Zeroize as _;

/// How many words are wiped below the caller: 128 KiB, more than any computation with keys here takes (post-quantum key
/// encapsulation in an unoptimised build is the largest).
const WORDS: usize = 16 * 1024;

/// Does `work`, and wipes the stack that it used: of a key that was derived, expanded or moved there, nothing stays. What it
/// gives back goes through the caller's own stack, so it is nothing secret, or a pointer to it, such as a [`Key`](crate::Key).
pub fn clean_stack<T>(work: impl FnOnce() -> T) -> T {
    let result = below(work);
    wipe();
    result
}

/// A frame of its own for the work, so that all of it lies where [`wipe`] wipes.
#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

#[inline(never)]
fn wipe() {
    let mut used = [0_u64; WORDS];
    used.zeroize();
    black_box(&used);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_comes_back() {
        assert_eq!(clean_stack(|| 1 + 1), 2);
    }
}
