//! Words looked for in the files of a project. Each search is a guess that knows just enough of its
//! format not to be fooled by comments, scripts of the same name, or longer words.

/// Whether a name is the pattern, whose one `*`, if any, stands for any characters.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => {
            name.strip_prefix(before).is_some_and(|rest| rest.strip_suffix(after).is_some())
        }
    }
}

/// Whether a `package.json` or `composer.json` has the dependency, in whichever list of them.
pub(super) fn has_json_dependency(text: &str, package: &str) -> bool {
    const LISTS: [&str; 6] = [
        "dependencies",
        "devDependencies",
        "peerDependencies",
        "optionalDependencies",
        "require",
        "require-dev",
    ];
    LISTS.iter().any(|list| {
        after_key(text, list).any(|value| {
            // The lists map names to texts, so that the next brace ends them.
            value.strip_prefix('{').is_some_and(|inner| {
                let list = inner.split(['{', '}']).next().unwrap_or(inner);
                after_key(list, package).next().is_some()
            })
        })
    })
}

/// What follows each place where `"key":` is written.
fn after_key<'t>(text: &'t str, key: &'t str) -> impl Iterator<Item = &'t str> {
    let quoted = format!("\"{key}\"");
    let length = quoted.len();
    let mut from = 0;
    std::iter::from_fn(move || {
        from += text[from..].find(&quoted)? + length;
        Some(&text[from..])
    })
    .filter_map(|rest| rest.trim_start().strip_prefix(':').map(str::trim_start))
}

/// Whether a text has the word outside comments, in capitals or not, with `_` or `-`, and not as a part of a
/// longer name. A comment starts at `#` or `//` at the start of a line or after a blank.
pub(super) fn mentions(text: &str, word: &str) -> bool {
    text.lines().any(|line| {
        let line = without_comment(line).to_ascii_lowercase().replace('_', "-");
        let in_name = |character: Option<char>| {
            character.is_some_and(|character| character.is_alphanumeric() || matches!(character, '-' | '/'))
        };
        line.match_indices(word).any(|(at, _)| {
            !in_name(line[..at].chars().next_back()) && !in_name(line[at + word.len()..].chars().next())
        })
    })
}

fn without_comment(line: &str) -> &str {
    let starts_comment = |at: usize| at == 0 || line[..at].ends_with([' ', '\t']);
    let comments = line.match_indices('#').chain(line.match_indices("//")).map(|(at, _)| at);
    comments.filter(|at| starts_comment(*at)).min().map_or(line, |at| &line[..at])
}

/// Whether a justfile has the setting and does not set it to `false`.
pub(super) fn just_sets(text: &str, setting: &str) -> bool {
    text.lines().any(|line| {
        let rest = line.strip_prefix("set ").map(str::trim_start).and_then(|line| line.strip_prefix(setting));
        rest.map(|rest| without_comment(rest).trim()).is_some_and(|rest| {
            let value = rest.strip_prefix(":=").map(str::trim);
            rest.is_empty() || value.is_some_and(|value| value != "false")
        })
    })
}

/// Whether a line of a shell script starts with the command.
pub(super) fn runs(text: &str, command: &str) -> bool {
    text.lines().any(|line| line.split_whitespace().next() == Some(command))
}

/// Whether a shell script sources a file of this name.
pub(super) fn sources(text: &str, name: &str) -> bool {
    text.lines().map(without_comment).any(|line| {
        line.split([';', '&', '|']).any(|command| {
            let mut words = command.split_whitespace();
            matches!(words.next(), Some("." | "source"))
                && words.next().map(unquoted).is_some_and(|path| path.rsplit('/').next() == Some(name))
        })
    })
}

/// Whether an `env_file` of a compose file names the path, as one text, a list, or a list of `path:`.
pub(super) fn compose_reads(text: &str, path: &str) -> bool {
    let mut in_list = false;
    text.lines().map(|line| without_comment(line).trim()).any(|line| {
        let item = match line.strip_prefix("env_file:") {
            Some(item) => {
                in_list = true;
                item
            }
            None => {
                let goes_on = |key| line.starts_with(key);
                in_list &= line.is_empty() || ["-", "path:", "required:", "format:"].into_iter().any(goes_on);
                line
            }
        };
        in_list
            && item.split([' ', '\t', ',', '[', ']', '{', '}']).any(|word| {
                let word = unquoted(word).trim_start_matches("./");
                !word.is_empty() && word == path.trim_start_matches("./")
            })
    })
}

