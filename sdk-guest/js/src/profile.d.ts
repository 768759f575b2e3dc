// The settings of the profile that this call works for, and nothing of any other.

/** The configuration, valid against the manifest's schema. */
export function config<T = any>(): T;

/** The granted scopes, by name. */
export function scopes(): string[];

/** Runs `body` with these settings in place of a profile's. Under Node only, for tests. */
export function withProfile<T>(
  settings: { config?: unknown; scopes?: string[] },
  body: () => T | Promise<T>,
): Promise<T>;
