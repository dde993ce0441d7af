//! That no text takes longer than its length warrants: each hostile shape is read at one length
//! and at sixteen times that, and whatever takes more than forty times as long is printed. So is
//! what is linear, but slow all the same.
//!
//! `cargo bench -p twinlock-dotenv --bench growth`; after `--` the name of a row, to see only those.

#![expect(clippy::disallowed_methods, reason = "a bench measures time")]
#![expect(clippy::print_stdout, reason = "its lines are what it is run for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use twinlock_dotenv::{
    Dialect, Document, KnownEntry, Surroundings, arriving, diff, match_entries, merge_prose,
};

/// Bytes of the two texts of each shape.
const LENGTHS: [usize; 2] = [1 << 16, 1 << 20];

/// The second is sixteen times as long as the first: a quadratic time grows 256-fold.
const FACTOR: f64 = 40.0;

/// More than this for the long one is printed, however it grows.
const SLOW: Duration = Duration::from_millis(500);

/// What a shape is made of: a start, a piece that is repeated, and an end.
const SHAPES: &[(&str, &str, &str)] = &[
    ("A=", "x", ""),
    ("A=", " ", ""),
    ("A=x", " ", "x"),
    ("", " ", "=1"),
    ("", "x", ""),
    ("", "x ", ""),
    ("", "é", ""),
    ("#", "#", ""),
    ("A=", " #", ""),
    ("A=", "\"", ""),
    ("A=", "'", ""),
    ("A=", "`", ""),
    ("", "\"", ""),
    ("", "'", ""),
    ("", "`", ""),
    ("", "\"\n", ""),
    ("", "'\n", ""),
    ("", "A=\"\n", ""),
    ("", "A='\n", ""),
    ("", "A=`\n", ""),
    ("", "A='x' y\n", ""),
    ("", "A=\"\\\"\n", ""),
    ("", "A='\\'\n", ""),
    ("A=\"", "\\\"", ""),
    ("A='", "\\'", ""),
    ("A=\"", "x\" ", ""),
    ("A=", "\"'`", ""),
    ("A=", "`\\`", ""),
    ("A=", "\\", ""),
    ("A=\"", "\\", ""),
    ("A=\"", "\\", "\""),
    ("A='", "\\", "'"),
    ("", "\\", ""),
    ("", "\\\n", ""),
    ("A=", "\\\n", ""),
    ("A=", "\\n", ""),
    ("A=\"", "\\n", "\""),
    ("A=", "$", ""),
    ("A=", "${", ""),
    ("A=\"", "${", "\""),
    ("A=", "${A", ""),
    ("A=", "${A:-", ""),
    ("A=\"", "${A:-", "\""),
    ("A=", "${A:-}", ""),
    ("A=", "${A:-x}", ""),
    ("A=", "${A-", ""),
    ("A=", "${B:?", ""),
    ("A=", "${B:?}", ""),
    ("A=", "${B:+", ""),
    ("A=", "$A", ""),
    ("A=1\nB=", "$A", ""),
    ("A=1\nB=\"", "${A}", "\""),
    ("A=", "\\$", ""),
    ("A=", "\\${", ""),
    ("A=", "}", ""),
    ("A=", "{", ""),
    ("A=", "$(", ""),
    ("A=", "$((", ""),
    ("A=", "(", ""),
    ("A=", "<<E", ""),
    ("", "<<E\n", ""),
    ("", "A=${A}x\n", ""),
    ("", "A=$A\n", ""),
    ("A=x\n", "A=${A}\n", ""),
    ("", "A=${B}\nB=${A}\n", ""),
    ("", "export ", ""),
    ("", "export ", "A=1"),
    ("", "export\n", ""),
    ("", "export A\n", ""),
    ("", "\r", ""),
    ("", "A=1\r", ""),
    ("A=\"", "\r", ""),
    ("A=\"", "\r\n", "\""),
    ("", "\n", ""),
    ("", " \n", ""),
    ("", "\n", "A=1"),
    ("A=", "\n", "\"x\""),
    ("A=\"", "\n", ""),
    ("A='", "\n", "'"),
    ("", "\0", ""),
    ("A=", "\0", ""),
    ("", "=", ""),
    ("", ":", ""),
    ("", "A:", ""),
    ("", "A: ", ""),
    ("", "A \n", ""),
    ("", "A\n", ""),
    ("", "A=\n", ""),
    ("", "A=1\n", ""),
    ("", "A=1\n#\n", ""),
    ("", "-----BEGIN ", ""),
    ("", "-----BEGIN A-----\n", ""),
    ("", "A=-----BEGIN A\n", ""),
    ("", "A=\"-----BEGIN A\n", ""),
    ("", "A=-----BEGIN A\nQUJD\n", ""),
    ("", "-----BEGIN A-----\n", "-----END A-----\n"),
    ("", "-----END A-----\n", ""),
    ("", "QUJD\n", ""),
    ("", "QUJDQUI=\n", ""),
    ("", "A: b\n", ""),
    ("-----BEGIN A-----\n", "A: b\n", ""),
    ("", "A='\n-----BEGIN A-----\nA: b\n", ""),
    ("", "\u{feff}", ""),
    ("", "\u{2028}", ""),
    ("A=", "\u{2028}", ""),
    ("A=", "'\u{2028}", ""),
    ("A=", "\u{a0}", ""),
    ("A=", "[", ""),
    ("A=", ";", ""),
    ("A=", "~", ""),
    ("A=", "*", ""),
];

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with("--"));
    let surroundings = Surroundings::default();
    let mut rows = Rows { wanted, measured: 0, printed: 0 };
    for (start, piece, end) in SHAPES {
        let texts =
            LENGTHS.map(|length| format!("{start}{}{end}", piece.repeat(length.div_ceil(piece.len()))));
        let others = texts.each_ref().map(|text| changed(text));
        let mut row = |what, run: &dyn Fn(&str, &str)| {
            let name = format!("{start:?} {piece:?}… {end:?}");
            rows.row(&name, what, |size| run(&texts[size], &others[size]));
        };
        row("parse", &|text, _| drop(black_box(Document::parse(text))));
        row("problems", &|text, _| drop(black_box(Document::parse(text).problems())));
        row("unclosed", &|text, _| {
            black_box(Document::parse(text).has_unclosed_quote());
        });
        row("halves", &|text, _| {
            let document = Document::parse(text);
            document.variables().for_each(|variable| {
                black_box(variable.right_half());
            });
        });
        row("diff", &|text, other| {
            drop(black_box(diff(&Document::parse(text), &Document::parse(other))));
        });
        row("match", &|text, other| {
            let documents = [text, other].map(Document::parse);
            let [known, entries] = documents
                .each_ref()
                .map(|document| document.entries().iter().map(KnownEntry::from).collect::<Vec<_>>());
            drop(black_box(match_entries(&known, &entries)));
        });
        row("prose", &|text, other| drop(black_box(merge_prose(text, other, &changed(other)))));
        row("arriving", &|text, other| drop(black_box(arriving(text, other))));
        for dialect in Dialect::ALL {
            row(dialect.name(), &|text, _| drop(black_box(dialect.read(text, &surroundings))));
        }
    }
    rows.end();
}

