//! The first stage: bytes of a bounded size that begin as a component does.

use domain::Digest;

use crate::admit::Kind;
use crate::refused::Refused;
use crate::{census, imports, validate};

/// Bytes that may be a component. Nothing but their size and their first bytes has been looked at.
#[derive(Clone)]
pub struct Upload {
    bytes: Vec<u8>,
    digest: Digest,
}

/// The magic of WebAssembly, the version of components and the layer that tells them from core modules.
const COMPONENT: [u8; 8] = [0x00, b'a', b's', b'm', 0x0d, 0x00, 0x01, 0x00];
const CORE_MODULE: [u8; 8] = [0x00, b'a', b's', b'm', 0x01, 0x00, 0x00, 0x00];
const ELF: [u8; 4] = [0x7f, b'E', b'L', b'F'];
/// How many leading bytes decide whether something is text.
const LOOKED_AT: usize = 64;

impl Upload {
    /// Takes the bytes if they are at most `max_bytes` and begin as a component does.
    pub fn new(bytes: Vec<u8>, max_bytes: usize) -> Result<Self, Refused> {
        if bytes.is_empty() {
            return Err(Refused::Empty);
        }
        if bytes.len() > max_bytes {
            return Err(Refused::TooLarge { size: bytes.len(), max: max_bytes });
        }
        if bytes.starts_with(&COMPONENT) {
            let digest = Digest::of(&bytes);
            return Ok(Self { bytes, digest });
        }
        if bytes.starts_with(&CORE_MODULE) {
            return Err(Refused::CoreModule);
        }
        if bytes.starts_with(&ELF) {
            return Err(Refused::Precompiled);
        }
        if reads_as_text(&bytes) {
            return Err(Refused::Text);
        }
        Err(Refused::NotAComponent)
    }

    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What admission says before it compiles: counted, validated, its imports judged. It reads every byte.
    pub fn examined(&self, memory_max_bytes: usize) -> Result<Kind, Refused> {
        let census = census::take(&self.bytes, memory_max_bytes)?;
        validate::validate(&self.bytes)?;
        imports::kind(&census)
    }

    pub(crate) fn into_parts(self) -> (Digest, Vec<u8>) {
        (self.digest, self.bytes)
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("digest", &self.digest).field("size", &self.bytes.len()).finish()
    }
}

fn reads_as_text(bytes: &[u8]) -> bool {
    bytes.iter().take(LOOKED_AT).all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bytes: &[u8]) -> &'static str {
        match Upload::new(bytes.to_vec(), 64) {
            Ok(_) => "ok",
            Err(refused) => refused.code(),
        }
    }

    #[test]
    fn what_does_not_begin_as_a_component_is_refused_for_its_own_reason() {
        assert_eq!(code(b""), "empty");
        assert_eq!(code(b"\0asm"), "not_a_component");
        assert_eq!(code(b"\x1f\x8b\x08\0\0\0\0\0"), "not_a_component");
        assert_eq!(code(b"\x89PNG\r\n\x1a\n"), "not_a_component");
        assert_eq!(code(b"\0asm\x01\0\0\0"), "core_module");
        assert_eq!(code(b"\x7fELF\x02\x01\x01\0"), "precompiled");
        assert_eq!(code(b"(component)"), "text");
        assert_eq!(code(b"\0asm\x0d\0\x01\0"), "ok");
    }

    #[test]
    fn one_byte_above_the_bound_is_too_large() {
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        bytes.resize(64, 0);
        assert_eq!(code(&bytes), "ok");
        bytes.push(0);
        assert_eq!(code(&bytes), "too_large");
    }
}
