import type { Approval, FenceRecord, Grant, OpRecord, StepRecord } from '../../lib/contracts/control.ts';
import { HelperRequest } from '../../lib/contracts/helper.ts';
import type { Side } from '../../lib/contracts/ids.ts';
import { type RecordKey, records } from '../../lib/contracts/records.ts';
import { fenceStands } from '../../lib/core/grant.ts';
import type { Write } from '../../lib/ports/control-table.ts';
import type { InMemoryControlTable } from './fakes/control-table.ts';
import type { SimulatedSite } from './simulation-site.ts';

type Watched = {
  readonly table: InMemoryControlTable;
  readonly sites: Readonly<Record<Side, SimulatedSite>>;
  readonly now: () => Date;
};

const sides = ['a', 'b'] as const;
/** States whose finished record is asked again on purpose. */
const askedAgain = new Set(['Wait for approval', 'Judge again', 'Give back', 'Hold for a person']);

/**
 * Looks at every commit and at every moment in between whether the rules of the protocols hold, and remembers what
 * broke one. It knows the rules only: not the steps, and not the order of the states.
 */
export class SimulationRules {
  readonly broken: string[] = [];
  /** How often each step of the journal was recorded as done: `<op> <state>`. */
  readonly done = new Map<string, number>();
  /** Every holder that the grant had, with its epoch. */
  readonly moves: string[] = [];
  readonly #watched: Watched;
  #grant: Grant | null = null;
  readonly #epochs = new Map<string, number>();
  readonly #open: Record<Side, Set<string>> = { a: new Set(), b: new Set() };

  constructor(watched: Watched) {
    this.#watched = watched;
    for (const side of sides) this.#open[side] = new Set(watched.sites[side].open());
  }

  /** @throws Error that names each rule that was broken, and when. */
  async assertKept(): Promise<void> {
    await this.#checkRequests();
    if (this.broken.length > 0) throw new Error(`rules broken:\n${[...new Set(this.broken)].join('\n')}`);
  }

  /** Tells the rules that a person un-paused a DAG: that is no doing of the controller. */
  openedByHand(side: Side, dagId: string): void {
    this.#open[side].add(dagId);
  }

  async afterCommit(writes: readonly Write[]): Promise<void> {
    // What was done before this commit is judged by the grant as it was then.
    this.look();
    for (const { key, value } of writes) {
      if (value === undefined) continue;
      if (key.sk.startsWith('op#')) await this.#checkOp(key.sk.slice(3));
      if (key.sk === 'grant') await this.#checkMove(await this.#read(records.grant()));
      if (key.sk.startsWith('step#')) await this.#checkStep(key.sk);
    }
    this.look();
  }

  /** Production is opened only on the site that holds the grant, and only its row is active at the grant's epoch. */
  look(): void {
    for (const side of sides) {
      const open = this.#watched.sites[side].open();
      const holder = this.#grant?.holder ?? 'none';
      const opened = open.filter((dagId) => !this.#open[side].has(dagId));
      if (opened.length > 0 && holder !== side) {
        this.#break(`S2: ${opened.join()} opened on site ${side} while the grant is with ${holder}`);
      }
      this.#open[side] = new Set(open);
      const row = this.#watched.sites[side].row();
      if (row.mode === 'active' && row.epoch === this.#grant?.epoch && holder !== side) {
        this.#break(`S3: the row of site ${side} is active at epoch ${row.epoch} while the grant is with ${holder}`);
      }
    }
  }

  /** An environment is created under a name that its site's record holds, and deleted only between ops. */
  async beforeChange(call: 'create' | 'delete', name: string): Promise<void> {
    const site = await this.#read(records.site('b'));
    const control = await this.#read(records.control());
    if (call === 'create') {
      if (site?.environment !== name || site.state !== 'creating') this.#break(`${name} is created and not recorded`);
      if (control?.op !== site?.op) this.#break(`${name} is created for an op without the lease`);
      return;
    }
    if (this.#grant?.holder === 'b' && site?.environment === name)
      this.#break(`${name} is deleted and holds the grant`);
    const isMarked = site?.state === 'deleting' && site.environment === name;
    const isPassedOver = site?.passedOver.some(({ environment }) => environment === name) ?? false;
    if (!isMarked && !isPassedOver) this.#break(`${name} is deleted and nobody has decided so`);
  }

  /** The epoch of an op is fixed by Begin. */
  async #checkOp(id: string): Promise<void> {
    const op = await this.#read(records.op(id));
    if (!op) return;
    const epoch = this.#epochs.get(id) ?? op.epoch;
    this.#epochs.set(id, epoch);
    if (op.epoch !== epoch) this.#break(`S2: the epoch of ${id} became ${op.epoch}, was ${epoch}`);
  }

  async #checkMove(grant: Grant | null): Promise<void> {
    const before = this.#grant;
    this.#grant = grant;
    if (grant === null) return this.#break('S2: the grant is gone');
    this.moves.push(`${grant.holder}@${grant.epoch}`);
    if (before === null || (before.holder === grant.holder && before.epoch === grant.epoch)) return;
    const move = `${before.holder}@${before.epoch} -> ${grant.holder}@${grant.epoch}`;
    // An op that stood down leaves its epoch to the next one.
    const op = (await this.#ops()).find(({ epoch, outcome }) => epoch === grant.epoch && outcome !== 'stood-down');
    if (!op) return this.#break(`S2: ${move} belongs to no op`);
    if (grant.holder === 'none') return await this.#checkWithdrawal(before, grant, op, move);
    if (before.holder !== 'none' || before.epoch !== grant.epoch) return this.#break(`S2: ${move} is no legal move`);
    if (grant.holder === op.plan.from) return;
    const fence = await this.#read(records.fence(op.epoch, op.plan.from));
    if (!fenceStands(fence, op)) this.#break(`S5: ${move} without a fence or a waiver`);
  }

  async #checkWithdrawal(before: Grant, grant: Grant, op: OpRecord, move: string): Promise<void> {
    if (before.holder !== op.plan.from || grant.epoch !== before.epoch + 1) {
      this.#break(`S2: ${move} is no legal withdrawal of ${op.op}`);
    }
    const approval: Approval | null = await this.#read(records.approval(op.op));
    const now = this.#watched.now().getTime();
    if (!approval || Date.parse(approval.expiresAt) <= now || approval.planHash !== op.planHash) {
      this.#break(`S26: ${move} without a valid approval`);
    }
    const verdict = await this.#read(records.verdict(op.plan.from));
    if (!verdict || verdict.diagnosis === 'HEALTHY' || now - Date.parse(verdict.judgedAt) > 180_000) {
      this.#break(`S26: ${move} on verdict ${verdict?.diagnosis} of ${verdict?.judgedAt}`);
    }
  }

