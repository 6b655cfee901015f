use super::{EditError, Fields, Given, taken};
use crate::catalog::CatalogError;
use crate::catalog::officers::{self, Officer};
use crate::catalog::rematch_makers::MakerKind;
use crate::custody::act::Act;
use crate::custody::{Custody, rematch};
use crate::model::id::Id;
use crate::model::span::Span;
use crate::registers::value;
use crate::search::index;

/// What a person says of an officer's post. What is left out stays as it is.
#[derive(Debug, Default)]
pub struct OfficerEdit {
    /// Officer number; fixed once the row is there.
    pub number: Given,
    /// The officer's name.
    pub name: Given,
    /// 职务.
    pub role: Given,
    /// Court code.
    pub court: Given,
    /// The first day of the post; null: since ever.
    pub first_day: Given,
    /// The last day; null: still.
    pub last_day: Given,
}

impl OfficerEdit {
    fn apply(&self, fields: &mut Fields, old: Option<&Officer>, id: Id) -> Officer {
        Officer {
            id,
            number: fields.needed("number", &self.number, old.map(|o| &*o.number), value::key),
            name: fields.needed("name", &self.name, old.map(|o| &*o.name), value::text),
            role: fields.optional("role", &self.role, old.map(|o| &*o.role), value::text),
            court: fields.optional("court", &self.court, old.map(|o| &*o.court), value::court_code),
            span: fields.span("", &self.first_day, &self.last_day, old.map(|o| o.span)),
        }
    }
}

/// Enters a post.
///
/// # Errors
/// When fields are wrong, or a post of the same number and first day is there.
pub async fn create_officer(custody: &Custody, edit: &OfficerEdit) -> Result<Officer, EditError> {
    let mut act = Act::begin(custody).await?;
    let mut fields = Fields::new(custody.utc_offset);
    let officer = edit.apply(&mut fields, None, act.new_id());
    fields.finish()?;
    rematch::note(&mut act, MakerKind::Officer, &[&officer.number]).await?;
    let written = officers::insert(act.conn(), &officer).await;
    finish(act, officer, written).await
}

/// Corrects a post.
///
/// # Errors
/// When there is no such row, fields are wrong, or another post of the officer has that first day.
pub async fn change_officer(custody: &Custody, id: Id, edit: &OfficerEdit) -> Result<Officer, EditError> {
    let mut act = Act::begin(custody).await?;
    let old = officers::get(act.conn(), id).await?.ok_or(EditError::NotFound(id))?;
    let mut fields = Fields::new(custody.utc_offset);
    let officer = edit.apply(&mut fields, Some(&old), id);
    fields.finish()?;
    if officer == old {
        return Ok(old);
    }
    let written = officers::update(act.conn(), &officer).await;
    finish(act, officer, written).await
}

async fn finish(mut act: Act<'_>, officer: Officer, written: Result<(), CatalogError>) -> Result<Officer, EditError> {
    written.map_err(|e| EditError::from(e).or_taken(|| taken("警号", "officer", &officer.number)))?;
    index::mark_officer_dirty(act.conn(), &officer.number, Span::ALWAYS).await?;
    act.commit().await?;
    Ok(officer)
}
