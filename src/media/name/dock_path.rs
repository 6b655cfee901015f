//! The folders that simple docking tools make: `yyyy/MM/yyyy-MM-dd/<disk name>/…`.

use jiff::civil::Date;

/// What the folders of a docking tool say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockPath {
    /// The name of the recorder's disk.
    pub disk: String,
    /// The day on which the clips were docked or made.
    pub date: Date,
}

/// Finds the shape anywhere on the path; the three folders of the date must agree.
pub(super) fn read(relative_dir: &str) -> Option<DockPath> {
    let folders: Vec<&str> = relative_dir.split('/').filter(|f| !f.is_empty() && *f != ".").collect();
    folders.windows(4).find_map(|four| match *four {
        [year, month, day, disk] => {
            let date = read_date(day)?;
            let agree = day.get(..4) == Some(year) && day.get(5..7) == Some(month);
            agree.then(|| DockPath { disk: disk.to_owned(), date })
        }
        _ => None,
    })
}

fn read_date(text: &str) -> Option<Date> {
    let digits_and_dashes = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if digits_and_dashes { text.parse().ok() } else { None }
}
