/** One object of a site's bucket as it was read. */
export type StoredObject = { readonly body: Buffer; readonly versionId: string | null; readonly sha256: string };

/** The product's bucket of one site. Keys are full keys. */
export interface SiteBucket {
  readonly name: string;
  /** Reads an object (by version id when given); null when it does not exist. */
  read(key: string, versionId?: string): Promise<StoredObject | null>;
  /** Writes an object; `onlyIfAbsent` refuses to replace one (returns false then). */
  write(key: string, body: string | Buffer, options?: { onlyIfAbsent?: boolean }): Promise<boolean>;
  /** Streams an object through SHA-256 in constant memory; null when it does not exist. */
  hash(key: string): Promise<{ sha256: string; bytes: number } | null>;
  /** Keys below a prefix, in order. */
  list(prefix: string): Promise<string[]>;
}
