//! Search documents, built from the rows of their subjects. Pure.

use std::collections::{BTreeSet, HashSet};

use sha2::{Digest as _, Sha256};

use super::fold::fold;
use super::token::{self, Filter};
use crate::catalog::search::source::{CaseRef, CaseSource, ClipSource, IncidentSource, Post};
use crate::model::case_number::{CaseNumber, mentions};
use crate::model::subject::Subject;
use crate::model::time::{Micros, UtcOffset};

/// Which tokens are made of the same rows; raised whenever others are, so that all documents are made anew.
pub const ANALYZER: &str = "2";

/// What ends a field of a body.
const END: char = '\u{1e}';

/// Fields, with the letter that stands for each in a body, its word, and what an occurrence in it weighs.
macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident $letter:literal $word:literal $weight:literal;)*) => {
        /// A field of a document.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field {
            $($(#[$doc])* $name,)*
        }

        impl Field {
            /// Every field, the weightiest first.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word for it in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What an occurrence in it weighs, when the best are to come first.
            pub fn weight(self) -> u32 {
                match self { $(Self::$name => $weight,)* }
            }

            fn letter(self) -> char {
                match self { $(Self::$name => $letter,)* }
            }
        }
    };
}

fields! {
    /// 案号, canonical.
    Number 'N' "number" 8;
    /// Name of a party 当事人.
    Party 'P' "party" 6;
    /// Name of somebody who took part in an incident.
    Person 'H' "person" 6;
    /// What happened.
    Narrative 'T' "narrative" 5;
    /// Weapons.
    Weapons 'W' "weapons" 5;
    /// Injuries.
    Injuries 'J' "injuries" 5;
    /// A person's note.
    Note 'O' "note" 4;
    /// 案由.
    Cause 'C' "cause" 4;
    /// Where.
    Place 'L' "place" 3;
    /// An officer's name.
    OfficerName 'M' "officer_name" 3;
    /// 承办人.
    Judge 'G' "judge" 3;
    /// A role in an incident.
    Role 'R' "role" 2;
    /// Why an incident has its status.
    StatusWhy 'Y' "status_why" 2;
    /// Status of a case.
    Status 'S' "status" 2;
    /// A name it arrived under.
    Name 'F' "name" 2;
    /// A directory it arrived in.
    Dir 'D' "dir" 1;
    /// Officer number 警号.
    Officer 'B' "officer" 1;
    /// Serial of the recorder.
    Recorder 'E' "recorder" 1;
}

/// What hits are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Facet {
    /// Court code.
    Court,
    /// Conduct code.
    Code,
    /// Month of the court's local time, `2021-05`.
    Month,
    /// Officer number.
    Officer,
    /// Measure.
    Measure,
}

impl Facet {
    /// Every facet.
    pub const ALL: [Self; 5] = [Self::Court, Self::Code, Self::Month, Self::Officer, Self::Measure];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Court => "court",
            Self::Code => "code",
            Self::Month => "month",
            Self::Officer => "officer",
            Self::Measure => "measure",
        }
    }
}

/// A search document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is about.
    pub subject: Subject,
    /// When it happened.
    pub at: Micros,
    /// The texts, as they were written.
    pub fields: Vec<(Field, String)>,
    /// Tokens of filters, those of case numbers left out: they follow from the texts.
    pub filters: BTreeSet<String>,
    /// What it is counted under.
    pub facets: BTreeSet<(Facet, String)>,
}

impl Document {
    fn new(subject: Subject, at: Micros) -> Self {
        let mut new = Self { subject, at, fields: Vec::new(), filters: BTreeSet::new(), facets: BTreeSet::new() };
        new.filter(Filter::Kind, subject.kind());
        new
    }

    /// Adds a text, when there is one and the field does not have it yet.
    fn field(&mut self, field: Field, text: &str) {
        let text = text.trim();
        if !text.is_empty() && !self.fields.iter().any(|(f, t)| *f == field && t == text) {
            self.fields.push((field, text.replace(END, " ")));
        }
    }

