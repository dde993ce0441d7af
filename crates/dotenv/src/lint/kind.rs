//! What can be found, in sentences, and how much it matters.

use std::fmt;

use super::comparison::{Group, Outcome};
use super::environment::Sign;
use super::invisible::Invisible;
use crate::dialects::{Dialect, Refused};
use crate::problems::ProblemKind;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know; nothing that the project is known to use is wrong.
    Notice,
    /// Likely not what was meant.
    Warning,
    /// The file cannot be loaded.
    Error,
}

impl Severity {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

macro_rules! codes {
    ($($code:ident $name:literal,)*) => {
        /// The kind of a finding without what it is about, for settings and scripts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each is told by its finding")]
        pub enum Code {
            $($code,)*
        }

        impl Code {
            /// All codes, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// How it is written.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }
        }
    };
}

codes! {
    Refused "refused",
    RefusedElsewhere "refused-elsewhere",
    EndlessElsewhere "endless-elsewhere",
    UnclosedQuote "unclosed-quote",
    SwallowedAssignment "swallowed-assignment",
    NotAnAssignment "not-an-assignment",
    NameTooLong "name-too-long",
    DuplicateName "duplicate-name",
    KeyWithoutEnd "key-without-end",
    LooseKeyMaterial "loose-key-material",
    UnquotedHash "unquoted-hash",
    UnquotedDollar "unquoted-dollar",
    SmartQuotes "smart-quotes",
    TrailingBlanks "trailing-blanks",
    InvisibleCharacters "invisible-characters",
    Placeholder "placeholder",
    OtherEnvironment "other-environment",
    DangerousName "dangerous-name",
    ShellName "shell-name",
    RunsCommand "runs-command",
    ReadsDifferently "reads-differently",
    LineEndings "line-endings",
    MoreNames "more-names",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What was found. Its display is a sentence for people that quotes no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// The loader that counts loads nothing of the file.
    Refused {
        /// The dialect that the file is read in.
        dialect: Dialect,
        /// Why.
        why: Refused,
    },
    /// Other loaders stop at this line and load nothing of the file.
    RefusedElsewhere {
        /// Their dialects.
        dialects: Vec<Dialect>,
    },
    /// For other loaders the values grow without end.
    EndlessElsewhere {
        /// Their dialects.
        dialects: Vec<Dialect>,
    },
    /// What is wrong whichever loader reads it.
    Problem(ProblemKind),
    /// A `#` in a value without quotes.
    UnquotedHash {
        /// The variable.
        name: String,
        /// The dialect that the file is read in.
        dialect: Dialect,
        /// What it makes of the `#`.
        hash: Hash,
    },
    /// A `$` that one loader keeps and another takes for a reference.
    UnquotedDollar {
        /// The variable.
        name: String,
        /// The dialect that the file is read in.
        dialect: Dialect,
        /// What it makes of the `$`.
        dollar: Dollar,
    },
    /// Quotes of a text processor, which no loader takes for quotes.
    SmartQuotes {
        /// The variable.
        name: String,
    },
    /// Blanks at the end of a line.
    TrailingBlanks {
        /// The variable.
        name: String,
    },
    /// Characters that are not seen, or not what they seem.
    InvisibleCharacters {
        /// What they are.
        what: Invisible,
        /// How many.
        count: usize,
    },
    /// A value that somebody was to replace.
    Placeholder {
        /// The variable.
        name: String,
    },
    /// A value that looks like another environment's.
    OtherEnvironment {
        /// The variable.
        name: String,
        /// What looks so.
        sign: Sign,
    },
    /// A name that changes what programs do.
    DangerousName {
        /// The variable.
        name: String,
        /// What it does, after "it".
        effect: &'static str,
    },
    /// A name that no shell can hold.
    ShellName {
        /// The variable.
        name: String,
    },
    /// A value that the loader gets by running a command.
    RunsCommand {
        /// The variable.
        name: String,
        /// The dialect that the file is read in.
        dialect: Dialect,
    },
    /// A variable that loaders differ over.
    ReadsDifferently {
        /// The variable; `None` where the line is no assignment to every loader.
        name: Option<String>,
        /// The dialect that the file is read in.
        dialect: Dialect,
        /// What it makes of the variable, and who agrees with it.
        own: Group,
        /// What the others make of it.
        others: Vec<Group>,
    },
    /// Line endings that some loaders take for part of the values.
    LineEndings {
        /// Their dialects.
        dialects: Vec<Dialect>,
    },
    /// Loaders that find variables in what is none.
    MoreNames {
        /// The dialect that the file is read in.
        dialect: Dialect,
        /// Their dialects.
        dialects: Vec<Dialect>,
        /// How many variables more they find.
        count: usize,
    },
}

/// What the loader that counts makes of a `#` in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// It is part of the value.
    Kept,
    /// A comment starts there.
    Comment,
}

/// What the loader that counts makes of a `$` in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dollar {
    /// It is part of the value.
    Kept,
    /// A reference to something that is not set starts there.
    Reference,
}

