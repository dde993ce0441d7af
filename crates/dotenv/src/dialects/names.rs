//! What a dialect is called, and what it stands for: the loader without its version, which
//! `docs/dialects.md` has.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::Dialect;

/// A text that is no dialect's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("there is no dialect of this name; there are {}", names())]
pub struct NotADialect;

fn names() -> String {
    Dialect::ALL.map(Dialect::name).join(", ")
}

impl FromStr for Dialect {
    type Err = NotADialect;

    fn from_str(name: &str) -> Result<Self, NotADialect> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name).ok_or(NotADialect)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Dialect {
    /// The loader that it stands for, in a few words.
    #[must_use]
    pub const fn stands_for(self) -> &'static str {
        match self {
            Self::Node => "npm dotenv",
            Self::NodeExpand => "npm dotenv-expand over dotenv",
            Self::Dotenvx => "npm @dotenvx/dotenvx",
            Self::NodeBuiltin => "node --env-file",
            Self::Next => "Next.js",
            Self::Vite => "Vite",
            Self::Bun => "Bun",
            Self::Deno => "deno --env-file",
            Self::Python => "python-dotenv",
            Self::Django => "django-environ",
            Self::Ruby => "Ruby's dotenv",
            Self::Php => "vlucas/phpdotenv, as in Laravel",
            Self::Symfony => "symfony/dotenv",
            Self::Go => "joho/godotenv",
            Self::Rust => "Rust's dotenvy",
            Self::Uv => "uv run --env-file",
            Self::Compose => "Docker Compose, env_file",
            Self::Docker => "docker run --env-file",
            Self::Systemd => "systemd, EnvironmentFile=",
            Self::Sh => "a POSIX shell that sources the file",
            Self::Bash => "bash that sources the file",
            Self::Direnv => "direnv's dotenv",
            Self::Just => "just, dotenv-load",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back() {
        for dialect in Dialect::ALL {
            assert_eq!(dialect.name().parse(), Ok(dialect));
            assert_eq!(dialect.to_string(), dialect.name());
        }
    }

    #[test]
    fn another_name_is_refused_with_the_names_there_are() {
        for name in ["", "Node", "nodejs", " node", "node "] {
            assert_eq!(name.parse::<Dialect>(), Err(NotADialect), "{name:?}");
        }
        let sentence = NotADialect.to_string();
        assert!(sentence.starts_with("there is no dialect of this name; there are node, node-expand, "));
        assert!(sentence.ends_with(", direnv, just"));
    }

    #[test]
    fn each_stands_for_something_of_its_own() {
        let mut all = Dialect::ALL.map(Dialect::stands_for).to_vec();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), Dialect::ALL.len());
    }
}
