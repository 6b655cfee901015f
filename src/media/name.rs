//! What a recorder's file name says: who, when, which piece, whether the officer marked it.
//!
//! The name is what the device said, so it is kept as it is; what looks never set is doubted, not dropped. The shapes
//! are those of public recorder software; other makers' names come from the court's own templates
//! ([`NamePatterns::new`]).
//!
//! Doubts, stable words:
//! * `clock_never_set`: the year is before 2016, as after an empty battery;
//! * `impossible_time`: the digits are no date or time of day (month 13), so no time was taken;
//! * `recorder_never_set`, `officer_never_set`: a factory value such as 0000000, 8888888 or 123456;
//! * `ambiguous_order`: two ids of which neither order is certain; the first was taken for the recorder's.

mod affix;
mod dock_path;
mod shape;
mod template;
#[cfg(test)]
mod tests;

use jiff::civil::DateTime;

pub use affix::{SidecarKind, is_temporary, pairs, sidecar_kind, stem};
pub use dock_path::DockPath;
pub use template::{NameTemplateError, TemplateProblem};

use shape::Shape;

/// The first year in which a recorder's clock is believed; before it, it was never set.
pub const FIRST_CREDIBLE_YEAR: i16 = 2016;

/// What a file name says. Absent is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameFacts {
    /// The recorder's number as written, also when it was never set.
    pub recorder: Option<String>,
    /// The officer number 警号 as written, also when it was never set.
    pub officer: Option<String>,
    /// The recorder's clock at the start, in the recorder's local time.
    pub recorded: Option<DateTime>,
    /// The number of the file or segment.
    pub sequence: Option<u32>,
    /// The officer pressed the key-mark button 重点标记 (`IMP`).
    pub important: bool,
    /// The name says that the content is encrypted (`_enc`).
    pub encrypted: bool,
    /// The maker's category, in capitals: `NOR`, `EVT`, `MOT`, `IMG`.
    pub category: Option<String>,
    /// Which pattern matched: a built-in one's name, or the court's template itself.
    pub pattern: Option<String>,
    /// What is doubtful, by the stable words of this module.
    pub doubts: Vec<String>,
}

impl NameFacts {
    fn doubt(&mut self, word: &str) {
        self.doubts.push(word.to_owned());
    }
}

/// The patterns of file names, compiled once: the court's own first, then the built-in ones.
#[derive(Debug, Clone)]
pub struct NamePatterns {
    shapes: Vec<Shape>,
}

impl NamePatterns {
    /// The built-in patterns, preceded by `templates` such as
    /// `{recorder}-{officer}-{yyyy}{MM}{dd}{HH}{mm}{ss}-{seq}{mark?}`.
    ///
    /// A template describes the name without its extension. Text stands for itself, without regard to case; `*` for any
    /// text; `{{` and `}}` for brackets. Fields: `recorder`, `officer` (letters and digits), `seq` (digits), `yyyy`,
    /// `MM`, `dd`, `HH`, `mm`, `ss`, `mark` (`IMP`, with or without `_` or `-` before it). `{officer:6}` fixes the
    /// length, `{mark?}` lets a field be absent. Each field stands once.
    ///
    /// # Errors
    /// The first template that cannot be understood, with the position and what is wrong there.
    pub fn new(templates: &[String]) -> Result<Self, NameTemplateError> {
        let mut shapes = templates.iter().map(|t| template::compile(t)).collect::<Result<Vec<_>, _>>()?;
        shapes.extend(shape::built_in());
        Ok(Self { shapes })
    }

    /// What `file_name` (without folders) says. The extension and the suffixes of copies (` (1)`, ` - 副本`, `_copy`) are
    /// no matter. A name that fits no pattern gives only its mark.
    pub fn read(&self, file_name: &str) -> NameFacts {
        for bare in affix::bare_names(file_name) {
            if let Some(facts) = self.shapes.iter().find_map(|shape| shape.read(bare)) {
                return facts;
            }
        }
        NameFacts { important: affix::is_marked(file_name), ..NameFacts::default() }
    }

    /// What the folders say, when they are those of simple docking tools: `yyyy/MM/yyyy-MM-dd/<disk name>/…`, anywhere
    /// on the path. `/` separates folders.
    pub fn read_path(&self, relative_dir: &str) -> Option<DockPath> {
        dock_path::read(relative_dir)
    }
}

/// Whether an id is a factory value: all 0, all 8, or 123456 and so on.
pub fn is_never_set(id: &str) -> bool {
    let same = |digit: char| id.chars().all(|c| c == digit);
    (id.len() >= 3 && same('0')) || (id.len() >= 6 && (same('8') || "1234567890".starts_with(id)))
}
