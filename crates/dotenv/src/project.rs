//! Which dialect a `.env` file is read in, guessed from the project around it.
//!
//! The caller lists the folders from the file's own up to the top of the repository and hands in
//! the files that [`need`] asks for; nothing is read here. The answer is a guess: what is inside a
//! file is found by a search for words, never by running or fully understanding it.
//! It comes with its reason, so that a person can agree or set another.

mod rules;
mod search;

use std::fmt;

use crate::dialects::Dialect;
use rules::{Clue, Family, RULES, Rule, Strength};

pub use rules::MARKERS;

/// The most bytes of one file that are looked into; more need not be handed in.
pub const MAX_TEXT: usize = 256 * 1024;

/// What of a file the guess needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// That it is there.
    Name,
    /// Its text too.
    Text,
}

/// What the guess needs of a file of this name; `None` for a file that tells nothing.
///
/// It holds for a single name. A caller that does not list folders can try the names in
/// [`MARKERS`] that have no `*`.
#[must_use]
pub fn need(name: &str) -> Option<Need> {
    // A name that matches a pattern is shown to people, so it must be one line of plain characters.
    let plain = name.chars().all(|character| character.is_ascii_graphic());
    let found = MARKERS.iter().find(|(pattern, _)| search::matches(pattern, name));
    found.filter(|_| plain).map(|(_, need)| *need)
}

/// A folder at or above the `.env` file, with the files in it that tell something.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The path of the `.env` file from this folder, its parts parted by `/`.
    pub env_file: String,
    /// The files for which [`need`] has an answer, in any order.
    pub markers: Vec<Marker>,
}

/// A file that tells something about its project.
#[derive(Clone)]
pub struct Marker {
    /// Its name.
    pub name: String,
    /// Its text or the beginning of it, where it is needed and could be read.
    pub text: Option<String>,
}

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Marker").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A dialect, and why it is likely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The dialect.
    pub dialect: Dialect,
    /// Why.
    pub because: Because,
}

/// The reason of a guess. Its display is a plain sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// The file itself is called so that one loader reads it.
    Called {
        /// The name.
        name: &'static str,
    },
    /// A file of the project says that it reads this `.env` file.
    Reads {
        /// The file of the project.
        file: String,
        /// The `.env` file as seen from there.
        env_file: String,
    },
    /// A file of the project names a package or a setting.
    Mentions {
        /// The package or setting.
        word: &'static str,
        /// The file of the project.
        file: String,
    },
    /// There is such a file in the project.
    Present {
        /// The file of the project.
        file: String,
    },
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Called { name } => write!(f, "the file is called {name}"),
            Self::Reads { file, env_file } => write!(f, "{file} reads {env_file}"),
            Self::Mentions { word, file } => write!(f, "{word} is in {file}"),
            Self::Present { file } => write!(f, "there is a {file}"),
        }
    }
}

/// The dialect of the `.env` file that `folders` are about, nearest folder first.
///
/// The nearest folder that tells anything decides, by the first rule that holds; their order is told
/// in `project/rules.rs`. Where that rule is weak (a `package.json` that names no loader tells the
/// language, not the loader), a folder further up may still name a loader of the same language.
#[must_use]
pub fn guess(folders: &[Folder]) -> Option<Guess> {
    if let Some(guess) = by_own_name(folders.first()?) {
        return Some(guess);
    }
    let mut weak: Option<(Family, Guess)> = None;
    for folder in folders {
        let rule_holds = |rule: &&Rule| match &weak {
            None => true,
            Some((family, _)) => rule.strength == Strength::Sure && rule.family == *family,
        };
        let found = RULES
            .iter()
            .filter(rule_holds)
            .find_map(|rule| because(rule, folder).map(|because| (rule, because)));
        let Some((rule, because)) = found else { continue };
        let guess = Guess { dialect: rule.dialect, because };
        if rule.strength == Strength::Sure {
            return Some(guess);
        }
        weak = Some((rule.family, guess));
    }
    weak.map(|(_, guess)| guess)
}

fn by_own_name(folder: &Folder) -> Option<Guess> {
    let (name, dialect) = match last_part(&folder.env_file) {
        ".flaskenv" => (".flaskenv", Dialect::Python),
        // direnv hands it to bash.
        ".envrc" => (".envrc", Dialect::Bash),
        _ => return None,
    };
    Some(Guess { dialect, because: Because::Called { name } })
}

