//! A key in its one place.

use zeroize::Zeroize as _;

/// 32 secret bytes in one place from their birth to their end: moving a `Key` moves a pointer. Has no `Debug`, no `Clone`, and
/// is never compared.
pub struct Key(Box<[u8; 32]>);

impl Key {
    /// A key that `fill` writes into its place. Nothing else has held it, if `fill` keeps no copy.
    pub fn fill(fill: impl FnOnce(&mut [u8; 32])) -> Self {
        let mut key = Self::place();
        fill(&mut key.0);
        key
    }

    /// The same with a `fill` that may fail.
    ///
    /// # Errors
    /// What `fill` says; what it wrote is wiped.
    pub fn try_fill<E>(fill: impl FnOnce(&mut [u8; 32]) -> Result<(), E>) -> Result<Self, E> {
        let mut key = Self::place();
        fill(&mut key.0)?;
        Ok(key)
    }

    /// A key of bytes that are 32; of any other number, none. The caller wipes its own copy.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        Some(Self::fill(|place| place.copy_from_slice(bytes)))
    }

    /// The bytes. Say beside the call where they go.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Empty, and kept out of swap before anything is in it.
    fn place() -> Self {
        let place = Box::new([0; 32]);
        // Locks go by pages and are not counted: unlocking one key's would unlock its neighbours'. So they stay, on the few pages
        // that ever held a key, and the system's limit (8 MiB on Linux of today) bounds them. Where the limit is lower, or
        // reached, the system does not allow it, and the key is used all the same.
        if let Ok(guard) = region::lock(place.as_ptr(), place.len()) {
            std::mem::forget(guard);
        }
        Self(place)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_where_it_is() {
        let key = Key::fill(|place| *place = [7; 32]);
        let place = key.expose().as_ptr();
        let mut moved = vec![key];
        let key = moved.pop().unwrap();
        assert_eq!((key.expose(), key.expose().as_ptr()), (&[7; 32], place));
        assert!(Key::copy_of(&[1; 31]).is_none() && Key::copy_of(&[1; 33]).is_none());
        assert_eq!(Key::copy_of(&[1; 32]).unwrap().expose(), &[1; 32]);
        assert_eq!(Key::try_fill(|_| Err("no")).err(), Some("no"));
    }

    /// As the kernel says it, where it says it.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_key_is_not_swapped() {
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
        let limit = limits.lines().find_map(|line| line.strip_prefix("Max locked memory")).unwrap();
        if limit.trim_start().starts_with("0 ") {
            println!("Skipped: this system lets nobody lock memory (ulimit -l is 0).");
            return;
        }
        let keys: Vec<Key> = (0..100).map(|n| Key::fill(|place| *place = [n; 32])).collect();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let locked = status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap().trim();
        assert_ne!(locked, "0 kB", "{} keys", keys.len());
    }
}
