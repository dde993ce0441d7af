//! What each loader makes of a text: one [`Dialect`] for each loader that people use.
//!
//! A dialect answers the names and values that its loader hands to a program, or says that the
//! loader refuses the file. Nothing is ever run: a value that a loader gets from a command is
//! [`Value::NeedsCommand`]. Nothing is looked up but the variables handed in. Every dialect is
//! total and bounded: a text that refers to itself without end is refused, not followed.

mod bun;
mod fuel;
mod go;
mod inherited;
mod javascript;
mod lines;
mod names;
mod native;
mod php;
mod python;
mod ruby;
mod rust;
mod shell;
mod store;
mod symfony;
mod template;
mod words;

use std::collections::BTreeMap;

use thiserror::Error;

pub use names::NotADialect;
pub(crate) use shell::active_lines;

/// A loader's way of reading a `.env` file. `docs/dialects.md` names the version of each loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// The npm package `dotenv`.
    Node,
    /// The npm packages `dotenv` and `dotenv-expand` together.
    NodeExpand,
    /// The npm package `@dotenvx/dotenvx`, without its encryption.
    Dotenvx,
    /// Node's own `--env-file` and `util.parseEnv`.
    NodeBuiltin,
    /// Next.js.
    Next,
    /// Vite.
    Vite,
    /// Bun.
    Bun,
    /// Deno's `--env-file`.
    Deno,
    /// The Python package `python-dotenv`.
    Python,
    /// The Python package `django-environ`.
    Django,
    /// The Ruby gem `dotenv`.
    Ruby,
    /// The PHP package `vlucas/phpdotenv`, as in Laravel.
    Php,
    /// The PHP package `symfony/dotenv`.
    Symfony,
    /// The Go module `joho/godotenv`.
    Go,
    /// The Rust crate `dotenvy`.
    Rust,
    /// `uv run --env-file`.
    Uv,
    /// The `env_file` of Docker Compose.
    Compose,
    /// `docker run --env-file`.
    Docker,
    /// systemd's `EnvironmentFile=`.
    Systemd,
    /// `. ./file` in a POSIX shell with `set -a`; dash stands for it.
    Sh,
    /// `. ./file` in bash with `set -a`.
    Bash,
    /// direnv's `dotenv`.
    Direnv,
    /// just's `dotenv-load`.
    Just,
}

/// The variables that a loader finds around it when it starts. An interpolation sees these and
/// those of the file itself, nothing else.
#[derive(Clone, Default)]
pub struct Surroundings {
    variables: BTreeMap<String, String>,
}

/// What a loader makes of one variable.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// The loader lists the name without a value.
    None,
    /// Bytes that are no text: the loader cut a character apart.
    Bytes(Vec<u8>),
    /// Not known without running a command, which nothing here ever does.
    NeedsCommand,
}

/// One variable as a program will see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reading {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// Why a dialect gives no readings at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// The loader stops with an error at something written in the file.
    #[error("this loader stops at line {line} of the file and loads nothing")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
    },
    /// Values that grow or refer to one another without end; some loaders never return from it.
    #[error("the values of this file refer to one another without end, or grow beyond all measure")]
    Endless,
}

impl Surroundings {
    /// The value of a variable, if it is set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Surroundings {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { variables: variables.collect() }
    }
}

impl Dialect {
    /// All dialects, in the order of the documentation.
    pub const ALL: [Self; 23] = [
        Self::Node,
        Self::NodeExpand,
        Self::Dotenvx,
        Self::NodeBuiltin,
        Self::Next,
        Self::Vite,
        Self::Bun,
        Self::Deno,
        Self::Python,
        Self::Django,
        Self::Ruby,
        Self::Php,
        Self::Symfony,
        Self::Go,
        Self::Rust,
        Self::Uv,
        Self::Compose,
        Self::Docker,
        Self::Systemd,
        Self::Sh,
        Self::Bash,
        Self::Direnv,
        Self::Just,
    ];

    /// The name that people use for it, as in settings and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::NodeExpand => "node-expand",
            Self::Dotenvx => "dotenvx",
            Self::NodeBuiltin => "node-builtin",
            Self::Next => "next",
            Self::Vite => "vite",
            Self::Bun => "bun",
            Self::Deno => "deno",
            Self::Python => "python",
            Self::Django => "django",
            Self::Ruby => "ruby",
            Self::Php => "php",
            Self::Symfony => "symfony",
            Self::Go => "go",
            Self::Rust => "rust",
            Self::Uv => "uv",
            Self::Compose => "compose",
            Self::Docker => "docker",
            Self::Systemd => "systemd",
            Self::Sh => "sh",
            Self::Bash => "bash",
            Self::Direnv => "direnv",
            Self::Just => "just",
        }
    }

    /// What the loader makes of a whole text, in the order in which it first meets each name.
    ///
    /// # Errors
    ///
    /// [`Refused`] where the loader refuses the file, or would not come to an end.
    pub fn read(self, text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
        match self {
            Self::Node => Ok(javascript::node(text)),
            Self::NodeExpand => javascript::node_expand(text, surroundings),
            Self::Dotenvx => javascript::dotenvx(text, surroundings),
            Self::NodeBuiltin => Ok(native::node_builtin(text)),
            Self::Next => javascript::next(text, surroundings),
            Self::Vite => native::vite(text, surroundings),
            Self::Bun => bun::read(text, surroundings),
            Self::Deno => native::deno(text, surroundings),
            Self::Python => python::python(text, surroundings),
            Self::Django => python::django(text, surroundings),
            Self::Ruby => ruby::ruby(text, surroundings),
            Self::Php => php::read(text, surroundings),
            Self::Symfony => symfony::read(text, surroundings),
            Self::Go => go::read(text),
            Self::Rust => rust::dotenvy(text, surroundings),
            Self::Uv => rust::uv(text, surroundings),
            Self::Compose => template::compose(text, surroundings),
            Self::Docker => lines::docker(text, surroundings),
            Self::Systemd => lines::systemd(text),
            Self::Sh => shell::sh(text, surroundings),
            Self::Bash => shell::bash(text, surroundings),
            Self::Direnv => ruby::direnv(text, surroundings),
            Self::Just => rust::just(text, surroundings),
        }
    }
}
