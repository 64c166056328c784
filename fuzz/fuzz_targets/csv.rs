#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pixelkeep::report::fuzz::table(bytes));
