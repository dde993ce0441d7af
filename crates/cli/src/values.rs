//! What arguments mean: names of environments, access, modes, durations. Parsed once, at the edge.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use jiff::{Span, SpanRelativeTo};
use twinlock_client::dotenv::NotADialect;
use twinlock_client::ids::EnvironmentId;
use twinlock_client::store::Mode;
use twinlock_client::{Creating, Label, Level, NotALabel, ReadAs, Renewal, Role};

/// `PROJECT/ENV`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EnvironmentName {
    pub(crate) project: Label,
    pub(crate) environment: Label,
}

/// Text that does not name an environment.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnEnvironment {
    /// No slash.
    #[error("an environment is written PROJECT/ENV, such as api/development")]
    NoSlash,
    /// A part that is no name.
    #[error(transparent)]
    Label(#[from] NotALabel),
}

impl FromStr for EnvironmentName {
    type Err = NotAnEnvironment;

    fn from_str(text: &str) -> Result<Self, NotAnEnvironment> {
        let (project, environment) = text.split_once('/').ok_or(NotAnEnvironment::NoSlash)?;
        Ok(Self { project: project.parse()?, environment: environment.parse()? })
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project.as_str(), self.environment.as_str())
    }
}

/// `PROJECT/ENV`, or an id: where names do not open, ids are all there is.
pub(crate) fn environment_or_id(text: &str) -> Result<String, NotAnEnvironment> {
    if EnvironmentId::from_str(text).is_err() {
        EnvironmentName::from_str(text)?;
    }
    Ok(text.to_owned())
}

/// `PROJECT/ENV@N`: an environment as it was after a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RevisionName {
    pub(crate) environment: EnvironmentName,
    pub(crate) number: u64,
}

/// Text that names no revision.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotARevision {
    /// No number.
    #[error("a revision is written PROJECT/ENV@N, such as api/development@3")]
    NoNumber,
    /// The environment.
    #[error(transparent)]
    Environment(#[from] NotAnEnvironment),
}

impl FromStr for RevisionName {
    type Err = NotARevision;

    fn from_str(text: &str) -> Result<Self, NotARevision> {
        // The last one: an environment's name may have one.
        let (environment, number) = text.rsplit_once('@').ok_or(NotARevision::NoNumber)?;
        let number = number.parse().map_err(|_| NotARevision::NoNumber)?;
        Ok(Self { environment: environment.parse()?, number })
    }
}

/// `PROJECT/ENV:names|read|write`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) environment: EnvironmentName,
    pub(crate) level: Level,
}

/// Text that is no access.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnAccess {
    /// No level, or one that there is not.
    #[error("access is written PROJECT/ENV:names, PROJECT/ENV:read or PROJECT/ENV:write")]
    Level,
    /// The environment.
    #[error(transparent)]
    Environment(#[from] NotAnEnvironment),
}

impl FromStr for Access {
    type Err = NotAnAccess;

    fn from_str(text: &str) -> Result<Self, NotAnAccess> {
        // The last colon: an environment's name may have one.
        let (environment, level) = text.rsplit_once(':').ok_or(NotAnAccess::Level)?;
        let level = match level {
            "names" => Level::Names,
            "read" => Level::Read,
            "write" => Level::Write,
            _ => return Err(NotAnAccess::Level),
        };
        Ok(Self { environment: environment.parse()?, level })
    }
}

/// `PROJECT/ENV:names|read|write|none`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessChange {
    pub(crate) environment: EnvironmentName,
    pub(crate) level: Option<Level>,
}

impl FromStr for AccessChange {
    type Err = NotAnAccess;

    fn from_str(text: &str) -> Result<Self, NotAnAccess> {
        if let Some(environment) = text.strip_suffix(":none") {
            return Ok(Self { environment: environment.parse()?, level: None });
        }
        let Access { environment, level } = text.parse()?;
        Ok(Self { environment, level: Some(level) })
    }
}

/// `MEMBER:names|read|write`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemberAccess {
    pub(crate) member: String,
    pub(crate) level: Level,
}

/// Text that is no access of a member.
#[derive(Debug, thiserror::Error)]
#[error("access is written MEMBER:names, MEMBER:read or MEMBER:write")]
pub(crate) struct NotAMembersAccess;

impl FromStr for MemberAccess {
    type Err = NotAMembersAccess;

    fn from_str(text: &str) -> Result<Self, NotAMembersAccess> {
        let (member, level) = text.rsplit_once(':').ok_or(NotAMembersAccess)?;
        let level = match level {
            "names" => Level::Names,
            "read" => Level::Read,
            "write" => Level::Write,
            _ => return Err(NotAMembersAccess),
        };
        if member.is_empty() { Err(NotAMembersAccess) } else { Ok(Self { member: member.to_owned(), level }) }
    }
}

