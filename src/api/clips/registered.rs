//! What the registers say of the officers and recorders of clips, at the time of each.

use std::collections::HashSet;

use crate::catalog::CatalogError;
use crate::catalog::clips::ClipFacts;
use crate::catalog::engine::Reader;
use crate::catalog::officers::{self, Officer};
use crate::catalog::recorders::{self, Holder, Recorder};
use crate::model::span;
use crate::model::time::Micros;

/// The rows of one page of clips: three statements at most, however many clips.
pub(super) struct Registered {
    officers: Vec<Officer>,
    recorders: Vec<Recorder>,
    holders: Vec<Holder>,
}

impl Registered {
    pub(super) async fn of<'a>(
        reader: &mut Reader,
        facts: impl IntoIterator<Item = &'a ClipFacts>,
    ) -> Result<Self, CatalogError> {
        let (mut numbers, mut serials) = (HashSet::new(), HashSet::new());
        for facts in facts {
            numbers.extend(facts.officer.as_deref());
            serials.extend(facts.recorder.as_deref());
        }
        let serials: Vec<&str> = serials.into_iter().collect();
        let recorders = recorders::of_serials(reader.conn(), &serials).await?;
        let held: Vec<&str> = recorders.iter().map(|recorder| recorder.serial.as_str()).collect();
        let holders = recorders::holders_of(reader.conn(), &held).await?;
        numbers.extend(holders.iter().map(|holder| holder.officer.as_str()));
        let numbers: Vec<&str> = numbers.into_iter().collect();
        let officers = officers::of_numbers(reader.conn(), &numbers).await?;
        Ok(Self { officers, recorders, holders })
    }

    /// The post of an officer at a time.
    pub(super) fn officer(&self, number: &str, at: Micros) -> Option<&Officer> {
        latest(&self.officers, |row| row.number == number, |row| row.span, at)
    }

    /// A recorder.
    pub(super) fn recorder(&self, serial: &str) -> Option<&Recorder> {
        self.recorders.iter().find(|row| row.serial == serial)
    }

    /// Officer number of who had a recorder at a time.
    pub(super) fn holder(&self, serial: &str, at: Micros) -> Option<&str> {
        latest(&self.holders, |row| row.serial == serial, |row| row.span, at).map(|row| row.officer.as_str())
    }
}

fn latest<T>(rows: &[T], is: impl Fn(&T) -> bool, span: impl Fn(&T) -> span::Span, at: Micros) -> Option<&T> {
    span::latest(rows.iter().filter(|row| is(row)), span, at)
}
