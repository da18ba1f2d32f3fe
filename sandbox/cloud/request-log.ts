/** One request as the front saw it. `status` 0: the caller got no answer. */
export type LoggedRequest = {
  /** Epoch milliseconds at its arrival. */
  at: number;
  source: string;
  service: string;
  operation: string;
  region: string;
  method: string;
  path: string;
  status: number;
  milliseconds: number;
  /** Id of the fault that met it. */
  fault: string | null;
};

export type RequestCount = { source: string; service: string; operation: string; region: string; count: number };

/** Ring buffer of the newest requests, and counts of all since the last clear. */
export class RequestLog {
  readonly #capacity: number;
  readonly #counts = new Map<string, RequestCount>();
  #newest: LoggedRequest[] = [];

  constructor(capacity = 5000) {
    this.#capacity = capacity;
  }

  add(request: LoggedRequest): void {
    this.#newest.push(request);
    // Cutting in halves keeps adding cheap; the buffer holds between one and two capacities.
    if (this.#newest.length >= this.#capacity * 2) this.#newest = this.#newest.slice(-this.#capacity);
    const { source, service, operation, region } = request;
    const key = [source, service, operation, region].join('|');
    const count = this.#counts.get(key) ?? { source, service, operation, region, count: 0 };
    count.count += 1;
    this.#counts.set(key, count);
  }

  /** The newest requests that arrived at or after `since` (epoch milliseconds), oldest first. */
  newest(since = 0): LoggedRequest[] {
    return this.#newest.slice(-this.#capacity).filter((r) => r.at >= since);
  }

  /** How often each caller called each operation in each Region, most frequent first. */
  counts(): RequestCount[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count);
  }

  clear(): void {
    this.#newest = [];
    this.#counts.clear();
  }
}
