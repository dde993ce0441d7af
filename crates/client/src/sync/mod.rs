//! Keeping a linked file and its environment in step: what to do is planned by pure functions over base,
//! mine and theirs; doing it is left to `crate::engine`.

mod back;
mod identify;
mod order;
mod place;
mod plan;

pub use back::{After, base_after_going_back};
pub(crate) use order::weave;
pub(crate) use place::{Placed, place};
pub use plan::{Agreed, Change, Halves, Item, ItemState, Moves, OrderState, Plan, TheirText, Theirs, plan};
