//! `test` and `[`, as far as they look at no file.

use super::Status;
use super::expand::Field;

/// The status of a test.
pub(super) fn run(name: &str, words: &[Field]) -> Status {
    let known: Option<Vec<&str>> = words.iter().map(Field::whole).collect();
    let Some(mut words) = known else { return Status::Unknown };
    if name == "[" && words.pop() != Some("]") {
        return Status::Known(2);
    }
    match holds(&words) {
        Some(Ok(holds)) => Status::Known(u8::from(!holds)),
        Some(Err(Fault)) => Status::Known(2),
        None => Status::Unknown,
    }
}

/// The words make no test.
struct Fault;

/// Whether a test holds; `None` where a file would tell, or it is longer than is followed here.
fn holds(words: &[&str]) -> Option<Result<bool, Fault>> {
    let numbers = |left: &str, right: &str, holds: fn(&i64, &i64) -> bool| match (
        left.trim().parse(),
        right.trim().parse(),
    ) {
        (Ok(left), Ok(right)) => Ok(holds(&left, &right)),
        _ => Err(Fault),
    };
    let answer = match words {
        [] => Ok(false),
        [word] => Ok(!word.is_empty()),
        ["!", word] => Ok(word.is_empty()),
        ["-n", word] => Ok(!word.is_empty()),
        ["-z", word] => Ok(word.is_empty()),
        [_, _] => return None,
        [left, "=" | "==", right] => Ok(left == right),
        [left, "!=", right] => Ok(left != right),
        [left, "<", right] => Ok(left < right),
        [left, ">", right] => Ok(left > right),
        [left, "-eq", right] => numbers(left, right, i64::eq),
        [left, "-ne", right] => numbers(left, right, i64::ne),
        [left, "-lt", right] => numbers(left, right, i64::lt),
        [left, "-le", right] => numbers(left, right, i64::le),
        [left, "-gt", right] => numbers(left, right, i64::gt),
        [left, "-ge", right] => numbers(left, right, i64::ge),
        [left, "-a", right] => Ok(!left.is_empty() && !right.is_empty()),
        [left, "-o", right] => Ok(!left.is_empty() || !right.is_empty()),
        ["!", rest @ ..] if rest.len() < 4 => return holds(rest).map(|answer| answer.map(|holds| !holds)),
        _ => return None,
    };
    Some(answer)
}
