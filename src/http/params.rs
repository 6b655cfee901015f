//! The query of a request: every parameter known, given once, and understood; or all that is wrong is said at once.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use super::language::Text;
use super::problem::{Field, Problem};

/// Most faults that are named in one answer.
const MOST_FAULTS: usize = 20;
/// Most characters of an unknown name that are repeated in the answer.
const MOST_NAME_CHARS: usize = 60;

/// The parameters of a query, taken one by one.
#[derive(Debug)]
pub struct Params {
    given: Vec<(String, String)>,
    known: Vec<&'static str>,
    faults: Vec<Field>,
}

impl Params {
    /// Takes the parameter `name`, when it was given. What `read` says of a value is kept for the answer.
    pub fn take<T>(&mut self, name: &'static str, read: impl FnOnce(&str) -> Result<T, Text>) -> Option<T> {
        self.known.push(name);
        let mut values = self.given.iter().filter(|(n, _)| n == name).map(|(_, v)| v);
        let value = values.next()?;
        let read = if values.next().is_some() {
            Err(Text::new("只能给出一次", "must be given once only"))
        } else if value.contains('\0') {
            // Not every engine's text can hold it, and no text of ours does.
            Err(Text::new("不能含有 NUL 字符", "must not hold the character NUL"))
        } else {
            read(value)
        };
        match read {
            Ok(value) => Some(value),
            Err(message) => {
                self.fault(name, message);
                None
            }
        }
    }

    /// Notes a fault that no single value shows.
    pub fn fault(&mut self, name: &'static str, message: Text) {
        self.faults.push(Field { name: name.to_owned(), message });
    }

    /// Whether something that was taken is wrong.
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Whether all is well, once everything was taken.
    ///
    /// # Errors
    /// A problem that names every parameter that is wrong or unknown.
    pub fn finish(self) -> Result<(), Problem> {
        let Self { given, known, mut faults } = self;
        let unknown = given.iter().filter(|(name, _)| !known.contains(&name.as_str()));
        faults.extend(unknown.map(|(name, _)| Field {
            name: name.chars().take(MOST_NAME_CHARS).collect(),
            message: unknown_message(&known),
        }));
        faults.truncate(MOST_FAULTS);
        if faults.is_empty() { Ok(()) } else { Err(Problem::bad_parameters(faults)) }
    }
}

fn unknown_message(known: &[&str]) -> Text {
    if known.is_empty() {
        return Text::new("未知参数；此处没有参数", "unknown parameter; there are none here");
    }
    let (zh, en) = (known.join("、"), known.join(", "));
    Text::new(format!("未知参数；可用参数：{zh}"), format!("unknown parameter; known are {en}"))
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Query(given) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|e| {
            let message = Text::new(format!("查询字符串无法解析：{e}"), format!("the query cannot be read: {e}"));
            Problem::bad_parameters(vec![Field { name: "query".to_owned(), message }])
        })?;
        Ok(Self { given, known: Vec::new(), faults: Vec::new() })
    }
}
