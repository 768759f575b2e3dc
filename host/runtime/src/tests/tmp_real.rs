//! Temporary.
use super::rooms::{call, runtime};
use crate::Upload;

#[tokio::test]
async fn real() {
    for dir in ["plugins-72f62d5682124ef9", "lockgate-tests-07afcc93dd8cce91"] {
        for entry in std::fs::read_dir(format!("/work/main/target/debug/build/{dir}/out")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "wasm") { continue; }
            let bytes = std::fs::read(&path).unwrap();
            match runtime().admit(Upload::new(bytes, 16 << 20).unwrap()).await {
                Ok(admitted) => {
                    println!("{path:?} {:?} {:?} {:?}", admitted.kind, admitted.report, admitted.imports);
                    if admitted.kind == crate::Kind::Transform {
                        let records: Vec<String> = (0..3).map(|i| format!("{{\"a\":{i}}}")).collect();
                        println!("{:?}", admitted.linked().transform(&call(), ".a", &records).await);
                        println!("{:?}", admitted.linked().transform(&call(), "def f: f; f", &records).await);
                        println!("{:?}", admitted.linked().transform(&call(), "[range(1e9)]", &records).await.outcome);
                        println!("{:?}", admitted.linked().transform(&call(), "def f: 1+f; f", &records).await.outcome);
                    } else {
                        println!("{:?}", admitted.linked().check(&call()).await);
                        let n = 200;
                        let began = tokio::time::Instant::now();
                        for _ in 0..n { let _ = admitted.linked().check(&call()).await; }
                        println!("{:?} per call", began.elapsed() / n);
                    }
                }
                Err(refused) => println!("{path:?} {} {refused}", refused.code()),
            }
        }
    }
}
