//! `twinlock dotenv lint`: what deserves a second look in a file, by line, and mending what can be mended
//! without changing what the file's own loader reads.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use twinlock_client::dotenv::edit::{Edit, apply};
use twinlock_client::dotenv::lint::{Context, Effect, Finding, FindingKind, Group, Outcome, Severity, lint};
use twinlock_client::dotenv::{Dialect, Surroundings};
use twinlock_client::files::{self, Expected};

use crate::dotenv::{Surrounding, dialects, sentence};
use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::text::{Text, count};

/// How often what was mended is looked at again: mending one thing can show another.
const ROUNDS: usize = 4;

/// What to look at, and how.
#[derive(Args)]
pub(crate) struct LintArguments {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The loader that the files are written for; else what the project around each file tells, else node.
    #[arg(long, value_parser = dialects(), hide_possible_values = true)]
    dialect: Option<Dialect>,
    /// The environment that the files are for, such as production: tells values of another one.
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// A surrounding variable that interpolation may see, as often as needed.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    surroundings: Vec<Surrounding>,
    /// Mends what can be mended without changing what the file's own loader reads.
    #[arg(long)]
    fix: bool,
    /// Fails for warnings too, and not only where a file cannot be loaded.
    #[arg(long)]
    strict: bool,
}

#[derive(Serialize)]
struct LintDocument {
    files: Vec<FileDocument>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum FileDocument {
    Looked {
        file: String,
        dialect: &'static str,
        because: Option<String>,
        fixed: usize,
        findings: Vec<FindingDocument>,
    },
    Failed {
        file: String,
        error: String,
    },
}

#[derive(Serialize)]
struct FindingDocument {
    line: usize,
    column: usize,
    severity: &'static str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    what: String,
    /// Who reads what alike, without the values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    readings: Vec<ReadingDocument>,
    fixable: bool,
}

#[derive(Serialize)]
struct ReadingDocument {
    dialects: Vec<&'static str>,
    reads: &'static str,
}

pub(crate) fn run(arguments: LintArguments, out: &mut Output) -> Result<Status, Failure> {
    let LintArguments { files, dialect, environment, surroundings, fix, strict } = arguments;
    let surroundings: Surroundings = surroundings.into_iter().map(Surrounding::into_pair).collect();
    let context = Context { surroundings, environment, also: Vec::new() };
    let fails_from = if strict { Severity::Warning } else { Severity::Error };
    let mut status = Status::Done;
    let mut documents = Vec::new();
    for path in files {
        let file = path.to_string_lossy().into_owned();
        let guess = files::dialect_around(&absolute(&path));
        let because = guess.as_ref().filter(|_| dialect.is_none()).map(|guess| guess.because.to_string());
        let dialect = dialect.or(guess.map(|guess| guess.dialect)).unwrap_or(Dialect::Node);
        match look(&path, dialect, &context, if fix { Fixing::Write } else { Fixing::Offer }) {
            Ok((findings, fixed)) => {
                if findings.iter().any(|finding| finding.severity >= fails_from) {
                    status = Status::Failed;
                }
                let findings = findings.into_iter().map(document).collect();
                documents.push(FileDocument::Looked {
                    file,
                    dialect: dialect.name(),
                    because,
                    fixed,
                    findings,
                });
            }
            Err(error) => {
                status = Status::Failed;
                out.problem(&format!("{file}: {error}"));
                documents.push(FileDocument::Failed { file, error });
            }
        }
    }
    let document = LintDocument { files: documents };
    out.answer(&document, |text| document.files.iter().for_each(|file| show(file, text)))?;
    Ok(status)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fixing {
    Offer,
    Write,
}

/// What is in a file, and how many findings were mended before.
fn look(
    path: &Path,
    dialect: Dialect,
    context: &Context,
    fixing: Fixing,
) -> Result<(Vec<Finding>, usize), String> {
    let read = files::read(path).map_err(|problem| sentence(&problem))?;
    let mut findings = lint(read.as_str(), dialect, context);
    if fixing == Fixing::Offer {
        return Ok((findings, 0));
    }
    let mut text = read.as_str().to_owned();
    let mut fixed = 0;
    for _ in 0..ROUNDS {
        let (edits, count) = together(&findings);
        if count == 0 {
            break;
        }
        text = apply(&text, &edits).map_err(|error| error.to_string())?;
        fixed += count;
        findings = lint(&text, dialect, context);
    }
    if fixed > 0 {
        files::write(path, Expected::Content(read.hash()), &text).map_err(|problem| problem.to_string())?;
    }
    Ok((findings, fixed))
}

/// The edits of all fixes that change no reading of the file's own loader and no byte that another one
/// changes too, and how many fixes that are.
fn together(findings: &[Finding]) -> (Vec<Edit>, usize) {
    let mut edits: Vec<Edit> = Vec::new();
    let mut count = 0;
    for fix in findings.iter().filter_map(|finding| finding.fix.as_ref()) {
        let apart = |edit: &Edit| {
            edits.iter().all(|one| one.span.end < edit.span.start || edit.span.end < one.span.start)
        };
        if fix.effect != Effect::ChangesReading && fix.edits.iter().all(apart) {
            edits.extend(fix.edits.iter().cloned());
            count += 1;
        }
    }
    edits.sort_by_key(|edit| edit.span.start);
    (edits, count)
}

fn absolute(path: &Path) -> PathBuf {
    // Without a current folder there is nothing around the file either.
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn document(finding: Finding) -> FindingDocument {
    let readings = match &finding.kind {
        FindingKind::ReadsDifferently { own, others, .. } => {
            std::iter::once(own).chain(others).map(reading).collect()
        }
        _ => Vec::new(),
    };
    FindingDocument {
        line: finding.line,
        column: finding.column,
        severity: finding.severity.name(),
        code: finding.kind.code().name(),
        what: finding.kind.to_string(),
        name: finding.name,
        readings,
        fixable: finding.fix.is_some_and(|fix| fix.effect != Effect::ChangesReading),
    }
}

fn reading(group: &Group) -> ReadingDocument {
    let reads = match &group.outcome {
        Outcome::NotListed => "nothing",
        outcome => outcome.in_words().unwrap_or("a value"),
    };
    ReadingDocument { dialects: group.dialects.iter().map(|dialect| dialect.name()).collect(), reads }
}

fn show(document: &FileDocument, text: &mut Text) {
    let FileDocument::Looked { file, dialect, because, fixed, findings } = document else { return };
    let because = because.as_ref().map(|because| format!(", because {because}")).unwrap_or_default();
    let mended = if *fixed > 0 { format!(" {} mended.", count(*fixed, "finding")) } else { String::new() };
    let found = if findings.is_empty() { " Nothing to say.".to_owned() } else { String::new() };
    text.line(format!("{file}, read as {dialect}{because}.{mended}{found}"));
    for finding in findings {
        let FindingDocument { line, column, severity, code, what, fixable, .. } = finding;
        let fix = if *fixable { " (--fix mends it)" } else { "" };
        text.line(format!("  {line}:{column} {severity} {code}: {what}{fix}"));
    }
}
