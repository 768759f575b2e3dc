//! What a worker is told, as the words of its command line.

use std::path::PathBuf;

use crate::plan::Chain;

pub struct Order {
    pub data: PathBuf,
    pub engine: String,
    pub chain: Chain,
    /// The vendors, in the order of the chain.
    pub remotes: Vec<String>,
    pub artefacts: PathBuf,
    /// The number of the next credential.
    pub credential: u64,
    /// A tenant that is made, with an upload of its own; 0 for none.
    pub extra: u64,
    /// `drain`, `live` or `POINT/KIND/NTH`.
    pub until: String,
}

impl Order {
    pub fn words(&self) -> [String; 8] {
        [
            self.data.to_str().unwrap().to_owned(),
            self.engine.clone(),
            self.chain.to_string(),
            self.remotes.join(","),
            self.artefacts.to_str().unwrap().to_owned(),
            self.credential.to_string(),
            self.extra.to_string(),
            self.until.clone(),
        ]
    }

    pub fn read(words: &[String]) -> Self {
        let [data, engine, chain, remotes, artefacts, credential, extra, until] = words else {
            panic!("{words:?}")
        };
        Self {
            data: data.into(),
            engine: engine.clone(),
            chain: chain.parse().unwrap(),
            remotes: remotes.split(',').map(str::to_owned).collect(),
            artefacts: artefacts.into(),
            credential: credential.parse().unwrap(),
            extra: extra.parse().unwrap(),
            until: until.clone(),
        }
    }
}
