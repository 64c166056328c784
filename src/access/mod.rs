//! Who may do what: members, sign-in, second factor, sessions and API tokens, reading and
//! proving the audit. No HTTP and no SQL.

pub mod api_token;
pub mod audit;
pub mod bearer;
pub mod code_step;
pub mod device;
pub mod member;
pub mod outside;
pub mod refusal;
pub mod second_factor;
pub mod session;
pub mod sign_in;
pub mod standing;
#[cfg(test)]
mod tests;
pub mod throttle;
