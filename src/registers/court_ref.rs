//! A court that a line names by its code, or by a name that the register of courts holds.

use std::collections::HashMap;

use super::message::Message;
use super::value;
use crate::catalog::CatalogError;
use crate::catalog::courts;
use crate::catalog::engine::Conn;

/// A court as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CourtRef {
    /// Its code.
    Code(String),
    /// What is no code; it may be a name.
    Name(String),
}

impl CourtRef {
    /// Reads a court.
    pub(super) fn read(text: &str) -> Result<Self, Message> {
        match value::court_code(text) {
            Ok(code) => Ok(Self::Code(code)),
            Err(_) => value::text(text).map(Self::Name),
        }
    }

    /// The name, when it may be one.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Code(_) => None,
            Self::Name(name) => Some(name),
        }
    }
}

/// The codes that the register gives for names; empty: the name is in no register.
#[derive(Debug, Default)]
pub(super) struct CourtNames(HashMap<String, Vec<String>>);

impl CourtNames {
    /// Reads what the register holds of these names and is not known yet.
    pub(super) async fn load<'a>(
        &mut self,
        conn: Conn<'_>,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), CatalogError> {
        let mut asked: Vec<&str> = names.into_iter().filter(|name| !self.0.contains_key(*name)).collect();
        asked.sort_unstable();
        asked.dedup();
        let rows = courts::of_names(conn, &asked).await?;
        for name in asked {
            self.0.entry(name.to_owned()).or_default();
        }
        for court in rows {
            let codes = self.0.entry(court.name).or_default();
            if !codes.contains(&court.code) {
                codes.push(court.code);
            }
        }
        Ok(())
    }

    /// The code of a court.
    pub(super) fn code(&self, court: &CourtRef) -> Result<String, Message> {
        let name = match court {
            CourtRef::Code(code) => return Ok(code.clone()),
            CourtRef::Name(name) => name,
        };
        match self.0.get(name).map_or(&[][..], Vec::as_slice) {
            [code] => Ok(code.clone()),
            [] => {
                let why = value::court_code(name).err().unwrap_or_else(|| Message::new("", ""));
                Err(Message::new(
                    format!("法院“{name}”不在法院登记中，也不是法院代码：{}", why.zh),
                    format!("court {name:?} is in no register of courts and is no court code: {}", why.en),
                ))
            }
            codes => Err(Message::new(
                format!("法院名称“{name}”对应多个代码（{}），请写代码", codes.join("、")),
                format!("the court name {name:?} belongs to several codes ({}): write the code", codes.join(", ")),
            )),
        }
    }

    /// Forgets what is known.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
