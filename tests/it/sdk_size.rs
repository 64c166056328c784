//! The WebSDK is small: every page of every shop loads it.

use brotli::BrotliCompress;
use brotli::enc::BrotliEncoderParams;

/// Largest size of the SDK as a browser receives it, in bytes.
const MOST: usize = 2_500;

#[test]
fn the_sdk_has_at_most_2500_bytes_with_brotli() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sdk.js");
    let source = std::fs::read(path).unwrap();
    let params = BrotliEncoderParams {
        quality: 11,
        ..Default::default()
    };
    let mut packed = Vec::new();
    BrotliCompress(&mut source.as_slice(), &mut packed, &params).unwrap();
    println!("{} bytes, {} with brotli", source.len(), packed.len());
    assert!(packed.len() <= MOST, "{} bytes", packed.len());
}
