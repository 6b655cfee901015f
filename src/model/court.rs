//! The court code 法院代字, as it stands in case numbers (法〔2015〕137号).

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

use super::case_number::is_province;

/// A court code: `最高法`, a province's abbreviation alone (high court), with 2 digits (intermediate) or 4 (basic court).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CourtCode(String);

impl CourtCode {
    /// The code's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CourtCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<CourtCode> for String {
    fn from(code: CourtCode) -> Self {
        code.0
    }
}

/// The text is no court code. English as `Display`, Chinese by [`CourtCodeError::zh`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CourtCodeError {
    /// It begins with neither.
    #[error("a court code is 最高法 or begins with a province's abbreviation such as 吉, found {found:?}")]
    NoProvince {
        /// The text, at most 20 characters.
        found: String,
    },
    /// Something else than 0, 2 or 4 digits follows.
    #[error(
        "after {province:?} of a court code stand no digits (high court), 2 (intermediate) or 4 (basic court), found {found:?}"
    )]
    Digits {
        /// The abbreviation.
        province: char,
        /// What follows it, at most 20 characters.
        found: String,
    },
}

impl CourtCodeError {
    /// The reason in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::NoProvince { found } => format!("法院代码应为“最高法”或以吉等省级简称开头，而不是“{found}”"),
            Self::Digits { province, found } => {
                format!("法院代码“{province}”后应为0位（高院）、2位（中院）或4位（基层法院）数字，而不是“{found}”")
            }
        }
    }
}

impl FromStr for CourtCode {
    type Err = CourtCodeError;

    /// Reads a code in any width; spaces are no matter.
    fn from_str(text: &str) -> Result<Self, CourtCodeError> {
        // A code has 5 characters at most; what is longer is cut, and still none.
        let plain: String = text.nfkc().filter(|c| !c.is_whitespace()).take(20).collect();
        if plain == "最高法" {
            return Ok(Self(plain));
        }
        let mut chars = plain.chars();
        let Some(province) = chars.next().filter(|c| is_province(*c)) else {
            return Err(CourtCodeError::NoProvince { found: plain });
        };
        let digits = chars.as_str();
        if digits.bytes().all(|b| b.is_ascii_digit()) && matches!(digits.len(), 0 | 2 | 4) {
            return Ok(Self(plain));
        }
        Err(CourtCodeError::Digits { province, found: digits.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        for (text, code) in [
            ("吉0721", "吉0721"),
            (" 吉 ０７ ", "吉07"),
            ("吉", "吉"),
            ("最高法", "最高法"),
            ("兵0101", "兵0101"),
            ("京0491", "京0491"),
        ] {
            assert_eq!(text.parse::<CourtCode>().unwrap().as_str(), code);
        }
        for text in ["", "0721", "前郭县人民法院", "最高", "A0721"] {
            assert!(matches!(text.parse::<CourtCode>(), Err(CourtCodeError::NoProvince { .. })), "{text}");
        }
        for text in ["吉072", "吉7", "吉07211", "吉林省高级人民法院", "吉07a1", "最高法1"] {
            let error = text.parse::<CourtCode>().unwrap_err();
            assert!(!error.zh().is_empty() && !error.to_string().is_empty(), "{text}");
        }
        assert!("吉".repeat(1000).parse::<CourtCode>().unwrap_err().to_string().len() < 400);
    }
}
