//! Who asks, and what they may do. Tokens are looked up in the catalog; the policy is pure.

pub mod policy;
pub mod token;
