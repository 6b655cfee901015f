//! Why a text is no case number, in words a person can act on.

/// The reason a text was not read as a case number: English as `Display`, Chinese by [`CaseNumberError::zh`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseNumberError {
    /// Nothing but spaces.
    #[error("the case number is empty")]
    Empty,
    /// No year at the start.
    #[error("the year is missing: write it in front, as in （2021）吉0721执123号")]
    YearMissing,
    /// The year has not four digits.
    #[error("the year has {digits} digits, expected 4")]
    YearDigits {
        /// How many it has.
        digits: usize,
    },
    /// The year is outside 1949–2099.
    #[error("the year {year} is impossible, expected 1949 to 2099")]
    YearOutOfRange {
        /// The year as written.
        year: u32,
    },
    /// A court code with a year before the new style was in force.
    #[error(
        "the year {year} does not fit: numbers with a court code exist since 2016, older ones read （2015）…执字第7号"
    )]
    NewStyleTooEarly {
        /// The year as written.
        year: u32,
    },
    /// `字第` without a court code and a year in which the new style was in force.
    #[error(
        "the year {year} does not fit: since 2016 a number has a court code and no 字第, as in （2021）吉0721执123号"
    )]
    OldStyleTooLate {
        /// The year as written.
        year: u32,
    },
    /// After the year stands neither a province's abbreviation nor 最高法.
    #[error("no court code after the year: expected 最高法 or a province's abbreviation such as 吉, found {found:?}")]
    CourtMissing {
        /// The character found, or nothing.
        found: String,
    },
    /// The court code's digits are not 0, 2 or 4 (0 for 最高法).
    #[error("the court code has {digits} digits, expected none (high court), 2 (intermediate) or 4 (basic court)")]
    CourtDigits {
        /// How many it has.
        digits: usize,
    },
    /// No type code.
    #[error("the type code (such as 执 or 执恢) after the court code is missing")]
    TypeMissing,
    /// What stands for a type code cannot be one.
    #[error("{found:?} is no type code: expected at most 5 Chinese characters such as 执 or 执恢")]
    TypeInvalid {
        /// What was found.
        found: String,
    },
    /// No digits where the number should be.
    #[error("the running number after {after:?} is missing")]
    NumberMissing {
        /// The type code or the old-style words.
        after: String,
    },
    /// The number is 0.
    #[error("the running number is 0")]
    NumberZero,
    /// The number has more than 7 digits.
    #[error("the running number has {digits} digits, expected at most 7: is something else joined to it?")]
    NumberTooLong {
        /// How many it has.
        digits: usize,
    },
    /// More digits follow the number after a space, a comma or in another script: where it ends is a guess.
    #[error("the running number is broken by {by:?}: where it ends is not certain")]
    NumberBroken {
        /// What stands inside it.
        by: char,
    },
    /// Something follows the number.
    #[error("{rest:?} follows the case number; one number is expected and nothing else")]
    Trailing {
        /// What follows, at most 20 characters.
        rest: String,
    },
}

impl CaseNumberError {
    /// A stable word for the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::YearMissing => "year_missing",
            Self::YearDigits { .. } => "year_digits",
            Self::YearOutOfRange { .. } => "year_out_of_range",
            Self::NewStyleTooEarly { .. } => "new_style_too_early",
            Self::OldStyleTooLate { .. } => "old_style_too_late",
            Self::CourtMissing { .. } => "court_missing",
            Self::CourtDigits { .. } => "court_digits",
            Self::TypeMissing => "type_missing",
            Self::TypeInvalid { .. } => "type_invalid",
            Self::NumberMissing { .. } => "number_missing",
            Self::NumberZero => "number_zero",
            Self::NumberTooLong { .. } => "number_too_long",
            Self::NumberBroken { .. } => "number_broken",
            Self::Trailing { .. } => "trailing",
        }
    }

    /// The reason in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Empty => "案号为空".to_owned(),
            Self::YearMissing => "缺少年份，应写在最前，例如（2021）吉0721执123号".to_owned(),
            Self::YearDigits { digits } => format!("年份有{digits}位数字，应为4位"),
            Self::YearOutOfRange { year } => format!("年份{year}不可能，应在1949至2099之间"),
            Self::NewStyleTooEarly { year } => {
                format!("年份{year}不符：带法院代字的案号自2016年起使用，更早的写作（2015）…执字第7号")
            }
            Self::OldStyleTooLate { year } => {
                format!("年份{year}不符：2016年起案号带法院代字、不用“字第”，例如（2021）吉0721执123号")
            }
            Self::CourtMissing { found } if found.is_empty() => {
                "年份后缺少法院代字（最高法，或吉等省级简称）".to_owned()
            }
            Self::CourtMissing { found } => format!("年份后应为法院代字（最高法，或吉等省级简称），而不是“{found}”"),
            Self::CourtDigits { digits } => {
                format!("法院代字有{digits}位数字，应为0位（高院）、2位（中院）或4位（基层法院）")
            }
            Self::TypeMissing => "法院代字后缺少类型代字（如执、执恢）".to_owned(),
            Self::TypeInvalid { found } => format!("“{found}”不是类型代字，应为执、执恢等不超过5个汉字"),
            Self::NumberMissing { after } => format!("“{after}”后缺少案件编号"),
            Self::NumberZero => "案件编号为0".to_owned(),
            Self::NumberTooLong { digits } => format!("案件编号有{digits}位数字，应不超过7位，可能与其他数字连写"),
            Self::NumberBroken { by } => format!("案件编号被“{by}”隔开，无法确定到哪里为止"),
            Self::Trailing { rest } => format!("案号后有多余内容“{rest}”，此处只应有一个案号"),
        }
    }
}
