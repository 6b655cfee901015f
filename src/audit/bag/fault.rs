//! What is wrong with a bag, or cannot be told of it.

use crate::audit::finding::Findings;

/// Whether a fault proves something or only leaves it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grade {
    /// Something was altered, added or is missing.
    Altered,
    /// It cannot be told.
    Unverifiable,
    /// Nothing is wrong, but a reader should know.
    Remark,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    grade: Grade,
    code: &'static str,
    subject: String,
    detail: String,
}

impl Fault {
    pub(super) fn is(&self, code: &str) -> bool {
        self.code == code
    }
}

/// A proof that `subject` is not as it was.
pub(super) fn altered(code: &'static str, subject: impl ToString, detail: impl ToString) -> Fault {
    Fault { grade: Grade::Altered, code, subject: shown(&subject.to_string()), detail: shown(&detail.to_string()) }
}

/// Text that may come from outside, without anything that could steer a terminal.
fn shown(text: &str) -> String {
    let is_plain = |c: char| !c.is_control() && c.escape_debug().len() == 1 || "\"'\\".contains(c);
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) { shown.push(c) } else { shown.extend(c.escape_debug()) }
    }
    shown
}

/// Something that cannot be told of `subject`.
pub(super) fn unverifiable(code: &'static str, subject: impl ToString, detail: impl ToString) -> Fault {
    Fault { grade: Grade::Unverifiable, ..altered(code, subject, detail) }
}

/// Something that a reader should know though it proves nothing.
pub(super) fn remark(code: &'static str, subject: impl ToString, detail: impl ToString) -> Fault {
    Fault { grade: Grade::Remark, ..altered(code, subject, detail) }
}

/// All faults of a bag, up to a number of each grade; that there are any is never lost.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// What was altered, added or is missing.
    pub(super) altered: Findings,
    /// What cannot be told.
    pub(super) unverifiable: Findings,
    /// What a reader should know.
    pub(super) remarks: Findings,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        let list = match fault.grade {
            Grade::Altered => &mut self.altered,
            Grade::Unverifiable => &mut self.unverifiable,
            Grade::Remark => &mut self.remarks,
        };
        list.add(fault.code, fault.subject, fault.detail);
    }

    pub(super) fn extend(&mut self, faults: impl IntoIterator<Item = Fault>) {
        faults.into_iter().for_each(|fault| self.add(fault));
    }

    /// The value, or none and the fault.
    pub(super) fn take<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.add(fault)).ok()
    }
}
