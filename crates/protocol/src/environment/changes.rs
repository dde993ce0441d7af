//! What a revision's changes do to the entries.

use std::collections::BTreeSet;

use super::{Entry, Environment, SEAL_OVERHEAD, check_blob};
use crate::encoding::Bytes;
use crate::ids::{Generation, KeyholderId, Pointer};
use crate::limits;
use crate::padding;
use crate::refusal::Refusal;
use crate::revision::{Cause, Change, Put};
use crate::timestamp::Timestamp;

impl Environment {
    /// A `rotate` has exactly one put with a new pointer, or one remove, for each current entry.
    pub(super) fn check_rotation(&self, changes: &[Change]) -> Result<(), Refusal> {
        let all = changes.iter().map(Change::entry).eq_unordered(self.entries.keys().copied().map(Some));
        let fresh = changes.iter().all(|change| match change {
            Change::Put(put) => !self.pointers.contains(&put.pointer),
            Change::Remove(_) => true,
            Change::Purge(_) => false,
        });
        if all && fresh { Ok(()) } else { Err(Refusal::RotationIncomplete) }
    }

    /// A `purge` purges and changes no entry; nothing else purges.
    pub(super) fn check_cause(cause: Cause, changes: &[Change]) -> Result<(), Refusal> {
        let purges = |change: &Change| matches!(change, Change::Purge(_));
        if changes.iter().all(|change| purges(change) == (cause == Cause::Purge)) {
            Ok(())
        } else {
            Err(Refusal::Malformed { reason: "a purge purges, and nothing else does".to_owned() })
        }
    }

    /// Applies changes; each entry at most once, pointers fresh, positions free at the end.
    pub(super) fn change(
        &mut self,
        changes: &[Change],
        author: KeyholderId,
        generation: Generation,
        number: u64,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        let mut changed = BTreeSet::new();
        let mut placed = Vec::new();
        for change in changes {
            let id = match change {
                Change::Put(put) => put.entry,
                Change::Remove(remove) => remove.entry,
                Change::Purge(purge) => {
                    self.purge(purge.pointer)?;
                    continue;
                }
            };
            if !changed.insert(id) {
                return Err(Refusal::Entry(id));
            }
            let before = self.entries.get(&id);
            if let Some(before) = before {
                self.places.remove(&before.position);
                self.in_use.remove(&before.pointer);
            }
            match change {
                Change::Put(put) => {
                    let moved = before.filter(|before| before.pointer == put.pointer);
                    let entry = match moved {
                        Some(before) => moved_entry(before, put)?,
                        None => {
                            check_sealed_name(&put.name)?;
                            if !self.pointers.insert(put.pointer) {
                                return Err(Refusal::PointerReused(put.pointer));
                            }
                            let Put { position, name, pointer, digest, .. } = put.clone();
                            Entry { position, name, pointer, digest, generation, author, number, at }
                        }
                    };
                    placed.push((put.position.clone(), id));
                    self.in_use.insert(put.pointer);
                    self.entries.insert(id, entry);
                }
                Change::Remove(_) => {
                    self.entries.remove(&id).ok_or(Refusal::Entry(id))?;
                }
                Change::Purge(_) => {}
            }
        }
        for (position, id) in placed {
            if self.places.insert(position, id).is_some() {
                return Err(Refusal::PositionTaken);
            }
        }
        if self.entries.len() > limits::ENTRIES {
            return Err(Refusal::Limit("an environment has at most 10,000 entries"));
        }
        Ok(())
    }

    /// A value is purged once, and only when no entry has it.
    fn purge(&mut self, pointer: Pointer) -> Result<(), Refusal> {
        if !self.pointers.contains(&pointer) || self.in_use.contains(&pointer) || !self.purged.insert(pointer)
        {
            return Err(Refusal::Purge(pointer));
        }
        Ok(())
    }
}

/// A move repeats the entry's pointer, name and digest, and keeps its author.
fn moved_entry(before: &Entry, put: &Put) -> Result<Entry, Refusal> {
    if before.name != put.name || before.digest != put.digest {
        return Err(Refusal::PointerReused(put.pointer));
    }
    Ok(Entry { position: put.position.clone(), ..before.clone() })
}

/// What can be said of a sealed name without opening it.
fn check_sealed_name(name: &Bytes) -> Result<(), Refusal> {
    check_blob(name)?;
    if name.len() > padding::padded_length(limits::LEFT_HALF_BYTES) + SEAL_OVERHEAD {
        return Err(Refusal::Limit("what stands before a value has at most 4 KiB"));
    }
    Ok(())
}

trait EqUnordered: Iterator + Sized
where
    Self::Item: Ord,
{
    /// Whether two sequences hold the same items, each as often, in any order.
    fn eq_unordered(self, other: impl Iterator<Item = Self::Item>) -> bool {
        let (mut mine, mut others): (Vec<_>, Vec<_>) = (self.collect(), other.collect());
        mine.sort_unstable();
        others.sort_unstable();
        mine == others
    }
}

impl<I: Iterator + Sized> EqUnordered for I where I::Item: Ord {}
