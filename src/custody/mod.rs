//! Custody: the only way to touch evidence. Every act changes rows, writes its custody event and appends its ledger entry in one
//! transaction, so there is no change without a record.

pub mod accept;
pub mod act;
pub mod action;
pub mod confirm;
pub mod facts;
pub mod fixity;
mod grounds;
pub mod incident;
pub mod link;
pub mod mark;
pub mod note;
pub mod receipt;
pub mod rematch;
pub mod view;

use std::sync::Arc;

use crate::catalog::CatalogError;
use crate::catalog::engine::Db;
use crate::clock::SharedClock;
use crate::ledger::entry::CanonicalError;
use crate::ledger::key::SignerKey;
use crate::ledger::log::LogError;
use crate::matching::Rules;
use crate::media::name::NamePatterns;
use crate::model::fault::Fault;
use crate::model::id::{Id, IdGenerator};
use crate::model::incident::Settings;
use crate::model::subject::Subject;
use crate::model::time::UtcOffset;

/// What an act on evidence needs. Cheap to clone.
#[derive(Clone)]
pub struct Custody {
    /// The catalog.
    pub db: Db,
    /// The clock.
    pub clock: SharedClock,
    /// The maker of ids.
    pub ids: Arc<IdGenerator>,
    /// The ledger's key.
    pub signer: Arc<SignerKey>,
    /// The shapes of file names.
    pub patterns: Arc<NamePatterns>,
    /// The distance from UTC that recorders show.
    pub utc_offset: UtcOffset,
    /// What the court decides itself about incidents.
    pub incidents: Arc<Settings>,
    /// The settings of matching.
    pub rules: Rules,
}

/// An act could not be done; nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum CustodyError {
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The ledger.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A detail that has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// No randomness for a salt.
    #[error("no randomness from the operating system: {0}")]
    Random(#[from] std::io::Error),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] crate::vault::VaultError),
    /// The thing that was to be acted on is not there.
    #[error("there is no clip {0}")]
    NoSuchClip(Id),
    /// The thing that was to be changed is not there.
    #[error("there is no {} {}", .0.kind(), .0.id())]
    NoSuch(Subject),
    /// The given values cannot be.
    #[error("{} values cannot be, the first in {}: {}", .0.len(), .0.first().map_or("", |f| &f.field), .0.first().map_or("", |f| &f.en))]
    Invalid(Vec<Fault>),
    /// It was changed since the caller looked.
    #[error("the {} {} was changed meanwhile: its newest entry is {found}", subject.kind(), subject.id())]
    Outdated {
        /// The thing.
        subject: Subject,
        /// Its newest entry.
        found: u64,
    },
    /// Another action has the reference.
    #[error("the reference {reference:?} is that of action {action}")]
    ReferenceTaken {
        /// The reference.
        reference: String,
        /// Whose it is.
        action: Id,
    },
    /// The clip is not tied to the case.
    #[error("clip {clip} is not tied to case {case}")]
    NotLinked {
        /// The clip.
        clip: Id,
        /// The case.
        case: Id,
    },
}

impl CustodyError {
    /// Whether trying again later may help without anybody's doing.
    pub fn is_passing(&self) -> bool {
        self.catalog().is_some_and(CatalogError::is_passing)
    }

    /// Whether an id was another row's already, see [`CatalogError::is_id_taken`].
    pub fn is_id_taken(&self) -> bool {
        self.catalog().is_some_and(CatalogError::is_id_taken)
    }

    fn catalog(&self) -> Option<&CatalogError> {
        match self {
            Self::Catalog(e) | Self::Log(LogError::Catalog(e)) => Some(e),
            _ => None,
        }
    }
}

/// Who acts: a part of the daemon, or the bearer of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(String);

impl Actor {
    /// The intake.
    pub fn intake() -> Self {
        Self("system:intake".to_owned())
    }

    /// The command line's import of a register.
    pub fn import() -> Self {
        Self("system:import".to_owned())
    }

    /// Matching, when it looks at clips anew.
    pub fn matching() -> Self {
        Self("system:matching".to_owned())
    }

    /// The daemon's scrub.
    pub fn scrub() -> Self {
        Self("system:scrub".to_owned())
    }

    /// The command line's verification.
    pub fn verify() -> Self {
        Self("system:verify".to_owned())
    }

    /// A token's bearer.
    pub fn token(id: Id, role: crate::model::role::Role) -> Self {
        Self(format!("token:{id}:{role}"))
    }

    /// Whether a recorded actor is a part of the daemon that acts by itself, and no person.
    pub fn is_daemon(recorded: &str) -> bool {
        [Self::intake(), Self::matching(), Self::scrub()].iter().any(|actor| actor.as_str() == recorded)
    }

    /// The text that is recorded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
