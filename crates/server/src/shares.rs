//! What one address may have of something that is there for everybody: connections, bytes of bodies on their way.
//!
//! What is handed out comes back when it is dropped. Nobody waits: there is a share, or there is none.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Where somebody comes from, as far as it tells them from others: of IPv6 the network, since a host has all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin(IpAddr);

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (!0 << 64)).into(),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// So much of something, so much of it for each.
#[derive(Clone)]
pub(crate) struct Shares {
    total: usize,
    each: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by: HashMap<Origin, usize>,
}

/// A part of it, given back when dropped.
pub(crate) struct Share {
    origin: Origin,
    amount: usize,
    taken: Arc<Mutex<Taken>>,
}

/// Nothing is left, or not for this address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no share left for this address")]
pub(crate) struct NoneLeft;

impl Shares {
    pub(crate) fn new(total: usize, each: usize) -> Self {
        Self { total, each, taken: Arc::default() }
    }

    /// Takes so much for an address, if both it and all together stay within their bounds.
    pub(crate) fn take(&self, origin: Origin, amount: usize) -> Result<Share, NoneLeft> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.by.get(&origin).copied().unwrap_or(0);
        if taken.all.saturating_add(amount) > self.total || own.saturating_add(amount) > self.each {
            return Err(NoneLeft);
        }
        taken.all += amount;
        taken.by.insert(origin, own + amount);
        Ok(Share { origin, amount, taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(self.amount);
        let left = taken.by.get(&self.origin).map_or(0, |own| own.saturating_sub(self.amount));
        if left == 0 {
            taken.by.remove(&self.origin);
        } else {
            taken.by.insert(self.origin, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(address: &str) -> Origin {
        address.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn one_address_cannot_take_everything_and_gives_back_what_it_took() {
        let shares = Shares::new(10, 6);
        let (ada, eve) = (origin("192.0.2.1"), origin("192.0.2.2"));
        let first = shares.take(eve, 6).unwrap();
        assert_eq!(shares.take(eve, 1).err(), Some(NoneLeft));
        let second = shares.take(ada, 4).unwrap();
        assert_eq!(shares.take(ada, 1).err(), Some(NoneLeft), "nothing is left at all");
        drop(first);
        let third = shares.take(ada, 2).unwrap();
        assert_eq!(shares.take(ada, 1).err(), Some(NoneLeft));
        drop((second, third));
        assert!(shares.taken.lock().unwrap().by.is_empty());
        assert_eq!(shares.take(ada, usize::MAX).err(), Some(NoneLeft));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_so_is_ipv4_in_disguise() {
        assert_eq!(origin("2001:db8::1"), origin("2001:db8::ffff:1"));
        assert_ne!(origin("2001:db8::1"), origin("2001:db8:0:1::1"));
        assert_eq!(origin("::ffff:192.0.2.1"), origin("192.0.2.1"));
        assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
    }
}
