//! Docker's `--env-file`: a name, an `=`, and the value as it is. There are no quotes, and a line
//! is all that a value can be.

use twinlock_dotenv::{Dialect, Reading, Refused, Surroundings, Value};
use zeroize::Zeroizing;

use crate::error::WriteError;
use crate::format::Format;
use crate::variables::{Variable, Variables};

/// The longest line that Docker reads, in bytes.
const MAX_LINE: usize = 65_535;

/// Writes a line for each variable.
pub(crate) fn write(variables: &Variables) -> Result<Zeroizing<String>, WriteError> {
    let names = variables.names_unless(|variable| is_name(variable.name()));
    if !names.is_empty() {
        let reason = "a name there has no blank and no =, and does not begin with #";
        return Err(WriteError::Names { format: Format::Docker, names, reason });
    }
    let names = variables.names_unless(fits_a_line);
    if !names.is_empty() {
        let reason = "a value there is one line of less than 64 KiB, without a NUL character and without a carriage return at its end";
        return Err(WriteError::Values { format: Format::Docker, names, reason });
    }
    let mut out = Zeroizing::new(String::new());
    for variable in variables {
        out.push_str(variable.name());
        out.push('=');
        out.push_str(variable.value());
        out.push('\n');
    }
    Ok(out)
}

fn is_name(name: &str) -> bool {
    let breaks = |c: char| c == '=' || c.is_whitespace() || c.is_control() || c == '\u{feff}';
    !name.is_empty() && !name.starts_with('#') && !name.contains(breaks)
}

fn fits_a_line(variable: &Variable) -> bool {
    let value = variable.value();
    !value.contains(['\n', '\0'])
        && !value.ends_with('\r')
        && variable.name().len() + 1 + value.len() < MAX_LINE
}

/// Reads the lines. A name without a value is listed as such: Docker would take its value from
/// the surroundings.
pub(crate) fn read(text: &str) -> Result<Vec<Reading>, Refused> {
    let mut readings = Dialect::Docker.read(text, &Surroundings::default())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let alone = text
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.contains('='));
    // In front, so that a name with a value elsewhere has that value.
    let alone = alone.map(|name| Reading { name: name.to_owned(), value: Value::None });
    readings.splice(0..0, alone);
    Ok(readings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::Why;

    fn variables(list: &[(&str, &str)]) -> Variables {
        Variables::new(list.iter().map(|(name, value)| Variable::new(*name, *value)).collect()).unwrap()
    }

    #[test]
    fn writes_values_as_they_are() {
        let written = write(&variables(&[("A", " \"x\" # y \t"), ("B", ""), ("c.d-e", "a=b\r!")]));
        assert_eq!(*written.unwrap(), "A= \"x\" # y \t\nB=\nc.d-e=a=b\r!\n");
    }

    #[test]
    fn tells_names_and_values_that_no_line_can_hold() {
        match write(&variables(&[("A", ""), ("#B", ""), ("C D", ""), ("", ""), ("E=F", ""), ("G\n", "")])) {
            Err(WriteError::Names { names, .. }) => assert_eq!(names, ["#B", "C D", "", "E=F", "G\n"]),
            other => panic!("{other:?}"),
        }
        let long = "x".repeat(MAX_LINE - 2);
        match write(&variables(&[("A", "1"), ("B", "1\n2"), ("C", "1\r"), ("D", "\0"), ("E", &long)])) {
            Err(WriteError::Values { names, .. }) => assert_eq!(names, ["B", "C", "D", "E"]),
            other => panic!("{other:?}"),
        }
        let fits = variables(&[("A", &long[1..])]);
        let (read, left_out) = Variables::from_readings(read(&write(&fits).unwrap()).unwrap());
        assert_eq!((read, left_out), (fits, vec![]));
    }

    #[test]
    fn a_name_alone_is_told() {
        let (found, left_out) = Variables::from_readings(read("A\n# x\n\nB=1\nC\nC=\"2\"\n").unwrap());
        assert_eq!(found, variables(&[("B", "1"), ("C", "\"2\"")]));
        assert_eq!(
            left_out.iter().map(|left| (left.name.as_str(), left.why)).collect::<Vec<_>>(),
            [("A", Why::NoValue)]
        );
    }
}
