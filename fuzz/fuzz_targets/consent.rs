#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| pixelkeep::model::consent::fuzz::strings(text));