    fn filter(&mut self, of: Filter, value: &str) {
        if !value.trim().is_empty() {
            self.filters.insert(token::filter(of, value));
        }
    }

    fn facet(&mut self, facet: Facet, value: &str) {
        if !value.is_empty() {
            self.facets.insert((facet, value.to_owned()));
        }
    }

    fn court(&mut self, code: &str) {
        self.filter(Filter::Court, code);
        self.facet(Facet::Court, code);
    }

    fn month(&mut self, offset: UtcOffset) {
        let local = self.at.to_civil(offset);
        let month = format!("{:04}-{:02}", local.year(), local.month());
        self.filter(Filter::Month, &month);
        self.facet(Facet::Month, &month);
    }

    fn officer(&mut self, number: &str, posts: &[Post]) {
        self.field(Field::Officer, number);
        self.filter(Filter::Officer, number);
        self.facet(Facet::Officer, number);
        for post in posts {
            self.officer_name(&post.name);
            self.court(&post.court);
        }
    }

    fn officer_name(&mut self, name: &str) {
        self.field(Field::OfficerName, name);
        self.filter(Filter::Officer, name);
    }

    fn case(&mut self, case: &CaseRef) {
        self.field(Field::Number, &case.number);
        self.filter(Filter::Case, &case.id.to_string());
        self.court(case.court.as_deref().unwrap_or_default());
        case.parties.iter().for_each(|name| self.field(Field::Party, name));
    }

