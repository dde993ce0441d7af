//! Which lines of a file do more than set variables when a shell sources it: told by the grammar alone, whatever
//! the variables are, so that no condition hides what a line can do.

use super::Kind;
use super::parse::{
    Assigned, Assignment, Command, Error, List, Operation, Parameter, Parser, Part, Word, is_name,
};

/// How often a text is read on behind a line that is no grammar. There the shells have stopped already; what
/// stands behind it is judged by [`is_simple`] then, so that a hostile text costs no more than an ordinary one.
const MAX_FAULTS: usize = 8;

/// The lines that do more than set variables to texts, as written: commands, whatever asks one for a value, sums (bash
/// runs what stands in the index of an array), references that set another variable, and what is no grammar at all.
pub(in crate::dialects) fn active_lines(kind: Kind, text: &str) -> Vec<String> {
    // Shells drop zero bytes as they read.
    let text = text.replace('\0', "");
    let mut found = Vec::new();
    let mut rest = text.as_str();
    for _ in 0..MAX_FAULTS {
        let mut parser = Parser::new(kind, rest);
        let fault = loop {
            let start = parser.skip_to_command();
            match parser.line_of_commands() {
                Ok(None) => return found,
                Ok(Some(list)) if is_plain(&list) => {}
                Ok(Some(_)) => found.push(rest[start..parser.place()].to_owned()),
                Err(Error::Syntax | Error::TooDeep) => break start,
            }
        };
        let end = rest[fault..].find('\n').map_or(rest.len(), |end| fault + end + 1);
        found.push(rest[fault..end].to_owned());
        rest = &rest[end..];
    }
    found.extend(rest.split_inclusive('\n').filter(|line| !is_simple(line)).map(str::to_owned));
    found
}

/// Whether a line by itself is blank, a comment or an assignment of plain characters.
fn is_simple(line: &str) -> bool {
    let line = line.trim_matches([' ', '\t', '\r', '\n']);
    if line.is_empty() || line.starts_with('#') {
        return true;
    }
    let line = line.strip_prefix("export ").unwrap_or(line);
    let plain = |c: char| c.is_alphanumeric() || "_-./:@%+,=".contains(c);
    line.split_once('=').is_some_and(|(name, value)| is_name(name) && value.chars().all(plain))
}

fn is_plain(list: &List) -> bool {
    let mut commands =
        list.iter().flat_map(|statement| &statement.pipelines).flat_map(|(_, all)| &all.commands);
    commands.all(|command| match command {
        Command::Simple { assignments, words, redirections } => {
            redirections.is_empty() && assignments.iter().all(sets_a_text) && only_exports(words)
        }
        _ => false,
    })
}

fn sets_a_text(assignment: &Assignment) -> bool {
    match &assignment.value {
        Assigned::Word(word) => assignment.index.is_none() && is_text(word),
        Assigned::Array(_) => false,
    }
}

/// No command, or `export` of names and of assignments.
fn only_exports(words: &[Word]) -> bool {
    // The carriage return of a line ending, by itself.
    let is_return = |word: &Word| matches!(&word[..], [Part::Text(text, _)] if text == "\r");
    let words = match words.split_last() {
        Some((last, others)) if is_return(last) => others,
        _ => words,
    };
    let Some((first, others)) = words.split_first() else { return true };
    let exported = |word: &Word| match &word[..] {
        [Part::Declared(_), value @ ..] => is_text(value),
        [Part::Text(name, _)] => is_name(name.strip_suffix('\r').unwrap_or(name)),
        _ => false,
    };
    matches!(&first[..], [Part::Text(name, _)] if name == "export") && others.iter().all(exported)
}

/// Whether a word is put together without a command being run or a variable being set.
fn is_text(word: &[Part]) -> bool {
    word.iter().all(|part| match part {
        Part::Text(..) | Part::Home(_) => true,
        Part::Parameter(parameter) => is_reference(parameter),
        Part::Declared(_) | Part::Command | Part::Arithmetic(..) | Part::Bad | Part::Array(_) => false,
    })
}

fn is_reference(parameter: &Parameter) -> bool {
    let plain = match &parameter.operation {
        Operation::Plain | Operation::Length => true,
        Operation::Choice(choice) => choice.operator != b'=' && is_text(&choice.word),
        Operation::Trim { pattern, .. } | Operation::Case { pattern, .. } => is_text(pattern),
        Operation::Replace { pattern, with, .. } => is_text(pattern) && is_text(with),
        // A sum, a prompt that is read for commands, names that the file cannot know.
        Operation::Slice(_) | Operation::Transform(_) | Operation::Names => false,
    };
    plain && parameter.index.is_none() && !parameter.indirect
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        for kind in [Kind::Dash, Kind::Bash] {
            assert_eq!(active_lines(kind, text), expected, "{text:?}");
        }
    }

    #[test]
    fn assignments_and_comments_do_nothing_more() {
        for text in [
            "",
            "A=1\n# touch x\n\nexport B='$(touch x)' C=\"two words\"\nexport A B\n",
            "A=1\r\n\r\nexport A\r\nB='x'\r\n",
            "A=${B:-x}$C${#C}\nD=~/x:~\nE=${F%/*}\n",
            "URL=http://h/?a=1&b=2\nA=1; B=2\n",
            "A='two\nlines' B=\"touch x\ntouch y\"\n",
            "A=\\$\\(touch\\)\n",
        ] {
            check(text, &[]);
        }
        assert_eq!(active_lines(Kind::Bash, "A=${B/x/y}${C^^}\nA+=1\n"), Vec::<String>::new());
    }

    #[test]
    fn whatever_can_run_is_told() {
        for line in [
            "touch x\n",
            "A=$(touch x)\n",
            "A=`touch x`\n",
            "A=\"a $(touch x)\"\n",
            "A=two words\n",
            "A=1 sh x\n",
            "A=1|sh\n",
            "A=1 >x\n",
            "A=${B:=x}\n",
            "A=${HOME:+${NODE_OPTIONS:=x}}\n",
            "A=${B:-$(touch x)}\n",
            "A=$((B[$(touch x)]))\n",
            "NODE_OPTIONS: x\n",
            "f() { touch x; }\n",
            "(A=1)\n",
            "if A=1; then B=1; fi\n",
            "export A=$(touch x)\n",
            "export -n A\n",
            ". ./x\n",
            "\rtouch x\n",
            "A=1\\\r\n",
        ] {
            let found = active_lines(Kind::Bash, line);
            if line == "A=1\\\r\n" {
                assert_eq!(found, Vec::<String>::new(), "the return is part of the value");
                continue;
            }
            check(line, &[line]);
        }
        for line in ["A=${B:0:x}\n", "A=${B@P}\n", "A=${!B}\n", "A[x]=1\n", "A=(x)\n", "A=<(touch x)\n"] {
            assert_eq!(active_lines(Kind::Bash, line), [line]);
        }
        check("A=1\\\r\ntouch x\n", &["touch x\n"]);
        check("A=1\\\ntouch x\n", &["A=1\\\ntouch x\n"]);
        check("tou\0ch x\n", &["touch x\n"]);
    }

    #[test]
    fn what_is_no_grammar_is_told_and_read_past() {
        check("A=it's\nB=1\ntouch x\n", &["A=it's\n", "touch x\n"]);
        let broken = ")\n".repeat(20);
        let mut expected = vec![")\n"; 20];
        expected.push("B=$(touch x)");
        check(&format!("{broken}A=1\nexport C=x.y\n# c\nB=$(touch x)"), &expected);
    }
}
