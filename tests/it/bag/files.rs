//! A bag's files in memory, to be changed as an attacker would, and written to disk.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use zhilu::model::digest::to_hex;

/// Contents by path below the root.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files(pub(crate) BTreeMap<String, Vec<u8>>);

impl Files {
    pub(crate) fn put(&mut self, path: &str, bytes: impl AsRef<[u8]>) {
        self.0.insert(path.to_owned(), bytes.as_ref().to_vec());
    }

    pub(crate) fn get(&self, path: &str) -> &[u8] {
        self.0.get(path).unwrap_or_else(|| panic!("{path} is not in the bag"))
    }

    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8(self.get(path).to_vec()).unwrap()
    }

    pub(crate) fn remove(&mut self, path: &str) -> Vec<u8> {
        self.0.remove(path).unwrap_or_else(|| panic!("{path} is not in the bag"))
    }

    /// Changes the bytes of a file.
    pub(crate) fn edit(&mut self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        change(self.0.get_mut(path).unwrap_or_else(|| panic!("{path} is not in the bag")));
    }

    /// Replaces text in a file, which must hold it.
    pub(crate) fn replace(&mut self, path: &str, from: &str, to: &str) {
        let text = self.text(path);
        assert!(text.contains(from), "{path} does not hold {from}: {text}");
        self.put(path, text.replace(from, to));
    }

    /// Paths that begin so.
    pub(crate) fn under(&self, start: &str) -> Vec<String> {
        self.0.keys().filter(|path| path.starts_with(start)).cloned().collect()
    }

    fn manifest(&self, of: impl Fn(&str) -> bool) -> String {
        let line = |(path, bytes): (&String, &Vec<u8>)| format!("{}  {path}\n", to_hex(&Sha256::digest(bytes)));
        self.0.iter().filter(|(path, _)| of(path)).map(line).collect()
    }

    /// Makes manifest and Payload-Oxum anew.
    pub(crate) fn list_payload(&mut self) {
        let manifest = self.manifest(|path| path.starts_with("data/"));
        self.put("manifest-sha256.txt", manifest);
        let payload = self.0.iter().filter(|(path, _)| path.starts_with("data/"));
        let (bytes, files) = payload.fold((0, 0), |(b, n), (_, file)| (b + file.len(), n + 1));
        let info = format!(
            "Source-Organization: 某某县人民法院\nExternal-Identifier: {}\nBagging-Date: 2026-05-28\n\
             Bag-Software-Agent: zhilu 0.1.0\nPayload-Oxum: {bytes}.{files}\nZhilu-Format: zhilu-export/1\n",
            super::court::EXPORT,
        );
        self.put("bag-info.txt", info);
    }

    /// Makes the tag manifest anew.
    pub(crate) fn list_rest(&mut self) {
        let manifest = self.manifest(|path| !path.starts_with("data/") && path != "tagmanifest-sha256.txt");
        self.put("tagmanifest-sha256.txt", manifest);
    }

    /// Makes all lists anew, as an insider would.
    pub(crate) fn list_anew(&mut self) {
        self.list_payload();
        self.list_rest();
    }

    /// Writes the files below `root`, which must be empty.
    pub(crate) fn write(&self, root: &Path) {
        for (path, bytes) in &self.0 {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
}
