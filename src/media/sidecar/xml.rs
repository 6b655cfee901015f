//! XML sidecars: `<locations usrName="" policeNum="" …><location><longitude/><latitude/></location></locations>`, and
//! the same fields as elements.

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::SidecarFacts;
use super::fields::{Field, Filler, field};

/// The longest text of one element kept, in bytes; fields are shorter.
const MOST_TEXT: usize = 4096;
/// The deepest nesting whose field is remembered.
const MOST_DEPTH: usize = 64;

/// Reads up to the end or the first break.
pub(super) fn read(text: &str, facts: &mut SidecarFacts) {
    let mut document = Document { facts, filler: Filler::default(), open: Vec::new(), depth: 0, text: String::new() };
    let mut reader = Reader::from_str(text);
    let mut seen_element = false;
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                seen_element = true;
                document.start(&element);
            }
            Ok(Event::Empty(element)) => {
                seen_element = true;
                document.start(&element);
                document.end();
            }
            Ok(Event::End(_)) => document.end(),
            Ok(Event::Text(part)) => document.add_text(&part.into_inner()),
            Ok(Event::CData(part)) => document.add_text(&part.into_inner()),
            Ok(Event::GeneralRef(reference)) => document.add_reference(&reference),
            // Comments and declarations say nothing about the clip; a document type is never read.
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
            Ok(Event::Eof) => break,
            Err(_) => {
                document.facts.doubt("broken_xml");
                break;
            }
        }
    }
    if document.depth > 0 || !seen_element {
        document.facts.doubt("broken_xml");
    }
    document.end_of_file();
}

struct Document<'f> {
    facts: &'f mut SidecarFacts,
    filler: Filler,
    /// The fields of the open elements, as deep as is remembered.
    open: Vec<Option<Field>>,
    depth: usize,
    /// The text of the innermost element so far.
    text: String,
}

impl Document<'_> {
    fn start(&mut self, element: &BytesStart<'_>) {
        self.flush_text();
        let name = element.local_name();
        if name.as_ref().eq_ignore_ascii_case("location") {
            self.filler.begin_point();
        }
        self.depth += 1;
        if self.open.len() < MOST_DEPTH {
            self.open.push(field(name.as_ref()));
        }
        self.attributes(element);
    }

    fn attributes(&mut self, element: &BytesStart<'_>) {
        let mut attributes = element.attributes();
        // The check for repeated names is quadratic, and the first value stays anyway.
        for attribute in attributes.with_checks(false) {
            let Ok(attribute) = attribute else {
                self.facts.doubt("broken_xml");
                return;
            };
            let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
                Ok(value) => value,
                Err(_) => {
                    self.facts.doubt("unknown_entity");
                    attribute.value.clone()
                }
            };
            self.facts.add_case_numbers(&value);
            match field(attribute.key.local_name().as_ref()) {
                // An attribute that is there and empty is a form not filled in, no mark.
                Some(Field::Important) if value.trim().is_empty() => {}
                Some(field) => self.filler.put(self.facts, field, &value),
                None => {}
            }
        }
    }

    fn end(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.facts.add_case_numbers(&text);
        if self.depth == self.open.len()
            && let Some(Some(field)) = self.open.pop()
        {
            self.filler.put(self.facts, field, &text);
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn add_text(&mut self, part: &str) {
        let room = MOST_TEXT.saturating_sub(self.text.len());
        if part.len() <= room {
            self.text.push_str(part);
        } else {
            self.flush_text();
            self.facts.add_case_numbers(part);
        }
    }

    fn add_reference(&mut self, reference: &BytesRef<'_>) {
        match reference.resolve_char_ref() {
            Ok(Some(c)) => self.add_text(c.encode_utf8(&mut [0; 4])),
            Ok(None) => match resolve_xml_entity(reference) {
                Some(text) => self.add_text(text),
                None => self.facts.doubt("unknown_entity"),
            },
            Err(_) => self.facts.doubt("unknown_entity"),
        }
    }

    /// Text that stands before a child element, or is too long for a field, may still name a case.
    fn flush_text(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.facts.add_case_numbers(&text);
    }

    fn end_of_file(mut self) {
        self.flush_text();
        self.filler.finish(self.facts);
    }
}