    fn codes<'a>(&mut self, codes: impl IntoIterator<Item = &'a String>) {
        for code in codes {
            self.filter(Filter::Code, code);
            self.facet(Facet::Code, code);
        }
    }

    fn measure(&mut self, kind: &str) {
        self.filter(Filter::Measure, kind);
        self.facet(Facet::Measure, kind);
    }

    /// The texts as they are stored.
    pub fn body(&self) -> String {
        let mut body = String::with_capacity(self.fields.iter().map(|(_, text)| text.len() + 2).sum());
        for (field, text) in &self.fields {
            body.push(field.letter());
            body.push_str(text);
            body.push(END);
        }
        body
    }

    /// The filters as they are stored.
    pub fn filters(&self) -> String {
        let filters: Vec<&str> = self.filters.iter().map(String::as_str).collect();
        filters.join(" ")
    }

    /// Every token of the index.
    pub fn terms(&self) -> Vec<String> {
        let mut terms: HashSet<String> = HashSet::with_capacity(128);
        for (_, text) in &self.fields {
            token::add_field(&fold(text), &mut terms);
            for mention in mentions(text) {
                terms.extend(token::numbers(&mention.part));
            }
        }
        terms.extend(self.filters.iter().cloned());
        terms.into_iter().collect()
    }

    /// What tells this document from an earlier one of the same subject.
    pub fn digest(&self) -> i64 {
        let mut hash = Sha256::new();
        hash.update(ANALYZER);
        hash.update(self.at.0.to_be_bytes());
        for part in [self.body(), self.filters()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        for (facet, value) in &self.facets {
            hash.update(facet.as_str());
            hash.update(value);
            hash.update([0]);
        }
        let hash: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = hash;
        i64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

/// The fields of a stored body.
pub fn fields(body: &str) -> impl Iterator<Item = (Field, &str)> {
    body.split_terminator(END).filter_map(|part| {
        let letter = part.chars().next()?;
        let field = Field::ALL.iter().copied().find(|f| f.letter() == letter)?;
        Some((field, part.get(letter.len_utf8()..)?))
    })
}

/// A clip's document.
pub fn of_clip(clip: &ClipSource, offset: UtcOffset) -> Document {
    let own = &clip.own;
    let mut d = Document::new(Subject::Clip(own.id), own.at);
    d.month(offset);
    own.names.iter().for_each(|(_, name)| d.field(Field::Name, name));
    own.names.iter().for_each(|(dir, _)| d.field(Field::Dir, dir));
    if let Some(recorder) = &own.recorder {
        d.field(Field::Recorder, recorder);
        d.filter(Filter::Recorder, recorder);
        d.court(&clip.recorder_court);
    }
    if let Some(officer) = &own.officer {
        d.officer(officer, &clip.posts);
    }
    own.sidecar_officers.iter().for_each(|name| d.officer_name(name));
    own.notes.iter().for_each(|note| d.field(Field::Note, note));
    clip.cases.iter().for_each(|case| d.case(case));
    for (place, court) in &clip.actions {
        d.field(Field::Place, place);
        d.court(court);
    }
    d.codes(&own.codes);
    own.measures.iter().for_each(|kind| d.measure(kind));
    if own.important {
        d.filter(Filter::Important, "yes");
    }
    if own.unfiled {
        d.filter(Filter::Unfiled, "yes");
    }
    d.filter(Filter::Health, &own.health);
    d
}

/// An incident's document.
pub fn of_incident(incident: &IncidentSource, offset: UtcOffset) -> Document {
    let mut d = Document::new(Subject::Incident(incident.id), incident.at);
    d.month(offset);
    d.court(&incident.court);
    d.field(Field::Narrative, &incident.narrative);
    d.field(Field::Place, &incident.place);
    d.field(Field::Injuries, &incident.injuries);
    d.field(Field::Weapons, &incident.weapons);
    d.field(Field::StatusWhy, &incident.status_why);
    d.filter(Filter::Status, &incident.status);
    d.filter(Filter::Severity, &incident.severity.map(|n| n.to_string()).unwrap_or_default());
    for person in &incident.people {
        d.field(Field::Person, &person.name);
        d.field(Field::Role, &person.role);
        if person.side == "victim" {
            d.filter(Filter::Role, &person.role);
        }
        if let Some(officer) = &person.officer {
            d.officer(officer, &person.posts);
        }
    }
    d.codes(&incident.codes);
    for (kind, person, note) in &incident.measures {
        d.measure(kind);
        d.field(Field::Person, person);
        d.field(Field::Note, note);
    }
    incident.cases.iter().for_each(|case| d.case(case));
    d
}

/// A case's document.
pub fn of_case(case: &CaseSource, offset: UtcOffset) -> Document {
    let at = case.number.parse().map_or(Micros(0), |number| time_of_case(&number, offset));
    let mut d = Document::new(Subject::Case(case.id), at);
    d.field(Field::Number, &case.number);
    d.filter(Filter::Case, &case.id.to_string());
    d.court(case.court.as_deref().unwrap_or_default());
    case.parties.iter().for_each(|name| d.field(Field::Party, name));
    d.field(Field::Cause, case.cause.as_deref().unwrap_or_default());
    d.field(Field::Judge, case.judge.as_deref().unwrap_or_default());
    d.field(Field::Status, case.status.as_deref().unwrap_or_default());
    d.filter(Filter::Status, case.status.as_deref().unwrap_or_default());
    d
}

/// Where a case stands in time: its year, and its number in minutes, so that newest first is the order of the numbers.
fn time_of_case(number: &CaseNumber, offset: UtcOffset) -> Micros {
    const MINUTES_OF_YEAR: i64 = 365 * 24 * 60;
    const MINUTE_US: i64 = 60_000_000;
    let first = i16::try_from(number.year()).ok().and_then(|year| jiff::civil::Date::new(year, 1, 1).ok());
    let start = first.and_then(|day| Micros::from_civil(day.at(0, 0, 0, 0), offset)).unwrap_or(Micros(0));
    let minutes = if number.is_old_style() { 0 } else { i64::from(number.number()).min(MINUTES_OF_YEAR - 1) };
    Micros(start.0 + minutes * MINUTE_US)
}
