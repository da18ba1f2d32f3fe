import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';

type Pass = { readonly environment: string; readonly until: number };

/** Passes of one kind, each good for one environment and a limited time. */
export class TokenDesk {
  readonly #clock: Clock;
  readonly #lifeMs: number;
  readonly #passes = new Map<string, Pass>();

  constructor(clock: Clock, lifeMs: number) {
    this.#clock = clock;
    this.#lifeMs = lifeMs;
  }

  /** Makes a pass for `environment`, named by its ARN. */
  issue(environment: string): string {
    const token = randomBytes(32).toString('base64url');
    this.#passes.set(token, { environment, until: this.#clock.now().getTime() + this.#lifeMs });
    return token;
  }

  isGood(token: string | undefined, environment: string): boolean {
    const pass = token === undefined ? undefined : this.#passes.get(token);
    return pass?.environment === environment && this.#clock.now().getTime() < pass.until;
  }

  /** Uses a pass up. */
  take(token: string | undefined, environment: string): boolean {
    const good = this.isGood(token, environment);
    if (token !== undefined) this.#passes.delete(token);
    return good;
  }
}
