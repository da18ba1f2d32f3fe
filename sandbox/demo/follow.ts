import type { OpRecord, StepRecord } from '../../lib/contracts/control.ts';
import type { Side } from '../../lib/contracts/ids.ts';
import { records } from '../../lib/contracts/records.ts';
import type { Access } from '../access.ts';

type Seen = Pick<Access, 'environments'> & { readonly table: Pick<Access['table'], 'get' | 'list'> };

/** Tells each change of the pair once: verdicts with their reasons, snapshots, the op's steps with their times. */
export class Follower {
  readonly #access: Seen;
  readonly #tell: (line: string) => void;
  readonly #told = new Set<string>();
  readonly #statuses = new Map<string, string>();

  constructor(access: Seen, tell: (line: string) => void) {
    this.#access = access;
    this.#tell = tell;
  }

  /** Looks once and tells what is new. */
  async look(): Promise<void> {
    const { table } = this.#access;
    this.#environments();
    for (const side of ['a', 'b'] as const) {
      const verdict = await table.get(records.verdict(side));
      if (!verdict) continue;
      const { diagnosis, because, since } = verdict.value;
      this.#once(`verdict ${side} ${diagnosis} ${since}`, `site ${side}: ${diagnosis}  (${because.join('; ')})`);
    }
    for (const { value } of await table.list(records.snapshots())) {
      const what = value.invalid
        ? `INVALID (${value.invalid})`
        : value.verified
          ? 'verified in the other Region'
          : 'sealed';
      this.#once(`snapshot ${value.snapshotId} ${what}`, `snapshot ${value.snapshotId.slice(0, 15)}…: ${what}`);
    }
    for (const { value } of await table.list(records.ops())) await this.#op(value);
  }

  /** Tells each change of an environment's status; the first ones are known from the start. */
  #environments(): void {
    for (const side of ['a', 'b'] as const) {
      const there = this.#access.environments(side);
      for (const { name, status } of there) this.#environment(side, name, status);
      const names = there.map(({ name }) => name);
      for (const name of this.#statuses.keys()) {
        if (name.startsWith(`${side} `) && !names.includes(name.slice(2)))
          this.#environment(side, name.slice(2), 'gone');
      }
    }
  }

  #environment(side: Side, name: string, status: string): void {
    const key = `${side} ${name}`;
    if (this.#statuses.get(key) === status) return;
    this.#statuses.set(key, status);
    this.#tell(`environment ${name} of site ${side} is ${status}`);
  }

  async #op(op: OpRecord): Promise<void> {
    this.#once(`op ${op.op}`, `op ${op.op} began: ${op.kind} to site ${op.plan.target}, epoch ${op.epoch}, ${op.by}`);
    const steps = await this.#access.table.list(records.steps(op.op));
    for (const { value } of steps.sort((x, y) => x.value.startedAt.localeCompare(y.value.startedAt))) this.#step(value);
    if (op.needs) this.#once(`needs ${op.op} ${op.needs}`, `  HELD: ${op.needs}`);
    if (op.endedAt) this.#once(`ended ${op.op}`, `op ${op.op} ended: ${op.outcome}`);
  }

  #step(step: StepRecord): void {
    if (step.status === 'claimed' || step.status === 'waiting') {
      this.#once(`${step.op} ${step.state} ${step.attempt} begun`, `  … ${step.state}`);
      return;
    }
    const seconds = (Date.parse(step.endedAt ?? step.startedAt) - Date.parse(step.startedAt)) / 1000;
    const because = step.error ? `${step.error.name}: ${step.error.message}` : String(step.output?.because ?? '');
    const sign = step.status === 'done' ? '✓' : '✗';
    this.#once(
      `${step.op} ${step.state} ${step.status} ${because}`,
      `  ${sign} ${step.state} (${seconds.toFixed(1)} s): ${because}`,
    );
  }

  #once(key: string, line: string): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#tell(line);
  }
}
