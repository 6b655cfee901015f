//! The ledger: its checkpoint, tiles and entry bundles under the paths of C2SP tlog-tiles, single entries, and proofs.

mod tiles;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

pub(super) use tiles::tiles;

use super::schema::ById;
use crate::catalog::engine::Reader;
use crate::catalog::{clips, ledger};
use crate::custody::Custody;
use crate::http::extract::{Permit, ReadLedger};
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::{Field, Problem, no_such_clip};
use crate::http::state::App;
use crate::http::value;
use crate::ledger::entry::Entry;
use crate::ledger::merkle::leaf_hash;
use crate::ledger::prove::{ProveError, Prover};
use crate::model::digest::to_hex;
use crate::model::id::Id;
use crate::model::time::Micros;

/// What proofs and notes are sent as.
const PLAIN: &str = "text/plain; charset=utf-8";

/// The newest checkpoint: a signed note (C2SP tlog-checkpoint) that commits to every entry so far. 404 before the first clip.
#[utoipa::path(
    get,
    operation_id = "getCheckpoint",
    path = "/api/v1/ledger/checkpoint",
    tag = "ledger",
    security(("bearer" = [])),
    responses((status = 200, description = "The note", body = String, content_type = "text/plain"), ById)
)]
pub(super) async fn checkpoint(
    State(app): State<App>,
    _: Permit<ReadLedger>,
    params: Params,
) -> Result<impl IntoResponse, Problem> {
    params.finish()?;
    let mut reader = app.custody.db.read().await?;
    let checkpoint = ledger::checkpoint(reader.conn()).await?.ok_or_else(no_checkpoint)?;
    Ok(([(header::CONTENT_TYPE, PLAIN)], checkpoint.note))
}

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LedgerEntry {
    index: u64,
    /// When it happened, to the second.
    #[schema(value_type = String, format = DateTime)]
    at: Micros,
    #[schema(example = "clip")]
    kind: &'static str,
    /// The index of the previous entry about the same thing.
    #[schema(required = true)]
    prev: Option<u64>,
    /// What everybody may read.
    #[schema(value_type = Object)]
    public: Map<String, Value>,
    /// HMAC-SHA256 of the private detail, keyed with a salt.
    commit: String,
    /// The canonical line; these bytes are what is hashed.
    line: String,
    /// SHA-256 of a zero byte and the line: the leaf of the tree.
    leaf_hash: String,
}

/// One entry. It is shown as it is stored; `proof` proves that it is part of the log.
#[utoipa::path(
    get,
    operation_id = "getLedgerEntry",
    path = "/api/v1/ledger/entries/{index}",
    tag = "ledger",
    security(("bearer" = [])),
    params(("index" = u64, Path, description = "Its index, from 0")),
    responses((status = 200, description = "The entry", body = LedgerEntry), ById)
)]
pub(super) async fn entry(
    State(app): State<App>,
    _: Permit<ReadLedger>,
    Path(index): Path<String>,
    params: Params,
) -> Result<Json<LedgerEntry>, Problem> {
    params.finish()?;
    let index = read_index(&index).map_err(|message| bad_field("index", message))?;
    let mut reader = app.custody.db.read().await?;
    let found = ledger::entries(reader.conn(), index, 1).await?.pop().filter(|(at, _)| *at == index);
    let (_, line) = found.ok_or_else(|| no_such_entry(index))?;
    let Entry { at, kind, prev, public, commit } =
        Entry::parse(&line).map_err(|error| damaged(&format!("entry {index}: {error}")))?;
    Ok(Json(LedgerEntry {
        index,
        at,
        kind: kind.as_str(),
        prev,
        public,
        commit: to_hex(&commit),
        leaf_hash: to_hex(&leaf_hash(&line)),
        // A line that parsed is UTF-8.
        line: String::from_utf8_lossy(&line).into_owned(),
    }))
}

/// What to prove: exactly one of the two.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read one by one; this is their description")]
pub(super) struct ProofQuery {
    /// The entry with this index
    index: Option<u64>,
    /// The `clip` entry of this clip
    clip: Option<String>,
}

/// The proof that an entry is part of the log (C2SP tlog-proof), with the entry itself as its extra data. It is checked without
/// asking anybody: `zhilu ledger verify-proof FILE --policy FILE`.
#[utoipa::path(
    get,
    operation_id = "getLedgerProof",
    path = "/api/v1/ledger/proof",
    tag = "ledger",
    security(("bearer" = [])),
    params(ProofQuery),
    responses((status = 200, description = "The proof", body = String, content_type = "text/plain"), ById)
)]
pub(super) async fn proof(
    State(app): State<App>,
    _: Permit<ReadLedger>,
    mut params: Params,
) -> Result<impl IntoResponse, Problem> {
    let index = params.take("index", read_index);
    let clip = params.take("clip", value::id);
    params.finish()?;
    let mut reader = app.custody.db.read().await?;
    let index = match (index, clip) {
        (Some(index), None) => index,
        (None, Some(clip)) => entry_of(&mut reader, clip).await?,
        _ => {
            let message = Text::new("index 与 clip 应给出且只给出一个", "give exactly one of index and clip");
            return Err(bad_field("index", message));
        }
    };
    let mut prover = prover(&app.custody, &mut reader, index).await?;
    let proof = prover.prove(reader.conn(), index).await?.ok_or_else(|| no_such_entry(index))?;
    let name = format!("attachment; filename=\"entry-{index}.tlog-proof\"");
    Ok(([(header::CONTENT_TYPE, PLAIN.to_owned()), (header::CONTENT_DISPOSITION, name)], proof.to_string()))
}

async fn entry_of(reader: &mut Reader, clip: Id) -> Result<u64, Problem> {
    Ok(clips::get(reader.conn(), clip).await?.ok_or_else(|| no_such_clip(clip))?.entry_index)
}

/// A prover of the entry.
async fn prover(custody: &Custody, reader: &mut Reader, index: u64) -> Result<Prover, Problem> {
    let prover = Prover::witnessed(reader.conn(), custody.signer.verifier(), &custody.policy, index).await?;
    prover.ok_or_else(no_checkpoint)
}

impl From<ProveError> for Problem {
    fn from(error: ProveError) -> Self {
        match error {
            ProveError::Catalog(error) => error.into(),
            error => damaged(&error),
        }
    }
}

/// The index of an entry.
fn read_index(text: &str) -> Result<u64, Text> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    let index = text.parse().ok().filter(|_| plain);
    index.ok_or_else(|| Text::new("应为从 0 起的条目序号", "expected the index of an entry, from 0"))
}

fn bad_field(name: &str, message: Text) -> Problem {
    Problem::bad_parameters(vec![Field { name: name.to_owned(), message }])
}

fn no_checkpoint() -> Problem {
    let detail = Text::new("账本为空，尚无检查点", "the ledger is empty, so there is no checkpoint yet");
    Problem::not_found("no_checkpoint", detail)
}

fn no_such_entry(index: u64) -> Problem {
    let detail = Text::new(format!("账本没有第 {index} 条"), format!("the ledger has no entry {index}"));
    Problem::not_found("no_such_entry", detail)
}

/// What is stored is not what was signed.
pub(super) fn damaged(error: &dyn std::fmt::Display) -> Problem {
    let detail = Text::new(
        "账本与已签名的检查点不符，请立即联系管理员运行 zhilu ledger verify",
        "the ledger is not what was signed; have an administrator run `zhilu ledger verify` now",
    );
    Problem::failed("ledger_damaged", detail, "ledger", error)
}
