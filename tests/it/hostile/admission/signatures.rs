//! A tenant that takes signed components only.

use lockgate::domain::Digest;
use lockgate::domain::signing::PrivateKey;
use lockgate_tests::guests::PROBER;
use serde_json::json;

use super::yard::Yard;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_needs_a_strict_signature_of_a_named_signer_over_its_own_bytes() {
    let yard = Yard::new().await;
    let (author, stranger) = (PrivateKey::from_bytes([1; 32]), PrivateKey::from_bytes([2; 32]));
    let keys = json!({ "signers": [author.public().to_string()] });
    assert_eq!(yard.json("PUT", "/v1/signers", keys.clone()).await.body, keys);

    let component = Digest::of(PROBER);
    let of_another = author.sign(&Digest::of(plugins::JQ)).to_string();
    let good = author.sign(&component).to_string();
    let (key, bytes) = good.split_once(':').unwrap();
    let refusals = [
        (None, 422, "signature_missing"),
        (Some(stranger.sign(&component).to_string()), 422, "signature_untrusted"),
        (Some(of_another), 422, "signature_wrong"),
        (Some(format!("{bytes}:{key}")), 400, "invalid_signing"),
        (Some(format!("{key}:")), 400, "invalid_signing"),
        (Some("yes".to_owned()), 400, "invalid_signing"),
        (Some("A".repeat(5_000)), 400, "invalid_signing"),
    ];
    for (signature, status, code) in refusals {
        let answer = yard.upload_signed(PROBER, signature.as_deref()).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{signature:?}: {answer:?}");
    }
    assert!(yard.components().is_empty());
    let answer = yard.upload_signed(PROBER, Some(&good)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(yard.json("PUT", "/v1/signers", json!({ "signers": [] })).await.status, 200);
    assert_eq!(yard.upload(PROBER).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_weak_or_unreadable_key_is_never_trusted() {
    let yard = Yard::new().await;
    let weak = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let good = PrivateKey::from_bytes([1; 32]).public().to_string();
    for keys in
        [json!([weak]), json!(["AAAA"]), json!([good, good]), json!(vec![good.as_str(); 40]), json!([7])]
    {
        let answer = yard.json("PUT", "/v1/signers", json!({ "signers": keys })).await;
        assert_eq!(answer.status, 400, "{keys}: {answer:?}");
    }
    assert_eq!(yard.get("/v1/signers").await.body, json!({ "signers": [] }));
}
