//! The policy in the bag. It decides nothing; but one that does not even fit its own bag was not put there by the court.

use super::entries::Entries;
use super::fault::{Faults, altered, remark};
use super::inventory::Inventory;
use super::name::Name;
use crate::ledger::policy::{NotVouched, Policy};

/// Compares the bag's policy with the bag's checkpoint, and with the pinned policy.
pub(super) fn compare(inventory: &Inventory<'_>, pinned: &Policy, entries: &Entries, faults: &mut Faults) {
    let mut found = Vec::new();
    let text = inventory.files.contains_key(&Name::Policy).then(|| inventory.read(&Name::Policy, &mut found)).flatten();
    faults.extend(found);
    let Some(text) = text else { return };
    let own = match Policy::parse(&text) {
        Ok(own) => own,
        Err(error) => return faults.add(altered("policy_damaged", Name::Policy, error)),
    };
    // Where nobody that the auditor trusts vouches for the checkpoint, there is nothing to compare with.
    let Some(note) = entries.note.as_ref().filter(|_| entries.vouched.is_some()) else { return };
    match own.accept(note) {
        Ok(_) if own == *pinned => {}
        Ok(_) => faults.add(remark("policy_other", Name::Policy, "it is not the pinned one, which alone counts")),
        Err(error @ NotVouched::Quorum { .. }) => faults.add(remark("policy_other", Name::Policy, error)),
        Err(error) => faults.add(altered("policy_differs", Name::Policy, error)),
    }
}
