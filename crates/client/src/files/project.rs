//! Looks around a file for what tells which loader reads it. Reads names, and the beginning of the few
//! files that say more; what it cannot read tells nothing.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Component, Path};

use twinlock_dotenv::Dialect;
use twinlock_dotenv::project::{self, Folder, Guess, MAX_TEXT, Marker, Need};

/// How far up the top of a repository is looked for.
const MAX_FOLDERS: usize = 16;
/// More names in one folder are not looked at: a project has its files at hand.
const MAX_NAMES: usize = 4_096;

/// The loader that the project around a file tells, and why. Looks up to the top of the repository; of a
/// file in no repository, in its own folder only.
#[must_use]
pub fn dialect_around(path: &Path) -> Option<Guess> {
    let own = path.parent()?;
    let above: Vec<&Path> = own.ancestors().take(MAX_FOLDERS).collect();
    let top = above.iter().position(|folder| folder.join(".git").exists()).unwrap_or(0);
    let folders: Vec<Folder> = above[..=top].iter().filter_map(|folder| look(folder, path)).collect();
    project::guess(&folders)
}

/// The same where some loader has to be taken: Node's dotenv where nothing tells another.
#[must_use]
pub fn dialect_or_node(path: &Path) -> Dialect {
    // Without a current folder there is nothing around the file either.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    dialect_around(&path).map_or(Dialect::Node, |guess| guess.dialect)
}

fn look(folder: &Path, file: &Path) -> Option<Folder> {
    let parts: Option<Vec<&str>> = file
        .strip_prefix(folder)
        .ok()?
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    let names = fs::read_dir(folder).ok()?.take(MAX_NAMES).filter_map(Result::ok);
    let markers = names.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let text = match project::need(&name)? {
            Need::Name => None,
            Need::Text => beginning(&entry.path()),
        };
        Some(Marker { name, text })
    });
    Some(Folder { env_file: parts?.join("/"), markers: markers.collect() })
}

/// The beginning of a file. What is no file is not opened: a named pipe would keep its reader waiting.
fn beginning(path: &Path) -> Option<String> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_TEXT as u64).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_up_to_the_top_of_the_repository() {
        let root = tempfile::tempdir().unwrap();
        let check = |file: &str, expected| {
            let found = dialect_around(&root.path().join(file)).map(|guess| guess.dialect);
            assert_eq!(found, expected, "{file}");
        };
        let write = |file: &str, text: &str| {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("go.mod", "module x\n\nrequire github.com/joho/godotenv v1.5.1\n");
        write("web/.git/HEAD", "");
        write("web/package.json", r#"{"dependencies": {"dotenv": "^18.0.0", "dotenv-expand": "*"}}"#);
        write("web/app/src/main.ts", "");
        check("web/.env", Some(Dialect::NodeExpand));
        check("web/app/.env", Some(Dialect::NodeExpand));
        check(".env", Some(Dialect::Go));
        // Outside a repository what is further up is nobody's project.
        check("other/.env", None);
        write("other/x", "");
        check("other/.env", None);
        check("missing/folder/.env", None);
    }
}
