// Bytes, from whatever holds them: a text, or the list of numbers as which an engine may hand over what came in.

export function bytes(value) {
  if (value instanceof Uint8Array) return value;
  return typeof value === 'object' ? new Uint8Array(value) : new TextEncoder().encode(String(value));
}
