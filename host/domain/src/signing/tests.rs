//! Signatures that hold, and those that only look as if they did.

use super::*;

fn author(number: u8) -> PrivateKey {
    PrivateKey::from_bytes([number; 32])
}

fn trusting(keys: &[&PrivateKey]) -> Signers {
    Signers::new(keys.iter().map(|key| key.public()).collect()).unwrap()
}

/// The signature with its last 32 bytes, the number S, changed.
fn with_s(signature: &Signature, change: impl FnOnce(&mut [u8])) -> Signature {
    let mut changed = *signature;
    change(&mut changed.bytes[32..]);
    changed
}

#[test]
fn a_signature_of_a_trusted_key_over_this_component_is_accepted() {
    let component = Digest::of(b"component");
    let signature = author(1).sign(&component);
    let signers = trusting(&[&author(2), &author(1)]);
    assert_eq!(signers.accept(&component, Some(&signature)), Ok(()));
    let text = signature.to_string();
    assert_eq!(text.parse(), Ok(signature));
    assert_eq!(Signers::default().accept(&component, None), Ok(()), "nobody asked for a signature");
}

#[test]
fn what_is_missing_foreign_or_of_another_component_is_refused_for_its_own_reason() {
    let component = Digest::of(b"component");
    let signers = trusting(&[&author(1)]);
    assert_eq!(signers.accept(&component, None), Err(NotSigned::Missing));
    let foreign = author(2).sign(&component);
    assert_eq!(signers.accept(&component, Some(&foreign)), Err(NotSigned::Untrusted(author(2).public())));
    let other = author(1).sign(&Digest::of(b"another"));
    assert_eq!(signers.accept(&component, Some(&other)), Err(NotSigned::Wrong));
    let claimed = Signature { key: author(1).public(), ..foreign };
    assert_eq!(signers.accept(&component, Some(&claimed)), Err(NotSigned::Wrong));
    // The digest alone, or another kind of statement about it.
    for message in [
        component.as_str().as_bytes().to_vec(),
        [b"lockgate-component-v2\0", component.as_str().as_bytes()].concat(),
    ] {
        let bytes = SigningKey::from_bytes(&[1; 32]).sign(&message).to_bytes();
        let signature = Signature { key: author(1).public(), bytes };
        assert_eq!(signers.accept(&component, Some(&signature)), Err(NotSigned::Wrong));
    }
}

#[test]
fn a_signature_that_was_changed_into_an_equal_one_is_refused() {
    let component = Digest::of(b"component");
    let signers = trusting(&[&author(1)]);
    let signature = author(1).sign(&component);
    // S plus the order of the group, little-endian: the same number to whoever forgets to compare.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let malleable = with_s(&signature, |s| {
        let mut carry = 0;
        for (byte, more) in s.iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(more) + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
    });
    assert_ne!(malleable, signature);
    assert_eq!(signers.accept(&component, Some(&malleable)), Err(NotSigned::Wrong));
    let high_bit = with_s(&signature, |s| s[31] |= 0x80);
    assert_eq!(signers.accept(&component, Some(&high_bit)), Err(NotSigned::Wrong));
    // The two halves the other way round.
    let mut turned = signature;
    turned.bytes.rotate_left(32);
    assert_eq!(signers.accept(&component, Some(&turned)), Err(NotSigned::Wrong));
    for at in 0..64 {
        let mut flipped = signature;
        flipped.bytes[at] ^= 1;
        assert_eq!(signers.accept(&component, Some(&flipped)), Err(NotSigned::Wrong), "bit 0 of byte {at}");
    }
}

#[test]
fn a_key_without_an_owner_is_no_key() {
    let key = |bytes: [u8; 32]| STANDARD.encode(bytes).parse::<PublicKey>();
    let with = |first: u8, rest: u8, last: u8| {
        let mut bytes = [rest; 32];
        (bytes[0], bytes[31]) = (first, last);
        bytes
    };
    // Of small order: the neutral element, the points of order two and four.
    for weak in [with(1, 0, 0), with(0xec, 0xff, 0x7f), with(0, 0, 0), with(0, 0, 0x80)] {
        assert_eq!(key(weak), Err(InvalidSigning::WeakKey));
    }
    // The same and others in a second spelling: 2^255 - 19 + n.
    for other in 0xed..=0xff {
        assert!(key(with(other, 0xff, 0x7f)).is_err());
        assert!(key(with(other, 0xff, 0xff)).is_err());
    }
    assert_eq!(key(with(2, 0, 0)), Err(InvalidSigning::Key), "no point of the curve");
    // And a signature that such a key would make true of anything.
    let component = Digest::of(b"component");
    let forged = Signature {
        key: PublicKey(with(1, 0, 0)),
        bytes: {
            let mut bytes = [0; 64];
            bytes[0] = 1;
            bytes
        },
    };
    let signers = Signers { keys: vec![forged.key] };
    assert_eq!(signers.accept(&component, Some(&forged)), Err(NotSigned::Wrong));
}

#[test]
fn a_text_that_is_no_key_and_no_signature_is_refused() {
    let long = "A".repeat(10_000);
    for text in ["", ":", "AAAA", "not base64", "AAAA:AAAA", long.as_str()] {
        assert!(text.parse::<PublicKey>().is_err(), "{text:.20}");
        assert!(text.parse::<Signature>().is_err(), "{text:.20}");
        assert!(PrivateKey::from_text(text).is_err(), "{text:.20}");
    }
    let key = author(1).public();
    assert!(format!("{key}:").parse::<Signature>().is_err());
    assert_eq!(Signers::new(vec![key, key]), Err(InvalidSigning::Signers));
    assert!(!format!("{:?}", author(1)).contains("AQEB"), "a private key shows itself");
}
