//! What each role may do: one table, and nothing else decides.

use std::fmt;

use crate::model::id::Id;
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
    /// Ask for an export, by which clips leave the court.
    RequestExport,
    /// Approve or refuse an export that another person asked for.
    ApproveExport,
    /// Read exports and fetch their bags; each fetch is a custody event.
    ReadExports,
    /// Change the registers, import them.
    WriteRegisters,
    /// Read what is due, holds and disposals.
    ReadRetention,
    /// Place holds and lift them.
    HoldClips,
    /// Propose disposals.
    ProposeDisposals,
    /// Approve and refuse disposals that somebody else proposed.
    DecideDisposals,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 25] = [
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
        Self::RequestExport,
        Self::ApproveExport,
        Self::ReadExports,
        Self::WriteRegisters,
        Self::ReadRetention,
        Self::HoldClips,
        Self::ProposeDisposals,
        Self::DecideDisposals,
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
            Self::RequestExport => "request_export",
            Self::ApproveExport => "approve_export",
            Self::ReadExports => "read_exports",
            Self::WriteRegisters => "write_registers",
            Self::ReadRetention => "read_retention",
            Self::HoldClips => "hold_clips",
            Self::ProposeDisposals => "propose_disposals",
            Self::DecideDisposals => "decide_disposals",
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
            Self::RequestExport => &[Legal],
            // Another person than asked for it, whatever the role.
            Self::ApproveExport => &[Legal, Admin],
            Self::ReadExports => &[Legal, Auditor, Admin],
            Self::WriteRegisters => &[Admin],
            Self::ReadRetention => &[Legal, Auditor, Admin],
            Self::HoldClips | Self::ProposeDisposals | Self::DecideDisposals => &[Legal, Admin],
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known of who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The token.
    pub token: Id,
    /// What it is called; of a person's token the person.
    pub name: Option<&'a str>,
}

/// Whether `second` may decide on what `first` proposed: by another token, and not by one that is called the same, which is taken for
/// the same person's.
pub fn may_decide(first: Identity<'_>, second: Identity<'_>) -> bool {
    let same_name = first.name.is_some_and(|name| !name.is_empty() && second.name == Some(name));
    first.token != second.token && !same_name
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
            AnnotateClips, ApproveExport, CreateIncidents, DecideDisposals, DecideIncidents, HoldClips, LinkClips,
            ProposeDisposals, ReadAudit, ReadExports, ReadMetrics, ReadRetention, RelateCases, RequestExport,
            WriteActions, WriteRegisters,
        };
        let exports = [RequestExport, ApproveExport, ReadExports];
        let retention = [ReadRetention, HoldClips, ProposeDisposals, DecideDisposals];
        let others = [ReadAudit, ReadMetrics, DecideIncidents, WriteActions, RelateCases];
        assert_eq!(denied(Role::Officer), [&others[..], &exports[..], &[WriteRegisters], &retention[..]].concat());
        assert_eq!(denied(Role::Legal), [ReadAudit, ReadMetrics, WriteRegisters]);
        let writing = [CreateIncidents, DecideIncidents, WriteActions, LinkClips, AnnotateClips, RelateCases];
        let writing = [&writing[..], &exports[..2], &[WriteRegisters], &retention[1..]].concat();
        assert_eq!(denied(Role::Auditor), writing);
        assert_eq!(denied(Role::Admin), [CreateIncidents, DecideIncidents, LinkClips, AnnotateClips, RequestExport]);
    }
    #[test]
    fn nobody_decides_on_what_they_proposed() {
        let of = |token, name| Identity { token: Id(token), name };
        assert!(may_decide(of(1, Some("张三")), of(2, Some("李四"))));
        assert!(may_decide(of(1, None), of(2, None)) && may_decide(of(1, Some("")), of(2, Some(""))));
        assert!(!may_decide(of(1, Some("张三")), of(1, Some("张三"))));
        assert!(!may_decide(of(1, Some("张三")), of(2, Some("张三"))), "a second token of the same person");
    }
}
