//! What every request is answered with.

use std::sync::Arc;

use crate::audit::scrub::Totals;
use crate::config::Scrub;
use crate::custody::Custody;
use crate::intake::pipeline::Intake;
use crate::search::query::Terms;
use crate::vault::LocalVault;

/// What handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The catalog, the clock and the acts on evidence.
    pub custody: Custody,
    /// The objects.
    pub vault: Arc<LocalVault>,
    /// The intake of this process; none when it only serves.
    pub intake: Option<Arc<Intake>>,
    /// What the meaning of a query depends on.
    pub terms: Arc<Terms>,
    /// Every object is verified within so many days: the promise that figures are held against.
    pub verify_days: u32,
    /// What the scrub of this process did; none when it does none.
    pub scrub: Option<Arc<Totals>>,
}

impl App {
    /// What handlers work with.
    pub fn new(custody: Custody, vault: Arc<LocalVault>, intake: Option<Arc<Intake>>) -> Self {
        let terms = Terms { offset: custody.utc_offset, violent: custody.incidents.violent_words() };
        Self { custody, vault, intake, terms: Arc::new(terms), verify_days: Scrub::default().every_days, scrub: None }
    }
}
