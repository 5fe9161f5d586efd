//! Keys that no verifier may take: another spelling, another name, or coordinates under which a signature proves nothing.

use crate::forge::unhex;

/// A `COSE_Key` in hexadecimal, with why it is none.
pub(crate) struct BadKey {
    pub(crate) name: &'static str,
    pub(crate) cose_key: &'static str,
}

const fn bad(name: &'static str, cose_key: &'static str) -> BadKey {
    BadKey { name, cose_key }
}

/// Each `kid` is the front of the thumbprint of what follows, but where the name says otherwise.
pub(crate) const ALL: &[BadKey] = &[
    bad(
        "Ed25519: the neutral point",
        "a501010248d608c901bd36cba8032720062158200100000000000000000000000000000000000000000000000000000000000000",
    ),
    bad(
        "Ed25519: the point of order 2",
        "a501010248dada1a5b6ddfcb3003272006215820ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ),
    bad(
        "Ed25519: a point of order 4",
        "a5010102487d793163339b417f032720062158200000000000000000000000000000000000000000000000000000000000000000",
    ),
    bad(
        "Ed25519: the other point of order 4",
        "a5010102486ef4dc2432ef93a3032720062158200000000000000000000000000000000000000000000000000000000000000080",
    ),
    bad(
        "Ed25519: a point of order 8",
        "a501010248b48981205655b24903272006215820c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ),
    bad(
        "Ed25519: another point of order 8, with the sign of x",
        "a501010248f43f7fc963306c3f03272006215820c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ),
    bad(
        "Ed25519: a third point of order 8",
        "a50101024892523e4b112b7eef0327200621582026e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ),
    bad(
        "Ed25519: the fourth point of order 8",
        "a501010248f83fbd95a6b9482b0327200621582026e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    ),
    bad(
        "Ed25519: the neutral point spelt as y = p + 1",
        "a501010248f51c01fc7f8c8ad803272006215820eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ),
    bad(
        "Ed25519: y = 2, which is off the curve",
        "a501010248d2f1959ba21ea133032720062158200200000000000000000000000000000000000000000000000000000000000000",
    ),
    bad(
        "Ed25519: y = 3 spelt as p + 3",
        "a501010248565735f675a7699d03272006215820f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ),
    bad(
        "Ed25519: 31 bytes",
        "a50101024808072d1b85119aa50327200621581fd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751",
    ),
    bad(
        "Ed25519: no kid",
        "a4010103272006215820d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    bad(
        "Ed25519: no alg",
        "a401010248866eefbd6718c8842006215820d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    bad(
        "Ed25519: the kid of another key",
        "a5010102485c840f7a4023017003272006215820d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    bad(
        "Ed25519: alg ES256",
        "a501010248866eefbd6718c88403262006215820d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    bad(
        "Ed25519: curve X25519",
        "a501010248866eefbd6718c88403272004215820d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    bad(
        "Ed25519: labels in another order",
        "a5010103270248866eefbd6718c8842006215820d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    bad(
        "Ed25519: a label more",
        "a601010248866eefbd6718c88403272006215820d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a048102",
    ),
    bad(
        "Ed25519: a private key beside the public one",
        "a601010248866eefbd6718c88403272006215820d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a2358200000000000000000000000000000000000000000000000000000000000000000",
    ),
    bad(
        "Ed25519: a byte after the key",
        "a501010248866eefbd6718c88403272006215820d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a00",
    ),
    bad(
        "Ed25519: a longer spelling of the curve",
        "a501010248866eefbd6718c8840327201806215820d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    bad(
        "P-256: (y, x), which is off the curve",
        "a60102024891e2488e76a58239032620012158207903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d446229922582060fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
    ),
    bad(
        "P-256: (0, 0)",
        "a601020248ee616b581e2f32300326200121582000000000000000000000000000000000000000000000000000000000000000002258200000000000000000000000000000000000000000000000000000000000000000",
    ),
    bad(
        "P-256: x of 256 ones",
        "a60102024859935f8b5f7c83cd03262001215820ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff2258207903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    ),
    bad(
        "P-256: y compressed to its sign",
        "a601020248b635d6a4c4808fd20326200121582060fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb622f5",
    ),
    bad(
        "P-256: no y",
        "a501020248750ca40795ab23e50326200121582060fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
    ),
    bad(
        "P-256: alg EdDSA",
        "a601020248750ca40795ab23e50327200121582060fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb62258207903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    ),
    bad(
        "P-256: curve P-384",
        "a601020248750ca40795ab23e50326200221582060fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb62258207903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    ),
    bad(
        "P-256: the kid of another key",
        "a601020248866eefbd6718c8840326200121582060fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb62258207903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    ),
    bad("no map", "83010203"),
    bad("no bytes at all", ""),
];

#[test]
fn each_is_refused_and_the_good_ones_are_not() {
    for key in ALL {
        let read = entrypass_token::VerificationKey::from_cose_key(&unhex(key.cose_key));
        assert!(read.is_err(), "{}", key.name);
    }
    for key in crate::known_keys() {
        assert_eq!(entrypass_token::VerificationKey::from_cose_key(&key.to_cose_key()), Ok(key));
    }
}
