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
