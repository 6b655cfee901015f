//! What each role may do: one table, and nothing else decides.

use std::fmt;

use crate::model::role::Role;

/// Something that a route demands of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Search clips and read what is known of them.
    ReadClips,
    /// Fetch a clip's bytes; each fetch is a custody event.
    ReadMedia,
    /// Read what was done with a clip, by whom.
    ReadEvents,
    /// See the upload folders and what waits in them.
    ReadUploads,
    /// Read cases and their parties.
    ReadCases,
    /// Read the registers of courts, officers and recorders.
    ReadRegisters,
    /// Read the ledger.
    ReadLedger,
    /// Read how far objects are verified, and what was found.
    ReadAudit,
    /// Read the daemon's own figures.
    ReadMetrics,
    /// Read incidents, and what conduct codes mean.
    ReadIncidents,
    /// Enter suspected incidents, and change them.
    CreateIncidents,
    /// Confirm, dismiss and close incidents, change decided ones, take measures.
    DecideIncidents,
    /// Enter, change and cancel actions.
    WriteActions,
    /// Link clips to cases, and take links away.
    LinkClips,
    /// Write notes on clips, and mark them as important.
    AnnotateClips,
    /// Say which case follows from which.
    RelateCases,
    /// Search over clips, incidents and cases.
    Search,
    /// Change the registers, import them.
    WriteRegisters,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 18] = [
        Self::ReadClips,
        Self::ReadMedia,
        Self::ReadEvents,
        Self::ReadUploads,
        Self::ReadCases,
        Self::ReadRegisters,
        Self::ReadLedger,
        Self::ReadAudit,
        Self::ReadMetrics,
        Self::ReadIncidents,
        Self::CreateIncidents,
        Self::DecideIncidents,
        Self::WriteActions,
        Self::LinkClips,
        Self::AnnotateClips,
        Self::RelateCases,
        Self::Search,
        Self::WriteRegisters,
    ];

    /// The word for it in problems.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadClips => "read_clips",
            Self::ReadMedia => "read_media",
            Self::ReadEvents => "read_events",
            Self::ReadUploads => "read_uploads",
            Self::ReadCases => "read_cases",
            Self::ReadRegisters => "read_registers",
            Self::ReadLedger => "read_ledger",
            Self::ReadAudit => "read_audit",
            Self::ReadMetrics => "read_metrics",
            Self::ReadIncidents => "read_incidents",
            Self::CreateIncidents => "create_incidents",
            Self::DecideIncidents => "decide_incidents",
            Self::WriteActions => "write_actions",
            Self::LinkClips => "link_clips",
            Self::AnnotateClips => "annotate_clips",
            Self::RelateCases => "relate_cases",
            Self::Search => "search",
            Self::WriteRegisters => "write_registers",
        }
    }

    /// The roles that hold it.
    fn holders(self) -> &'static [Role] {
        use Role::{Admin, Auditor, Legal, Officer};
        match self {
            Self::ReadClips => &[Officer, Legal, Auditor, Admin],
            Self::ReadMedia => &[Officer, Legal, Auditor, Admin],
            Self::ReadEvents => &[Officer, Legal, Auditor, Admin],
            Self::ReadUploads => &[Officer, Legal, Auditor, Admin],
            Self::ReadCases => &[Officer, Legal, Auditor, Admin],
            Self::ReadRegisters => &[Officer, Legal, Auditor, Admin],
            Self::ReadLedger => &[Officer, Legal, Auditor, Admin],
            Self::Search => &[Officer, Legal, Auditor, Admin],
            // How the daemon runs is for those who run it and those who check it.
            Self::ReadAudit | Self::ReadMetrics => &[Auditor, Admin],
            Self::ReadIncidents => &[Officer, Legal, Auditor, Admin],
            Self::CreateIncidents => &[Officer, Legal],
            Self::DecideIncidents => &[Legal],
            Self::WriteActions => &[Legal, Admin],
            // Whoever runs or checks the daemon says nothing about evidence.
            Self::LinkClips | Self::AnnotateClips => &[Officer, Legal],
            Self::RelateCases => &[Legal, Admin],
            Self::WriteRegisters => &[Admin],
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a bearer with `role` may do what `permission` names.
pub fn allows(role: Role, permission: Permission) -> bool {
    permission.holders().contains(&role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let denied = |role| Permission::ALL.into_iter().filter(|p| !allows(role, *p)).collect::<Vec<_>>();
        use Permission::{
            AnnotateClips, CreateIncidents, DecideIncidents, LinkClips, ReadAudit, ReadMetrics, RelateCases,
            WriteActions, WriteRegisters,
        };
        assert_eq!(
            denied(Role::Officer),
            [ReadAudit, ReadMetrics, DecideIncidents, WriteActions, RelateCases, WriteRegisters]
        );
        assert_eq!(denied(Role::Legal), [ReadAudit, ReadMetrics, WriteRegisters]);
        let writing =
            [CreateIncidents, DecideIncidents, WriteActions, LinkClips, AnnotateClips, RelateCases, WriteRegisters];
        assert_eq!(denied(Role::Auditor), writing);
        assert_eq!(denied(Role::Admin), [CreateIncidents, DecideIncidents, LinkClips, AnnotateClips]);
    }
}
