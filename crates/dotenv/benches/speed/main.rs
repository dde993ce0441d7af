//! How fast a text is parsed and read, beside other loaders over the same bytes in the same run.
//!
//! `cargo bench -p twinlock-dotenv --bench speed`; a word after `--` runs only the rows that it
//! names. The ratios are what counts: the machine is the same for every row of one run only.

#![expect(clippy::unwrap_used, reason = "every loader reads every text of this bench")]

mod ordinary;
mod table;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use twinlock_dotenv::{Dialect, Document, Surroundings};

use crate::ordinary::{Lines, Texts};
use crate::table::Table;

/// What everything is compared with: the loader of most Rust programs.
const REFERENCE: &str = "dotenvy";

/// Those of adotenv's presets that stand for one loader.
const ADOTENV: [(&str, adotenv::Dialect); 4] = [
    ("node", adotenv::Dialect::NODE_DOTENV),
    ("python", adotenv::Dialect::PYTHON_DOTENV),
    ("compose", adotenv::Dialect::COMPOSE),
    ("docker", adotenv::Dialect::DOCKER_RAW),
];

fn one_large_file(criterion: &mut Criterion) {
    measure(criterion, "one file of 1 MB", |lines| Texts::large(1_000_000, lines));
}

fn many_small_files(criterion: &mut Criterion) {
    measure(criterion, "2,000 small files", |lines| Texts::small(2_000, lines));
}

fn measure(criterion: &mut Criterion, title: &'static str, texts: impl Fn(Lines) -> Texts) {
    let (all, plain) = (texts(Lines::All), texts(Lines::Plain));
    let mut table = Table::new(criterion, title);
    table.row(REFERENCE, &all, dotenvy);
    table.row("deno_dotenv", &all, deno_dotenv);
    for (name, preset) in ADOTENV {
        let texts = if name == "docker" { &plain } else { &all };
        table.row(&format!("adotenv, {name}"), texts, |text| {
            adotenv::parse_with(text, preset).0.items().len()
        });
        table.row(&format!("adotenv, {name}, values only"), texts, |text| {
            adotenv::parse_values_with(text, preset).unwrap().len()
        });
    }
    table.row("Document::parse", &all, |text| Document::parse(text).entries().len());
    table.row("Document::parse, problems", &all, |text| Document::parse(text).problems().len());
    let surroundings = Surroundings::default();
    for dialect in Dialect::ALL {
        let texts = if matches!(dialect, Dialect::Docker | Dialect::Direnv) { &plain } else { &all };
        table.row(dialect.name(), texts, |text| dialect.read(text, &surroundings).unwrap().len());
    }
    table.print(REFERENCE);
}

fn dotenvy(text: &str) -> usize {
    let variables = dotenvy::from_read_iter(text.as_bytes()).map(Result::unwrap);
    variables.collect::<Vec<(String, String)>>().len()
}

/// Deno's loader, without what it looks up around it.
fn deno_dotenv(text: &str) -> usize {
    let mut variables = Vec::new();
    deno_dotenv::parse_env_content_hook(text, &mut |name, value| {
        variables.push((name.to_owned(), value.to_owned()));
    });
    variables.len()
}

/// Long enough for stable medians, short enough to be run often.
fn brief() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .without_plots()
}

criterion_group! { name = speed; config = brief(); targets = one_large_file, many_small_files }
criterion_main!(speed);
