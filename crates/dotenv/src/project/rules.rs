//! The files that tell a dialect, and what in them tells which: the order is the order of trust.

use super::Need;
use crate::dialects::Dialect;

/// The files that are looked for. A `*` stands for any characters, at one end of a name.
pub const MARKERS: &[(&str, Need)] = &[
    ("package.json", Need::Text),
    ("next.config.*", Need::Name),
    ("vite.config.*", Need::Name),
    ("astro.config.*", Need::Name),
    ("bun.lock", Need::Name),
    ("bun.lockb", Need::Name),
    ("bunfig.toml", Need::Name),
    ("deno.json", Need::Name),
    ("deno.jsonc", Need::Name),
    ("deno.lock", Need::Name),
    ("pyproject.toml", Need::Text),
    ("requirements*.txt", Need::Text),
    ("Pipfile", Need::Text),
    ("manage.py", Need::Name),
    ("uv.lock", Need::Name),
    ("Gemfile", Need::Text),
    ("composer.json", Need::Text),
    ("go.mod", Need::Text),
    ("Cargo.toml", Need::Text),
    ("justfile", Need::Text),
    (".justfile", Need::Text),
    ("Justfile", Need::Text),
    (".envrc", Need::Text),
    ("compose.yaml", Need::Text),
    ("compose.yml", Need::Text),
    ("docker-compose.yaml", Need::Text),
    ("docker-compose.yml", Need::Text),
    ("*.service", Need::Text),
];

/// One way to tell a dialect.
pub(super) struct Rule {
    /// The file, as in [`MARKERS`].
    pub(super) marker: &'static str,
    /// What must be so.
    pub(super) clue: Clue,
    /// The dialect that it tells.
    pub(super) dialect: Dialect,
    /// How much it tells.
    pub(super) strength: Strength,
    /// The language of the project.
    pub(super) family: Family,
}

