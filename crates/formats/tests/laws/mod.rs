//! What must hold of every text that comes in: an answer or a refusal, in time, and what came in
//! goes out and comes in again as it was.

use twinlock_formats::{Imported, Source, Target, read, write};

/// A key of the published form, for texts that look like a `.env.vault`.
const KEY: &str = "dotenv://:key_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef@dotenv.org/vault/.env.vault?environment=development";

/// Reads what a fuzzer gives: the first byte says the format, the rest is the text.
pub(crate) fn input(data: &[u8]) {
    let Some((format, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let sources = [
        Source::Env,
        Source::Json,
        Source::Yaml,
        Source::Shell,
        Source::Docker,
        Source::Kubernetes,
        Source::Vault { key: KEY },
    ];
    let source = sources[usize::from(*format) % sources.len()];
    let Ok(Imported::Variables { variables, .. }) = read(text, source) else { return };
    for (target, source) in
        [(Target::Json, Source::Json), (Target::Yaml, Source::Yaml), (Target::Shell, Source::Shell)]
    {
        let Ok(written) = write(&variables, target) else { continue };
        let Ok(Imported::Variables { variables: again, .. }) = read(&written, source) else {
            panic!("what was written does not come in again");
        };
        let same = variables.iter().map(|variable| (variable.name(), variable.value()));
        assert!(same.eq(again.iter().map(|variable| (variable.name(), variable.value()))), "a value changed");
    }
}
