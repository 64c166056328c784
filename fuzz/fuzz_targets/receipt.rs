#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pixelkeep::segment::fuzz::receipt(bytes));
