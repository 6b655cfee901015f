use std::path::{Path, PathBuf};

use super::verify::witnessed_at;
use super::{read_file, read_policy};
use crate::cli::{Failure, Outcome};
use crate::ledger::entry::{Entry, EntryKind};
use crate::ledger::policy::{Policy, Vouched};
use crate::ledger::proof::TlogProof;
use crate::ledger::receipt::{MAX_RECEIPT_BYTES, Receipt};
use crate::vault::hash_file;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// A receipt (JSON) or a proof (.tlog-proof)
    #[arg(value_name = "FILE")]
    proof: PathBuf,
    /// The policy that the auditor pinned
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The clip, whose bytes must have the proved digest
    #[arg(long, value_name = "CLIP")]
    file: Option<PathBuf>,
}

/// What a file proves.
struct Proved {
    index: u64,
    entry: Option<Entry>,
    /// Digests and size of the clip, when it is a clip's.
    clip: Option<Bytes>,
    vouched: Vouched,
}

/// What the ledger says of a clip's bytes.
struct Bytes {
    sha256: String,
    sm3: Option<String>,
    size: Option<u64>,
}

/// Something was altered, or it cannot be told.
enum Refusal {
    Altered(String),
    Unverifiable(String),
}

impl Refusal {
    fn of(is_forgery: bool, error: &dyn std::fmt::Display) -> Self {
        if is_forgery { Self::Altered(error.to_string()) } else { Self::Unverifiable(error.to_string()) }
    }
}

/// Checks a receipt or proof, and the clip beside it. No database is opened: this is for those who have none.
pub(super) fn run(args: &Args) -> Result<Outcome, Failure> {
    let policy = read_policy(&args.policy)?;
    let bytes = read_file(&args.proof, MAX_RECEIPT_BYTES)?;
    let outcome = prove(&bytes, &policy).and_then(|proved| {
        if let Some(path) = &args.file {
            check_file(path, proved.clip.as_ref())?;
        }
        Ok(proved)
    });
    match outcome {
        Ok(proved) => {
            print(&proved, args.file.as_deref())?;
            Ok(Outcome::Done)
        }
        Err(Refusal::Altered(error)) => {
            say!("异常 WRONG {}: {error}", args.proof.display());
            say!("不成立：被改动或不属于此账本 not proved: altered, or not of this ledger");
            Ok(Outcome::Found)
        }
        Err(Refusal::Unverifiable(error)) => {
            Err(Failure::new(format!("无法核验 cannot be verified: {}: {error}", args.proof.display())))
        }
    }
}

fn prove(bytes: &[u8], policy: &Policy) -> Result<Proved, Refusal> {
    if bytes.trim_ascii_start().starts_with(b"{") {
        let receipt = Receipt::parse(bytes).map_err(|e| Refusal::of(false, &e))?;
        let checked = receipt.verify(policy).map_err(|e| Refusal::of(e.is_forgery(), &e))?;
        let clip = Bytes {
            sha256: checked.clip.sha256.to_string(),
            sm3: checked.clip.sm3.map(|sm3| sm3.to_string()),
            size: Some(checked.clip.size_bytes),
        };
        return Ok(Proved { index: checked.index, entry: None, clip: Some(clip), vouched: checked.vouched });
    }
    let proof = TlogProof::parse(bytes).map_err(|e| Refusal::of(false, &e))?;
    let proven = proof.verify(policy).map_err(|e| Refusal::of(e.is_forgery(), &e))?;
    let clip = bytes_of(&proven.entry);
    Ok(Proved { index: proven.index, entry: Some(proven.entry), clip, vouched: proven.vouched })
}

/// What a `clip` entry says of the clip's bytes.
fn bytes_of(entry: &Entry) -> Option<Bytes> {
    let word = |key: &str| entry.public.get(key).and_then(|v| v.as_str()).map(str::to_owned);
    let size = entry.public.get("size").and_then(serde_json::Value::as_u64);
    (entry.kind == EntryKind::Clip).then_some(())?;
    Some(Bytes { sha256: word("sha256")?, sm3: word("sm3"), size })
}

fn check_file(path: &Path, clip: Option<&Bytes>) -> Result<(), Refusal> {
    let unreadable = |error: std::io::Error| Refusal::Unverifiable(format!("{}: {error}", path.display()));
    let clip = clip.ok_or_else(|| Refusal::Unverifiable("the entry is no clip's, so it holds no digest".to_owned()))?;
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    if let Some(expected) = clip.size.filter(|expected| *expected != size) {
        return Err(Refusal::Altered(format!("{} has {size} bytes, the ledger says {expected}", path.display())));
    }
    let (sha256, sm3) = hash_file(&file, clip.sm3.is_some()).map_err(unreadable)?;
    for (name, found, expected) in [
        ("SHA-256", Some(sha256.to_string()), Some(&clip.sha256)),
        ("SM3", sm3.map(|sm3| sm3.to_string()), clip.sm3.as_ref()),
    ] {
        if let (Some(found), Some(expected)) = (found, expected)
            && found != *expected
        {
            let path = path.display();
            return Err(Refusal::Altered(format!("{path} has {name} {found}, the ledger says {expected}")));
        }
    }
    Ok(())
}

fn print(proved: &Proved, file: Option<&Path>) -> Result<(), Failure> {
    let Proved { index, entry, clip, vouched } = proved;
    say!("成立 proved");
    say!("账本 ledger {}+{}", vouched.log.name(), vouched.log.id());
    say!("条目 entry {index} / {}", vouched.head.size);
    if let Some(entry) = entry {
        say!("内容 says {} {}", entry.kind.as_str(), entry.at);
    } else {
        say!("回执 receipt 由入库至回读一致，条目完整 whole from acceptance to confirmation");
        say!("文件名、警号、案号未经证明 names, officer and cases are not proved");
    }
    if let Some(clip) = clip {
        say!("SHA-256 {}", clip.sha256);
        if let Some(sm3) = &clip.sm3 {
            say!("SM3 {sm3}");
        }
    }
    match file {
        Some(path) => say!("文件相符 the file has these digests: {}", path.display()),
        None => say!("未核对文件 no file was compared (--file)"),
    }
    for (name, time) in &vouched.witnesses {
        say!("见证 witness {name} {}", witnessed_at(*time));
    }
    if !vouched.witnessed {
        say!("无见证人：仅法院自己的密钥作保 no witness: only the court's own key vouches");
    }
    Ok(())
}