/// What must be so for a rule to hold.
#[derive(Clone, Copy)]
pub(super) enum Clue {
    /// The file is there.
    Present,
    /// A dependency in a `package.json` or `composer.json`.
    Key(&'static str),
    /// A word outside comments.
    Word(&'static str),
    /// A setting of a justfile.
    Setting(&'static str),
    /// A command of a `.envrc`.
    Command(&'static str),
    /// A shell script that sources the `.env` file.
    Sources,
    /// An `env_file` of a compose file that names the `.env` file.
    EnvFile,
    /// An `EnvironmentFile=` that names the `.env` file.
    EnvironmentFile,
}

/// How much a rule tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// Which loader.
    Sure,
    /// Which language; the loader is the usual one.
    Weak,
}

/// Loaders of one language.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    JavaScript,
    Python,
    Ruby,
    Php,
    Go,
    Rust,
    Containers,
    System,
    Shell,
    Just,
}

const fn sure(family: Family, marker: &'static str, clue: Clue, dialect: Dialect) -> Rule {
    Rule { marker, clue, dialect, strength: Strength::Sure, family }
}

const fn weak(family: Family, marker: &'static str, dialect: Dialect) -> Rule {
    Rule { marker, clue: Clue::Present, dialect, strength: Strength::Weak, family }
}

use Clue::{Command, EnvFile, EnvironmentFile, Key, Present, Setting, Sources, Word};
use Family::{Containers, Go, JavaScript, Just, Php, Python, Ruby, Rust, Shell, System};

/// All rules. In one folder the first that holds decides:
///
/// 1. a file that names this very `.env` file;
/// 2. Next.js, which is seldom there without reading `.env` files;
/// 3. loaders of servers (PHP, Ruby, Python, Go, Rust): where they stand beside Vite, it builds the pages
///    and the `.env` file is theirs;
/// 4. Vite and what is built on it, Bun and Deno, then npm packages, the more able one first;
/// 5. just and direnv, which are tools beside a project;
/// 6. the usual loader of the language; a compose file last, because projects of every language have one.
pub(super) const RULES: &[Rule] = &[
    sure(Containers, "compose.yaml", EnvFile, Dialect::Compose),
    sure(Containers, "compose.yml", EnvFile, Dialect::Compose),
    sure(Containers, "docker-compose.yaml", EnvFile, Dialect::Compose),
    sure(Containers, "docker-compose.yml", EnvFile, Dialect::Compose),
    sure(System, "*.service", EnvironmentFile, Dialect::Systemd),
    sure(Shell, ".envrc", Sources, Dialect::Bash),
    sure(JavaScript, "package.json", Key("next"), Dialect::Next),
    sure(JavaScript, "next.config.*", Present, Dialect::Next),
    sure(Php, "composer.json", Key("symfony/dotenv"), Dialect::Symfony),
    sure(Php, "composer.json", Key("symfony/framework-bundle"), Dialect::Symfony),
    sure(Php, "composer.json", Key("laravel/framework"), Dialect::Php),
    sure(Php, "composer.json", Key("vlucas/phpdotenv"), Dialect::Php),
    sure(Ruby, "Gemfile", Word("dotenv-rails"), Dialect::Ruby),
    sure(Ruby, "Gemfile", Word("dotenv"), Dialect::Ruby),
    sure(Python, "pyproject.toml", Word("django-environ"), Dialect::Django),
    sure(Python, "requirements*.txt", Word("django-environ"), Dialect::Django),
    sure(Python, "Pipfile", Word("django-environ"), Dialect::Django),
    sure(Python, "pyproject.toml", Word("python-dotenv"), Dialect::Python),
    sure(Python, "requirements*.txt", Word("python-dotenv"), Dialect::Python),
    sure(Python, "Pipfile", Word("python-dotenv"), Dialect::Python),
    // These two read files through python-dotenv.
    sure(Python, "pyproject.toml", Word("pydantic-settings"), Dialect::Python),
    sure(Python, "requirements*.txt", Word("pydantic-settings"), Dialect::Python),
    sure(Python, "pyproject.toml", Word("environs"), Dialect::Python),
    sure(Python, "requirements*.txt", Word("environs"), Dialect::Python),
    sure(Go, "go.mod", Word("github.com/joho/godotenv"), Dialect::Go),
    sure(Rust, "Cargo.toml", Word("dotenvy"), Dialect::Rust),
    sure(JavaScript, "package.json", Key("vite"), Dialect::Vite),
    sure(JavaScript, "package.json", Key("astro"), Dialect::Vite),
    sure(JavaScript, "package.json", Key("@sveltejs/kit"), Dialect::Vite),
    sure(JavaScript, "vite.config.*", Present, Dialect::Vite),
    sure(JavaScript, "astro.config.*", Present, Dialect::Vite),
    sure(JavaScript, "bun.lock", Present, Dialect::Bun),
    sure(JavaScript, "bun.lockb", Present, Dialect::Bun),
    sure(JavaScript, "bunfig.toml", Present, Dialect::Bun),
    sure(JavaScript, "deno.json", Present, Dialect::Deno),
    sure(JavaScript, "deno.jsonc", Present, Dialect::Deno),
    sure(JavaScript, "deno.lock", Present, Dialect::Deno),
    sure(JavaScript, "package.json", Key("@dotenvx/dotenvx"), Dialect::Dotenvx),
    sure(JavaScript, "package.json", Key("dotenv-expand"), Dialect::NodeExpand),
    // These three read files through dotenv and dotenv-expand.
    sure(JavaScript, "package.json", Key("dotenv-cli"), Dialect::NodeExpand),
    sure(JavaScript, "package.json", Key("react-scripts"), Dialect::NodeExpand),
    sure(JavaScript, "package.json", Key("@vue/cli-service"), Dialect::NodeExpand),
    sure(JavaScript, "package.json", Key("dotenv"), Dialect::Node),
    sure(JavaScript, "package.json", Key("@nestjs/config"), Dialect::Node),
    sure(JavaScript, "package.json", Word("--env-file"), Dialect::NodeBuiltin),
    sure(JavaScript, "package.json", Word("--env-file-if-exists"), Dialect::NodeBuiltin),
    sure(Just, "justfile", Setting("dotenv-load"), Dialect::Just),
    sure(Just, ".justfile", Setting("dotenv-load"), Dialect::Just),
    sure(Just, "Justfile", Setting("dotenv-load"), Dialect::Just),
    sure(Just, "justfile", Setting("dotenv-filename"), Dialect::Just),
    sure(Just, "justfile", Setting("dotenv-path"), Dialect::Just),
    sure(Shell, ".envrc", Command("dotenv"), Dialect::Direnv),
    sure(Shell, ".envrc", Command("dotenv_if_exists"), Dialect::Direnv),
    weak(JavaScript, "package.json", Dialect::Node),
    weak(Python, "uv.lock", Dialect::Uv),
    weak(Python, "pyproject.toml", Dialect::Python),
    weak(Python, "requirements*.txt", Dialect::Python),
    weak(Python, "Pipfile", Dialect::Python),
    weak(Python, "manage.py", Dialect::Python),
    weak(Ruby, "Gemfile", Dialect::Ruby),
    weak(Php, "composer.json", Dialect::Php),
    weak(Go, "go.mod", Dialect::Go),
    weak(Rust, "Cargo.toml", Dialect::Rust),
    weak(Containers, "compose.yaml", Dialect::Compose),
    weak(Containers, "compose.yml", Dialect::Compose),
    weak(Containers, "docker-compose.yaml", Dialect::Compose),
    weak(Containers, "docker-compose.yml", Dialect::Compose),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_about_a_file_that_is_asked_for() {
        for rule in RULES {
            let need = MARKERS.iter().find(|(marker, _)| *marker == rule.marker).map(|(_, need)| *need);
            let text = !matches!(rule.clue, Present);
            assert!(need.is_some_and(|need| need == Need::Text || !text), "{}", rule.marker);
        }
    }

    #[test]
    fn every_file_that_is_asked_for_is_in_a_rule() {
        for (marker, _) in MARKERS {
            assert!(RULES.iter().any(|rule| rule.marker == *marker), "{marker}");
        }
    }
}