  async #checkStep(sk: string): Promise<void> {
    const [, opId = '', state = ''] = sk.split('#');
    const step = await this.#read(records.step(opId, state));
    const op = (await this.#ops()).find((one) => one.op === opId);
    if (!step || !op) return;
    if (step.attempt < op.attempt)
      this.#break(`journal: attempt ${step.attempt} wrote ${state} after attempt ${op.attempt}`);
    if (step.status !== 'done') return;
    const name = `${opId} ${state}`;
    this.done.set(name, (this.done.get(name) ?? 0) + 1);
    if ((this.done.get(name) ?? 0) > 1 && !askedAgain.has(state) && !this.#mayRepeat(state)) {
      this.#break(`journal: "${state}" was recorded as done twice`);
    }
    await this.#checkEffect(step, op);
  }

  /** A snapshot that turns out to be bad is chosen again. */
  #mayRepeat(state: string): boolean {
    return state.startsWith('Choose the ');
  }

  /** What the journal says is done has happened. */
  async #checkEffect(step: StepRecord, op: OpRecord): Promise<void> {
    const { target, from } = op.plan;
    const numbers: Record<string, number> = {
      'Import the snapshot': 2,
      'Import the rest': 3,
      'Promote the site': 4,
      'Import the history': 5,
    };
    const number = numbers[step.state];
    if (number !== undefined) {
      const prefix = `lb-${op.op.slice(-8)}-${number}-`;
      const { worked } = this.#watched.sites[target];
      if (!worked.some((runId) => runId.startsWith(prefix)))
        this.#break(`journal: "${step.state}" is done, no helper did it`);
    }
    if (step.state !== 'Fence the losing site') return;
    const fence: FenceRecord | null = await this.#read(records.fence(op.epoch, from));
    const acknowledged = fence?.acknowledgedAt ?? null;
    if (acknowledged === null && fence?.waiver == null) this.#break('S5: the fence is recorded as done and is not');
    if (acknowledged !== null && this.#watched.sites[from].open().length > 0) {
      this.#break(`S5: the fence is acknowledged and ${this.#watched.sites[from].open().join()} is open`);
    }
  }

  /** Every helper was asked under the epoch of its op, and each run did its work once. */
  async #checkRequests(): Promise<void> {
    for (const side of sides) {
      const { bucket, worked } = this.#watched.sites[side];
      const twice = worked.filter((runId, index) => worked.indexOf(runId) !== index);
      if (twice.length > 0) this.#break(`a helper worked twice: ${twice.join()}`);
      const outage = bucket.outage;
      bucket.outage = null;
      for (const key of await bucket.list('demo/ops/')) {
        if (!key.endsWith('.request.json')) continue;
        const stored = await bucket.read(key);
        const request = HelperRequest.parse(JSON.parse(stored?.body.toString('utf8') ?? 'null'));
        const epoch = this.#epochs.get(request.op) ?? request.epoch;
        if (request.epoch !== epoch) this.#break(`S2: ${key} asks under epoch ${request.epoch}, not ${epoch}`);
      }
      bucket.outage = outage;
    }
  }

  async #read<T>(key: RecordKey<T>): Promise<T | null> {
    return (await this.#watched.table.get(key))?.value ?? null;
  }

  async #ops(): Promise<OpRecord[]> {
    return (await this.#watched.table.list(records.ops())).map(({ value }) => value);
  }

  #break(what: string): void {
    this.broken.push(`${this.#watched.now().toISOString()} ${what}`);
  }
}