/// Whether an `EnvironmentFile=` of a systemd unit names a file of this name, wherever it is: a unit names it by
/// its place on the machine that it is installed on.
pub(super) fn unit_reads(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let path = line.trim().strip_prefix("EnvironmentFile=").map(str::trim);
        let path = path.map(|path| unquoted(path.trim_start_matches('-')));
        path.is_some_and(|path| path.rsplit('/').next() == Some(name))
    })
}

fn unquoted(word: &str) -> &str {
    word.trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let check =
            |pattern, name, expected| assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        check("go.mod", "go.mod", true);
        check("go.mod", "go.mod2", false);
        check("*.service", "a.service", true);
        check("*.service", "a.services", false);
        check("vite.config.*", "vite.config.ts", true);
        check("requirements*.txt", "requirements.txt", true);
        check("requirements*.txt", "requirements-dev.txt", true);
        check("requirements*.txt", "requirements.in", false);
    }

    #[test]
    fn dependencies_in_json() {
        let check = |text, expected| assert_eq!(has_json_dependency(text, "next"), expected, "{text}");
        check(r#"{"dependencies": {"next": "16"}}"#, true);
        check("{\"devDependencies\" :\n{ \"a\": \"1\",\n \"next\" : \"16\"}}", true);
        check(r#"{"require": {"next": "1"}}"#, true);
        check(r#"{"dependencies": {"next-auth": "5", "my-next": "1"}}"#, false);
        check(r#"{"dependencies": {"a": "next"}}"#, false);
        check(r#"{"name": "next", "scripts": {"next": "next dev"}}"#, false);
        check(r#"{"dependencies": {"a": "1"}, "scripts": {"next": "x"}}"#, false);
        check(r#"{"keywords": ["dependencies"], "dependencies": {"next": "16"}}"#, true);
        check(r#"{"dependencies": "#, false);
        check("", false);
    }

    #[test]
    fn words() {
        let check = |text, expected| assert_eq!(mentions(text, "python-dotenv"), expected, "{text}");
        check("python-dotenv==1.2\n", true);
        check("Python_Dotenv\n", true);
        check("python-dotenv[cli]>=1\n", true);
        check("dependencies = [\"python-dotenv>=1\"]\n", true);
        check("-e git+https://host/x#egg=python-dotenv\n", true);
        check("# python-dotenv\n", false);
        check("a==1 # not python-dotenv\n", false);
        check("my-python-dotenv==1\npython-dotenv-extra==1\n", false);
        check("", false);
    }

    #[test]
    fn settings_and_commands() {
        let check = |text, expected| assert_eq!(just_sets(text, "dotenv-load"), expected, "{text}");
        check("set dotenv-load\n", true);
        check("set dotenv-load := true # yes\n", true);
        check("set dotenv-load := false\n", false);
        check("set dotenv-loader := true\n", false);
        check("# set dotenv-load\n", false);
        let check = |text, expected| assert_eq!(runs(text, "dotenv"), expected, "{text}");
        check("use nix\n  dotenv ../.env\n", true);
        check("# dotenv\ndotenv_if_exists\n", false);
    }

    #[test]
    fn sourced_files() {
        let check = |text, expected| assert_eq!(sources(text, ".env"), expected, "{text}");
        check("set -a; . ./.env; set +a\n", true);
        check("source \"$PWD/.env\"\n", true);
        check("[ -f .env ] && . .env\n", true);
        check("source_env .env\n", false);
        check("# . ./.env\n", false);
        check(". ./.env.local\n", false);
    }

    #[test]
    fn compose_files() {
        let check = |text, expected| assert_eq!(compose_reads(text, "api/.env"), expected, "{text}");
        check("    env_file: api/.env\n", true);
        check("    env_file: \"./api/.env\" # c\n", true);
        check("    env_file: [a.env, 'api/.env']\n", true);
        check("    env_file:\n      - a.env\n\n      # c\n      - api/.env\n", true);
        check("    env_file:\n      - path: ./api/.env\n        required: false\n", true);
        check("    env_file:\n      - {path: api/.env}\n", true);
        check("    env_file: .env\n", false);
        check("    env_file: other/api/.env\n", false);
        check("    env_file:\n      - a\n    volumes:\n      - api/.env\n", false);
        check("    # env_file: api/.env\n", false);
    }

    #[test]
    fn units() {
        let check = |text, expected| assert_eq!(unit_reads(text, "app.env"), expected, "{text}");
        check("[Service]\nEnvironmentFile=/etc/app.env\n", true);
        check("EnvironmentFile=-/etc/app.env\n", true);
        check("EnvironmentFile=/etc/my-app.env\n", false);
        check("# EnvironmentFile=/etc/app.env\n", false);
    }
}