/// Another text with most of the same entries, in another order and with other values.
fn changed(text: &str) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let middle = lines.len() / 2;
    lines.rotate_left(middle);
    format!("{}\nB=2\n# more\n", lines.concat())
}

struct Rows {
    wanted: Option<String>,
    measured: usize,
    printed: usize,
}

impl Rows {
    fn row(&mut self, shape: &str, what: &str, run: impl Fn(usize)) {
        if self.wanted.as_ref().is_some_and(|wanted| wanted != what) {
            return;
        }
        self.measured += 1;
        let measure = |times| [0, 1].map(|size| best_of(times, || run(size)));
        let grows = |[short, long]: [Duration; 2]| long > short.mul_f64(FACTOR);
        let mut times = measure(1);
        // What looks slow at once is looked at again: something else may have been running.
        if grows(times) || times[1] > SLOW {
            times = measure(3);
        }
        if grows(times) || times[1] > SLOW {
            self.printed += 1;
            let [short, long] = times;
            let growth = long.as_secs_f64() / short.as_secs_f64();
            println!("{what:14} {shape:36} {short:>8.1?} {long:>8.1?} {growth:>6.1} x");
        }
    }

    fn end(self) {
        println!("{} measured, {} of them take longer than they should", self.measured, self.printed);
    }
}

fn best_of(times: usize, run: impl Fn()) -> Duration {
    let once = || {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..times).map(|_| once()).min().unwrap_or_default()
}
