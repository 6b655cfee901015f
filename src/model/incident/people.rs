use serde::Serialize;

/// What somebody who resisted is in the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum ResisterRole {
    /// 被执行人.
    #[serde(rename = "被执行人")]
    Debtor,
    /// 担保人.
    #[serde(rename = "担保人")]
    Guarantor,
    /// 协助执行义务人.
    #[serde(rename = "协助执行义务人")]
    Assistant,
    /// 案外人.
    #[serde(rename = "案外人")]
    Outsider,
    /// 其他.
    #[serde(rename = "其他")]
    Other,
}

impl ResisterRole {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Debtor, Self::Guarantor, Self::Assistant, Self::Outsider, Self::Other];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debtor => "被执行人",
            Self::Guarantor => "担保人",
            Self::Assistant => "协助执行义务人",
            Self::Outsider => "案外人",
            Self::Other => "其他",
        }
    }
}

/// What somebody who was resisted or hurt is at the court. It decides the charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum VictimRole {
    /// 司法警察: a 人民警察 (袭警解释 12).
    #[serde(rename = "司法警察")]
    JudicialPolice,
    /// 法官.
    #[serde(rename = "法官")]
    Judge,
    /// 执行员.
    #[serde(rename = "执行员")]
    EnforcementOfficer,
    /// 法官助理.
    #[serde(rename = "法官助理")]
    JudgeAssistant,
    /// 书记员.
    #[serde(rename = "书记员")]
    Clerk,
    /// 警务辅助人员.
    #[serde(rename = "警务辅助人员")]
    PoliceAuxiliary,
    /// 其他.
    #[serde(rename = "其他")]
    Other,
}

impl VictimRole {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::JudicialPolice,
        Self::Judge,
        Self::EnforcementOfficer,
        Self::JudgeAssistant,
        Self::Clerk,
        Self::PoliceAuxiliary,
        Self::Other,
    ];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JudicialPolice => "司法警察",
            Self::Judge => "法官",
            Self::EnforcementOfficer => "执行员",
            Self::JudgeAssistant => "法官助理",
            Self::Clerk => "书记员",
            Self::PoliceAuxiliary => "警务辅助人员",
            Self::Other => "其他",
        }
    }
}

/// Somebody who resisted. Personal data: never logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resister {
    /// The name; empty: not known.
    pub name: String,
    /// What the person is in the case.
    pub role: ResisterRole,
}

/// Somebody who was resisted or hurt. Personal data: never logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Victim {
    /// The name; empty: not said.
    pub name: String,
    /// What the person is at the court.
    pub role: VictimRole,
    /// Officer number 警号.
    pub officer: Option<String>,
}

/// The charge that an attack on somebody falls under, where it is a crime at all. A hint for people, no finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Charge {
    /// 妨害公务罪.
    Obstruction,
    /// 袭警罪.
    AssaultOnPolice,
}

impl Charge {
    /// Every charge, the lighter first.
    pub const ALL: [Self; 2] = [Self::Obstruction, Self::AssaultOnPolice];

    /// The article, as cited.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Obstruction => "刑法277(1)",
            Self::AssaultOnPolice => "刑法277(5)",
        }
    }
}

/// The charge for an attack on a victim of `role`; `beside_police`: a 司法警察 is among the victims too. None: none follows from the role.
///
/// 司法警察 are police (袭警解释 12): 刑法 277(5). 法官, 执行员, 法官助理 and 书记员 are officials: 277(1). A 警务辅助人员 attacked alone:
/// 277(1); beside an officer it is the attack on the officer that decides, and nothing follows for the auxiliary.
pub fn charge(role: VictimRole, beside_police: bool) -> Option<Charge> {
    match role {
        VictimRole::JudicialPolice => Some(Charge::AssaultOnPolice),
        VictimRole::Judge | VictimRole::EnforcementOfficer | VictimRole::JudgeAssistant | VictimRole::Clerk => {
            Some(Charge::Obstruction)
        }
        VictimRole::PoliceAuxiliary => (!beside_police).then_some(Charge::Obstruction),
        VictimRole::Other => None,
    }
}

/// The gravest charge that follows from the roles of all victims.
pub fn gravest_charge(victims: &[Victim]) -> Option<Charge> {
    let beside_police = victims.iter().any(|v| v.role == VictimRole::JudicialPolice);
    victims.iter().filter_map(|v| charge(v.role, beside_police)).max()
}
