//! Compound commands: what becomes of variables in branches and loops.

use super::expand;
use super::glob::Pattern;
use super::parse::{List, Word};
use super::{Shell, Status, Stop};
use crate::dialects::{Refused, Value};

impl Shell<'_> {
    /// What happens where it is not sure that anything happens: an end makes the rest doubtful.
    pub(super) fn swallow(&mut self, result: Result<(), Stop>) -> Result<(), Stop> {
        match result {
            Err(Stop::Shell(Refused::Endless)) => result,
            Err(_) => {
                self.doubtful = true;
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn doubtfully(&mut self, list: &List) -> Result<(), Stop> {
        let doubtful = std::mem::replace(&mut self.doubtful, true);
        let result = self.run(list);
        self.doubtful = doubtful;
        self.status = Status::Unknown;
        self.swallow(result)
    }

    fn condition(&mut self, list: &List) -> Result<Option<bool>, Stop> {
        self.tested += 1;
        let result = self.run(list);
        self.tested -= 1;
        result?;
        Ok(self.status.is_zero())
    }

    pub(super) fn branches(&mut self, arms: &[(List, List)], otherwise: &List) -> Result<(), Stop> {
        for (place, (condition, body)) in arms.iter().enumerate() {
            match self.condition(condition)? {
                Some(true) => return self.run(body),
                Some(false) => {}
                None => {
                    self.doubtfully(body)?;
                    for (condition, body) in &arms[place + 1..] {
                        self.doubtfully(condition)?;
                        self.doubtfully(body)?;
                    }
                    return self.doubtfully(otherwise);
                }
            }
        }
        self.status = Status::ZERO;
        self.run(otherwise)
    }

    pub(super) fn for_each(&mut self, name: &str, words: Option<&[Word]>, body: &List) -> Result<(), Stop> {
        let mut items: Vec<Option<String>> = Vec::new();
        match words {
            None => items.extend(self.arguments.iter().cloned().map(Some)),
            Some(words) => {
                for word in words {
                    let fields = expand::fields(self, word)?;
                    items.extend(fields.into_iter().map(|field| field.known.then_some(field.text)));
                }
            }
        }
        self.status = Status::ZERO;
        if items.contains(&None) {
            self.set(name, Value::NeedsCommand)?;
            return self.doubtfully(body);
        }
        for item in items.into_iter().flatten() {
            self.set(name, item.into())?;
            if self.turn(body)? {
                break;
            }
        }
        Ok(())
    }

    /// Runs the body of a loop once; answers whether the loop ends.
    fn turn(&mut self, body: &List) -> Result<bool, Stop> {
        self.fuel.spend(0)?;
        self.loops += 1;
        let result = self.run(body);
        self.loops -= 1;
        match result {
            Err(Stop::Break(1)) => Ok(true),
            Err(Stop::Break(more)) => Err(Stop::Break(more - 1)),
            Err(Stop::Continue(more)) if more > 1 => Err(Stop::Continue(more - 1)),
            Ok(()) | Err(Stop::Continue(_)) => Ok(false),
            Err(stop) => Err(stop),
        }
    }

    pub(super) fn repeat(&mut self, until: bool, condition: &List, body: &List) -> Result<(), Stop> {
        let mut status = Status::ZERO;
        loop {
            match self.condition(condition)? {
                None => return self.doubtfully(body),
                Some(holds) if holds == until => break,
                Some(_) => {}
            }
            if self.turn(body)? {
                break;
            }
            status = self.status;
        }
        self.status = status;
        Ok(())
    }

    pub(super) fn case(&mut self, subject: &Word, arms: &[(Vec<Word>, List)]) -> Result<(), Stop> {
        let subject = expand::text(self, subject)?;
        for (place, (patterns, body)) in arms.iter().enumerate() {
            for pattern in patterns {
                let glyphs = expand::glyphs(self, pattern)?;
                let known = !glyphs.iter().any(|(_, mark)| *mark == expand::Mark::Unknown);
                let Some(subject) = subject.as_deref().filter(|_| known) else {
                    return arms[place..].iter().try_for_each(|(_, body)| self.doubtfully(body));
                };
                let pattern = Pattern::new(&glyphs);
                self.fuel.spend(pattern.cost(subject.len()))?;
                if pattern.matches(subject) {
                    self.status = Status::ZERO;
                    return self.run(body);
                }
            }
        }
        self.status = Status::ZERO;
        Ok(())
    }
}