impl FindingKind {
    /// Its code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Refused { .. } => Code::Refused,
            Self::RefusedElsewhere { .. } => Code::RefusedElsewhere,
            Self::EndlessElsewhere { .. } => Code::EndlessElsewhere,
            Self::Problem(problem) => match problem {
                ProblemKind::UnclosedQuote { .. } => Code::UnclosedQuote,
                ProblemKind::SwallowedAssignment { .. } => Code::SwallowedAssignment,
                ProblemKind::NotAnAssignment => Code::NotAnAssignment,
                ProblemKind::NameTooLong => Code::NameTooLong,
                ProblemKind::DuplicateName { .. } => Code::DuplicateName,
                ProblemKind::KeyWithoutEnd { .. } => Code::KeyWithoutEnd,
                ProblemKind::LooseKeyMaterial => Code::LooseKeyMaterial,
            },
            Self::UnquotedHash { .. } => Code::UnquotedHash,
            Self::UnquotedDollar { .. } => Code::UnquotedDollar,
            Self::SmartQuotes { .. } => Code::SmartQuotes,
            Self::TrailingBlanks { .. } => Code::TrailingBlanks,
            Self::InvisibleCharacters { .. } => Code::InvisibleCharacters,
            Self::Placeholder { .. } => Code::Placeholder,
            Self::OtherEnvironment { .. } => Code::OtherEnvironment,
            Self::DangerousName { .. } => Code::DangerousName,
            Self::ShellName { .. } => Code::ShellName,
            Self::RunsCommand { .. } => Code::RunsCommand,
            Self::ReadsDifferently { .. } => Code::ReadsDifferently,
            Self::LineEndings { .. } => Code::LineEndings,
            Self::MoreNames { .. } => Code::MoreNames,
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { dialect, why: Refused::Syntax { .. } } => {
                write!(f, "{dialect} stops at this line and loads nothing of the file.")
            }
            Self::Refused { dialect, why: Refused::Endless } => {
                write!(
                    f,
                    "Read as {dialect}, the values refer to one another without end, or grow beyond all measure."
                )
            }
            Self::RefusedElsewhere { dialects } => write!(
                f,
                "{} {} at this line and {} nothing of the file.",
                list(dialects),
                one_or_more(dialects, "stops", "stop"),
                one_or_more(dialects, "loads", "load")
            ),
            Self::EndlessElsewhere { dialects } => write!(
                f,
                "For {}, the values refer to one another without end, or grow beyond all measure.",
                list(dialects)
            ),
            Self::Problem(problem) => problem.fmt(f),
            Self::UnquotedHash { name, dialect, hash: Hash::Comment } => write!(
                f,
                "For {dialect}, the value of {name} ends at its #, and the rest of the line is a comment. Put the value in quotes if it is not."
            ),
            Self::UnquotedHash { name, dialect, hash: Hash::Kept } => write!(
                f,
                "The # in the value of {name} belongs to it for {dialect}; for others a comment starts there. Put the value in quotes."
            ),
            Self::UnquotedDollar { name, dialect, dollar: Dollar::Reference } => write!(
                f,
                "For {dialect}, a $ in the value of {name} refers to a variable that is not set, so part of the value is lost."
            ),
            Self::UnquotedDollar { name, dialect, dollar: Dollar::Kept } => write!(
                f,
                "The $ in the value of {name} belongs to it for {dialect}; others look for a variable there."
            ),
            Self::SmartQuotes { name } => write!(
                f,
                "The value of {name} has curved quotes around it. No loader takes them for quotes, so they are part of the value."
            ),
            Self::TrailingBlanks { name } => write!(
                f,
                "Blanks follow the value of {name} on its line. Some loaders take them for part of it."
            ),
            Self::InvisibleCharacters { what, count } => {
                let (are, them) = if *count == 1 { ("is", "it") } else { ("are", "them") };
                write!(f, "There {are} {count} {} here. {}", what.noun(*count), what.advice(them))
            }
            Self::Placeholder { name } => {
                write!(f, "The value of {name} looks like a placeholder that is still to be replaced.")
            }
            Self::OtherEnvironment { name, sign } => write!(f, "The value of {name} {sign}."),
            Self::DangerousName { name, effect } => {
                write!(f, "{name} is more than a setting: it {effect}.")
            }
            Self::ShellName { name } => write!(
                f,
                "No shell can hold {name}: a name there is made of letters, digits and underscores."
            ),
            Self::RunsCommand { name, dialect } => write!(
                f,
                "{dialect} runs a command for the value of {name}. It is not run here, so the value is not known."
            ),
            Self::ReadsDifferently { name, dialect, own, others } => {
                let subject = name.as_deref().unwrap_or("a variable on this line");
                reads_differently(f, subject, *dialect, own, others)
            }
            Self::LineEndings { dialects } => write!(
                f,
                "Lines end with a carriage return and a line feed here, and {} {} the carriage return for part of each value.",
                list(dialects),
                one_or_more(dialects, "takes", "take")
            ),
            Self::MoreNames { dialect, dialects, count } => write!(
                f,
                "{} {} {count} more {} in this file than {dialect}, in text that is no assignment of its own.",
                list(dialects),
                one_or_more(dialects, "finds", "find"),
                if *count == 1 { "variable" } else { "variables" }
            ),
        }
    }
}

fn reads_differently(
    f: &mut fmt::Formatter<'_>,
    subject: &str,
    dialect: Dialect,
    own: &Group,
    others: &[Group],
) -> fmt::Result {
    let makes = |outcome: &Outcome| match outcome.in_words() {
        Some(words) => format!(" ({words})"),
        None => String::new(),
    };
    write!(f, "{dialect} reads {subject}{} otherwise than ", makes(&own.outcome))?;
    for (place, group) in others.iter().enumerate() {
        let between = match place {
            0 => "",
            _ if place + 1 == others.len() => "; and than ",
            _ => "; than ",
        };
        write!(f, "{between}{}{}", list(&group.dialects), makes(&group.outcome))?;
    }
    f.write_str(".")
}

fn one_or_more<'w>(dialects: &[Dialect], one: &'w str, more: &'w str) -> &'w str {
    if dialects.len() == 1 { one } else { more }
}

/// `node, next and vite`.
pub(crate) fn list(dialects: &[Dialect]) -> String {
    let names: Vec<&str> = dialects.iter().map(|dialect| dialect.name()).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}
