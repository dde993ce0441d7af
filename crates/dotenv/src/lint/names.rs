//! Names that are more than names: those that change what programs do, and those that no shell
//! can hold.

use super::Draft;
use super::kind::{FindingKind, Severity};
use crate::document::{Document, Variable};

/// Names, or beginnings of names with a `*`, and what each does.
const DANGEROUS: &[(&str, &str)] = &[
    ("LD_PRELOAD", "loads a library into every program that is started"),
    ("LD_AUDIT", "loads a library into every program that is started"),
    ("LD_LIBRARY_PATH", "changes which libraries every program loads"),
    ("DYLD_*", "changes which libraries every program loads"),
    ("GCONV_PATH", "changes which libraries convert text in every program"),
    ("GLIBC_TUNABLES", "changes how memory is handled in every program"),
    ("OPENSSL_CONF", "can load a library into every program that uses OpenSSL"),
    ("PATH", "decides which program runs when one is called by its name"),
    ("Path", "decides which program runs when one is called by its name"),
    ("PATHEXT", "decides which program runs when one is called by its name"),
    ("COMSPEC", "decides which shell Windows runs commands in"),
    ("IFS", "changes how shells split words"),
    ("BASH_ENV", "is a script that bash runs before any other"),
    ("PROMPT_COMMAND", "is a command that bash runs before each prompt"),
    ("PS4", "can run a command in each line of a shell script that is traced"),
    ("SHELLOPTS", "changes how bash runs every script"),
    ("BASHOPTS", "changes how bash runs every script"),
    ("NODE_OPTIONS", "can load code into every Node.js program"),
    ("NODE_PATH", "changes which modules Node.js programs load"),
    ("NODE_TLS_REJECT_UNAUTHORIZED", "can turn off the check of certificates in Node.js programs"),
    ("BUN_OPTIONS", "can load code into every Bun program"),
    ("PYTHONPATH", "changes which modules Python programs load"),
    ("PYTHONHOME", "changes which modules Python programs load"),
    ("PYTHONSTARTUP", "is a script that Python runs when it starts"),
    ("PYTHONWARNINGS", "can load a module into every Python program"),
    ("PYTHONBREAKPOINT", "is code that Python programs run at a breakpoint"),
    ("RUBYOPT", "can load code into every Ruby program"),
    ("RUBYLIB", "changes which code Ruby programs load"),
    ("PERL5OPT", "can load code into every Perl program"),
    ("PERL5LIB", "changes which modules Perl programs load"),
    ("PERL5DB", "is code that the Perl debugger runs"),
    ("PHPRC", "decides which settings PHP starts with"),
    ("PHP_INI_SCAN_DIR", "decides which settings PHP starts with"),
    ("JAVA_TOOL_OPTIONS", "can load code into every Java program"),
    ("JDK_JAVA_OPTIONS", "can load code into every Java program"),
    ("_JAVA_OPTIONS", "can load code into every Java program"),
    ("CLASSPATH", "changes which code Java programs load"),
    ("DOTNET_STARTUP_HOOKS", "loads code into every .NET program"),
    ("CORECLR_PROFILER_PATH", "loads a library into every .NET program"),
    ("GIT_SSH_COMMAND", "is a command that git runs"),
    ("GIT_SSH", "is a command that git runs"),
    ("GIT_ASKPASS", "is a command that git runs"),
    ("GIT_EXTERNAL_DIFF", "is a command that git runs"),
    ("GIT_PROXY_COMMAND", "is a command that git runs"),
    ("GIT_EXEC_PATH", "decides which programs git runs"),
    ("GIT_TEMPLATE_DIR", "can give new repositories scripts that git runs"),
    ("GIT_CONFIG_*", "changes git's settings, which can hold commands"),
    ("SSH_ASKPASS", "is a command that ssh runs"),
    ("EDITOR", "is a command that other programs run"),
    ("VISUAL", "is a command that other programs run"),
    ("PAGER", "is a command that other programs run"),
    ("LESSOPEN", "is a command that less runs"),
    ("BROWSER", "is a command that other programs run"),
    ("GIT_EDITOR", "is a command that git runs"),
    ("GIT_SEQUENCE_EDITOR", "is a command that git runs"),
    ("GIT_PAGER", "is a command that git runs"),
    ("ZDOTDIR", "decides which scripts zsh runs first"),
    ("HOME", "decides where programs look for their settings, which can hold commands"),
    ("XDG_CONFIG_HOME", "decides where programs look for their settings, which can hold commands"),
    ("RUSTC", "is a command that cargo runs"),
    ("RUSTC_WRAPPER", "is a command that cargo runs"),
    ("RUSTC_WORKSPACE_WRAPPER", "is a command that cargo runs"),
    ("TWINLOCK_*", "decides which team and which keys Twinlock uses"),
    ("MAKEFLAGS", "changes what make runs"),
];

/// The findings about names, at each variable that has one.
pub(super) fn findings(document: &Document<'_>, drafts: &mut Vec<Draft>) {
    for variable in document.variables() {
        let name = variable.name().to_owned();
        if let Some(effect) = effect(variable) {
            push(drafts, variable, FindingKind::DangerousName { name: name.clone(), effect });
        }
        if name.contains(['.', '-']) {
            push(drafts, variable, FindingKind::ShellName { name });
        }
    }
}

fn push(drafts: &mut Vec<Draft>, variable: &Variable<'_>, kind: FindingKind) {
    drafts.push(Draft {
        at: variable.span().start + variable.assignment.name_start(),
        name: Some(variable.name().to_owned()),
        severity: Severity::Warning,
        kind,
        proposal: None,
    });
}

fn effect(variable: &Variable<'_>) -> Option<&'static str> {
    danger(variable.name(), variable.right_half().inner())
}

/// What a variable does besides being a setting, if it is more than one; follows its name.
#[must_use]
pub fn danger(name: &str, value: &str) -> Option<&'static str> {
    // Many programs keep the name of their environment in ENV. A shell takes it for a script's path.
    if name == "ENV" {
        return value.contains('/').then_some("is a script that a shell runs first");
    }
    let is = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    DANGEROUS.iter().find(|(pattern, _)| is(pattern)).map(|(_, effect)| *effect)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let mut drafts = Vec::new();
        findings(&Document::parse(text), &mut drafts);
        let found: Vec<String> = drafts.iter().map(|draft| draft.kind.to_string()).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn ordinary_names_pass() {
        check("A=1\nDATABASE_URL=x\nMY_PATH=/a\nENV=production\nPATHS=1\nlower=1\n", &[]);
    }

    #[test]
    fn some_names_do_more() {
        check(
            "PATH=/a\n",
            &["PATH is more than a setting: it decides which program runs when one is called by its name."],
        );
        check(
            "export DYLD_INSERT_LIBRARIES=a\n",
            &[
                "DYLD_INSERT_LIBRARIES is more than a setting: it changes which libraries every program loads.",
            ],
        );
        check("ENV=$HOME/.shrc\n", &["ENV is more than a setting: it is a script that a shell runs first."]);
    }

    #[test]
    fn a_shell_holds_letters_digits_and_underscores() {
        check(
            "a.b=1\n",
            &["No shell can hold a.b: a name there is made of letters, digits and underscores."],
        );
        check(
            "a-b=1\n",
            &["No shell can hold a-b: a name there is made of letters, digits and underscores."],
        );
    }
}
