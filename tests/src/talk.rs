//! A program that says something, waits for an answer and goes on: spoken to line by line, as a person or a script
//! would. It ends with its value.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdin, Command};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::programs::{Machine, Ran, asked, piped, wait_until};

/// A running program.
pub struct Talk {
    asked: String,
    child: Child,
    input: Option<ChildStdin>,
    out: Arc<Mutex<String>>,
    err: Arc<Mutex<String>>,
    readers: Vec<std::thread::JoinHandle<()>>,
}

impl Talk {
    /// Starts `twinlock` on a computer.
    #[must_use]
    pub fn start(on: &Machine, arguments: &[&str]) -> Self {
        Self::with(on.command(arguments))
    }

    fn with(mut command: Command) -> Self {
        let mut child = piped(&mut command);
        let asked = asked(&command);
        let input = child.stdin.take();
        let (out, err) = (Arc::default(), Arc::default());
        let readers = vec![
            keep(child.stdout.take().expect("a pipe"), &out),
            keep(child.stderr.take().expect("a pipe"), &err),
        ];
        Self { asked, child, input, out, err, readers }
    }

    /// Gives it a line.
    pub fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its standard input is open");
        // One that has ended already is judged by how it did.
        let _ = writeln!(input, "{line}").and_then(|()| input.flush());
    }

    /// Waits for a line on standard output that begins so, and gives it.
    #[must_use]
    pub fn out_line(&mut self, begins: &str) -> String {
        self.line(&Arc::clone(&self.out), begins)
    }

    /// Waits for a line on standard error that begins so, and gives it.
    #[must_use]
    pub fn err_line(&mut self, begins: &str) -> String {
        self.line(&Arc::clone(&self.err), begins)
    }

    /// Waits for one of the lines of JSON that it prints, by what it says happened.
    #[must_use]
    pub fn event(&mut self, kind: &str) -> Value {
        let line = self.out_line(&format!("{{\"event\":\"{kind}\""));
        serde_json::from_str(&line).expect("JSON")
    }

    /// What it said on standard output until now.
    #[must_use]
    pub fn out_so_far(&self) -> String {
        text(&self.out)
    }

    /// What it said on standard error until now.
    #[must_use]
    pub fn err_so_far(&self) -> String {
        text(&self.err)
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// Waits until it ends by itself.
    #[must_use]
    pub fn end(mut self) -> Ran {
        let input = self.input.take();
        let mut status = None;
        wait_until("the program ends", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        });
        drop(input);
        for reader in self.readers.drain(..) {
            reader.join().expect("a thread");
        }
        let status = status.and_then(|status| status.code()).unwrap_or(-1);
        Ran { asked: self.asked.clone(), status, out: text(&self.out), err: text(&self.err) }
    }

    fn line(&mut self, said: &Mutex<String>, begins: &str) -> String {
        let mut found = None;
        wait_until(&format!("a line that begins with {begins}"), || {
            let all = text(said);
            // Whole lines only.
            let whole = all.rfind('\n').map_or("", |end| &all[..end]);
            found = whole.lines().find(|line| line.trim_start().starts_with(begins)).map(str::to_owned);
            let over = found.is_none() && !self.runs();
            assert!(!over, "it ended without: {begins}\n{}{}", text(&self.out), text(&self.err));
            found.is_some()
        });
        found.expect("a line")
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep(from: impl Read + Send + 'static, to: &Arc<Mutex<String>>) -> std::thread::JoinHandle<()> {
    let to = Arc::clone(to);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut said = to.lock().unwrap_or_else(PoisonError::into_inner);
            said.push_str(&line);
            said.push('\n');
        }
    })
}

fn text(said: &Mutex<String>) -> String {
    said.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
