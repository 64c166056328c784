//! Writes country databases small enough to read by eye: a binary tree of address
//! bits, the records it leads to, and the map that describes both. No pointers, no
//! floats, and no addresses of IPv6 but those that hold IPv4.
//! Source: <https://maxmind.github.io/MaxMind-DB/>.

use std::net::Ipv4Addr;

const MARK: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// Zero bytes between tree and records.
const GAP: usize = 16;

/// What stands in a record or in the description.
pub enum Value {
    Text(&'static str),
    U16(u16),
    U32(u32),
    U64(u64),
    List(Vec<Value>),
    Map(Vec<(&'static str, Value)>),
}

/// Which addresses the tree is made of.
#[derive(Clone, Copy)]
pub enum Tree {
    /// 32 bits.
    V4,
    /// 128 bits; IPv4 lies below 96 zeros.
    V6,
}

#[derive(Clone, Copy)]
enum Branch {
    Nothing,
    Node(usize),
    Record(usize),
}

/// A database under construction.
pub struct Database {
    tree: Tree,
    nodes: Vec<[Branch; 2]>,
    records: Vec<u8>,
}

impl Database {
    pub fn new(tree: Tree) -> Database {
        Database {
            tree,
            nodes: vec![[Branch::Nothing; 2]],
            records: Vec::new(),
        }
    }

    /// The record of a network that is not part of another one.
    pub fn network(mut self, address: [u8; 4], length: usize, record: &Value) -> Database {
        let zeros = match self.tree {
            Tree::V4 => 0,
            Tree::V6 => 96,
        };
        let bits = u128::from(u32::from(Ipv4Addr::from(address))) << (96 - zeros);
        let depth = zeros + length;
        let at = self.records.len();
        encode(record, &mut self.records);
        let mut node = 0;
        for n in 0..depth {
            let side = (bits >> (127 - n) & 1) as usize;
            node = match self.nodes[node][side] {
                _ if n + 1 == depth => {
                    self.nodes[node][side] = Branch::Record(at);
                    break;
                }
                Branch::Node(next) => next,
                _ => {
                    self.nodes.push([Branch::Nothing; 2]);
                    let next = self.nodes.len() - 1;
                    self.nodes[node][side] = Branch::Node(next);
                    next
                }
            };
        }
        self
    }

    /// The file's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let count = self.nodes.len();
        let mut file = Vec::new();
        for branch in self.nodes.iter().flatten() {
            let number = match branch {
                Branch::Nothing => count,
                Branch::Node(node) => *node,
                Branch::Record(at) => count + GAP + at,
            };
            file.extend_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
        }
        file.extend_from_slice(&[0; GAP]);
        file.extend_from_slice(&self.records);
        file.extend_from_slice(MARK);
        encode(&self.description(), &mut file);
        file
    }

    fn description(&self) -> Value {
        let version = match self.tree {
            Tree::V4 => 4,
            Tree::V6 => 6,
        };
        Value::Map(vec![
            ("binary_format_major_version", Value::U16(2)),
            ("binary_format_minor_version", Value::U16(0)),
            ("build_epoch", Value::U64(1_750_000_000)),
            ("database_type", Value::Text("Test-Country")),
            (
                "description",
                Value::Map(vec![("en", Value::Text("Countries of a test"))]),
            ),
            ("ip_version", Value::U16(version)),
            ("languages", Value::List(vec![Value::Text("en")])),
            (
                "node_count",
                Value::U32(u32::try_from(self.nodes.len()).unwrap()),
            ),
            ("record_size", Value::U16(32)),
        ])
    }
}

/// `{name: value}`.
pub fn map(name: &'static str, value: Value) -> Value {
    Value::Map(vec![(name, value)])
}

fn encode(value: &Value, into: &mut Vec<u8>) {
    match value {
        Value::Text(text) => {
            control(2, text.len(), into);
            into.extend_from_slice(text.as_bytes());
        }
        Value::U16(number) => integer(5, &number.to_be_bytes(), into),
        Value::U32(number) => integer(6, &number.to_be_bytes(), into),
        Value::U64(number) => integer(9, &number.to_be_bytes(), into),
        Value::Map(members) => {
            control(7, members.len(), into);
            for (name, value) in members {
                encode(&Value::Text(name), into);
                encode(value, into);
            }
        }
        Value::List(items) => {
            control(11, items.len(), into);
            items.iter().for_each(|item| encode(item, into));
        }
    }
}

fn integer(kind: u8, bytes: &[u8], into: &mut Vec<u8>) {
    control(kind, bytes.len(), into);
    into.extend_from_slice(bytes);
}

/// Kind and size, in one byte where both are small.
fn control(kind: u8, size: usize, into: &mut Vec<u8>) {
    let short = u8::try_from(size.min(29)).unwrap();
    match kind {
        1..=7 => into.push(kind << 5 | short),
        _ => into.extend_from_slice(&[short, kind - 7]),
    }
    if size >= 29 {
        into.push(u8::try_from(size - 29).unwrap());
    }
}
