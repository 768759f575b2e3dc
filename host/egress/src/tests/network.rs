//! A network that a test puts in place of the machine's: only the wire is another.

use std::sync::{Arc, Mutex};

use domain::FailureCode;
use domain::egress::Vetted;
use domain::injected::Later;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::{EveryName, Network, NetworkFailure, Stream};

/// Answers every request with these bytes, or refuses, and notes where it was asked to connect to.
struct Pretended {
    answer: Result<&'static str, NetworkFailure>,
    asked: Mutex<Vec<String>>,
}

impl Network for Pretended {
    fn connect<'a>(&'a self, to: &'a Vetted) -> Later<'a, Result<Box<dyn Stream>, NetworkFailure>> {
        self.asked.lock().unwrap().push(to.origin().to_string());
        let answer = self.answer;
        Box::pin(async move {
            let answer = answer?;
            let (near, mut far) = tokio::io::duplex(1 << 16);
            tokio::spawn(async move {
                let mut head = vec![0; 4_096];
                let read = far.read(&mut head).await.unwrap();
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                assert!(head.contains("authorization: Bearer s3cr3t-s3cr3t"), "{head}");
                far.write_all(answer.as_bytes()).await.unwrap();
            });
            Ok(Box::new(near) as Box<dyn Stream>)
        })
    }
}

async fn sent_over(answer: Result<&'static str, NetworkFailure>) -> (Sent, Vec<String>) {
    let world = World::new()
        .granted("https://api.example.com")
        .credential("https://api.example.com", credentials::bearer("s3cr3t-s3cr3t"));
    let options = world.options.clone();
    let running = world.run();
    let network = Arc::new(Pretended { answer, asked: Mutex::default() });
    let egress = Egress::over(network.clone(), options, Arc::new(EveryName), Arc::new(Stopped)).unwrap();
    let running = Running { egress, ..running };
    let sent = running.send(get("https://api.example.com/v1/x")).await;
    let asked = network.asked.lock().unwrap().clone();
    (sent, asked)
}

#[tokio::test]
async fn a_pretended_network_carries_a_judged_request_with_its_credential_and_its_answer_is_masked() {
    let (sent, asked) = sent_over(Ok("HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\nIs s3cr3t-s3cr3t?")).await;
    assert_eq!(asked, ["https://api.example.com"]);
    let body = sent.result.unwrap().body;
    assert!(!String::from_utf8_lossy(&body).contains("s3cr3t"), "{body:?}");
    assert_eq!(sent.exchanges.len(), 1);
}

#[tokio::test]
async fn a_failure_to_connect_is_told_as_one_of_the_real_network() {
    for (failure, code) in [
        (NetworkFailure::Refused, FailureCode::ConnectFailed),
        (NetworkFailure::TimedOut, FailureCode::ConnectTimeout),
        (NetworkFailure::Tls, FailureCode::TlsFailed),
        (NetworkFailure::TlsTimedOut, FailureCode::TlsTimeout),
    ] {
        let Err(Refusal::Failed(told)) = sent_over(Err(failure)).await.0.result else { panic!() };
        assert_eq!((told.code, told.sent), (code, false), "{failure}");
    }
}
