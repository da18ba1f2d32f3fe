/** The customer's DAG bucket of a site: looked at, never written. */
export interface DagBucket {
  readonly name: string;
  /** Does this version of the object exist? */
  hasVersion(key: string, versionId: string): Promise<boolean>;
  /** Version id of the object as it is now; null when it does not exist. */
  newestVersion(key: string): Promise<string | null>;
}
