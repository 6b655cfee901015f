//! The bag's own lists (BagIt 1.0, RFC 8493): declaration, manifests, and what `bag-info.txt` says.
//!
//! They prove nothing by themselves: whoever alters a file can make them anew. The export entries commit to the payload manifest's digest.

use std::io::{BufRead as _, BufReader, Read as _};

use sha2::{Digest as _, Sha256};

use super::fault::{Fault, Faults, altered, unverifiable};
use super::inventory::{Inventory, unreadable};
use super::name::Name;
use crate::ledger::merkle::Hash;
use crate::model::digest::{from_hex, to_hex};

/// What `bagit.txt` says, to the byte.
const DECLARATION: &[u8] = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
/// The format of bags that is read.
pub(super) const FORMAT: &str = "zhilu-export/1";
/// Bytes of the longest line of a manifest: a digest, two spaces, a name.
const MAX_LINE: u64 = 256;

/// What the bag says of itself.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// The digest of the payload manifest.
    pub(super) manifest: Option<Hash>,
    /// The export's id.
    pub(super) export: Option<String>,
    /// The court, as the bag says it. Not proved.
    pub(super) organization: Option<String>,
}

/// Reads the lists, and notes in the inventory which digest each file should have.
///
/// # Errors
/// When the bag is of a format that is not known here: nothing else can be said of it then.
pub(super) fn read(inventory: &mut Inventory<'_>, faults: &mut Faults) -> Result<Lists, Fault> {
    let read = read_manifest(inventory, &Name::TagManifest, faults);
    faults.take(read);
    let read = read_manifest(inventory, &Name::Manifest, faults);
    let manifest = faults.take(read);
    faults.extend(manifest.and_then(|digest| inventory.compare(&Name::Manifest, &digest)));
    unlisted(inventory, faults);
    let mut found = Vec::new();
    let declaration = inventory.read(&Name::BagIt, &mut found);
    if declaration.is_some_and(|bytes| bytes != DECLARATION) {
        found.push(altered("bag_damaged", Name::BagIt, "it does not declare BagIt 1.0 in UTF-8"));
    }
    let info = inventory.read(&Name::BagInfo, &mut found);
    // A declaration that is whole and names another format is no alteration.
    let whole = found.is_empty();
    faults.extend(found);
    let info = info.map(|bytes| Info::parse(&bytes)).transpose();
    let info = faults.take(info).flatten().unwrap_or_default();
    match info.only("Zhilu-Format") {
        Some(FORMAT) => {}
        Some(other) if whole => {
            let detail = format!("its format is {other:?}; this program reads {FORMAT:?}");
            return Err(unverifiable("format_unknown", Name::BagInfo, detail));
        }
        _ => faults.add(altered("bag_damaged", Name::BagInfo, format!("it does not say Zhilu-Format: {FORMAT}"))),
    }
    check_oxum(inventory, &info, faults);
    let owned = |key| info.only(key).map(str::to_owned);
    Ok(Lists { manifest, export: owned("External-Identifier"), organization: owned("Source-Organization") })
}

/// Reads one manifest; gives its digest.
fn read_manifest(inventory: &mut Inventory<'_>, which: &Name, faults: &mut Faults) -> Result<Hash, Fault> {
    let mut reader = BufReader::with_capacity(1 << 16, inventory.open(which)?);
    let mut hasher = Sha256::new();
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        let read = read.map_err(|error| unreadable(which, &error))?;
        if read == 0 {
            break;
        }
        inventory.note(read as u64);
        hasher.update(&line);
        let place = || format!("{which} line {number}");
        let Some(text) = line.strip_suffix(b"\n").and_then(|text| std::str::from_utf8(text).ok()) else {
            return Err(altered("manifest_damaged", place(), "it is no text of a bounded length with a newline"));
        };
        let Some((digest, name)) = parse_line(text).filter(|(_, name)| is_of(name, which)) else {
            faults.add(altered("manifest_damaged", place(), "expected 64 hex digits, two spaces, a name of this list"));
            continue;
        };
        match inventory.files.get_mut(&name) {
            None => faults.add(altered("file_missing", name, format!("{which} lists it"))),
            Some(file) if file.listed.is_some() => faults.add(altered("manifest_doubled", name, place())),
            Some(file) => file.listed = Some(digest),
        }
    }
    Ok(hasher.finalize().into())
}

fn is_of(name: &Name, manifest: &Name) -> bool {
    match manifest {
        Name::Manifest => name.is_payload(),
        _ => !name.is_payload() && *name != Name::TagManifest,
    }
}

/// `<64 lower-case hex>  <path>`. No path of the format needs the percent-encoding of RFC 8493, so one that has it is none.
fn parse_line(line: &str) -> Option<(Hash, Name)> {
    let (digest, path) = line.split_once("  ")?;
    let hash = from_hex(digest).ok()?;
    Some((hash, Name::read(path)?)).filter(|_| to_hex(&hash) == digest)
}

fn unlisted(inventory: &Inventory<'_>, faults: &mut Faults) {
    for (name, file) in &inventory.files {
        if file.listed.is_none() && *name != Name::TagManifest {
            faults.add(altered("file_unlisted", name, "no manifest lists it"));
        }
    }
}

/// The lines of `bag-info.txt`.
#[derive(Debug, Default)]
struct Info(Vec<(String, String)>);

impl Info {
    fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let damaged = |detail| altered("bag_damaged", Name::BagInfo, detail);
        let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is no UTF-8"))?;
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(damaged("it holds control characters"));
        }
        let text = text.strip_suffix('\n').ok_or_else(|| damaged("its last line has no newline"))?;
        let line = |line: &str| line.split_once(": ").map(|(key, value)| (key.to_owned(), value.to_owned()));
        let lines = text.split('\n').map(line).collect::<Option<_>>();
        lines.map(Self).ok_or_else(|| damaged("a line is not `Label: value`"))
    }

    /// The value of a label that stands there once.
    fn only(&self, label: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(key, _)| key.eq_ignore_ascii_case(label)).map(|(_, v)| v.as_str());
        values.next().filter(|_| values.next().is_none())
    }
}

/// Payload-Oxum: bytes and number of the payload's files.
fn check_oxum(inventory: &Inventory<'_>, info: &Info, faults: &mut Faults) {
    let payload = inventory.files.iter().filter(|(name, _)| name.is_payload());
    let (bytes, files) = payload.fold((0u64, 0u64), |(b, n), (_, file)| (b.saturating_add(file.size), n + 1));
    let found = format!("{bytes}.{files}");
    if info.only("Payload-Oxum") != Some(&found) {
        let said = info.only("Payload-Oxum").unwrap_or("nothing, or it twice");
        faults.add(altered("bag_info_differs", Name::BagInfo, format!("Payload-Oxum is {found}, it says {said}")));
    }
}
