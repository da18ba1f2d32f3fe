import { ReservedRow } from '../../lib/contracts/helper.ts';
import type { Side } from '../../lib/contracts/ids.ts';
import { helperDags, isHelperDag, keysOf, reservedVariable } from '../../lib/contracts/names.ts';
import { FakeAirflow } from './fakes/airflow.ts';
import { InMemorySiteBucket } from './fakes/site-bucket.ts';
import { HelperRule, serveHelper } from './simulation-helpers.ts';

/**
 * `well`; `scheduler-lost`: nothing is scheduled any more, the web server answers; `workers-stuck`: the scheduler
 * beats and no task runs; `unreachable`: its Region answers nobody; `absent`: no environment exists, its Region and its
 * bucket are well.
 */
export type SiteState = 'well' | 'scheduler-lost' | 'workers-stuck' | 'unreachable' | 'absent';

/** What the next run of a helper does instead of its work: fail without a word, refuse by rule, or never end. */
export type HelperFault = { readonly dagId: string; readonly stage?: string } & (
  | { readonly does: 'fail' | 'hang' }
  | { readonly does: 'refuse'; readonly error: string }
);

type Run = FakeAirflow['runs'][number];

const pair = 'demo';
/** Seconds that a helper's run takes. */
const helperSeconds = 4;

/** One MWAA environment with its bucket: Airflow whose scheduler starts helper runs, and a canary that stamps. */
export class SimulatedSite {
  readonly side: Side;
  readonly airflow = new FakeAirflow();
  readonly bucket: InMemorySiteBucket;
  /** Helper runs that were really carried out, by run id, in order. */
  readonly worked: string[] = [];
  readonly faults: HelperFault[] = [];
  #state: SiteState = 'well';
  #silences: { from: number; to: number }[] = [];
  readonly #due: { run: Run; at: number; hangs: boolean }[] = [];
  readonly #now: () => Date;

  constructor(side: Side, name: string, now: () => Date) {
    this.side = side;
    this.bucket = new InMemorySiteBucket(name);
    this.#now = now;
    for (const dagId of Object.values(helperDags)) this.airflow.addDag(dagId);
    for (const dagId of ['sales', 'billing', 'archive']) {
      this.airflow.addDag(dagId, { isPaused: side === 'b' || dagId === 'archive' });
    }
    this.airflow.onRun = (run) => {
      this.#due.push({ run, at: this.#now().getTime() + helperSeconds * 1000, hangs: false });
    };
  }

  get state(): SiteState {
    return this.#state;
  }

  /** Breaks or heals the site from now on. */
  become(state: SiteState): void {
    const now = this.#now().getTime();
    const open = this.#silences.at(-1);
    if (open && open.to === Number.POSITIVE_INFINITY) open.to = now;
    if (state === 'scheduler-lost' || state === 'unreachable' || state === 'absent')
      this.#silences.push({ from: now, to: Number.POSITIVE_INFINITY });
    this.#state = state;
    const outage =
      state === 'unreachable' ? Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' }) : null;
    const missing = Object.assign(new Error('environment not found'), { name: 'ResourceNotFoundException' });
    this.airflow.outage = state === 'absent' ? missing : outage;
    this.bucket.outage = outage;
  }

  /** A new environment: its metadata database is empty, and every DAG of the bucket is paused. */
  renew(): void {
    this.airflow.variables.clear();
    this.airflow.pools.clear();
    this.airflow.runs = [];
    this.airflow.tasks = [];
    this.#due.length = 0;
    for (const dag of this.airflow.dags) dag.isPaused = !isHelperDag(dag.dagId);
  }

  /** Heartbeats of the period that begins at `start` (milliseconds); null when none was published. */
  heartbeats(start: number): number | null {
    return this.#silences.some(({ from, to }) => start + 1 > from && start < to) ? null : 12;
  }

