//! The Web3 Secret Storage format, version 3: a private key, encrypted with AES-128-CTR under a key that scrypt or PBKDF2
//! makes of a password. Its text is in ethereum.org's developer documentation, "Web3 Secret Storage Definition".
//!
//! A file is held to bounds before anything is computed from it: who can write one must not be able to take the machine's
//! memory or time.

use std::{fmt, path::PathBuf};

use aes::{
    Aes128,
    cipher::{KeyIvInit, StreamCipher},
};
use alloy_primitives::{Address, B256, Keccak256, hex};
use ctr::Ctr128BE;
use pbkdf2::pbkdf2_hmac;
use scrypt::{Params, scrypt};
use serde::{Deserialize, Deserializer, de};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    KeystoreError,
    private_key::{PrivateKey, random},
};

const CIPHER: &str = "aes-128-ctr";
const PRF: &str = "hmac-sha256";

/// The most memory that scrypt may take, in blocks of 128 bytes, `n * r`: 512 MiB, twice what geth's files take.
const MAX_N_R: u64 = 1 << 22;

/// The most work that scrypt may make, `n * r * p`: eight times that of geth's files.
const MAX_N_R_P: u64 = 1 << 24;

/// The most rounds of PBKDF2: about 40 times those of geth's files.
const MAX_ROUNDS: u32 = 10_000_000;

/// The most bytes of a salt.
const MAX_SALT: usize = 64;

/// An encrypted private key.
pub struct Keystore {
    /// For messages.
    path: PathBuf,
    address: Option<Address>,
    crypto: Crypto,
}

#[derive(Deserialize)]
struct Document {
    address: Option<String>,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
    version: u64,
}

#[derive(Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParams,
    ciphertext: Hex,
    #[serde(flatten)]
    kdf: Kdf,
    mac: Hex,
}

#[derive(Deserialize)]
struct CipherParams {
    iv: Hex,
}

#[derive(Deserialize)]
#[serde(tag = "kdf", content = "kdfparams", rename_all = "lowercase")]
enum Kdf {
    Scrypt { dklen: u64, n: u64, r: u64, p: u64, salt: Hex },
    Pbkdf2 { dklen: u64, c: u32, prf: String, salt: Hex },
}

/// Bytes that are written as hexadecimal digits.
struct Hex(Vec<u8>);

/// What a password becomes: a half for the cipher, a half that proves that it is right.
type Derived = Zeroizing<[u8; 32]>;

impl Keystore {
    /// Reads a file's text; `path` is for messages.
    ///
    /// # Errors
    /// [`KeystoreError::Format`]: not the format, a cipher or derivation that it doesn't have, or costs beyond what is
    /// borne here.
    pub fn parse(path: impl Into<PathBuf>, text: &[u8]) -> Result<Self, KeystoreError> {
        match read(text) {
            Ok((address, crypto)) => Ok(Self { path: path.into(), address, crypto }),
            Err(why) => Err(KeystoreError::Format { path: path.into(), why }),
        }
    }

    /// Whose key it says that it holds. Not every file says so, and only [`Self::decrypt`] proves it.
    pub fn address(&self) -> Option<Address> {
        self.address
    }

    /// The key. Takes as long as the file's costs say.
    ///
    /// # Errors
    /// A wrong password, or a key that isn't that of the file's address.
    pub fn decrypt(&self, password: &[u8]) -> Result<PrivateKey, KeystoreError> {
        let wrong = || KeystoreError::Password { path: self.path.clone() };
        let Crypto { cipherparams, ciphertext, kdf, mac, .. } = &self.crypto;
        let derived = kdf.derive(password).ok_or_else(wrong)?;
        if proof(&derived, &ciphertext.0)[..] != mac.0 {
            return Err(wrong());
        }
        let secret = <[u8; 32]>::try_from(ciphertext.0.as_slice()).map_err(|_| wrong())?;
        let iv = <[u8; 16]>::try_from(cipherparams.iv.0.as_slice()).map_err(|_| wrong())?;
        let mut secret = Zeroizing::new(secret);
        encipher(&derived, iv, &mut secret);
        let key = PrivateKey::from_bytes(&secret).ok_or_else(wrong)?;
        match self.address {
            Some(said) if said != key.address() => {
                Err(KeystoreError::Address { path: self.path.clone(), said, found: key.address() })
            }
            _ => Ok(key),
        }
    }

    /// Encrypts a key: the text of a file. scrypt costs what OWASP recommends, 128 MiB and about half a second.
    ///
    /// # Errors
    /// [`KeystoreError::Encryption`].
    pub fn encrypt(key: &PrivateKey, password: &[u8]) -> Result<String, KeystoreError> {
        let (mut salt, mut iv, mut id) = ([0; 32], [0; 16], [0; 16]);
        random(&mut salt)?;
        random(&mut iv)?;
        random(&mut id)?;
        let mut derived = Derived::default();
        scrypt(password, &salt, &Params::RECOMMENDED, derived.as_mut_slice())
            .map_err(|error| KeystoreError::Encryption(error.to_string()))?;
        let mut secret = key.to_bytes();
        encipher(&derived, iv, &mut secret);
        // From here on it is the ciphertext.
        let document = serde_json::json!({
            "address": hex::encode(key.address()),
            "crypto": {
                "cipher": CIPHER,
                "cipherparams": {"iv": hex::encode(iv)},
                "ciphertext": hex::encode(*secret),
                "kdf": "scrypt",
                "kdfparams": {
                    "dklen": derived.len(),
                    "n": 1_u64 << Params::RECOMMENDED_LOG_N,
                    "r": Params::RECOMMENDED_R,
                    "p": Params::RECOMMENDED_P,
                    "salt": hex::encode(salt),
                },
                "mac": hex::encode(proof(&derived, secret.as_slice())),
            },
            "id": uuid(id),
            "version": 3,
        });
        Ok(document.to_string())
    }
}

