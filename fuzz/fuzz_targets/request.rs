#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pixelkeep::web::lane::fuzz::request(bytes));
