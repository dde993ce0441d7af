//! How often an address may be wrong: about the setup code, and about who it is.
//!
//! Only what fails is counted, and only against whoever fails: a request with a good signature is heard however much
//! nonsense comes from beside it. Counts are in memory, refill with time, and are gone after a start.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request};
use governor::{DefaultKeyedRateLimiter, Quota};
use twinlock_protocol::api::ProblemCode;

use crate::problem::Problem;
use crate::shares::{Origin, Share, Shares};

/// Setup codes that one address may try at once; then one in each of these times.
const CODES: NonZeroU32 = some(10);
const BETWEEN_CODES: Duration = Duration::from_secs(60);
/// Requests without a good signature that one address may send at once; then so many a second.
const UNSIGNED: NonZeroU32 = some(600);
const UNSIGNED_A_SECOND: NonZeroU32 = some(5);
/// Addresses that are remembered before those that did nothing lately are forgotten.
const REMEMBERED: usize = 10_000;
/// Bytes of bodies on their way: of all, and of one address.
const BODIES: usize = 256 * 1024 * 1024;
const BODIES_OF_ONE: usize = 64 * 1024 * 1024;

/// What strangers get of this vault's time and memory.
pub(crate) struct Strangers {
    codes: DefaultKeyedRateLimiter<Origin>,
    unsigned: DefaultKeyedRateLimiter<Origin>,
    bodies: Shares,
}

impl Strangers {
    pub(crate) fn new() -> Self {
        let slowly = Quota::with_period(BETWEEN_CODES).unwrap_or(Quota::per_hour(NonZeroU32::MIN));
        Self {
            codes: DefaultKeyedRateLimiter::keyed(slowly.allow_burst(CODES)),
            unsigned: DefaultKeyedRateLimiter::keyed(
                Quota::per_second(UNSIGNED_A_SECOND).allow_burst(UNSIGNED),
            ),
            bodies: Shares::new(BODIES, BODIES_OF_ONE),
        }
    }

    /// Before a setup code is looked at: whether this address may still guess. Whoever guessed too often is not told
    /// whether they are right.
    pub(crate) fn may_try_a_code(&self, origin: Origin) -> Result<(), Problem> {
        count(&self.codes, origin).map_err(|TooMany| {
            Problem::new(
                ProblemCode::TooMany,
                "Too many setup codes were tried from this address. Try again in a minute, or start the vault anew.",
            )
        })
    }

    /// After a request turned out to be nobody's: what to say of it.
    pub(crate) fn answer(&self, origin: Origin, problem: Problem) -> Problem {
        match count(&self.unsigned, origin) {
            Ok(()) => problem,
            Err(TooMany) => Problem::new(
                ProblemCode::TooMany,
                "Too many requests without a good signature came from this address. Try again in a minute.",
            ),
        }
    }

    /// Room for a body.
    pub(crate) fn room(&self, origin: Origin, bytes: usize) -> Result<Share, Problem> {
        self.bodies.take(origin, bytes).map_err(|_| {
            Problem::new(ProblemCode::TooMany, "Too much is on its way to this vault. Try again in a moment.")
        })
    }
}

/// Where a request comes from.
pub(crate) fn origin(request: &Request) -> Origin {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip()).into()
}

/// A number that is not 0.
const fn some(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

struct TooMany;

fn count(limiter: &DefaultKeyedRateLimiter<Origin>, origin: Origin) -> Result<(), TooMany> {
    if limiter.len() > REMEMBERED {
        limiter.retain_recent();
    }
    limiter.check_key(&origin).map_err(|_| TooMany)
}
