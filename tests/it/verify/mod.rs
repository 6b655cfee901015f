//! Objects are looked at again: what is wrong is named, and what was found is on record.

mod cli;
mod damage;

use std::sync::Arc;

use zhilu::audit::check::{Report, Scope, check};
use zhilu::audit::look::Effort;
use zhilu::audit::verify::{Looked, Run, Selection, Which, look_at, lookers};
use zhilu::ledger::policy::Policy;
use zhilu::vault::ReadFrom;

use crate::api::world::World;

/// Verifies as the command does; with `records`, what was found is written down.
async fn verify(world: &World, which: &Which, records: bool) -> (Report, Looked) {
    let custody = &world.app.custody;
    let policy = Policy::of_log(custody.signer.verifier().clone());
    let vault = which.is_whole().then_some(&world.app.vault);
    let scope = Scope { policy: &policy, since: None, vault };
    let mut report = check(&custody.db, scope, |_, _| {}).await.unwrap();
    let mut selection = Selection::choose(&custody.db, which, None).await.unwrap();
    let effort = Arc::new(Effort::new(ReadFrom::Cache, 0));
    let mut lookers = lookers(&world.app.vault, &custody.clock, &effort, 2).unwrap();
    let run = Run { which: which.clone(), began_us: custody.clock.now().0 };
    let recorder = records.then_some((custody, &run));
    let looked = look_at(&custody.db, recorder, &mut selection, &mut lookers, &mut report).await.unwrap();
    (report, looked)
}
