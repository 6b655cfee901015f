//! Why a clip is linked to no case.

use crate::model::case_number::CaseNumberError;

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the file's name.
    Name,
    /// In the name of a folder on its path.
    Folder,
}

/// Why a clip is 未归案.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnfiledReason {
    /// Neither name, folders nor sidecar hold anything like a case number.
    NoNumberFound,
    /// Something looks like a case number and cannot be read as one.
    UnreadableNumber {
        /// Where it stands.
        place: Place,
        /// The text that looks like one.
        text: String,
        /// Why it is none.
        error: CaseNumberError,
    },
}

impl UnfiledReason {
    /// A stable word for the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoNumberFound => "no_number_found",
            Self::UnreadableNumber { .. } => "unreadable_number",
        }
    }

    /// The reason in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::NoNumberFound => "文件名、文件夹名和附属文件中都没有案号".to_owned(),
            Self::UnreadableNumber { place, text, error } => {
                let place = match place {
                    Place::Name => "文件名",
                    Place::Folder => "文件夹名",
                };
                format!("{place}中的“{text}”不能识别为案号：{}", error.zh())
            }
        }
    }

    /// The reason in English.
    pub fn en(&self) -> String {
        match self {
            Self::NoNumberFound => "no case number in the file's name, its folders or a sidecar".to_owned(),
            Self::UnreadableNumber { place, text, error } => {
                let place = match place {
                    Place::Name => "file's name",
                    Place::Folder => "folder's name",
                };
                format!("{text:?} in the {place} is no case number: {error}")
            }
        }
    }
}
