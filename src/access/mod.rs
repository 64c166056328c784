//! Who may do what: sign-in, sessions and API tokens. No HTTP and no SQL.

pub mod bearer;
pub mod session;
pub mod sign_in;
pub mod throttle;
