//! Keys in the memory of a process: what keeps them there, in one place, and wiped when they are done with.
//!
//! Three things together. [`Key`] holds 32 bytes in one place that never moves, is kept out of swap where the system allows
//! it, and is wiped when dropped. [`clean_stack`] wipes what computing with a key leaves on the stack. And a program whose
//! allocator is [`WipingAllocator`] wipes every piece of the heap that it gives back, so that buffers of libraries that
//! never heard of keys leave nothing either.

mod key;
mod panic;
mod process;
mod stack;

pub use key::Key;
pub use process::keep_to_ourselves;
pub use stack::clean_stack;

/// The system's allocator, which wipes what it is given back. For `#[global_allocator]`.
pub type WipingAllocator = zeroizing_alloc::ZeroAlloc<std::alloc::System>;

/// The one that a program names as its `#[global_allocator]`.
pub const WIPING: WipingAllocator = zeroizing_alloc::ZeroAlloc(std::alloc::System);
