//! Signed assertions (RFC 7515, RFC 7523): the private key is opened, used and wiped here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Secret;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use wit::AssertionAlg;

use crate::scheme::SchemeError;

/// Header, claims and signature, in the compact form.
pub(crate) fn sign(
    alg: AssertionAlg,
    key_pem: &Secret,
    kid: Option<&str>,
    claims: &Value,
) -> Result<Secret, SchemeError> {
    let name = match alg {
        AssertionAlg::RS256 => "RS256",
        AssertionAlg::PS256 => "PS256",
        AssertionAlg::ES256 => "ES256",
    };
    let mut header = json!({ "alg": name, "typ": "JWT" });
    if let (Some(kid), Some(header)) = (kid, header.as_object_mut()) {
        header.insert("kid".to_owned(), Value::String(kid.to_owned()));
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = signature(alg, key_pem, signed.as_bytes())?;
    Ok(Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

fn signature(alg: AssertionAlg, key_pem: &Secret, signed: &[u8]) -> Result<Vec<u8>, SchemeError> {
    // The secrets of the signature itself come from the system: a predictable one would give the key away.
    let random = SystemRandom::new();
    let key = PrivateKeyDer::from_pem_slice(key_pem.expose()).map_err(|_| SchemeError::PrivateKey)?;
    let rsa = |padding: &'static dyn RsaEncoding| {
        let pair = match &key {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(SchemeError::PrivateKey),
        };
        let pair = pair.map_err(|_| SchemeError::PrivateKey)?;
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(padding, &random, signed, &mut signature).map_err(|_| SchemeError::PrivateKey)?;
        Ok(signature)
    };
    match alg {
        AssertionAlg::RS256 => rsa(&RSA_PKCS1_SHA256),
        AssertionAlg::PS256 => rsa(&RSA_PSS_SHA256),
        AssertionAlg::ES256 => {
            let PrivateKeyDer::Pkcs8(der) = &key else { return Err(SchemeError::PrivateKey) };
            let der = der.secret_pkcs8_der();
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random);
            let pair = pair.map_err(|_| SchemeError::PrivateKey)?;
            let signature = pair.sign(&random, signed).map_err(|_| SchemeError::PrivateKey)?;
            Ok(signature.as_ref().to_vec())
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use ring::signature::{RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents};

    use super::*;

    const VECTOR: &str = include_str!("../../vectors/rfc7515-a2.json");

    fn vector() -> Value {
        serde_json::from_str(VECTOR).unwrap()
    }

    fn member(key: &Value, name: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap()
    }

    /// A value of ASN.1, in DER.
    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82, high, low], content].concat()
    }

    /// The same in the short form where it has to be.
    fn integer(bytes: &[u8]) -> Vec<u8> {
        let sign: &[u8] = if bytes[0] < 0x80 { &[] } else { &[0] };
        let content = [sign, bytes].concat();
        match u8::try_from(content.len()).unwrap_or(u8::MAX) {
            length @ ..0x80 => [&[0x02, length], content.as_slice()].concat(),
            length if content.len() < 0x100 => [&[0x02, 0x81, length], content.as_slice()].concat(),
            _ => der(0x02, &content),
        }
    }

    /// The key of the vector, as a person would paste it (RFC 8017, A.1.2).
    fn pem() -> Secret {
        let key = &vector()["key"];
        let mut numbers = integer(&[0]);
        for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
            numbers.extend(integer(&member(key, name)));
        }
        let body = STANDARD.encode(der(0x30, &numbers));
        Secret::new(format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n"))
    }

    #[test]
    fn an_rs256_signature_is_the_one_of_the_rfc() {
        let vector = vector();
        let signed = vector["signed"].as_str().unwrap();
        let signature = signature(AssertionAlg::RS256, &pem(), signed.as_bytes()).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(signature), vector["signature"].as_str().unwrap());
    }

    #[test]
    fn a_ps256_assertion_is_good_for_who_has_the_public_key() {
        let jwt = sign(AssertionAlg::PS256, &pem(), Some("k1"), &json!({ "iss": "client-1" })).unwrap();
        let jwt = String::from_utf8(jwt.expose().to_vec()).unwrap();
        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        let header: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().0).unwrap())
                .unwrap();
        assert_eq!(header, json!({ "alg": "PS256", "typ": "JWT", "kid": "k1" }));
        let key = &vector()["key"];
        let public = RsaPublicKeyComponents { n: member(key, "n"), e: member(key, "e") };
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        public.verify(&RSA_PSS_2048_8192_SHA256, signed.as_bytes(), &signature).unwrap();
    }

    #[test]
    fn a_key_of_another_kind_signs_nothing() {
        assert!(sign(AssertionAlg::ES256, &pem(), None, &json!({})).is_err());
        assert!(sign(AssertionAlg::RS256, &Secret::new("no key at all"), None, &json!({})).is_err());
    }
}
