//! The court's own templates of file names.

use std::iter::Peekable;
use std::str::CharIndices;

use super::shape::Shape;

/// The longest template, in bytes: as long as a file name can be.
const MOST_TEMPLATE: usize = 255;
/// The largest fixed length of a field.
const MOST_WIDTH: usize = 64;
/// The parts of a time that must stand together; `ss` may be left out.
const TIME_FIELDS: [&str; 5] = ["yyyy", "MM", "dd", "HH", "mm"];

/// A template cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("file-name template {template:?}, character {position}: {problem}")]
pub struct NameTemplateError {
    /// The template as given.
    pub template: String,
    /// Where it goes wrong: the character's number, from 1.
    pub position: usize,
    /// What is wrong there.
    pub problem: TemplateProblem,
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateProblem {
    /// More than 255 bytes.
    #[error("the template is longer than a file name can be (255 bytes)")]
    TooLong,
    /// A `{` without its `}`.
    #[error("this '{{' is not closed by '}}'; write '{{{{' for the character itself")]
    NotClosed,
    /// A `}` without its `{`.
    #[error("this '}}' closes nothing; write '}}}}' for the character itself")]
    NotOpened,
    /// A field that is not known.
    #[error("unknown field {0:?}: known are recorder, officer, yyyy, MM, dd, HH, mm, ss, seq, mark")]
    UnknownField(String),
    /// A field that stands twice.
    #[error("the field {0:?} stands twice")]
    Repeated(String),
    /// A length that is no number from 1 to 64, or a length where the field has its own.
    #[error("the length {0:?} does not fit: 1 to 64 for recorder and officer, 1 to 9 for seq, none for the others")]
    Width(String),
    /// Two fields of open length with nothing between them.
    #[error("the fields run together: put a separator between them or give a length, as in {{officer:6}}")]
    RunTogether,
    /// Some parts of the time without the others.
    #[error("the time is incomplete: yyyy, MM, dd, HH and mm stand together, ss may be left out")]
    TimeIncomplete,
    /// Nothing would be read.
    #[error("the template has no field: nothing would be read from a name")]
    NoField,
}

/// Compiles a template; the shape is named by the template itself.
pub(super) fn compile(template: &str) -> Result<Shape, NameTemplateError> {
    let fail = |(at, problem): Failure| NameTemplateError {
        template: template.to_owned(),
        position: template.get(..at).map_or(0, |front| front.chars().count()) + 1,
        problem,
    };
    if template.len() > MOST_TEMPLATE {
        return Err(fail((0, TemplateProblem::TooLong)));
    }
    let mut compiler = Compiler::default();
    compiler.run(template).map_err(fail)?;
    // What is left is the regular expression's own size limit.
    Shape::new(template.to_owned(), &compiler.pattern).map_err(|_| fail((0, TemplateProblem::TooLong)))
}

type Failure = (usize, TemplateProblem);

#[derive(Default)]
struct Compiler {
    pattern: String,
    fields: Vec<String>,
    /// The last thing was a field of open length.
    open: bool,
}

impl Compiler {
    fn run(&mut self, template: &str) -> Result<(), Failure> {
        let mut chars = template.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let doubled = chars.peek().is_some_and(|(_, next)| *next == c);
            match c {
                '{' | '}' if doubled => {
                    chars.next();
                    self.literal(c);
                }
                '{' => {
                    let field = until_closed(&mut chars).ok_or((at, TemplateProblem::NotClosed))?;
                    self.field(&field).map_err(|problem| (at, problem))?;
                }
                '}' => return Err((at, TemplateProblem::NotOpened)),
                '*' => {
                    self.pattern.push_str("(?su:.*?)");
                    self.open = false;
                }
                _ => self.literal(c),
            }
        }
        self.check_fields().map_err(|problem| (0, problem))
    }

    fn literal(&mut self, c: char) {
        self.pattern.push_str("(?u:");
        self.pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
        self.pattern.push(')');
        self.open = false;
    }

    /// A field's text between the brackets: name, `:length`, `?`.
    fn field(&mut self, text: &str) -> Result<(), TemplateProblem> {
        let (text, optional) = text.strip_suffix('?').map_or((text, false), |t| (t, true));
        let (name, width) = text.split_once(':').map_or((text, None), |(name, width)| (name, Some(width)));
        let inner = field_pattern(name, width)?;
        if self.fields.iter().any(|f| f == name) {
            return Err(TemplateProblem::Repeated(name.to_owned()));
        }
        let mark_of_number = name == "mark" && self.fields.last().is_some_and(|last| last == "seq");
        if self.open && !mark_of_number {
            return Err(TemplateProblem::RunTogether);
        }
        self.pattern.push_str(&format!("(?<{name}>{inner}){}", if optional { "?" } else { "" }));
        self.fields.push(name.to_owned());
        self.open = width.is_none() && matches!(name, "recorder" | "officer" | "seq");
        Ok(())
    }

    fn check_fields(&self) -> Result<(), TemplateProblem> {
        let has = |name: &&str| self.fields.iter().any(|f| f == name);
        let parts = TIME_FIELDS.iter().filter(|name| has(name)).count();
        if self.fields.is_empty() {
            return Err(TemplateProblem::NoField);
        }
        if parts != TIME_FIELDS.len() && (parts > 0 || has(&"ss")) {
            return Err(TemplateProblem::TimeIncomplete);
        }
        Ok(())
    }
}

/// The text up to the next `}`, which is taken.
fn until_closed(chars: &mut Peekable<CharIndices<'_>>) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            (_, '}') => return Some(text),
            (_, '{') => return None,
            (_, c) => text.push(c),
        }
    }
}

fn field_pattern(name: &str, width: Option<&str>) -> Result<String, TemplateProblem> {
    let most = match name {
        "recorder" | "officer" => MOST_WIDTH,
        "seq" => 9,
        "yyyy" | "MM" | "dd" | "HH" | "mm" | "ss" | "mark" => 0,
        _ => return Err(TemplateProblem::UnknownField(name.to_owned())),
    };
    let count = match width {
        None => format!("{{1,{most}}}"),
        Some(text) => match text.parse::<usize>() {
            Ok(n) if (1..=most).contains(&n) => format!("{{{n}}}"),
            _ => return Err(TemplateProblem::Width(text.to_owned())),
        },
    };
    Ok(match name {
        "mark" => "[-_]?imp".to_owned(),
        "yyyy" => "[0-9]{4}".to_owned(),
        "MM" | "dd" | "HH" | "mm" | "ss" => "[0-9]{2}".to_owned(),
        "seq" => format!("[0-9]{count}"),
        _ => format!("[0-9a-z]{count}"),
    })
}
