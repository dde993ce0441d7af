//! Canaries: texts that are found nowhere else, and the search for them in raw bytes. Each is looked for as it
//! is, and in the encodings that programs use without calling it encryption.

use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use twinlock_protocol::encoding::to_base64url;

/// What is searched for.
pub struct Canaries {
    /// What they are called where they are found.
    names: Vec<String>,
    /// By needle: the name that it stands for.
    of: Vec<usize>,
    needles: AhoCorasick,
}

impl Canaries {
    /// Texts of at least eight letters and digits: shorter ones turn up by chance.
    #[must_use]
    pub fn new(texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::named(texts.into_iter().map(|text| {
            let text = text.into();
            (text.clone(), text.into_bytes())
        }))
    }

    /// Any bytes, at least eight of each, by a name that they are told by.
    #[must_use]
    pub fn named(all: impl IntoIterator<Item = (impl Into<String>, Vec<u8>)>) -> Self {
        let (mut names, mut of, mut needles) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (name, bytes)) in all.into_iter().enumerate() {
            let name = name.into();
            assert!(bytes.len() >= 8, "{name}");
            names.push(name);
            for needle in spellings(&bytes) {
                of.push(at);
                needles.push(needle);
            }
        }
        let needles = AhoCorasick::new(needles).expect("needles");
        Self { names, of, needles }
    }

    /// Those found in bytes.
    #[must_use]
    pub fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        let mut found: Vec<usize> = self
            .needles
            .find_overlapping_iter(bytes)
            .map(|found| self.of[found.pattern().as_usize()])
            .collect();
        found.sort_unstable();
        found.dedup();
        let mut names: Vec<&str> = found.into_iter().map(|at| self.names[at].as_str()).collect();
        // Several may go by one name.
        names.dedup();
        names
    }

    /// Those found in the files of a folder, with the file; names of files count as their content.
    #[must_use]
    pub fn found_below(&self, folder: &Path) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().map(|name| name.as_encoded_bytes().to_vec()).unwrap_or_default();
            let mut texts = self.found_in(&name);
            if path.is_dir() && !path.is_symlink() {
                found.extend(self.found_below(&path));
            } else if path.is_file() {
                texts.extend(self.found_in(&std::fs::read(&path).expect("a file")));
            }
            found.extend(texts.into_iter().map(|text| (path.clone(), text.to_owned())));
        }
        found
    }
}

/// A text as it is, in hexadecimal, UTF-16, and in Base64 of both alphabets wherever it begins there.
fn spellings(text: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = text.iter().map(|byte| format!("{byte:02x}")).collect();
    let wide: Vec<u8> = text.iter().flat_map(|byte| [*byte, 0]).collect();
    let mut spellings = vec![text.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes(), wide];
    // Characters that neighbouring bytes have a part in are left out.
    for (before, skipped) in [(0, 0), (1, 2), (2, 3)] {
        let encoded = to_base64url(&[&vec![0; before], text].concat());
        let whole = if (before + text.len()).is_multiple_of(3) { encoded.len() } else { encoded.len() - 1 };
        let part = &encoded[skipped..whole];
        spellings.push(part.as_bytes().to_vec());
        spellings.push(part.replace('-', "+").replace('_', "/").into_bytes());
    }
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planted_is_found() {
        let canaries = Canaries::new(["canary-of-a-mine", "another one?"]);
        let text = b"canary-of-a-mine";
        for before in 0..3 {
            for after in 0..3 {
                let bytes = [&b"xyz"[..before], text, &b"xyz"[..after]].concat();
                for spelling in [
                    bytes.clone(),
                    to_base64url(&bytes).into_bytes(),
                    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>().into_bytes(),
                ] {
                    assert_eq!(canaries.found_in(&spelling), ["canary-of-a-mine"], "{before} {after}");
                }
            }
        }
        assert!(canaries.found_in(b"canary of a mine, another on").is_empty());
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("deep")).unwrap();
        let file = folder.path().join("deep/file");
        std::fs::write(&file, "…another one?…").unwrap();
        assert_eq!(canaries.found_below(folder.path()), [(file, "another one?".to_owned())]);
    }
}
