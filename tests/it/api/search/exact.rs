//! What is found is what a naive reader finds who looks through every text.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;
use zhilu::catalog::cases::{self, Case};
use zhilu::model::id::Id;
use zhilu::model::subject::Subject;
use zhilu::search::index;

use super::super::world::{NOW, World};
use super::{Random, party, search_with};

/// Few letters, so that texts share many pairs: Han of three planes, letters with case, width and compatibility forms, marks that join,
/// digits, and punctuation that does not count.
const LETTERS: &[&str] = &[
    "张",
    "三",
    "张",
    "三",
    "刀",
    "持",
    "威",
    "胁",
    "𠮷",
    "𪜀",
    "々",
    "A",
    "a",
    "Ｂ",
    "b",
    "ß",
    "ﬁ",
    "é",
    "e\u{301}",
    "が",
    "か\u{3099}",
    "①",
    "２",
    "2",
    "0",
    "Ω",
    "ς",
    "㎏",
    " ",
    "，",
    "-",
    "。",
    "（",
    "“",
    "\u{3000}",
    ".",
    "'",
];

struct Text {
    id: Id,
    fields: Vec<String>,
}

/// Folds as the issue says it, by another way than the program: decomposed, then composed, letter by letter.
fn fold(text: &str) -> String {
    let composed: String = text.nfkd().nfkc().collect();
    composed.to_uppercase().to_lowercase().replace('ς', "σ").chars().filter(|c| c.is_alphanumeric()).collect()
}

fn words(random: &mut Random, most: usize) -> String {
    let length = 1 + random.below(most);
    (0..length).map(|_| random.pick(LETTERS)).collect()
}

/// A condition, and how it is written.
enum Query {
    Phrase(String),
    And(Box<Query>, Box<Query>),
    Or(Box<Query>, Box<Query>),
    Not(Box<Query>),
}

impl Query {
    fn random(random: &mut Random, texts: &[Text], depth: usize) -> Self {
        let inner = |random: &mut Random| Box::new(Self::random(random, texts, depth - 1));
        match if depth == 0 { 9 } else { random.below(10) } {
            0 | 1 => Self::And(inner(random), inner(random)),
            2 | 3 => Self::Or(inner(random), inner(random)),
            4 => Self::Not(inner(random)),
            _ => Self::Phrase(phrase(random, texts)),
        }
    }

    fn written(&self) -> String {
        match self {
            Self::Phrase(text) => format!("\"{text}\""),
            Self::And(a, b) => format!("({} {})", a.written(), b.written()),
            Self::Or(a, b) => format!("({} OR {})", a.written(), b.written()),
            Self::Not(a) => format!("-{}", a.written()),
        }
    }

    fn holds(&self, text: &Text) -> bool {
        match self {
            Self::Phrase(wanted) => text.fields.iter().any(|f| fold(f).contains(&fold(wanted))),
            Self::And(a, b) => a.holds(text) && b.holds(text),
            Self::Or(a, b) => a.holds(text) || b.holds(text),
            Self::Not(a) => !a.holds(text),
        }
    }
}

/// Mostly a part of a text that is there, of two or more letters after folding; at times of one.
fn phrase(random: &mut Random, texts: &[Text]) -> String {
    loop {
        let field = &texts[random.below(texts.len())].fields;
        let field: Vec<char> = field[random.below(field.len())].chars().collect();
        let from = random.below(field.len());
        let mut phrase: String = field.iter().skip(from).take(2 + random.below(6)).collect();
        if random.below(4) == 0 {
            phrase = words(random, 4);
        }
        let phrase = phrase.replace(['"', '“'], "");
        if !fold(&phrase).is_empty() {
            return phrase;
        }
    }
}

#[tokio::test]
async fn results_are_those_of_a_scan_of_every_text() {
    let seed = std::env::var("ZHILU_TEST_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(20_261_124);
    let mut random = Random::new(seed);
    let world = World::new().await;
    let mut texts = Vec::new();
    let mut tx = world.app.custody.db.begin().await.unwrap();
    for n in 1..=120 {
        let number = format!("（2021）吉0721执{n}号").parse().unwrap();
        let mut parties: Vec<String> = (0..1 + random.below(3)).map(|_| words(&mut random, 9)).collect();
        parties.dedup();
        let (cause, judge) = (words(&mut random, 40), words(&mut random, 5));
        let id = world.app.custody.ids.next(NOW);
        let parties_of_it = parties.iter().map(|p| party(p)).collect();
        let (c, j) = (Some(cause.clone()), Some(judge.clone()));
        let case = Case { parties: parties_of_it, stub: false, cause: c, judge: j, ..Case::stub(id, &number, NOW) };
        cases::insert(tx.conn(), &case, &number).await.unwrap();
        let all: BTreeSet<Subject> = BTreeSet::from([Subject::Case(id)]);
        index::renew(tx.conn(), world.app.custody.utc_offset, &all).await.unwrap();
        texts.push(Text { id, fields: [vec![cause, judge, number.to_string()], parties].concat() });
    }
    tx.commit().await.unwrap();
    let rounds = if cfg!(debug_assertions) { 300 } else { 3000 };
    let mut found_any = 0;
    for round in 0..rounds {
        let query = Query::random(&mut random, &texts, round % 4);
        let written = query.written();
        let expected: BTreeSet<String> = texts.iter().filter(|t| query.holds(t)).map(|t| t.id.to_string()).collect();
        let page = search_with(&world, &written, "&limit=200").await;
        let got = super::super::world::ids_of(&page);
        let got: BTreeSet<String> = got.into_iter().collect();
        assert_eq!(got, expected, "seed {seed}, round {round}: {written}");
        assert_eq!(page["complete"], true);
        if let Some(total) = page["total"].as_u64() {
            assert_eq!(total, expected.len() as u64, "seed {seed}, round {round}: {written}");
        }
        found_any += usize::from(!expected.is_empty());
    }
    assert!(found_any > rounds / 2, "most queries must find something, or nothing was tested: {found_any}");
}
