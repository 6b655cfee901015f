//! Why a file waits, in words that a person can act on, in Chinese and English.

use serde::{Deserialize, Serialize};

/// Why a file does not go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// Not unchanged for long enough.
    Quiet,
    /// Somebody has it open for writing.
    BeingWritten,
    /// Its name says that it is not complete.
    TemporaryName,
    /// It changed while it was read.
    ChangedWhileRead,
    /// It may not be read.
    Unreadable {
        /// What the operating system says.
        error: String,
    },
    /// Reading it failed.
    ReadFailed {
        /// What the operating system says.
        error: String,
    },
    /// The vault's file system is full.
    NoSpace {
        /// What is free, in bytes.
        free_bytes: u64,
        /// What is needed, in bytes.
        needed_bytes: u64,
    },
    /// Writing to the vault failed.
    VaultFailed {
        /// What the operating system says.
        error: String,
    },
    /// The catalog's database is locked, full or away.
    DatabaseAway {
        /// What the database says.
        error: String,
    },
    /// A symbolic link; it is not followed.
    Symlink,
    /// A device, FIFO or socket; it is not opened.
    NotRegular,
    /// Its name is on the ignore list.
    OnIgnoreList,
    /// The object differs from what was accepted.
    ObjectDiffers {
        /// What was found.
        detail: String,
    },
    /// The object could not be read back.
    ReadBackFailed {
        /// What the operating system says.
        error: String,
    },
    /// The source could not be removed.
    RemoveFailed {
        /// What the operating system says.
        error: String,
    },
    /// The source was changed after it was received; it is kept and taken again.
    SourceChanged,
}

impl Reason {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::BeingWritten => "being_written",
            Self::TemporaryName => "temporary_name",
            Self::ChangedWhileRead => "changed_while_read",
            Self::Unreadable { .. } => "unreadable",
            Self::ReadFailed { .. } => "read_failed",
            Self::NoSpace { .. } => "no_space",
            Self::VaultFailed { .. } => "vault_failed",
            Self::DatabaseAway { .. } => "database_away",
            Self::Symlink => "symlink",
            Self::NotRegular => "not_regular",
            Self::OnIgnoreList => "on_ignore_list",
            Self::ObjectDiffers { .. } => "object_differs",
            Self::ReadBackFailed { .. } => "read_back_failed",
            Self::RemoveFailed { .. } => "remove_failed",
            Self::SourceChanged => "source_changed",
        }
    }

    /// For people, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Quiet => "等待文件写完：静默时间未到，无需操作".to_owned(),
            Self::BeingWritten => "仍有程序在写入此文件，写完后自动继续".to_owned(),
            Self::TemporaryName => "文件名表示传输未完成，改名后自动继续".to_owned(),
            Self::ChangedWhileRead => "读取期间文件有变化，将重新读取".to_owned(),
            Self::Unreadable { error } => format!("没有读取权限，请管理员授予执录读取此文件的权限（{error}）"),
            Self::ReadFailed { error } => format!("读取失败，请检查采集站或磁盘，将自动重试（{error}）"),
            Self::NoSpace { free_bytes, needed_bytes } => {
                format!("存储空间不足：需要 {}，剩余 {}；请扩容，之后自动继续", size(*needed_bytes), size(*free_bytes))
            }
            Self::VaultFailed { error } => format!("写入证据库失败，请检查存储，将自动重试（{error}）"),
            Self::DatabaseAway { error } => format!("数据库暂不可用，恢复后自动继续（{error}）"),
            Self::Symlink => "符号链接，不跟随；如需入库请复制原文件".to_owned(),
            Self::NotRegular => "不是普通文件（设备、管道等），不予打开".to_owned(),
            Self::OnIgnoreList => "在忽略名单内".to_owned(),
            Self::ObjectDiffers { detail } => format!("回读与入库不一致，请立即联系管理员并保留源文件（{detail}）"),
            Self::ReadBackFailed { error } => format!("回读失败，请检查存储，将自动重试（{error}）"),
            Self::RemoveFailed { error } => format!("已确认入库，但源文件无法移除，请检查权限（{error}）"),
            Self::SourceChanged => "源文件在入库后被改动，保留源文件并重新入库".to_owned(),
        }
    }

    /// For people, in English.
    pub fn en(&self) -> String {
        match self {
            Self::Quiet => "waiting until the file is written; nothing to do".to_owned(),
            Self::BeingWritten => "a program still has the file open for writing; it goes on when that ends".to_owned(),
            Self::TemporaryName => {
                "the name says that the transfer is not complete; it goes on after the rename".to_owned()
            }
            Self::ChangedWhileRead => "the file changed while it was read; it is read again".to_owned(),
            Self::Unreadable { error } => format!("may not be read; let Zhilu read this file ({error})"),
            Self::ReadFailed { error } => {
                format!("reading failed, it is tried again; check the dock or disk ({error})")
            }
            Self::NoSpace { free_bytes, needed_bytes } => format!(
                "the vault is full: {} needed, {} free; add space, it goes on by itself",
                size(*needed_bytes),
                size(*free_bytes)
            ),
            Self::VaultFailed { error } => {
                format!("writing to the vault failed, it is tried again; check the storage ({error})")
            }
            Self::DatabaseAway { error } => {
                format!("the database is not available; it goes on when it is back ({error})")
            }
            Self::Symlink => "a symbolic link, not followed; copy the file itself to have it taken".to_owned(),
            Self::NotRegular => "no regular file (a device, FIFO or socket), not opened".to_owned(),
            Self::OnIgnoreList => "on the ignore list".to_owned(),
            Self::ObjectDiffers { detail } => {
                format!("read back and different: call the administrator and keep the source ({detail})")
            }
            Self::ReadBackFailed { error } => {
                format!("reading back failed, it is tried again; check the storage ({error})")
            }
            Self::RemoveFailed { error } => {
                format!("confirmed, but the source cannot be removed; check permissions ({error})")
            }
            Self::SourceChanged => {
                "the source was changed after it was received; it is kept and taken again".to_owned()
            }
        }
    }
}

/// A size for people.
fn size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    if bytes >= MIB { format!("{} MiB", bytes / MIB) } else { format!("{bytes} B") }
}
