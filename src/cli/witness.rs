use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::ledger::{read_file, witnessed_at, write_new};
use super::{Common, Failure, Outcome};
use crate::catalog::witness as rows;
use crate::ledger::witness::MAX_REQUEST_BYTES;
use crate::model::digest::to_hex;
use crate::store::{Store, open_witness_key};
use crate::witness::answer::Witness;
use crate::witness::files;
use crate::witness::peers::{Peer, Peers};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// Print this court's public key as a witness, for those whom it witnesses and their auditors
    Key,
    /// Say what is known of each log that is witnessed, and who cosigned this court's ledger last
    Status,
    /// Write what a witness without a network is asked to cosign
    Request {
        /// Which witness of those that are asked, by its name in the configuration
        #[arg(long, value_name = "NAME")]
        of: String,
        /// The file to write; it must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Cosign a request that came as a file
    Cosign {
        /// What `zhilu witness request` wrote
        request: PathBuf,
        /// The file to write; it must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Keep the answer of a witness that came as a file
    Accept {
        /// What `zhilu witness cosign` wrote
        answer: PathBuf,
    },
}

/// Witnesses other courts' ledgers, and has this one's witnessed.
pub(super) async fn run(common: &Common, action: &Action) -> Result<Outcome, Failure> {
    if matches!(action, Action::Key) {
        // Before there is anything else: two courts exchange their keys first.
        return key(&open_witness_key(&common.config()?)?.public().to_string());
    }
    let (config, store) = common.open().await?;
    let peers = Peers::of(&config.witness, &config.court.ledger_name)?;
    let done = match action {
        Action::Key => Ok(Outcome::Done),
        Action::Status => status(&store, &peers).await,
        Action::Request { of, out } => request(&store, &peers, of, out).await,
        Action::Cosign { request, out } => {
            let key = open_witness_key(&config)?;
            let custody = &store.custody;
            let witness = Witness { db: &custody.db, clock: &*custody.clock, key: &key, watched: &peers.watched };
            cosign(&witness, request, out).await
        }
        Action::Accept { answer } => accept(&store, &peers, answer).await,
    };
    store.custody.db.close().await;
    done
}

fn key(text: &str) -> Result<Outcome, Failure> {
    std::io::stdout().write_all(format!("{text}\n").as_bytes())?;
    Ok(Outcome::Done)
}

async fn status(store: &Store, peers: &Peers) -> Result<Outcome, Failure> {
    let mut reader = store.custody.db.read().await?;
    let kept = rows::cosigned(reader.conn(), 0, 1000).await?;
    for peer in &peers.asked {
        let (size, at) = match peer.last_seen(&kept) {
            Some((head, time_s)) => (head.size.to_string(), witnessed_at(time_s)),
            None => ("-".to_owned(), "从未 never".to_owned()),
        };
        say!("见证人 witness {}: {size} 条 entries, {at}", peer.name);
    }
    let mut outcome = Outcome::Done;
    for watched in &peers.watched {
        let origin = watched.key.name().as_str();
        let Some(row) = rows::witnessed(reader.conn(), origin).await? else {
            say!("账本 log {origin}: 尚未请求 has not asked yet");
            continue;
        };
        say!(
            "账本 log {origin}: {} 条已见证 entries cosigned, {} 条已镜像 mirrored, 根 root {}",
            row.size,
            row.mirrored,
            to_hex(&row.root)
        );
        if let Some(trouble) = row.trouble {
            say!("异常 WRONG {trouble}");
            outcome = Outcome::Found;
        }
    }
    Ok(outcome)
}

fn peer<'a>(peers: &'a Peers, name: &str) -> Result<&'a Peer, Failure> {
    let names = || peers.asked.iter().map(|peer| peer.name.as_str()).collect::<Vec<_>>().join(", ");
    peers.asked.iter().find(|peer| peer.name == name).ok_or_else(|| {
        Failure::new(format!("没有名为 {name:?} 的见证人 no witness {name:?} in [witness] ask; there are: {}", names()))
    })
}

async fn request(store: &Store, peers: &Peers, of: &str, out: &Path) -> Result<Outcome, Failure> {
    let text = files::request(&store.custody, peer(peers, of)?).await?;
    write_new(out, &text)?;
    say!("已写入 written: {}", out.display());
    Ok(Outcome::Done)
}

async fn cosign(witness: &Witness<'_>, request: &Path, out: &Path) -> Result<Outcome, Failure> {
    let answer = files::cosign(witness, &read_file(request, MAX_REQUEST_BYTES)?).await?;
    write_new(out, &answer)?;
    say!("已写入 written: {}", out.display());
    Ok(Outcome::Done)
}

async fn accept(store: &Store, peers: &Peers, answer: &Path) -> Result<Outcome, Failure> {
    let bytes = read_file(answer, MAX_REQUEST_BYTES)?;
    let (names, size) = files::accept(&store.custody, &peers.asked, &bytes).await?;
    say!("{} 已见证前 {size} 条 cosigned the first {size} entries", names.join(", "));
    Ok(Outcome::Done)
}
