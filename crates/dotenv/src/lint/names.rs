//! Names that are more than names: those that change what programs do, and those that no shell
//! can hold.

use super::Draft;
use super::kind::{FindingKind, Severity};
use crate::danger::danger;
use crate::document::{Document, Variable};

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