fn because(rule: &Rule, folder: &Folder) -> Option<Because> {
    let markers = folder.markers.iter().filter(|marker| search::matches(rule.marker, &marker.name));
    let env_file = folder.env_file.as_str();
    for marker in markers {
        let text = marker.text.as_deref().map(beginning).unwrap_or_default();
        let file = || "../".repeat(env_file.matches('/').count()) + &marker.name;
        let reads = || Because::Reads { file: file(), env_file: env_file.to_owned() };
        let mentions = |word| Because::Mentions { word, file: file() };
        let found = match rule.clue {
            Clue::Present => Some(Because::Present { file: file() }),
            Clue::Key(word) => search::has_json_dependency(text, word).then(|| mentions(word)),
            Clue::Word(word) => search::mentions(text, word).then(|| mentions(word)),
            Clue::Setting(word) => search::just_sets(text, word).then(|| mentions(word)),
            Clue::Command(word) => search::runs(text, word).then(|| mentions(word)),
            Clue::Sources => search::sources(text, last_part(env_file)).then(reads),
            Clue::EnvFile => search::compose_reads(text, env_file).then(reads),
            Clue::EnvironmentFile => search::unit_reads(text, last_part(env_file)).then(reads),
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One folder: the `.env` file as seen from it, and its files with their text.
    fn folder(env_file: &str, files: &[(&str, &str)]) -> Folder {
        let markers = files.iter().map(|(name, text)| {
            let needed = need(name).expect("a marker");
            Marker { name: (*name).to_owned(), text: (needed == Need::Text).then(|| (*text).to_owned()) }
        });
        Folder { env_file: env_file.to_owned(), markers: markers.collect() }
    }

    fn check(folders: &[Folder], expected: Option<(Dialect, &str)>) {
        let found = guess(folders).map(|guess| (guess.dialect, guess.because.to_string()));
        let found = found.as_ref().map(|(dialect, because)| (*dialect, because.as_str()));
        assert_eq!(found, expected, "{folders:?}");
    }

    fn check_one(files: &[(&str, &str)], dialect: Dialect, because: &str) {
        check(&[folder(".env", files)], Some((dialect, because)));
    }

    #[test]
    fn nothing_tells_nothing() {
        check(&[], None);
        check(&[folder(".env", &[])], None);
        check(&[folder(".env", &[("justfile", "build:\n")])], None);
    }

    #[test]
    fn a_package_json_tells_by_its_dependencies() {
        let package =
            |dependencies: &str| format!("{{\"name\": \"x\", \"dependencies\": {{{dependencies}}}}}");
        let check = |dependencies, dialect, because| {
            check_one(&[("package.json", &package(dependencies))], dialect, because);
        };
        check(r#""next": "16", "dotenv": "18", "vite": "8""#, Dialect::Next, "next is in package.json");
        check(r#""dotenv": "18", "vite": "8""#, Dialect::Vite, "vite is in package.json");
        check(r#""astro": "6""#, Dialect::Vite, "astro is in package.json");
        check(
            r#""dotenv": "18", "@dotenvx/dotenvx": "2""#,
            Dialect::Dotenvx,
            "@dotenvx/dotenvx is in package.json",
        );
        check(
            r#""dotenv": "18", "dotenv-expand": "1""#,
            Dialect::NodeExpand,
            "dotenv-expand is in package.json",
        );
        check(r#""dotenv": "18""#, Dialect::Node, "dotenv is in package.json");
        check(r#""express": "5""#, Dialect::Node, "there is a package.json");
        let script = r#"{"scripts": {"start": "node --env-file=.env a.js"}}"#;
        check_one(&[("package.json", script)], Dialect::NodeBuiltin, "--env-file is in package.json");
    }

    #[test]
    fn files_of_each_language_tell() {
        let bun = [("package.json", r#"{"dependencies":{"dotenv":"18"}}"#), ("bun.lock", "")];
        check_one(&bun, Dialect::Bun, "there is a bun.lock");
        check_one(&[("deno.json", "")], Dialect::Deno, "there is a deno.json");
        check_one(&[("next.config.mjs", "")], Dialect::Next, "there is a next.config.mjs");
        check_one(&[("vite.config.ts", "")], Dialect::Vite, "there is a vite.config.ts");
        let python = "dependencies = [\"python-dotenv>=1\"]\n";
        check_one(&[("pyproject.toml", python)], Dialect::Python, "python-dotenv is in pyproject.toml");
        check_one(
            &[("requirements-dev.txt", "Django_Environ==0.14\n"), ("manage.py", "")],
            Dialect::Django,
            "django-environ is in requirements-dev.txt",
        );
        check_one(&[("pyproject.toml", "[project]\n"), ("uv.lock", "")], Dialect::Uv, "there is a uv.lock");
        check_one(
            &[("pyproject.toml", python), ("uv.lock", "")],
            Dialect::Python,
            "python-dotenv is in pyproject.toml",
        );
        check_one(&[("Gemfile", "gem \"dotenv-rails\"\n")], Dialect::Ruby, "dotenv-rails is in Gemfile");
        check_one(&[("Gemfile", "gem 'rails'\n")], Dialect::Ruby, "there is a Gemfile");
        check_one(
            &[("composer.json", r#"{"require": {"symfony/dotenv": "8"}}"#)],
            Dialect::Symfony,
            "symfony/dotenv is in composer.json",
        );
        check_one(
            &[
                ("composer.json", r#"{"require": {"laravel/framework": "13"}}"#),
                ("package.json", r#"{"devDependencies": {"vite": "8"}}"#),
            ],
            Dialect::Php,
            "laravel/framework is in composer.json",
        );
        check_one(
            &[("go.mod", "require (\n\tgithub.com/joho/godotenv v1.5.1\n)\n")],
            Dialect::Go,
            "github.com/joho/godotenv is in go.mod",
        );
        check_one(&[("go.mod", "module x\n")], Dialect::Go, "there is a go.mod");
        check_one(&[("Cargo.toml", "dotenvy.workspace = true\n")], Dialect::Rust, "dotenvy is in Cargo.toml");
        check_one(
            &[("justfile", "set dotenv-load\n"), ("go.mod", "module x\n")],
            Dialect::Just,
            "dotenv-load is in justfile",
        );
        check_one(&[(".envrc", "dotenv_if_exists\n")], Dialect::Direnv, "dotenv_if_exists is in .envrc");
        check_one(&[(".envrc", "set -a; . ./.env\n")], Dialect::Bash, ".envrc reads .env");
    }

    #[test]
    fn a_file_that_names_this_one_goes_first() {
        let compose = "services:\n  a:\n    env_file:\n      - ./api/.env\n";
        let unit = "[Service]\nEnvironmentFile=-/etc/app/.env\n";
        let go = ("go.mod", "require github.com/joho/godotenv v1\n");
        check(
            &[folder(".env", &[]), folder("api/.env", &[("compose.yaml", compose), go])],
            Some((Dialect::Compose, "../compose.yaml reads api/.env")),
        );
        check(
            &[folder(".env", &[("compose.yaml", compose), go])],
            Some((Dialect::Go, "github.com/joho/godotenv is in go.mod")),
        );
        check_one(&[("docker-compose.yml", compose)], Dialect::Compose, "there is a docker-compose.yml");
        check_one(&[("app.service", unit), go], Dialect::Systemd, "app.service reads .env");
    }

    #[test]
    fn the_nearest_folder_decides() {
        let next = ("package.json", r#"{"dependencies": {"next": "16"}}"#);
        let plain = ("package.json", r#"{"dependencies": {"pg": "9"}}"#);
        check(
            &[folder(".env", &[("go.mod", "module x\n")]), folder("api/.env", &[next])],
            Some((Dialect::Go, "there is a go.mod")),
        );
        check(
            &[folder(".env", &[plain]), folder("api/.env", &[]), folder("apps/api/.env", &[next])],
            Some((Dialect::Next, "next is in ../../package.json")),
        );
        check(
            &[folder(".env", &[plain]), folder("api/.env", &[("Gemfile", "gem 'dotenv'\n")])],
            Some((Dialect::Node, "there is a package.json")),
        );
    }

    #[test]
    fn some_files_are_known_by_their_own_name() {
        check(&[folder(".flaskenv", &[])], Some((Dialect::Python, "the file is called .flaskenv")));
        check(&[folder(".envrc", &[])], Some((Dialect::Bash, "the file is called .envrc")));
    }

    #[test]
    fn a_file_that_could_not_be_read_is_at_least_there() {
        let marker = Marker { name: "package.json".to_owned(), text: None };
        check(
            &[Folder { env_file: ".env".to_owned(), markers: vec![marker] }],
            Some((Dialect::Node, "there is a package.json")),
        );
    }

    #[test]
    fn only_files_that_tell_something_are_asked_for() {
        let check = |name, expected| assert_eq!(need(name), expected, "{name:?}");
        check("package.json", Some(Need::Text));
        check("requirements.txt", Some(Need::Text));
        check("requirements-dev.txt", Some(Need::Text));
        check("bun.lock", Some(Need::Name));
        check("vite.config.ts", Some(Need::Name));
        check("api.service", Some(Need::Text));
        check("a\u{1b}[2J.service", None);
        check("package-lock.json", None);
        check("README.md", None);
        check(".env", None);
    }

    #[test]
    fn a_long_file_is_looked_into_at_its_beginning() {
        let text = "é".repeat(MAX_TEXT) + "\ndotenvy = \"0.15\"\n";
        check_one(&[("Cargo.toml", &text)], Dialect::Rust, "there is a Cargo.toml");
    }
}