/// `7d-30d`: between how many days keys are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RenewalBounds(pub(crate) Renewal);

/// Text that gives no bounds.
#[derive(Debug, thiserror::Error)]
#[error("bounds are written in days, such as 7d-30d: 1 to 365, the least first")]
pub(crate) struct NotBounds;

impl FromStr for RenewalBounds {
    type Err = NotBounds;

    fn from_str(text: &str) -> Result<Self, NotBounds> {
        let days = |text: &str| text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
        let bounds = text.split_once('-').and_then(|(least, most)| Some((days(least)?, days(most)?)));
        let (at_least_days, at_most_days) = bounds.ok_or(NotBounds)?;
        if (1..=at_most_days).contains(&at_least_days) && at_most_days <= 365 {
            Ok(Self(Renewal { at_least_days, at_most_days }))
        } else {
            Err(NotBounds)
        }
    }
}

/// Who creates projects and environments, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CreatingArgument {
    Members,
    Admins,
}

impl From<CreatingArgument> for Creating {
    fn from(creating: CreatingArgument) -> Self {
        match creating {
            CreatingArgument::Members => Self::Members,
            CreatingArgument::Admins => Self::Admins,
        }
    }
}

/// A level as it is written.
pub(crate) fn level_word(level: Level) -> &'static str {
    match level {
        Level::Names => "names",
        Level::Read => "read",
        Level::Write => "write",
    }
}

/// A role, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArgument {
    Member,
    Admin,
    Owner,
}

impl From<RoleArgument> for Role {
    fn from(role: RoleArgument) -> Self {
        match role {
            RoleArgument::Member => Self::Member,
            RoleArgument::Admin => Self::Admin,
            RoleArgument::Owner => Self::Owner,
        }
    }
}

/// A role as it is written.
pub(crate) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Admin => "admin",
        Role::Owner => "owner",
    }
}

/// A dialect's name, or `project`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadAsArgument(pub(crate) ReadAs);

impl FromStr for ReadAsArgument {
    type Err = NotADialect;

    fn from_str(text: &str) -> Result<Self, NotADialect> {
        match text {
            "project" => Ok(Self(ReadAs::Project)),
            name => Ok(Self(ReadAs::Loader(name.parse()?))),
        }
    }
}

/// A mode, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArgument {
    /// Nothing happens until somebody says so.
    Ask,
    /// It happens by itself.
    Auto,
}

impl From<ModeArgument> for Mode {
    fn from(mode: ModeArgument) -> Self {
        match mode {
            ModeArgument::Ask => Self::Ask,
            ModeArgument::Auto => Self::Auto,
        }
    }
}

/// A mode as it is written.
pub(crate) fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Ask => "ask",
        Mode::Auto => "auto",
    }
}

/// A length of time, such as `24h`, `30m` or `7 days`; a day has 24 hours.
pub(crate) fn duration(text: &str) -> Result<Duration, NotADuration> {
    let span: Span = text.parse().map_err(|_| NotADuration)?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| NotADuration)?;
    let duration = Duration::try_from(duration).map_err(|_| NotADuration)?;
    if duration.is_zero() { Err(NotADuration) } else { Ok(duration) }
}

/// Text that is no length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a length of time is written 24h, 30m or 7d, and is more than nothing")]
pub(crate) struct NotADuration;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_and_access() {
        let name: EnvironmentName = "api/development".parse().unwrap();
        assert_eq!(name.to_string(), "api/development");
        for text in ["", "api", "/", "api/", "/development", "a/b/c", "a\u{1b}/b"] {
            assert!(text.parse::<EnvironmentName>().is_err(), "{text:?}");
        }
        let access: Access = "api/a:b:read".parse().unwrap();
        assert_eq!((access.environment.to_string().as_str(), access.level), ("api/a:b", Level::Read));
    }

    #[test]
    fn revisions() {
        let name: RevisionName = "api/a@b@12".parse().unwrap();
        assert_eq!((name.environment.to_string().as_str(), name.number), ("api/a@b", 12));
        for text in ["", "api/development", "api/development@", "api/development@-1", "api@1", "@1"] {
            assert!(text.parse::<RevisionName>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn durations() {
        let hours = |hours: u64| Ok(Duration::from_secs(hours * 3600));
        for (text, expect) in [
            ("24h", hours(24)),
            ("90m", Ok(Duration::from_secs(5400))),
            ("7d", hours(7 * 24)),
            ("1 week", hours(7 * 24)),
            ("2 hours", hours(2)),
            ("0h", Err(NotADuration)),
            ("-1h", Err(NotADuration)),
            ("24", Err(NotADuration)),
            ("1 month", Err(NotADuration)),
            ("", Err(NotADuration)),
        ] {
            assert_eq!(duration(text), expect, "{text:?}");
        }
    }
}
