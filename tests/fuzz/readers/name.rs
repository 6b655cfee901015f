//! A path of any bytes: what its name and folders say, and which cases they name.

use std::sync::LazyLock;

use zhilu::matching::{MatchInput, match_by_number};
use zhilu::media::name::{NamePatterns, is_temporary, pairs, sidecar_kind, stem};
use zhilu::model::case_number::{CaseNumber, find_all, scan};

/// The built-in patterns behind two templates as a court writes them.
static PATTERNS: LazyLock<NamePatterns> = LazyLock::new(|| {
    let templates =
        ["{recorder}-{officer}-{yyyy}{MM}{dd}{HH}{mm}{ss}-{seq}{mark?}", "{officer:6}*{yyyy}-{MM}-{dd} {HH}{mm}"];
    NamePatterns::new(&templates.map(str::to_owned)).expect("the templates are sound")
});

/// Reads what stands behind the last `/` as the name and the rest as its folders.
pub(crate) fn read(data: &[u8]) {
    let path = String::from_utf8_lossy(data);
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    read_name(name);
    let _ = PATTERNS.read_path(folders);
    read_numbers(&path);
    let numbers: Vec<CaseNumber> = find_all(folders).into_iter().map(|found| found.number).collect();
    for sidecar_numbers in [&numbers[..], &[]] {
        let result = match_by_number(&MatchInput { name, relative_dir: folders, sidecar_numbers });
        assert_eq!(result.links.is_empty(), result.unfiled_reason.is_some());
        for (at, link) in result.links.iter().enumerate() {
            assert!(result.links.iter().skip(at + 1).all(|other| other.number != link.number), "linked twice");
        }
        let _ = result.unfiled_reason.map(|reason| (reason.zh(), reason.en()));
    }
}

fn read_name(name: &str) {
    let facts = PATTERNS.read(name);
    assert!(facts.pattern.is_some() || facts.recorded.is_none());
    assert!(name.starts_with(stem(name)));
    assert_eq!(sidecar_kind(name).is_some(), pairs(name, stem(name)));
    let _ = is_temporary(name);
}

fn read_numbers(text: &str) {
    let mut end = 0;
    for candidate in scan(text) {
        assert!(candidate.range.start >= end && text.get(candidate.range.clone()).is_some_and(|t| !t.is_empty()));
        end = candidate.range.end;
        match candidate.reading {
            Ok(number) => check_number(&number),
            Err(error) => drop((error.zh(), error.to_string())),
        }
    }
    if let Ok(number) = text.parse::<CaseNumber>() {
        check_number(&number);
    }
}

/// The canonical text is the same case, and is found in running text.
fn check_number(number: &CaseNumber) {
    let canonical = number.canonical();
    assert_eq!(canonical.parse::<CaseNumber>().as_ref(), Ok(number), "{canonical}");
    let found: Vec<CaseNumber> = find_all(&canonical).into_iter().map(|found| found.number).collect();
    assert_eq!(found, std::slice::from_ref(number), "{canonical}");
}
