//! Cases by their numbers: what the catalog holds of them, and what the lines of a file make of it.

use std::collections::{BTreeMap, HashMap};

use super::import::Ground;
use crate::catalog::CatalogError;
use crate::catalog::cases::{self, Case};
use crate::catalog::engine::Conn;
use crate::custody::CustodyError;
use crate::custody::act::Act;
use crate::model::case_number::CaseNumber;
use crate::model::subject::Subject;

/// What is known of cases.
#[derive(Default)]
pub(super) struct KnownCases {
    /// None: the catalog was asked and has no such case.
    cases: HashMap<CaseNumber, Option<Case>>,
    /// Cases that were put since the last write, and whether the catalog has them not.
    changed: BTreeMap<CaseNumber, bool>,
}

impl KnownCases {
    /// Reads what the catalog holds of these numbers and is not known yet.
    pub(super) async fn load<'a>(
        &mut self,
        conn: Conn<'_>,
        numbers: impl IntoIterator<Item = &'a CaseNumber>,
    ) -> Result<(), CatalogError> {
        let unknown: BTreeMap<String, &CaseNumber> = numbers
            .into_iter()
            .filter(|number| !self.cases.contains_key(*number))
            .map(|number| (number.canonical(), number))
            .collect();
        let texts: Vec<&str> = unknown.keys().map(String::as_str).collect();
        let rows = cases::of_numbers(conn, &texts).await?;
        let mut found: HashMap<String, Case> = rows.into_iter().map(|case| (case.number.clone(), case)).collect();
        for (text, number) in unknown {
            self.cases.insert(number.clone(), found.remove(&text));
        }
        Ok(())
    }

    /// The case with this number, when there is one.
    pub(super) fn get(&self, number: &CaseNumber) -> Option<&Case> {
        self.cases.get(number)?.as_ref()
    }

    /// Puts a case in the place of the one with the same number, or adds it.
    pub(super) fn put(&mut self, number: &CaseNumber, case: Case) {
        let old = self.cases.insert(number.clone(), Some(case)).flatten();
        self.changed.entry(number.clone()).or_insert(old.is_none());
    }

    /// The case with this number; when there is none, one of which only the number is known.
    pub(super) fn find_or_stub(&mut self, number: &CaseNumber, ground: &Ground<'_>) -> Case {
        if let Some(case) = self.get(number) {
            return case.clone();
        }
        let case = Case::stub(ground.new_id(), number, ground.at);
        self.put(number, case.clone());
        case
    }

    /// Writes the cases that were put since the last time.
    pub(super) async fn write(&mut self, act: &mut Act<'_>) -> Result<(), CustodyError> {
        for (number, new) in std::mem::take(&mut self.changed) {
            let Some(case) = self.get(&number) else { continue };
            match new {
                true => cases::insert(act.conn(), case, &number).await?,
                false => cases::update(act.conn(), case).await?,
            }
            act.touch(Subject::Case(case.id));
        }
        Ok(())
    }

    /// Forgets the cases that no line changed: the catalog can be asked again.
    pub(super) fn keep_changed(&mut self) {
        self.cases.retain(|number, _| self.changed.contains_key(number));
    }

    /// Forgets everything, because others may change it.
    pub(super) fn forget(&mut self) {
        self.cases.clear();
        self.changed.clear();
    }
}
