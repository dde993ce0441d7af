//! What time it is, for what waits for days: tests bring their own.

use std::fmt;
use std::sync::Arc;

use twinlock_protocol::timestamp::Timestamp;

/// Tells the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>);

impl Clock {
    /// A clock of one's own.
    pub fn new(now: impl Fn() -> jiff::Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time. A clock before 1970 counts as 1970.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(u64::try_from((self.0)().as_millisecond()).unwrap_or(0))
    }
}

impl Default for Clock {
    /// The system's.
    fn default() -> Self {
        Self::new(jiff::Timestamp::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
