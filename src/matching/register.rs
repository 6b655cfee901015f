//! What the court's registers say of officers and recorders.

use std::collections::HashSet;

use crate::model::time::Micros;

/// Who had a recorder from when until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The recorder.
    pub serial: String,
    /// The officer number.
    pub officer: String,
    /// The first instant.
    pub from: Micros,
    /// The first instant after; none: still.
    pub to: Option<Micros>,
}

/// The part of the registers that some clips need.
#[derive(Debug, Clone, Default)]
pub struct Registers {
    /// Recorders that are registered.
    pub recorders: HashSet<String>,
    /// Officers who are registered.
    pub officers: HashSet<String>,
    /// Who had which recorder when.
    pub holders: Vec<Holder>,
}

impl Registers {
    /// Who had a recorder at an instant.
    pub fn holder(&self, serial: &str, at: Micros) -> Option<&str> {
        let had = |h: &&Holder| h.serial == serial && h.from <= at && h.to.is_none_or(|to| at < to);
        self.holders.iter().find(had).map(|h| h.officer.as_str())
    }
}
