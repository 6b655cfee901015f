//! By the case number that stands in the name, the folders or a sidecar.

use crate::model::case::LinkMethod;
use crate::model::case_number::{CaseNumber, scan};
use crate::model::reason::Reason;

use super::{MatchInput, MatchResult, Place, ProposedLink, UnfiledReason};

/// Links the clip to every case that is named, each once, by the strongest place that names it.
///
/// The folder nearest to the file is read first. When nothing can be linked, the reason is the first text that looks
/// like a case number and is none, in the same order.
pub fn match_by_number(input: &MatchInput<'_>) -> MatchResult {
    let mut matched = Matched::default();
    matched.read(input.name, Place::Name);
    for folder in input.relative_dir.rsplit('/') {
        matched.read(folder, Place::Folder);
    }
    for number in input.sidecar_numbers {
        matched.link(number.clone(), LinkMethod::Sidecar, || {
            Reason::new(
                "number_in_sidecar",
                format!("附属文件中的案号“{number}”"),
                format!("case number \"{number}\" in a sidecar"),
            )
        });
    }
    let unfiled_reason = matched.links.is_empty().then(|| matched.unreadable.unwrap_or(UnfiledReason::NoNumberFound));
    MatchResult { links: matched.links, unfiled_reason }
}

#[derive(Default)]
struct Matched {
    links: Vec<ProposedLink>,
    unreadable: Option<UnfiledReason>,
}

impl Matched {
    /// Reads one name; a number does not reach over from one folder's name into another's.
    fn read(&mut self, name: &str, place: Place) {
        for candidate in scan(name) {
            let text = name.get(candidate.range).unwrap_or_default();
            match (candidate.reading, place) {
                (Ok(number), Place::Name) => {
                    self.link(number, LinkMethod::Name, || {
                        let en = format!("case number \"{text}\" in the file's name");
                        Reason::new("number_in_name", format!("文件名中的案号“{text}”"), en)
                    });
                }
                (Ok(number), Place::Folder) => {
                    self.link(number, LinkMethod::Path, || {
                        let en = format!("case number \"{text}\" in the folder's name \"{name}\"");
                        Reason::new("number_in_folder", format!("文件夹“{name}”名称中的案号“{text}”"), en)
                    });
                }
                (Err(error), _) if self.unreadable.is_none() => {
                    self.unreadable = Some(UnfiledReason::UnreadableNumber { place, text: text.to_owned(), error });
                }
                (Err(_), _) => {}
            }
        }
    }

    /// Adds a link unless the case has one: places are read the strongest first.
    fn link(&mut self, number: CaseNumber, method: LinkMethod, reason: impl FnOnce() -> Reason) {
        if self.links.iter().all(|link| link.number != number) {
            self.links.push(ProposedLink { number, method, reason: reason() });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(name: &str, relative_dir: &str, sidecar: &[&str]) -> MatchResult {
        let sidecar_numbers: Vec<CaseNumber> = sidecar.iter().map(|t| t.parse().unwrap()).collect();
        match_by_number(&MatchInput { name, relative_dir, sidecar_numbers: &sidecar_numbers })
    }

    fn links(result: &MatchResult) -> Vec<(String, LinkMethod, &str)> {
        result.links.iter().map(|l| (l.number.canonical(), l.method, l.reason.zh.as_str())).collect()
    }

    #[test]
    fn the_strongest_place_names_each_case_once() {
        let result = run(
            "2021吉0721执123_0001.mp4",
            "（2020）吉0721财保9号/(2021)吉0721执123号 张三",
            &["（2021）吉0721执123号", "（2021）吉0721执恢4号", "（2020）吉0721财保9号"],
        );
        let expected = [
            ("（2021）吉0721执123号", LinkMethod::Name, "文件名中的案号“2021吉0721执123”"),
            (
                "（2020）吉0721财保9号",
                LinkMethod::Path,
                "文件夹“（2020）吉0721财保9号”名称中的案号“（2020）吉0721财保9号”",
            ),
            ("（2021）吉0721执恢4号", LinkMethod::Sidecar, "附属文件中的案号“（2021）吉0721执恢4号”"),
        ];
        assert_eq!(links(&result), expected.map(|(n, m, r)| (n.to_owned(), m, r)));
        assert_eq!(result.unfiled_reason, None);
    }

    #[test]
    fn the_document_is_kept() {
        let result = run("（2021）吉0721执保6号之一.mp4", "", &[]);
        assert_eq!(result.links[0].number.document(), Some("之一"));
    }

    #[test]
    fn a_number_does_not_reach_over_folders() {
        let result = run("执123号.mp4", "2021/吉0721", &[]);
        assert_eq!(result.links, []);
        assert_eq!(result.unfiled_reason, Some(UnfiledReason::NoNumberFound));
    }

    #[test]
    fn unfiled_says_why() {
        let none = run("0000000_00000020240508132920_0006.mp4", "2024/05/2024-05-08/E", &[]).unfiled_reason.unwrap();
        assert_eq!(none.code(), "no_number_found");
        assert_eq!(none.zh(), "文件名、文件夹名和附属文件中都没有案号");
        let bad = run("张三(2021)吉0721执号.mp4", "（2021）吉072执1号", &[]).unfiled_reason.unwrap();
        assert_eq!(bad.code(), "unreadable_number");
        assert_eq!(bad.zh(), "文件名中的“(2021)吉0721执号”不能识别为案号：“执”后缺少案件编号");
        assert_eq!(
            bad.en(),
            "\"(2021)吉0721执号\" in the file's name is no case number: the running number after \"执\" is missing"
        );
        let folder = run("a.mp4", "（2021）吉072执1号/x", &[]).unfiled_reason.unwrap();
        assert!(folder.zh().starts_with("文件夹名中的“（2021）吉072执1号”"), "{}", folder.zh());
    }

    #[test]
    fn a_readable_number_outweighs_an_unreadable_one() {
        let result = run("（2021）吉072执1号.mp4", "（2021）吉0721执1号", &[]);
        assert_eq!((result.links.len(), result.unfiled_reason), (1, None));
    }

    proptest! {
        #[test]
        fn unfiled_exactly_when_there_are_no_links(name in any::<String>(), dir in "[（）2021吉0721执恢/号 ]{0,60}") {
            let result = run(&name, &dir, &[]);
            prop_assert_eq!(result.links.is_empty(), result.unfiled_reason.is_some());
        }
    }
}
