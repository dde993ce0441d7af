//! A recovery kit as a person meets it: shown once, written down, asked for, and typed in.

use crate::programs::{Machine, Ran, wait_until};
use crate::talk::Talk;

/// What somebody wrote down.
pub struct Sheet {
    /// The 24 words.
    pub words: Vec<String>,
    /// The line that says where to come back to.
    pub line: String,
}

impl Sheet {
    /// Writes down what is shown.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut words = vec![String::new(); 24];
        let mut pieces =
            text.lines().filter(|line| !line.contains("twinlock:kit#")).flat_map(str::split_whitespace);
        while let Some(piece) = pieces.next() {
            if let Some(number) = piece.strip_suffix('.').and_then(|number| number.parse::<usize>().ok()) {
                words[number - 1] = pieces.next().expect("a word behind its number").to_owned();
            }
        }
        assert!(words.iter().all(|word| !word.is_empty()), "{text}");
        let mut lines = text.lines().map(str::trim);
        let line = lines.find(|line| line.starts_with("twinlock:kit#")).expect("the line of a kit");
        Self { words, line: line.to_owned() }
    }

    /// As it is typed in.
    #[must_use]
    pub fn typed(&self) -> String {
        format!("{}\n{}\n{}\n", self.line, self.words[..12].join(" "), self.words[12..].join(" "))
    }

    /// Answers what is asked for while it is made: three different words, in order. `answer` is what somebody says for each.
    pub fn answer_all(&self, making: &mut Talk, answer: impl Fn(&str) -> String) {
        let mut before = 0;
        for at in 0..3 {
            let mut asked = None;
            wait_until("the next question", || {
                asked = making.err_so_far().lines().filter_map(question).nth(at);
                asked.is_some()
            });
            let asked = asked.expect("the number of a word");
            assert!(before < asked && asked <= 24);
            before = asked;
            making.say(&answer(&self.words[asked - 1]));
        }
    }
}

fn question(line: &str) -> Option<usize> {
    line.trim().strip_prefix("Word ")?.strip_suffix(':')?.parse().ok()
}

/// Makes a kit on a computer, and answers what is asked for.
pub fn make(on: &Machine, answer: impl Fn(&str) -> String) -> (Sheet, Ran) {
    let mut making = Talk::start(on, &["recovery", "create"]);
    let _all_shown = making.out_line("twinlock:kit#");
    let sheet = Sheet::read(&making.out_so_far());
    sheet.answer_all(&mut making, answer);
    (sheet, making.end())
}
