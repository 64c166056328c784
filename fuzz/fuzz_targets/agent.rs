#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let agent = pixelkeep::model::agent::Agent::parse(text);
    // What is read is a family, never the text.
    assert!(agent.browser.name().len() < 32 && agent.os.name().len() < 32);
});
