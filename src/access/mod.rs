//! Who may do what, sign-in, sessions and API tokens; and the audit of it all. No
//! HTTP and no SQL.

pub mod audit;
pub mod bearer;
pub mod session;
pub mod sign_in;
pub mod throttle;
