//! When a burst of changes to one file is over, and what it left behind.
//!
//! Pure: times are given, files are looked at elsewhere. An editor that empties a file and then fills it
//! must not look like somebody who emptied it, so "empty" and "missing" are waited out longer than text.

use std::time::{Duration, Instant};

use super::read::{ContentHash, FileProblem, FileText};

/// What a linked file was when its burst of changes was over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Text of this hash.
    Text(ContentHash),
    /// A file without a single byte.
    Empty,
    /// No text: missing, not readable, not UTF-8, too large.
    Problem(FileProblem),
}

impl Seen {
    /// What a read shows.
    #[must_use]
    pub fn of(read: &Result<FileText, FileProblem>) -> Self {
        match read {
            Ok(text) if text.as_str().is_empty() => Self::Empty,
            Ok(text) => Self::Text(text.hash()),
            Err(problem) => Self::Problem(problem.clone()),
        }
    }

    fn may_be_a_moment(&self) -> bool {
        matches!(self, Self::Empty | Self::Problem(_))
    }
}

/// Quiet for this long: a first look.
const LOOK: Duration = Duration::from_millis(100);
/// Between looks; two in a row must agree.
const AGAIN: Duration = Duration::from_millis(50);
/// Quiet for this long before text counts.
const QUIET: Duration = Duration::from_millis(150);
/// Quiet for this long before it counts that a file is empty, missing or no text.
const PATIENCE: Duration = Duration::from_millis(1000);
/// A burst that goes on for longer is looked at as it stands.
const LIMIT: Duration = Duration::from_millis(2000);

/// A file that is changing.
#[derive(Debug)]
pub(super) struct Burst {
    began: Instant,
    latest: Instant,
    look_at: Instant,
    seen: Option<Seen>,
}

impl Burst {
    /// The first change.
    pub(super) fn begin(now: Instant) -> Self {
        Self { began: now, latest: now, look_at: now + LOOK, seen: None }
    }

    /// Another change.
    pub(super) fn go_on(&mut self, now: Instant) {
        self.latest = now;
        self.seen = None;
        self.look_at = (now + LOOK).min(self.began + LIMIT);
    }

    /// When to look at the file next.
    pub(super) fn look_at(&self) -> Instant {
        self.look_at
    }

    /// Takes what a look showed. What it returns is how the burst ended; `None`: it goes on.
    pub(super) fn look(&mut self, now: Instant, seen: Seen) -> Option<Seen> {
        let end = self.began + LIMIT;
        let quiet = if seen.may_be_a_moment() { PATIENCE } else { QUIET };
        let stable = self.seen.as_ref() == Some(&seen);
        if now >= end || (stable && now >= self.latest + quiet) {
            return Some(seen);
        }
        self.look_at = (now + AGAIN).min(end);
        self.seen = Some(seen);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Seen {
        Seen::Text(ContentHash::of(text))
    }

    fn missing() -> Seen {
        Seen::Problem(FileProblem::Missing)
    }

    /// Plays changes (milliseconds, what the file is from then on) and returns what was reported, and when.
    fn check(changes: &[(u64, Seen)], expected: &[(u64, Seen)]) {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut reports = Vec::new();
        let mut changes = changes.iter().peekable();
        let (mut now, mut file, mut burst) = (0, missing(), None::<Burst>);
        while now < 10_000 {
            if let Some((_, next)) = changes.next_if(|(when, _)| *when <= now) {
                file = next.clone();
                match &mut burst {
                    Some(burst) => burst.go_on(at(now)),
                    None => burst = Some(Burst::begin(at(now))),
                }
                continue;
            }
            if let Some(going) = burst.as_mut().filter(|going| going.look_at() <= at(now))
                && let Some(seen) = going.look(at(now), file.clone())
            {
                reports.push((now, seen));
                burst = None;
            }
            now += 10;
        }
        assert_eq!(reports, expected);
    }

    #[test]
    fn one_save_is_one_report() {
        check(&[(0, text("a"))], &[(150, text("a"))]);
        check(&[(0, Seen::Empty), (20, text("a")), (120, text("b"))], &[(270, text("b"))]);
    }

    #[test]
    fn a_moment_of_emptiness_or_absence_is_not_reported() {
        check(&[(0, Seen::Empty), (900, text("a"))], &[(1050, text("a"))]);
        check(&[(0, missing()), (900, text("a"))], &[(1050, text("a"))]);
        check(&[(0, Seen::Problem(FileProblem::NotUtf8 { line: 1 })), (300, text("a"))], &[(450, text("a"))]);
    }

    #[test]
    fn what_stays_empty_or_missing_is_reported() {
        check(&[(0, Seen::Empty)], &[(1000, Seen::Empty)]);
        check(&[(0, missing())], &[(1000, missing())]);
    }

    #[test]
    fn an_endless_burst_is_looked_at_all_the_same() {
        let writes: Vec<_> = (0..60).map(|n| (n * 50, text(&n.to_string()))).collect();
        check(&writes, &[(2000, text("40")), (3100, text("59"))]);
    }

    #[test]
    fn content_that_changes_without_a_word_is_looked_at_again() {
        let start = Instant::now();
        let mut burst = Burst::begin(start);
        let mut look = |ms: u64, seen| burst.look(start + Duration::from_millis(ms), seen);
        assert_eq!(look(150, text("half")), None);
        assert_eq!(look(200, text("whole")), None);
        assert_eq!(look(250, text("whole")), Some(text("whole")));
    }
}
