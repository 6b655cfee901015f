//! An upload as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::schema;
use crate::catalog::uploads;
use crate::config;
use crate::http::language::Language;
use crate::intake::reason::Reason;
use crate::model::id::Id;
use crate::model::time::Micros;
use crate::model::upload::UploadState;

/// A file that arrived in an upload folder. Bytes of names that are no UTF-8 become U+FFFD.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Upload {
    #[schema(value_type = String)]
    id: Id,
    name: String,
    /// The whole path.
    path: String,
    /// The upload folder.
    folder: String,
    /// How far it has come.
    #[schema(value_type = schema::UploadState)]
    state: UploadState,
    progress: Progress,
    /// Null for what is no file.
    #[schema(required = true)]
    size_bytes: Option<u64>,
    /// Its name carries the key mark 重点标记.
    important: bool,
    /// Why it does not go on.
    #[schema(required = true)]
    reason: Option<ReasonBody>,
    /// The clip that its bytes are, once accepted.
    #[schema(value_type = Option<String>, required = true)]
    clip_id: Option<Id>,
    /// When it was first seen.
    #[schema(value_type = String, format = DateTime)]
    arrived_at: Micros,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    accepted_at: Option<Micros>,
    /// When it was read back from the device and found equal: the recorder may be cleared.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    confirmed_at: Option<Micros>,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    released_at: Option<Micros>,
    /// What became of the file: `kept`, `moved`, `deleted`, `gone` or `changed`.
    #[schema(required = true)]
    outcome: Option<String>,
}

/// Bytes that were copied and hashed.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Progress {
    bytes: u64,
    total: u64,
}

/// Why something does not go on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reason)]
pub(super) struct ReasonBody {
    /// A stable word.
    code: String,
    /// For people: what it is and what to do.
    text: String,
}

/// An upload folder.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Folder {
    path: String,
    /// The dock that writes here, as people call it.
    dock: String,
    /// Whether it can be looked into.
    ok: bool,
    /// What the operating system says when it cannot.
    #[schema(required = true)]
    trouble: Option<String>,
}

impl Folder {
    pub(super) fn new(config: &config::Folder, trouble: Option<String>) -> Self {
        let path = config.path.to_string_lossy().into_owned();
        Self { path, dock: config.dock.clone(), ok: trouble.is_none(), trouble }
    }
}

impl Upload {
    pub(super) fn id(&self) -> Id {
        self.id
    }

    /// One that is not accepted yet; what else is known of it is added by the functions that follow.
    pub(super) fn on_the_way(id: Id, name: &[u8], state: UploadState, arrived_at: Micros) -> Self {
        Self {
            id,
            name: text(name),
            path: String::new(),
            folder: String::new(),
            state,
            progress: Progress::default(),
            size_bytes: None,
            important: false,
            reason: None,
            clip_id: None,
            arrived_at,
            accepted_at: None,
            confirmed_at: None,
            released_at: None,
            outcome: None,
        }
    }

    /// In this place.
    pub(super) fn at(self, path: String, folder: &[u8]) -> Self {
        Self { path, folder: text(folder), ..self }
    }

    /// Of this size, so much of which is copied.
    pub(super) fn of_size(self, bytes: u64, total: u64) -> Self {
        Self { progress: Progress { bytes, total }, size_bytes: Some(total), ..self }
    }

    /// Marked important, or not.
    pub(super) fn marked(self, important: bool) -> Self {
        Self { important, ..self }
    }

    /// Waiting for this reason.
    pub(super) fn because(self, reason: Option<ReasonBody>) -> Self {
        Self { reason, ..self }
    }

    /// One that the catalog knows.
    pub(super) fn accepted(row: &uploads::Upload, language: Language) -> Self {
        Self {
            clip_id: Some(row.clip_id),
            accepted_at: Some(row.accepted),
            confirmed_at: row.confirmed,
            released_at: row.released,
            outcome: row.outcome.clone(),
            ..Self::on_the_way(row.id, &row.name, row.state, row.arrived)
        }
        .at(path_text(&row.folder, &row.dir, &row.name), &row.folder)
        .of_size(row.size_bytes, row.size_bytes)
        .marked(row.important)
        .because(row.reason.as_deref().map(|stored| stored_reason(stored, language)))
    }
}

/// A reason in one language.
pub(super) fn reason(reason: &Reason, language: Language) -> ReasonBody {
    let text = match language {
        Language::Zh => reason.zh(),
        Language::En => reason.en(),
    };
    ReasonBody { code: reason.code().to_owned(), text }
}

/// A reason as the catalog has it. One that this program does not know, a later one wrote; it is shown as it is.
fn stored_reason(stored: &str, language: Language) -> ReasonBody {
    match serde_json::from_str(stored) {
        Ok(known) => reason(&known, language),
        Err(_) => ReasonBody { code: "unknown".to_owned(), text: stored.to_owned() },
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The whole path of a file as text.
pub(in crate::api) fn path_text(folder: &[u8], dir: &[u8], name: &[u8]) -> String {
    let parts: Vec<String> = [folder, dir, name].into_iter().filter(|part| !part.is_empty()).map(text).collect();
    parts.join("/")
}
