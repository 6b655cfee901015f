//! What stands on the intake's board.

use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::Ordering;

use super::body::{Folder, Upload, path_text, reason};
use crate::http::language::Language;
use crate::intake::board::{Ignored, Item};
use crate::intake::pipeline::Intake;
use crate::intake::source::Place;
use crate::model::id::Id;
use crate::model::upload::UploadState;

/// The newest files on the board, at most `most`, and what is no evidence; of both those that pass `wanted`, newest first.
pub(super) fn uploads(
    intake: &Intake,
    most: usize,
    language: Language,
    wanted: impl Fn(Id, UploadState) -> bool,
) -> Vec<Upload> {
    let (items, ignored) = intake.board.snapshot(most);
    let items = items.iter().filter(|(_, i)| wanted(i.id, i.state)).map(|(p, i)| item(intake, p, i, language));
    let ignored = ignored.iter().filter(|(_, i)| wanted(i.id, UploadState::Ignored));
    let ignored = ignored.map(|(p, i)| ignored_entry(intake, p, i, language));
    let mut uploads: Vec<Upload> = items.chain(ignored).collect();
    uploads.sort_unstable_by_key(|upload| std::cmp::Reverse(upload.id()));
    uploads
}

fn item(intake: &Intake, place: &Place, item: &Item, language: Language) -> Upload {
    let folder = folder_bytes(intake, place);
    let size = item.seen.stat.size_bytes;
    Upload::on_the_way(item.id, place.name(), item.state, item.arrived)
        .at(path_text(folder, place.dir(), place.name()), folder)
        .of_size(item.progress.load(Ordering::Relaxed).min(size), size)
        .marked(item.important)
        .because(item.reason.as_ref().map(|r| reason(r, language)))
}

fn ignored_entry(intake: &Intake, place: &Place, entry: &Ignored, language: Language) -> Upload {
    let folder = folder_bytes(intake, place);
    Upload::on_the_way(entry.id, place.name(), UploadState::Ignored, entry.arrived)
        .at(path_text(folder, place.dir(), place.name()), folder)
        .because(Some(reason(&entry.reason, language)))
}

fn folder_bytes<'a>(intake: &'a Intake, place: &Place) -> &'a [u8] {
    intake.folders.get(place.folder).map_or(&[], |f| f.config.path.as_os_str().as_bytes())
}

/// The upload folders, each with what is wrong with it.
pub(super) fn folders(intake: &Intake) -> Vec<Folder> {
    let troubles = intake.board.folder_troubles();
    let folder = |(index, state): (usize, &crate::intake::pipeline::FolderState)| {
        let trouble = troubles.iter().find(|(at, _)| *at == index).map(|(_, text)| text.clone());
        Folder::new(&state.config, trouble)
    };
    intake.folders.iter().enumerate().map(folder).collect()
}
