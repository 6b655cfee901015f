use super::{EditError, Fields, Given, taken};
use crate::catalog::courts::{self, Court};
use crate::custody::Custody;
use crate::custody::act::Act;
use crate::model::id::Id;
use crate::registers::value;

/// What a person says of a court. What is left out stays as it is.
#[derive(Debug, Default)]
pub struct CourtEdit {
    /// Court code; fixed once the row is there.
    pub code: Given,
    /// Its name.
    pub name: Given,
    /// The code of the court above it.
    pub parent: Given,
    /// The first day it has this name; null: since ever.
    pub first_day: Given,
    /// The last day; null: still.
    pub last_day: Given,
}

impl CourtEdit {
    fn apply(&self, fields: &mut Fields, old: Option<&Court>, id: Id) -> Court {
        let code = fields.needed("code", &self.code, old.map(|o| &*o.code), value::court_code);
        let parent = old.and_then(|o| o.parent.as_deref());
        let parent = fields.optional("parent", &self.parent, parent, value::court_code);
        Court {
            id,
            code,
            name: fields.needed("name", &self.name, old.map(|o| &*o.name), value::text),
            parent: Some(parent).filter(|parent| !parent.is_empty()),
            span: fields.span("", &self.first_day, &self.last_day, old.map(|o| o.span)),
        }
    }
}

/// Enters a court.
///
/// # Errors
/// When fields are wrong, or a row with the same code and first day is there.
pub async fn create_court(custody: &Custody, edit: &CourtEdit) -> Result<Court, EditError> {
    let mut act = Act::begin(custody).await?;
    let mut fields = Fields::new(custody.utc_offset);
    let court = edit.apply(&mut fields, None, act.new_id());
    fields.finish()?;
    let written = courts::insert(act.conn(), &court).await;
    written.map_err(|e| EditError::from(e).or_taken(|| taken("法院", "court", &court.code)))?;
    act.commit().await?;
    Ok(court)
}

/// Corrects a court.
///
/// # Errors
/// When there is no such row, fields are wrong, or another row with the same code has that first day.
pub async fn change_court(custody: &Custody, id: Id, edit: &CourtEdit) -> Result<Court, EditError> {
    let mut act = Act::begin(custody).await?;
    let old = courts::get(act.conn(), id).await?.ok_or(EditError::NotFound(id))?;
    let mut fields = Fields::new(custody.utc_offset);
    let court = edit.apply(&mut fields, Some(&old), id);
    fields.finish()?;
    if court == old {
        return Ok(old);
    }
    let written = courts::update(act.conn(), &court).await;
    written.map_err(|e| EditError::from(e).or_taken(|| taken("法院", "court", &court.code)))?;
    act.commit().await?;
    Ok(court)
}
