//! Payments come out of a block's shares as they went in, or not at all.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    fake::result,
    model::{ACCOUNT, Model, Submission, namespace},
};
use crate::{
    namespace::{Namespace, PAY_FOR_BLOB},
    payment::Payment,
    square::{self, RowShares},
};

fn submission(number: u32) -> Submission {
    let blobs = (0..=number % 3).map(|blob| (namespace(b"rollup"), 1_000 * number + blob)).collect();
    Submission { signer: ACCOUNT.into(), blobs, fee: 2_000 + u64::from(number), gas: 80_000 }
}

/// The rows that the stand-in tells of a block with so many submissions.
fn rows(submissions: u32) -> Value {
    let mut model = Model::new(1);
    let height = model.produce((0..submissions).map(submission).collect());
    result(&mut model, "share.GetNamespaceData", &json!([height, PAY_FOR_BLOB.base64()]))
}

fn payments(rows: &Value) -> Result<Vec<Payment>, String> {
    let rows: Vec<RowShares> = serde_json::from_value(rows.clone()).unwrap();
    square::payments(PAY_FOR_BLOB, &rows)
}

#[test]
fn any_number_of_payments_over_any_number_of_rows_is_read_as_it_was_written() {
    for submissions in [0, 1, 2, 3, 7, 20, 100] {
        let read = payments(&rows(submissions)).unwrap();
        assert_eq!(read.len(), submissions as usize);
        for (payment, number) in read.iter().zip(0..) {
            let written = submission(number);
            assert_eq!((&payment.signer, payment.fee, payment.gas), (&written.signer, written.fee.into(), written.gas));
            let blobs = payment.blobs.iter().map(|blob| (blob.namespace, blob.size));
            let written = written.blobs.iter().map(|(of, size)| (Namespace::from_bytes(of).unwrap(), *size));
            assert!(blobs.eq(written), "{payment:?}");
        }
    }
}

#[test]
fn a_block_of_which_something_is_missing_or_changed_is_an_error_and_never_fewer_payments() {
    let whole = rows(20);
    let shares: Vec<Value> =
        whole.as_array().unwrap().iter().flat_map(|row| row["shares"].as_array().unwrap().clone()).collect();
    assert!(shares.len() > 8);
    let with = |shares: &[Value]| payments(&json!([{ "shares": shares, "proof": null }]));
    assert_eq!(with(&shares).unwrap().len(), 20);
    for missing in 0..shares.len() {
        let rest = [&shares[..missing], &shares[missing + 1..]].concat();
        assert!(with(&rest).is_err(), "without share {missing}");
        let twice = [&shares[..missing], &shares[missing..=missing], &shares[missing..]].concat();
        assert!(with(&twice).is_err(), "with share {missing} twice");
    }
    let mut swapped = shares.clone();
    swapped.swap(2, 5);
    assert!(with(&swapped).is_err());
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut bytes = STANDARD.decode(shares[3].as_str().unwrap()).unwrap();
        change(&mut bytes);
        let mut shares = shares.clone();
        shares[3] = json!(STANDARD.encode(bytes));
        with(&shares).unwrap_err()
    };
    changed(|bytes| bytes.truncate(511));
    changed(|bytes| bytes.push(0));
    changed(|bytes| bytes[28] = 5);
    changed(|bytes| bytes[29] = 1);
    changed(|bytes| bytes[29] = 1 << 1);
    changed(Vec::clear);
    assert!(with(&[json!("no base64!")]).is_err());
    assert_eq!(payments(&json!([{ "shares": null }])), Ok(Vec::new()));
}
