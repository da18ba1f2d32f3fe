import { fileURLToPath } from 'node:url';
import type { PairAccess } from '../../../lib/cli/pair-access.ts';
import { runCommandLine } from '../../../lib/cli/program.ts';
import type { Screen } from '../../../lib/cli/screen.ts';
import type { SetupAccess } from '../../../lib/cli/setup-access.ts';
import type { Command, CommandReply } from '../../../lib/contracts/command.ts';
import { PairConfig } from '../../../lib/contracts/config.ts';
import type { ControlRecord, Grant, OpRecord, SnapshotRecord, StepRecord } from '../../../lib/contracts/control.ts';
import type { Side } from '../../../lib/contracts/ids.ts';
import type { Observation, Verdict } from '../../../lib/contracts/observation.ts';
import { records } from '../../../lib/contracts/records.ts';
import { FixedClock } from '../../support/fakes/clock.ts';
import { InMemoryControlTable } from '../../support/fakes/control-table.ts';
import { FakeMwaa } from '../../support/fakes/mwaa.ts';
import { InMemorySiteBucket } from '../../support/fakes/site-bucket.ts';
import { at } from '../../support/op-records.ts';

export { at, op, opId, step } from '../../support/op-records.ts';

const site = (region: string, environment: string) => ({
  region,
  environment,
  dagBucket: `${environment}-dags`,
  executionRoleArn: `arn:aws:iam::123456789012:role/${environment}`,
});

export const config = PairConfig.parse({
  pair: 'demo',
  account: '123456789012',
  controllerRegion: 'eu-north-1',
  sites: { a: site('eu-west-1', 'orders-a'), b: site('eu-central-1', 'orders-b') },
});

const airflowAnswers = (side: Side): Observation => ({
  site: side,
  signal: 'airflow',
  vantage: 'eu-north-1',
  outcome: 'dead',
  at: at(0),
  cause: 'the scheduler has not beaten for 90 s',
  evidence: {},
});

export const verdict = (side: Side, more: Partial<Verdict> = {}): Verdict => ({
  site: side,
  diagnosis: 'HEALTHY',
  health: 'healthy',
  because: ['the canary is fresh'],
  judgedAt: at(0),
  tickAt: at(0),
  since: at(-600),
  healthyTicks: 10,
  observations: [airflowAnswers(side)],
  ...more,
});

export const lost = (side: Side): Verdict =>
  verdict(side, { diagnosis: 'ENV_DOWN', health: 'down', because: ['no heartbeat in 3 of 5 periods'], since: at(-60) });

export const control = (more: Partial<ControlRecord> = {}): ControlRecord => ({
  pair: 'demo',
  rev: 1,
  mode: 'prepare',
  op: null,
  pausedUntil: null,
  pauseReason: null,
  cooldownUntil: null,
  acknowledgementOwed: null,
  automaticCommits: [],
  ...more,
});

export const grant = (more: Partial<Grant> = {}): Grant => ({ holder: 'a', epoch: 1, since: at(-86_400), ...more });

export const snapshot = (more: Partial<SnapshotRecord> = {}): SnapshotRecord => ({
  snapshotId: '000001-01k9zq0000000000000000000a',
  kind: 'snapshot',
  site: 'a',
  epoch: 1,
  snapshotAt: at(-840),
  sealedAt: at(-830),
  manifestKey: 'demo/snapshots/000001-01k9zq0000000000000000000a/manifest.json',
  manifestSha256: 'f'.repeat(64),
  versionId: null,
  alembicHeads: ['5f2621c13b39'],
  airflowVersion: '2.10.3',
  bytes: 1000,
  verified: { side: 'b', at: at(-820) },
  invalid: null,
  ...more,
});

/** A pair in memory with one command line in front of it. */
export class PairBench {
  readonly table = new InMemoryControlTable();
  readonly clock = new FixedClock(at(0));
  readonly buckets = { a: new InMemorySiteBucket('bucket-a'), b: new InMemorySiteBucket('bucket-b') };
  config = config;
  readonly mwaa = new FakeMwaa();
  /** Where a relative path of the command line begins. */
  workingFolder = '/nowhere';
  readonly sent: Command[] = [];
  readonly out: string[] = [];
  readonly err: string[] = [];
  answer: string | null = null;
  stopped = false;
  reply: (command: Command) => CommandReply | Promise<CommandReply> = () => ({ ok: true, message: 'accepted' });
  preflight: PairAccess['preflight'] = () => Promise.reject(new Error('this bench has no preflight'));
  /** Called by each wait of the command line, instead of waiting. */
  onSleep: () => void = () => {};

  /** A pair that was adopted: site a has the grant, both sites are healthy, one snapshot is verified. */
  adopted(): this {
    this.table.seed(records.control(), control());
    this.table.seed(records.grant(), grant());
    this.table.seed(records.grantPeriod(1), { epoch: 1, holder: 'a', since: at(-86_400), until: null });
    this.table.seed(records.verdict('a'), verdict('a'));
    this.table.seed(records.verdict('b'), verdict('b'));
    this.table.seed(records.snapshot(snapshot().snapshotId), snapshot());
    return this;
  }

  /** The same with site a lost. */
  lostA(): this {
    this.adopted().table.seed(records.verdict('a'), lost('a'));
    return this;
  }

  /** The same with an op that has the lease. */
  withOp(record: OpRecord, steps: readonly StepRecord[] = []): this {
    this.table.seed(records.control(), control({ op: record.endedAt === null ? record.op : null }));
    this.table.seed(records.op(record.op), record);
    for (const one of steps) this.table.seed(records.step(one.op, one.state, one.iteration), one);
    return this;
  }

  readonly screen: Screen = {
    line: (text) => void this.out.push(text),
    document: (value) => void this.out.push(JSON.stringify(value)),
    progress: (text) => void this.err.push(text),
    plain: (text) => void this.out.push(text),
    ask: async () => this.answer,
  };

  access(): PairAccess {
    return {
      config: this.config,
      table: this.table,
      bucket: (side) => this.buckets[side],
      commands: {
        send: async (command) => {
          this.sent.push(command);
          return await this.reply(command);
        },
      },
      preflight: () => this.preflight(),
      adopt: async () => ['site a holds the grant, epoch 1'],
      failoverSteps: ['Prepare the site', 'Choose the snapshot', 'Withdraw the grant', 'Close the op'],
      now: this.clock.now,
      sleep: async (milliseconds) => {
        this.clock.advance(milliseconds / 1000);
        this.onSleep();
      },
      stopped: () => this.stopped,
      addressing: ' --sandbox',
    };
  }

  setup(): SetupAccess {
    return {
      mwaa: this.mwaa,
      config: async () => this.config,
      projectRoot: fileURLToPath(new URL('../../../', import.meta.url)),
      workingFolder: this.workingFolder,
      now: this.clock.now,
      addressing: '',
    };
  }

  /** Runs one command line; returns its exit code. What it printed is in `out` and `err`. */
  async run(...words: string[]): Promise<number> {
    this.out.length = 0;
    this.err.length = 0;
    return await runCommandLine(
      words,
      this.screen,
      async () => this.access(),
      async () => this.setup(),
    );
  }

  get stdout(): string {
    return this.out.join('\n');
  }

  get stderr(): string {
    return this.err.join('\n');
  }

  /** The one document on stdout. */
  document(): unknown {
    if (this.out.length !== 1) throw new Error(`expected one document on stdout, found ${this.out.length} writes`);
    return JSON.parse(this.out[0] ?? '');
  }
}
