//! Writes PostgreSQL's custom archives by hand, so that versions can be tried that no server here writes, and archives that no
//! server would write.

pub(crate) struct Archive<'a> {
    pub(crate) minor: u8,
    /// The number of entries that the header gives, if not the true one.
    pub(crate) count: Option<i32>,
    pub(crate) entries: Vec<Entry<'a>>,
    pub(crate) blocks: Vec<Block>,
}

pub(crate) struct Entry<'a> {
    pub(crate) id: i32,
    pub(crate) kind: &'a str,
    pub(crate) tag: &'a str,
    /// 1: has data. 2: has data at byte 0. 3: has none.
    pub(crate) state: u8,
}

#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) id: i32,
    /// Objects by number for a block of large objects, else one with the number 0.
    pub(crate) objects: Vec<(i32, Vec<Vec<u8>>)>,
}

impl Archive<'_> {
    /// A function, a table with two chunks, and a large object with one.
    pub(crate) fn new(minor: u8) -> Self {
        let entries = vec![
            Entry { id: 3000, kind: "FUNCTION", tag: "f()", state: 3 },
            Entry { id: 3001, kind: "TABLE DATA", tag: "customers", state: 1 },
            Entry { id: 3002, kind: "BLOBS", tag: "BLOBS", state: 1 },
        ];
        let table = Block { id: 3001, objects: vec![(0, vec![b"1\tAda\n".to_vec(), b"\\.\n\n\n".to_vec()])] };
        let objects = Block { id: 3002, objects: vec![(16_384, vec![vec![7; 300]]), (-2, vec![])] };
        Self { minor, count: None, entries, blocks: vec![table, objects] }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = b"PGDMP".to_vec();
        out.extend([1, self.minor, 0, 4, 8, 1]);
        if self.minor >= 15 {
            out.push(1)
        } else {
            int(&mut out, -1)
        }
        for part in [59, 30, 23, 31, 11, 126, -1] {
            int(&mut out, part);
        }
        for name in ["shop", "15.18", "15.18"] {
            text(&mut out, Some(name));
        }
        int(&mut out, self.count.unwrap_or(i32::try_from(self.entries.len()).unwrap()));
        self.entries.iter().for_each(|entry| out.extend(entry.write(self.minor)));
        self.blocks.iter().for_each(|block| block.write(&mut out));
        out
    }
}

impl Entry<'_> {
    pub(crate) fn write(&self, minor: u8) -> Vec<u8> {
        let mut out = Vec::new();
        int(&mut out, self.id);
        int(&mut out, i32::from(self.state != 3));
        for column in ["1259", "16385", self.tag, self.kind] {
            text(&mut out, Some(column));
        }
        int(&mut out, 3);
        for column in [Some(""), None, None, Some("shop"), None] {
            text(&mut out, column);
        }
        if minor >= 14 {
            text(&mut out, Some("heap"));
        }
        if minor >= 16 {
            int(&mut out, 114);
        }
        for column in [Some("postgres"), Some("false"), Some("217"), Some("218"), None] {
            text(&mut out, column);
        }
        out.push(self.state);
        out.extend([0; 8]);
        out
    }
}

impl Block {
    fn write(&self, out: &mut Vec<u8>) {
        let large_objects = self.objects.iter().any(|(number, _)| *number != 0);
        out.push(if large_objects { 3 } else { 1 });
        int(out, self.id);
        for (number, chunks) in &self.objects {
            if large_objects {
                int(out, *number);
            }
            for chunk in chunks {
                int(out, i32::try_from(chunk.len()).unwrap());
                out.extend(chunk);
            }
            int(out, 0);
        }
        if large_objects {
            int(out, 0);
        }
    }
}

fn int(out: &mut Vec<u8>, value: i32) {
    out.push(u8::from(value < 0));
    out.extend(value.unsigned_abs().to_le_bytes());
}

fn text(out: &mut Vec<u8>, text: Option<&str>) {
    int(out, text.map_or(-1, |text| i32::try_from(text.len()).unwrap()));
    out.extend(text.unwrap_or_default().as_bytes());
}