impl fmt::Debug for Keystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keystore").field("path", &self.path).field("address", &self.address).finish_non_exhaustive()
    }
}

/// The error says where, and never quotes: what isn't a keystore may be something secret.
fn read(text: &[u8]) -> Result<(Option<Address>, Crypto), String> {
    let document: Document = serde_json::from_slice(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => format!("line {line}, column {column}: not what stands there in one"),
            _ => format!("line {line}, column {column}: not JSON, or the end is missing"),
        }
    })?;
    if document.version != 3 {
        return Err(format!("it is of version {}", document.version));
    }
    document.crypto.check()?;
    let address = document.address.map(|text| text.parse().map_err(|_| "its address is none".to_owned()));
    Ok((address.transpose()?, document.crypto))
}

impl Crypto {
    fn check(&self) -> Result<(), String> {
        if self.cipher != CIPHER {
            return Err(format!("its cipher is not {CIPHER}"));
        }
        for (name, bytes, length) in
            [("iv", &self.cipherparams.iv, 16), ("ciphertext", &self.ciphertext, 32), ("mac", &self.mac, 32)]
        {
            if bytes.0.len() != length {
                return Err(format!("its {name} has {} bytes, and should have {length}", bytes.0.len()));
            }
        }
        self.kdf.check()
    }
}

impl Kdf {
    fn check(&self) -> Result<(), String> {
        let (dklen, salt) = match self {
            Self::Scrypt { dklen, salt, .. } | Self::Pbkdf2 { dklen, salt, .. } => (dklen, salt),
        };
        if *dklen != 32 {
            return Err(format!("its dklen is {dklen}, and should be 32"));
        }
        if salt.0.len() > MAX_SALT {
            return Err(format!("its salt has {} bytes, more than {MAX_SALT}", salt.0.len()));
        }
        match self {
            Self::Scrypt { n, r, p, .. } => {
                if !n.is_power_of_two() || *n < 2 || *r == 0 || *p == 0 {
                    return Err(format!("scrypt can't have n = {n}, r = {r} and p = {p}"));
                }
                let memory = n.checked_mul(*r).filter(|blocks| *blocks <= MAX_N_R);
                memory
                    .and_then(|blocks| blocks.checked_mul(*p))
                    .filter(|work| *work <= MAX_N_R_P)
                    .map(drop)
                    .ok_or_else(|| format!("scrypt's n = {n}, r = {r} and p = {p} cost more than is borne here"))
            }
            Self::Pbkdf2 { prf, .. } if prf != PRF => Err(format!("its prf is not {PRF}")),
            Self::Pbkdf2 { c, .. } if (1..=MAX_ROUNDS).contains(c) => Ok(()),
            Self::Pbkdf2 { c, .. } => Err(format!("{c} rounds of PBKDF2 are not 1 to {MAX_ROUNDS}")),
        }
    }

    /// None only for parameters that [`Self::check`] refuses.
    fn derive(&self, password: &[u8]) -> Option<Derived> {
        let mut derived = Derived::default();
        match self {
            Self::Scrypt { n, r, p, salt, .. } => {
                let log_n = u8::try_from(n.ilog2()).ok()?;
                let params = Params::new(log_n, u32::try_from(*r).ok()?, u32::try_from(*p).ok()?).ok()?;
                scrypt(password, &salt.0, &params, derived.as_mut_slice()).ok()?;
            }
            Self::Pbkdf2 { c, salt, .. } => pbkdf2_hmac::<Sha256>(password, &salt.0, *c, derived.as_mut_slice()),
        }
        Some(derived)
    }
}

/// Encrypts, and decrypts as well: the same bytes are added to either.
fn encipher(derived: &Derived, iv: [u8; 16], secret: &mut [u8; 32]) {
    let mut key = Zeroizing::new([0; 16]);
    key.iter_mut().zip(derived.iter()).for_each(|(byte, of_first_half)| *byte = *of_first_half);
    Ctr128BE::<Aes128>::new((&*key).into(), &iv.into()).apply_keystream(secret);
}

/// What a file's `mac` has to be.
fn proof(derived: &Derived, ciphertext: &[u8]) -> B256 {
    let (_, second_half) = derived.split_at(16);
    let mut hash = Keccak256::new();
    hash.update(second_half);
    hash.update(ciphertext);
    hash.finalize()
}

/// Random bytes as a UUID of version 4 (RFC 9562).
fn uuid(mut bytes: [u8; 16]) -> String {
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    let (mut rest, mut parts) = (digits.as_str(), Vec::new());
    for length in [8, 4, 4, 4, 12] {
        let (part, behind) = rest.split_at(length);
        parts.push(part);
        rest = behind;
    }
    parts.join("-")
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map(Self).map_err(|_| de::Error::custom("not hexadecimal"))
    }
}
