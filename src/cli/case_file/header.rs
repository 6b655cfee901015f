//! Which column of a register holds what.

use super::CaseFileError;

const NUMBER: [&str; 5] = ["案号", "案件号", "case number", "number", "case_number"];
const PARTIES: [&str; 3] = ["当事人", "parties", "party"];
const CAUSE: [&str; 2] = ["案由", "cause"];
const JUDGE: [&str; 4] = ["承办人", "承办法官", "judge", "judge in charge"];
const STATUS: [&str; 3] = ["状态", "案件状态", "status"];

/// The place of each column, from 0.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) number: usize,
    pub(super) parties: Option<usize>,
    pub(super) cause: Option<usize>,
    pub(super) judge: Option<usize>,
    pub(super) status: Option<usize>,
    pub(super) warnings: Vec<String>,
}

/// The names that the column of the case number may have, for messages.
pub(super) fn accepted_numbers() -> String {
    NUMBER.map(|name| format!("“{name}”")).join(", ")
}

/// Finds the columns; the order is free, the first of two equal ones is read.
pub(super) fn read(header: &csv::StringRecord) -> Result<Columns, CaseFileError> {
    let names: Vec<String> = header.iter().map(plain).collect();
    if names.iter().all(String::is_empty) {
        return Err(CaseFileError::NoHeader);
    }
    let find = |accepted: &[&str]| names.iter().position(|name| is_one_of(name, accepted));
    let number = find(&NUMBER).ok_or_else(|| CaseFileError::NoNumberColumn {
        found: header.iter().take(20).map(|name| name.chars().take(40).collect()).collect(),
    })?;
    let (parties, cause, judge, status) = (find(&PARTIES), find(&CAUSE), find(&JUDGE), find(&STATUS));
    let used = [Some(number), parties, cause, judge, status];
    let warnings = header
        .iter()
        .enumerate()
        .filter(|(i, name)| !name.is_empty() && !used.contains(&Some(*i)))
        .map(|(i, name)| format!("第{}列“{name}”未导入（column {} {name:?} is not imported）", i + 1, i + 1))
        .collect();
    Ok(Columns { number, parties, cause, judge, status, warnings })
}

fn is_one_of(name: &str, accepted: &[&str]) -> bool {
    accepted.iter().any(|a| plain(a) == name)
}

/// Without spaces, `_` and case.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && *c != '_').collect::<String>().to_lowercase()
}
