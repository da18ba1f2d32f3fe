/** A clock that stands still until a test moves it. */
export class FixedClock {
  #at: Date;

  constructor(at: string | Date = '2026-11-24T12:00:00.000Z') {
    this.#at = new Date(at);
  }

  /** Bound, so that it can be handed on as `now`. */
  readonly now = (): Date => new Date(this.#at);

  get iso(): string {
    return this.#at.toISOString();
  }

  advance(seconds: number): Date {
    this.#at = new Date(this.#at.getTime() + seconds * 1000);
    return this.now();
  }

  set(at: string | Date): void {
    this.#at = new Date(at);
  }
}
