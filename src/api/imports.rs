//! Imports of whole registers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::edits::text_of;
use super::schema::{self, Writing};
use crate::http::csv::Csv;
use crate::http::extract::{Permit, WriteRegisters};
use crate::http::language::{Language, Text};
use crate::http::params::Params;
use crate::http::problem::{Field, Problem};
use crate::http::state::App;
use crate::http::value;
use crate::registers::{
    self, Change, ChangeKind, FieldChange, Group, ImportError, Message, Mode, Note, Register, RegisterFile, Summary,
};

/// Most changed and most bad lines that one answer names.
const MOST_NAMED: usize = 1000;

/// What an import changed, or would change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportReport {
    #[schema(value_type = schema::Register)]
    register: &'static str,
    /// Nothing was changed.
    dry_run: bool,
    /// The encoding found.
    #[schema(example = "gbk")]
    encoding: &'static str,
    /// Lines whose key is new.
    added: u64,
    /// Lines that change something.
    changed: u64,
    /// Lines that say what is known.
    unchanged: u64,
    /// Lines that are left out; `errors` names them.
    bad: u64,
    /// What the lines change, at most 1,000 of them, in order.
    changes: Vec<LineChange>,
    /// Changing lines that are not named here.
    changes_left_off: u64,
    /// What is wrong with the bad lines, at most 1,000 of them, in order.
    errors: Vec<LineNote>,
    /// Bad lines that are not named here.
    errors_left_off: u64,
    /// What is odd, and imported all the same.
    warnings: Vec<LineNote>,
    #[serde(skip)]
    language: Language,
    #[serde(skip)]
    most: usize,
}

/// What one line changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineChange {
    /// The line in the file, from 1.
    line: u64,
    /// What it is about.
    key: String,
    #[schema(value_type = schema::ChangeKind)]
    kind: &'static str,
    fields: Vec<LineField>,
}

/// A field that becomes different; absent is null.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineField {
    field: &'static str,
    #[schema(required = true)]
    old: Option<String>,
    #[schema(required = true)]
    new: Option<String>,
}

/// A sentence about a line.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineNote {
    /// The line in the file, from 1; null: about the whole file.
    #[schema(required = true)]
    line: Option<u64>,
    message: String,
}

impl ImportReport {
    /// A report on `file`; it names at most `most` changing and `most` bad lines.
    pub(crate) fn new(file: &RegisterFile, mode: Mode, language: Language, most: usize) -> Self {
        let about = |message: &Message| note(Note { line: None, message: message.clone() }, language);
        Self {
            register: file.register().as_str(),
            dry_run: mode == Mode::DryRun,
            encoding: file.encoding(),
            added: 0,
            changed: 0,
            unchanged: 0,
            bad: 0,
            changes: Vec::new(),
            changes_left_off: 0,
            errors: Vec::new(),
            errors_left_off: 0,
            warnings: file.warnings().iter().map(about).collect(),
            language,
            most,
        }
    }

    /// Takes in a group of lines.
    pub(crate) fn add(&mut self, group: Group) {
        for change in group.changes.into_iter().filter(|change| change.kind != ChangeKind::Unchanged) {
            if self.changes.len() < self.most {
                self.changes.push(change.into());
            } else {
                self.changes_left_off += 1;
            }
        }
        for fault in group.faults {
            if self.errors.len() < self.most {
                self.errors.push(note(fault, self.language));
            } else {
                self.errors_left_off += 1;
            }
        }
    }

    /// Takes in what came of it.
    pub(crate) fn finish(&mut self, summary: Summary) {
        let tally = summary.tally;
        (self.added, self.changed) = (tally.added, tally.changed);
        (self.unchanged, self.bad) = (tally.unchanged, tally.bad);
        let language = self.language;
        self.warnings.extend(summary.warnings.into_iter().map(|warning| note(warning, language)));
    }
}

fn note(note: Note, language: Language) -> LineNote {
    LineNote { line: note.line, message: text_of(note.message).get(language).to_owned() }
}

impl From<Change> for LineChange {
    fn from(change: Change) -> Self {
        let Change { line, key, kind, fields } = change;
        Self { line, key, kind: kind.as_str(), fields: fields.into_iter().map(LineField::from).collect() }
    }
}

impl From<FieldChange> for LineField {
    fn from(change: FieldChange) -> Self {
        let FieldChange { field, old, new, .. } = change;
        Self { field, old, new }
    }
}

/// How an import is done.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// Say what would change, and change nothing.
    #[param(value_type = Option<bool>)]
    dry_run: bool,
}

impl ImportQuery {
    fn read(mut params: Params) -> Result<Self, Problem> {
        let dry_run = params.take("dry_run", value::flag).unwrap_or(false);
        params.finish()?;
        Ok(Self { dry_run })
    }
}

/// Imports a register from CSV: a header in Chinese or English, then a line each row, in UTF-8, GBK or UTF-16. The same key again updates;
/// an empty field erases nothing; the same file again changes nothing. A bad line is named and does not stop the others. Lines go in in
/// groups of 500.
#[utoipa::path(
    post,
    operation_id = "importRegister",
    path = "/api/v1/imports/{register}",
    tag = "registers",
    security(("bearer" = [])),
    params(("register" = schema::Register, Path, description = "Which register"), ImportQuery),
    request_body(content = String, content_type = "text/csv", description = "The register, at most 64 MiB"),
    responses(
        (status = 200, description = "What it changed, or would change", body = ImportReport),
        (status = 404, description = "There is no such register", body = crate::http::problem::ProblemBody,
            content_type = "application/problem+json"),
        Writing
    )
)]
pub(super) async fn post(
    permit: Permit<WriteRegisters>,
    State(app): State<App>,
    Path(register): Path<String>,
    language: Language,
    params: Params,
    Csv(bytes): Csv,
) -> Result<Response, Problem> {
    let register = Register::ALL.into_iter().find(|r| r.as_str() == register).ok_or_else(no_such_register)?;
    let mode = if ImportQuery::read(params)?.dry_run { Mode::DryRun } else { Mode::Apply };
    // Decoding looks at every byte.
    let file = tokio::task::spawn_blocking(move || RegisterFile::read(register, &bytes[..])).await;
    let file = file.map_err(|e| Problem::internal("import", &e))?.map_err(|e| unreadable(e.message()))?;
    let mut report = ImportReport::new(&file, mode, language, MOST_NAMED);
    let summary = registers::import(&app.custody, &permit.actor(), file, mode, |group| report.add(group)).await;
    let summary = summary.map_err(stopped)?;
    let tally = summary.tally;
    if mode == Mode::Apply {
        let (actor, register) = (permit.actor(), register.as_str());
        tracing::info!(actor = actor.as_str(), register, ?tally, "a register was imported");
    }
    report.finish(summary);
    Ok(([(header::CONTENT_LANGUAGE, language.header())], Json(report)).into_response())
}

fn no_such_register() -> Problem {
    let words = Register::ALL.map(Register::as_str);
    Problem::not_found(
        "no_such_register",
        Text::new(
            format!("没有此登记；可导入 {}", words.join("、")),
            format!("there is no such register; these can be imported: {}", words.join(", ")),
        ),
    )
}

fn unreadable(message: Message) -> Problem {
    Problem::unprocessable(vec![Field { name: "body".to_owned(), message: text_of(message) }])
}

fn stopped(error: ImportError) -> Problem {
    tracing::warn!("{error}");
    Problem::from(error.source)
}
