//! How a block's data is laid out: payments as protobuf, shares, the square, and the namespaces in the roots of its rows.
//! Written from the specifications, without the code that is tested.

/// Bytes of a namespace, of a share.
pub(crate) const NAMESPACE: usize = 29;
const SHARE: usize = 512;

pub(crate) type Namespace = [u8; NAMESPACE];

/// Reserved namespaces: Celestia's specification, "Namespace", "Reserved Namespaces".
pub(crate) const TRANSACTION: Namespace = reserved(0, 1);
pub(crate) const PAY_FOR_BLOB: Namespace = reserved(0, 4);
const TAIL_PADDING: Namespace = reserved(255, 254);
pub(crate) const PARITY: Namespace = reserved(255, 255);

const fn reserved(fill: u8, last: u8) -> Namespace {
    let mut namespace = [fill; NAMESPACE];
    namespace[NAMESPACE - 1] = last;
    namespace
}

/// A user's namespace of version 0: up to 10 bytes of their own at the end.
pub(crate) fn namespace(own: &[u8]) -> Namespace {
    let mut namespace = [0; NAMESPACE];
    namespace[NAMESPACE - own.len()..].copy_from_slice(own);
    namespace
}

/// A submission: one transaction that pays for blobs.
#[derive(Debug, Clone)]
pub(crate) struct Submission {
    /// `celestia1…`.
    pub(crate) signer: String,
    /// Namespace and bytes of each blob.
    pub(crate) blobs: Vec<(Namespace, u32)>,
    /// In `utia`.
    pub(crate) fee: u64,
    pub(crate) gas: u64,
}

impl Submission {
    /// As it stands in a block: an `IndexWrapper` (`go-square`, `proto/blob/v4/blob.proto`) around a transaction of the Cosmos
    /// SDK (`cosmos/tx/v1beta1/tx.proto`: body, auth info, signatures) with one message (`celestia/blob/v1/tx.proto`).
    fn encoded(&self) -> Vec<u8> {
        let blobs = self.blobs.iter();
        let message = [
            bytes(1, self.signer.as_bytes()),
            blobs.clone().flat_map(|(namespace, _)| bytes(2, namespace)).collect(),
            bytes(3, &blobs.clone().flat_map(|(_, size)| varint((*size).into())).collect::<Vec<_>>()),
            blobs.clone().flat_map(|_| bytes(4, &[7; 32])).collect(),
            bytes(8, &vec![0; self.blobs.len()]),
        ]
        .concat();
        let any = [bytes(1, b"/celestia.blob.v1.MsgPayForBlobs"), bytes(2, &message)].concat();
        let coin = [bytes(1, b"utia"), bytes(2, self.fee.to_string().as_bytes())].concat();
        let fee = [bytes(1, &coin), number(2, self.gas)].concat();
        let key = [bytes(1, b"/cosmos.crypto.secp256k1.PubKey"), bytes(2, &bytes(1, &[2; 33]))].concat();
        let signer = [bytes(1, &key), bytes(2, &bytes(1, &number(1, 1))), number(3, 42)].concat();
        let auth_info = [bytes(1, &signer), bytes(2, &fee)].concat();
        let tx = [bytes(1, &bytes(1, &any)), bytes(2, &auth_info), bytes(3, &[9; 64])].concat();
        let places: Vec<u8> = (0..self.blobs.len() as u64).flat_map(varint).collect();
        [bytes(1, &tx), bytes(2, &places), bytes(3, b"INDX")].concat()
    }
}

/// The shares of a block in their order, each by its namespace; those of payments with their bytes.
pub(crate) struct Square {
    shares: Vec<(Namespace, Option<Vec<u8>>)>,
    width: usize,
}

impl Square {
    /// Celestia's specification, "Data Square Layout": ordinary transactions, payments, blobs by namespace, padding up to the
    /// smallest square whose width is a power of two.
    pub(crate) fn of(submissions: &[Submission]) -> Self {
        let mut shares = Vec::new();
        if !submissions.is_empty() {
            shares.push((TRANSACTION, None));
            let payments =
                compact_shares(PAY_FOR_BLOB, &submissions.iter().map(Submission::encoded).collect::<Vec<_>>());
            shares.extend(payments.into_iter().map(|share| (PAY_FOR_BLOB, Some(share))));
            let mut blobs: Vec<_> = submissions.iter().flat_map(|submission| &submission.blobs).collect();
            blobs.sort();
            let data = SHARE as u32 - NAMESPACE as u32 - 1;
            shares.extend(blobs.into_iter().flat_map(|(of, size)| (0..size.div_ceil(data)).map(|_| (*of, None))));
        }
        let width = (0..).map(|power| 1 << power).find(|width| width * width >= shares.len()).expect("a square");
        shares.resize(width * width, (TAIL_PADDING, None));
        Self { shares, width }
    }

    /// Per row of the extended square the root: its first and last namespace, and a hash that isn't one here. The lower half
    /// is parity (Celestia's specification, "Namespace Merkle Tree").
    pub(crate) fn row_roots(&self) -> Vec<Vec<u8>> {
        let rows = self.rows().map(|row| [&row[0].0[..], &row[self.width - 1].0[..], &[3; 32]].concat());
        let parity = (0..self.width).map(|_| [&PARITY[..], &PARITY[..], &[4; 32]].concat());
        rows.chain(parity).collect()
    }

    /// The bytes of the payments, by the rows that may hold some.
    pub(crate) fn payments(&self) -> Vec<Vec<&[u8]>> {
        let may_hold = self.rows().filter(|row| row[0].0 <= PAY_FOR_BLOB && PAY_FOR_BLOB <= row[self.width - 1].0);
        may_hold.map(|row| row.iter().filter_map(|(_, share)| share.as_deref()).collect()).collect()
    }

    fn rows(&self) -> impl Iterator<Item = &[(Namespace, Option<Vec<u8>>)]> {
        self.shares.chunks(self.width)
    }
}

/// Celestia's specification, "Shares", "Transaction Shares": namespace, info byte, in the first share the length of the
/// sequence, the place of the first unit that starts here (0 if none does), then units, each behind its length.
fn compact_shares(namespace: Namespace, units: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let (mut data, mut starts) = (Vec::new(), Vec::new());
    for unit in units {
        starts.push(data.len());
        data.extend([varint(unit.len() as u64), unit.clone()].concat());
    }
    let (mut shares, mut at) = (Vec::new(), 0);
    while at < data.len() {
        let is_first = at == 0;
        let mut share = [&namespace[..], &[u8::from(is_first)]].concat();
        if is_first {
            share.extend((data.len() as u32).to_be_bytes());
        }
        let begin = share.len() + 4;
        let end = data.len().min(at + SHARE - begin);
        let first = starts.iter().find(|start| (at..end).contains(start));
        share.extend(first.map_or(0, |start| (begin + start - at) as u32).to_be_bytes());
        share.extend(&data[at..end]);
        share.resize(SHARE, 0);
        shares.push(share);
        at = end;
    }
    shares
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 127 {
        bytes.push(number as u8 | 128);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A field of bytes, a text or a message.
fn bytes(field: u64, value: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
}

/// A field of a number.
fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}
