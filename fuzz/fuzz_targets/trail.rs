#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pixelkeep::segment::fuzz::trail(bytes));