  row(): ReservedRow {
    const text = this.airflow.variables.get(reservedVariable);
    if (text === undefined) return { site: this.side, epoch: 0, op: null, mode: 'standby', lastImport: null };
    return ReservedRow.parse(JSON.parse(text));
  }

  writeRow(row: ReservedRow): void {
    this.airflow.variables.set(reservedVariable, JSON.stringify(row));
  }

  /** Ids of the production DAGs that are open. */
  open(): string[] {
    return this.airflow.dags.filter((dag) => !dag.isPaused && !isHelperDag(dag.dagId)).map((dag) => dag.dagId);
  }

  /** When the next helper run ends, in milliseconds; infinity when none is at work. */
  nextEnd(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#due.filter(({ hangs }) => !hangs).map(({ at }) => at));
  }

  /** Ends the helper runs whose time has come. Nothing runs without scheduler and workers. */
  async settle(): Promise<void> {
    if (this.#state !== 'well') return;
    for (const due of this.#due.filter(({ at, hangs }) => !hangs && at <= this.#now().getTime())) {
      const key = String(due.run.conf.request);
      const fault = await this.#faultOf(due.run, key);
      if (fault?.does === 'hang') {
        due.run.state = 'running';
        due.hangs = true;
        continue;
      }
      this.#due.splice(this.#due.indexOf(due), 1);
      await this.#work(due.run, key, fault);
    }
  }

  /** Lets the helper runs that hang go on. */
  unhang(): void {
    for (const due of this.#due) due.hangs = false;
  }

  /** One beat of the canary: the fence's marker first, then the stamp. */
  async stamp(): Promise<void> {
    if (this.#state !== 'well') return;
    const row = await this.obeyMarker();
    const at = this.#now().toISOString();
    const stamp = { site: this.side, epoch: row.epoch, mode: row.mode, at, runId: `canary-${at}` };
    await this.bucket.seedJson(keysOf(pair).canary(this.side), { ...stamp, paused: row.mode === 'fenced' });
  }

  /** What a site does by itself when its bucket holds a fence's marker above its own epoch. */
  async obeyMarker(): Promise<ReservedRow> {
    const marker = await this.bucket.read(keysOf(pair).fenceMarker(this.side));
    const epoch = marker ? Number(JSON.parse(marker.body.toString('utf8')).epoch) : 0;
    if (epoch > this.row().epoch) this.writeRow({ ...this.row(), epoch, mode: 'fenced' });
    if (this.row().mode === 'fenced') {
      for (const dag of this.airflow.dags) if (!isHelperDag(dag.dagId)) dag.isPaused = true;
    }
    return this.row();
  }

  async #work(run: Run, key: string, fault: HelperFault | undefined): Promise<void> {
    const resultKey = key.replace('.request.json', '.result.json');
    try {
      if (fault?.does === 'fail') throw new Error('the worker was killed');
      if (fault?.does === 'refuse') throw new HelperRule(fault.error, 'as the test says');
      const result = await serveHelper({ ...this.#access() }, key);
      this.worked.push(run.runId);
      await this.bucket.seedJson(resultKey, result);
      run.state = 'success';
    } catch (error) {
      run.state = 'failed';
      if (!(error instanceof HelperRule)) return;
      await this.bucket.seedJson(resultKey, {
        outcome: 'refused',
        error: { name: error.name, message: error.message },
      });
    }
  }

  #access() {
    return {
      side: this.side,
      airflow: this.airflow,
      bucket: this.bucket,
      row: () => this.row(),
      writeRow: (row: ReservedRow) => this.writeRow(row),
      now: this.#now,
    };
  }

  async #faultOf(run: Run, key: string): Promise<HelperFault | undefined> {
    const stored = await this.bucket.read(key);
    const stage = JSON.parse(stored?.body.toString('utf8') ?? '{}').stage;
    const index = this.faults.findIndex(
      (fault) => fault.dagId === run.dagId && (fault.stage === undefined || fault.stage === stage),
    );
    return index < 0 ? undefined : this.faults.splice(index, 1)[0];
  }
}
