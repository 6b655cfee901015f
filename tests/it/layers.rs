//! The directions in which modules may use each other.

use std::path::{Path, PathBuf};

/// Each module with those it may use. A module of the ledger that names the catalog is its upper half.
const MAY_USE: &[(&str, &[&str])] = &[
    ("clock", &["model"]),
    ("model", &[]),
    ("sys", &[]),
    ("media", &["model", "clock", "sys"]),
    ("vault", &["model", "clock", "sys"]),
    ("matching", &["model", "media"]),
    ("ledger", &["model", "clock"]),
    ("config", &["model"]),
    ("telemetry", &["config"]),
    ("lifecycle", &[]),
    ("catalog", &["model", "clock", "media", "vault", "matching", "ledger"]),
    ("ledger/log", &["model", "clock", "ledger", "catalog"]),
    ("ledger/prove", &["model", "clock", "ledger", "catalog"]),
    ("search", &["model", "clock", "catalog"]),
    ("auth", &["model", "clock", "catalog", "custody"]),
    ("custody", &["model", "clock", "media", "vault", "matching", "ledger", "catalog", "search", "auth", "alerts"]),
    ("registers", &["model", "clock", "media", "catalog", "search", "custody"]),
    (
        "intake",
        &["model", "clock", "media", "vault", "matching", "ledger", "catalog", "search", "custody", "config", "sys"],
    ),
    ("audit", &["model", "clock", "media", "vault", "matching", "ledger", "catalog", "search", "custody", "config"]),
    ("witness", &["model", "clock", "ledger", "catalog", "custody", "config"]),
    ("store", &["model", "clock", "media", "vault", "matching", "ledger", "catalog", "custody", "config", "witness"]),
    (
        "http",
        &[
            "model",
            "clock",
            "media",
            "vault",
            "ledger",
            "catalog",
            "search",
            "auth",
            "custody",
            "registers",
            "intake",
            "audit",
            "witness",
            "config",
        ],
    ),
    (
        "api",
        &[
            "model",
            "clock",
            "media",
            "vault",
            "matching",
            "ledger",
            "catalog",
            "search",
            "auth",
            "custody",
            "registers",
            "intake",
            "audit",
            "http",
            "witness",
            "config",
        ],
    ),
];

/// Crates that only some modules may name.
const MAY_NAME: &[(&str, &[&str])] = &[("sqlx", &["catalog"]), ("axum", &["http", "api", "console"])];

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// `catalog/clips` of `src/catalog/clips.rs`.
fn module_of(path: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    path.strip_prefix(root).unwrap().with_extension("").to_string_lossy().into_owned()
}

/// The modules that a line names after `crate::`, also in a group.
fn named(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        if line[..at].ends_with('$') {
            continue;
        }
        let rest = &line[at + "crate::".len()..];
        let group = rest.strip_prefix('{').map(|r| r.split('}').next().unwrap_or(r));
        let parts = group.map_or_else(|| vec![rest], |g| g.split(',').collect());
        let word = |p: &str| p.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        names.extend(parts.into_iter().map(word).filter(|w| !w.is_empty()));
    }
    names
}

#[test]
fn modules_use_each_other_in_the_agreed_directions() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 30, "the sources were not found");
    let mut wrong = Vec::new();
    for file in &files {
        let module = module_of(file);
        let top = module.split('/').next().unwrap();
        if ["lib", "main", "cli"].contains(&top) {
            continue;
        }
        let rule = MAY_USE.iter().filter(|(m, _)| *m == module || *m == top).max_by_key(|(m, _)| m.len());
        let Some((_, allowed)) = rule else {
            wrong.push(format!("{module}: no rule says what it may use; add it to MAY_USE"));
            continue;
        };
        let text = std::fs::read_to_string(file).unwrap();
        // Tests of a module may use what they like.
        let code = text.lines().take_while(|l| *l != "mod tests {").enumerate();
        for (number, line) in code.filter(|(_, l)| !l.trim_start().starts_with("//")) {
            for name in named(line) {
                if name != top && !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{module}:{}: uses {name}", number + 1));
                }
            }
            for (krate, who) in MAY_NAME {
                if line.contains(&format!("{krate}::")) && !who.contains(&top) {
                    wrong.push(format!("{module}:{}: names {krate}", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
