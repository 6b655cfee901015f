//! What every request is answered with.

use std::sync::Arc;

use crate::custody::Custody;
use crate::intake::pipeline::Intake;
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
}

impl App {
    /// What handlers work with.
    pub fn new(custody: Custody, vault: Arc<LocalVault>, intake: Option<Arc<Intake>>) -> Self {
        Self { custody, vault, intake }
    }
}
