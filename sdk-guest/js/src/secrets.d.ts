// The profile's secrets, as handles. The bytes stay in the host: nothing here reveals them.

export type Algorithm = 'hmac-sha256' | 'hmac-sha512';

/** A secret that can be used and not read. */
export interface Secret {
  /** Authenticates `data` with the secret as the key. */
  hmac(algorithm: Algorithm, data: string | Uint8Array): Uint8Array;
  /** Sixteen hexadecimal characters that change when the secret does, and tell nothing else of it. */
  fingerprint(): string;
}

/** Opens a secret that the profile holds, by name. Throws `Denied` where it holds none. */
export function open(name: string): Secret;
