#![no_main]

use pixelkeep::config::Options;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(options) = Options::parse(text) {
        let _ = options.resolve();
    }
});
