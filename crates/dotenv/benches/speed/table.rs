//! What was measured, as a table of throughputs and of ratios to one of the rows.
//!
//! Criterion measures; this keeps the quickest of what it measured, for the ratios of one run: what
//! else the machine was doing makes samples slower, never quicker.

use std::hint::black_box;
use std::time::Instant;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};

use crate::ordinary::Texts;

/// The rows of one table.
pub(crate) struct Table<'c> {
    group: BenchmarkGroup<'c, WallTime>,
    title: &'static str,
    /// Name and seconds for one byte.
    rows: Vec<(String, f64)>,
}

impl<'c> Table<'c> {
    pub(crate) fn new(criterion: &'c mut Criterion, title: &'static str) -> Self {
        Self { group: criterion.benchmark_group(title), title, rows: Vec::new() }
    }

    /// Measures `read` over all of the texts.
    pub(crate) fn row(&mut self, name: &str, texts: &Texts, read: impl Fn(&str) -> usize) {
        let mut samples = Vec::new();
        self.group.throughput(Throughput::Bytes(texts.bytes as u64));
        self.group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                let start = now();
                for _ in 0..times {
                    for text in &texts.texts {
                        black_box(read(text));
                    }
                }
                let spent = start.elapsed();
                samples.push(spent.as_secs_f64() / (times as f64 * texts.bytes as f64));
                spent
            });
        });
        // A row that a filter left out has no samples.
        if let Some(quickest) = samples.into_iter().min_by(f64::total_cmp) {
            self.rows.push((name.to_owned(), quickest));
        }
    }

    /// Prints the rows, each with the time it takes as a multiple of what `reference` takes.
    #[expect(clippy::print_stdout, reason = "the table is what a bench is run for")]
    pub(crate) fn print(self, reference: &str) {
        self.group.finish();
        let one = self.rows.iter().find(|(name, _)| name == reference).map(|(_, time)| *time);
        println!("\n{:32} {:>9} {:>10}", self.title, "MB/s", "time");
        for (name, time) in &self.rows {
            let ratio = one.map_or(String::new(), |one| format!("{:.2} x", time / one));
            println!("{name:32} {:>9.1} {ratio:>10}", 1e-6 / time);
        }
        println!("(time: as a multiple of what {reference} takes for as many bytes)\n");
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn now() -> Instant {
    Instant::now()
}
