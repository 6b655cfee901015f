//! How text is folded before it is compared.

pub mod fold;
