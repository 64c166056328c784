//! Drives the real executable from the outside: processes, sockets and a browser.
//! Nothing here reaches into the product, but where a test says why.
#![forbid(unsafe_code)]

mod access;
mod api;
mod architecture;
mod attribution;
mod browser;
mod cache;
mod canary;
mod collect;
mod commands;
mod consent;
mod console;
mod durability;
mod harness;
mod lifecycle;
mod outbound;
mod report;
mod rights;
mod sdk_size;
mod supply;
