//! What is still to be matched anew since an action was entered or changed. It is kept in the action's row, so that it is finished also
//! when the process ends meanwhile.

use serde::{Deserialize, Serialize};

use super::{GROUP, Look, settle};
use crate::catalog::actions::{self, Action};
use crate::catalog::case_links;
use crate::catalog::footage::{self, Makers};
use crate::custody::act::Act;
use crate::custody::{Actor, Custody, CustodyError};
use crate::matching::Rules;
use crate::matching::action::NEAREST_US;
use crate::model::id::Id;
use crate::model::subject::Subject;
use crate::model::time::Micros;

/// Which clips of a changed action are still to be matched anew; kept in its row until all were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::custody) struct Pending {
    /// Whose clips and when, of the action as it was and as it is.
    scopes: Vec<Scope>,
    /// The last clip of the first scope that was looked at.
    after: Option<(i64, i64)>,
    /// The last clip that the action ties to a case and that was looked at, once the scopes are done.
    linked_after: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Scope {
    from_us: i64,
    to_us: i64,
    officers: Vec<String>,
    recorders: Vec<String>,
}

impl Scope {
    /// Also clips whose sentence names the action as the nearest one.
    fn of(action: &Action, rules: &Rules) -> Self {
        let window = action.facts.window().widened(rules.buffer_us.max(NEAREST_US));
        Self {
            from_us: window.from.0,
            to_us: window.to.0,
            officers: action.facts.officers.iter().cloned().collect(),
            recorders: action.facts.recorders.iter().cloned().collect(),
        }
    }
}

impl Pending {
    /// What is to be done after a change from `before` to `after`, with what was still to be done before.
    pub(in crate::custody) fn new(before: Option<&Action>, after: &Action, rules: &Rules) -> Self {
        let left = before.and_then(|b| b.rematch.as_deref()).and_then(Self::from_stored);
        let mut scopes = left.map(|left| left.scopes).unwrap_or_default();
        for scope in before.into_iter().chain([after]).map(|action| Scope::of(action, rules)) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        Self { scopes, after: None, linked_after: 0 }
    }

    /// The text that a row holds.
    pub(in crate::custody) fn to_stored(&self) -> String {
        // Numbers and strings always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn from_stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The next clips, and what is left after them.
    async fn next(mut self, act: &mut Act<'_>, action: Id) -> Result<(Vec<Id>, Option<Self>), CustodyError> {
        let Some(scope) = self.scopes.first() else {
            let clips = case_links::clips_by_action(act.conn(), action, Id(self.linked_after), GROUP).await?;
            let Some(last) = clips.last().filter(|_| clips.len() == GROUP as usize) else { return Ok((clips, None)) };
            self.linked_after = last.0;
            return Ok((clips, Some(self)));
        };
        let makers = Makers { officers: scope.officers.clone(), recorders: scope.recorders.clone() };
        let span = (Micros(scope.from_us), Micros(scope.to_us));
        let after = self.after.map(|(recorded, id)| (Micros(recorded), Id(id)));
        let utc_offset = act.custody().utc_offset;
        let clips = footage::by_makers(act.conn(), &makers, span, after, utc_offset, GROUP).await?;
        match clips.last().filter(|_| clips.len() == GROUP as usize) {
            Some(last) => self.after = Some((last.footage.start.0, last.id.0)),
            None => {
                self.scopes.remove(0);
                self.after = None;
            }
        }
        Ok((clips.into_iter().map(|clip| clip.id).collect(), Some(self)))
    }
}

/// Matches the clips of a changed action anew, a group in each transaction, until none is left.
///
/// # Errors
/// When the database or the ledger refuses. What is left is then done by [`resume`].
pub async fn finish(custody: &Custody, action: Id) -> Result<(), CustodyError> {
    loop {
        let mut act = Act::begin(custody).await?;
        let found = actions::get(act.conn(), action).await?.ok_or(CustodyError::NoSuch(Subject::Action(action)))?;
        let Some(stored) = found.rematch else { return Ok(()) };
        // A text that nobody wrote says nothing of what is left; the clips that the action ties are looked at in any case.
        let pending = Pending::from_stored(&stored).unwrap_or(Pending { scopes: vec![], after: None, linked_after: 0 });
        let (clips, left) = pending.next(&mut act, action).await?;
        settle(&mut act, Look::anew(clips), &Actor::matching()).await?;
        actions::set_rematch(act.conn(), action, left.map(|left| left.to_stored()).as_deref()).await?;
        act.commit().await?;
    }
}

/// Finishes what a process that ended left undone; gives how many actions that were.
///
/// # Errors
/// When the database or the ledger refuses.
pub async fn resume(custody: &Custody) -> Result<u64, CustodyError> {
    let mut resumed = 0;
    loop {
        let mut reader = custody.db.read().await?;
        let left = actions::to_rematch(reader.conn(), GROUP).await?;
        drop(reader);
        if left.is_empty() {
            return Ok(resumed);
        }
        for action in left {
            finish(custody, action).await?;
            resumed += 1;
        }
    }
}
