//! bash's `$'…'`.

use super::{Error, Parser, Part, Quoting};

impl Parser<'_> {
    /// Reads to the closing quote.
    pub(super) fn escaped_text(&mut self) -> Result<Part, Error> {
        let mut value = Vec::new();
        let bytes = self.text.as_bytes();
        loop {
            let byte = self.peek().ok_or(Error::Syntax)?;
            self.at += 1;
            match byte {
                b'\'' => break,
                b'\\' => self.escape(bytes, &mut value)?,
                _ => value.push(byte),
            }
        }
        // A zero ends it, as in C.
        let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
        value.truncate(end);
        let text = String::from_utf8(value);
        Ok(text.map_or(Part::Command, |text| Part::Text(text, Quoting::Quoted)))
    }

    fn escape(&mut self, bytes: &[u8], value: &mut Vec<u8>) -> Result<(), Error> {
        let next = self.peek().ok_or(Error::Syntax)?;
        self.at += 1;
        match next {
            b'a' => value.push(7),
            b'b' => value.push(8),
            b'e' | b'E' => value.push(27),
            b'f' => value.push(12),
            b'n' => value.push(b'\n'),
            b'r' => value.push(b'\r'),
            b't' => value.push(b'\t'),
            b'v' => value.push(11),
            b'\\' | b'\'' | b'"' | b'?' => value.push(next),
            b'0'..=b'7' => {
                self.at -= 1;
                value.extend(self.number(bytes, 8, 3).map(|number| (number & 0xff) as u8));
            }
            b'x' => match self.number(bytes, 16, 2) {
                Some(number) => value.push((number & 0xff) as u8),
                None => value.extend(b"\\x"),
            },
            b'u' | b'U' => {
                let most = if next == b'u' { 4 } else { 8 };
                match self.number(bytes, 16, most).and_then(char::from_u32) {
                    Some(c) => value.extend(c.to_string().into_bytes()),
                    None => value.extend([b'\\', next]),
                }
            }
            b'c' => match self.peek() {
                Some(letter) if letter.is_ascii() => {
                    self.at += 1;
                    value.push(if letter == b'?' { 127 } else { letter.to_ascii_uppercase() & 0x1f });
                }
                _ => value.extend(b"\\c"),
            },
            _ => value.extend([b'\\', next]),
        }
        Ok(())
    }

    fn number(&mut self, bytes: &[u8], radix: u32, most: usize) -> Option<u32> {
        let more = bytes[self.at..].iter().take(most);
        let digits = more.take_while(|byte| char::from(**byte).is_digit(radix)).count();
        let number = u32::from_str_radix(&self.text[self.at..self.at + digits], radix).ok();
        self.at += digits;
        number
    }
}
