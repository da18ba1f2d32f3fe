import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { OpRecord } from '../../lib/contracts/control.ts';
import { records } from '../../lib/contracts/records.ts';
import { type Access, harnessAccess } from '../access.ts';
import { projectRoot } from '../place.ts';
import { until } from '../until.ts';
import type { Sandbox } from '../up.ts';
import { Follower } from './follow.ts';
import { catchupSlots, lifeboat, startProduction, waitForDags } from './production.ts';
import { readRuns } from './read-runs.ts';
import { type Comparison, compareRuns } from './run-lists.ts';

/** What the demo measured; the shape of `npm run demo -- --json`. */
export type DemoResult = {
  readonly outcome: string;
  readonly pair: string;
  readonly op: {
    readonly id: string;
    readonly kind: string;
    readonly strategy: string;
    readonly epoch: number;
    readonly steps: readonly { readonly name: string; readonly seconds: number; readonly outcome: string }[];
  };
  readonly detectionSeconds: number;
  readonly recoveryTimeSeconds: number;
  readonly recoveryPointSeconds: number;
  readonly controllerSeconds: number;
  /** The environment that the op created, and the seconds from its request to AVAILABLE; null with a warm standby. */
  readonly creation: { readonly environment: string; readonly seconds: number } | null;
  readonly fence: { readonly rung: string; readonly waiver: unknown };
  readonly runs: Comparison;
  readonly interrupted: readonly unknown[];
  readonly nextRuns: readonly unknown[];
  /** DAGs that the promotion left paused, and why. */
  readonly leftPaused: readonly unknown[];
  readonly versions: { readonly airflow: string; readonly postgres: string };
  readonly report: string;
  /** The same as one page for a browser. */
  readonly page: string;
};

type Tell = (line: string) => void;

/** Seconds of production on site a before it is lost: long enough for every schedule to have run, and two exports. */
const productionSeconds = 60;
/** Seconds that site b runs on after its first run, so that what comes next can be compared. */
const afterSeconds = 15;

/** Brings the pair to the state from which everything starts: adopted, in production on a, watched and protected. */
export async function beginProduction(sandbox: Sandbox, tell: Tell): Promise<{ access: Access; follower: Follower }> {
  const access = harnessAccess(sandbox);
  const sides = (['a', 'b'] as const).filter((side) => sandbox.environmentOf(side) !== null);
  tell(`waiting for site ${sides.join(' and site ')} to parse the DAGs`);
  await Promise.all(sides.map((side) => waitForDags(access, side)));
  tell('lifeboat adopt');
  await lifeboat(sandbox, 'adopt');
  await startProduction(access);
  tell('site a runs production; the watch and the protection begin');
  sandbox.clockwork.schedules.resume();
  return { access, follower: new Follower(access, tell) };
}

/**
 * Waits until every site that exists is HEALTHY and a snapshot is verified that was taken at least `seconds` after the
 * start. Site b may have no environment yet; its bucket has the snapshots all the same.
 */
export async function waitForProtection(access: Access, follower: Follower, seconds: number): Promise<void> {
  const began = Date.now();
  await until('the sites are HEALTHY and a snapshot is verified', 180, async () => {
    await follower.look();
    const [a, b, snapshots] = await Promise.all([
      access.table.get(records.verdict('a')),
      access.table.get(records.verdict('b')),
      access.table.list(records.snapshots()),
    ]);
    const verified = snapshots.filter(({ value }) => value.verified);
    const young = verified.some(({ value }) => Date.parse(value.snapshotAt) - began > (seconds - 25) * 1000);
    const noneAtB = access.environments('b').length === 0;
    const healthy = a?.value.diagnosis === 'HEALTHY' && (noneAtB || b?.value.diagnosis === 'HEALTHY');
    return healthy && young && Date.now() - began > seconds * 1000;
  });
}

/** Waits until the newest op has ended or needs a person; tells what happens meanwhile. */
export async function followOp(access: Access, follower: Follower, seconds: number): Promise<OpRecord> {
  return await until('the op ends', seconds, async () => {
    await follower.look();
    const ops = await access.table.list(records.ops());
    const newest = ops.at(-1)?.value;
    return newest && (newest.endedAt !== null || newest.needs !== null) ? newest : null;
  });
}

/** The demo: production on a, a real loss, and everything measured until b has taken over. */
export async function runDemo(sandbox: Sandbox, tell: Tell): Promise<DemoResult> {
  const { access, follower } = await beginProduction(sandbox, tell);
  await waitForProtection(access, follower, productionSeconds);
  return await loseAndRecover(sandbox, { access, follower, tell });
}

/** Kills the scheduler of site a for real and measures until site b has taken over and gone on for a while. */
export async function loseAndRecover(
  sandbox: Sandbox,
  {
    access,
    follower,
    tell,
    recover,
  }: {
    access: Access;
    follower: Follower;
    tell: Tell;
    /** What a person does before the op can end, for example approve it. */
    recover?: () => Promise<void>;
  },
): Promise<DemoResult> {
  tell('NOW: the scheduler of site a is killed (SIGKILL)');
  const lostAt = new Date();
  await sandbox.site('a').killScheduler();
  await recover?.();
  const op = await followOp(access, follower, 300);
  if (op.outcome !== 'recovered') throw new Error(`the op ended ${op.outcome ?? 'held'}: ${op.needs ?? op.reason}`);
  const { holder, since } = (await access.table.get(records.grant()))?.value ?? { holder: 'none', since: '' };
  if (holder !== 'b') throw new Error(`expected site b to hold the grant, found ${holder}`);
  const givenAt = new Date(since);
  tell('waiting for the first production run that succeeds on b');
  const first = await until('a production run succeeds on b', 120, () => firstSuccess(sandbox, givenAt));
  tell(`first production run on b: ${first.dagId} ${first.logicalDate}`);
  tell(`site b runs on for ${afterSeconds} s, to see what comes next`);
  await new Promise((resolve) => setTimeout(resolve, afterSeconds * 1000));
  await follower.look();
  return await measure(sandbox, access, { op, lostAt, givenAt, firstEnd: new Date(first.end ?? 0) });
}

async function firstSuccess(sandbox: Sandbox, givenAt: Date) {
  const runs = await readRuns(sandbox.postgres, sandbox.site('b').metadataDatabase);
  const own = runs.filter(
    (run) =>
      run.state === 'success' &&
      run.end !== null &&
      run.tasks.some(({ start }) => start !== null && Date.parse(start) >= givenAt.getTime()),
  );
  return own.sort((x, y) => Date.parse(x.end ?? '') - Date.parse(y.end ?? ''))[0] ?? null;
}

const ReportFacts = z.object({
  op: z.object({
    id: z.string(),
    kind: z.string(),
    strategy: z.string(),
    epoch: z.number(),
    steps: z.array(z.object({ name: z.string(), seconds: z.number().nullable(), outcome: z.string() })),
  }),
  recoveryPoint: z.object({ snapshotAt: z.string() }),
  fence: z.object({ rung: z.string(), waiver: z.unknown() }),
  interrupted: z.array(z.unknown()),
  nextRuns: z.array(z.unknown()),
  leftPaused: z.array(z.unknown()),
});

async function measure(
  sandbox: Sandbox,
  access: Access,
  seen: { op: OpRecord; lostAt: Date; givenAt: Date; firstEnd: Date },
): Promise<DemoResult> {
  const { op, lostAt, givenAt, firstEnd } = seen;
  const reportText = await lifeboat(sandbox, 'report', op.op, '--json');
  const report = ReportFacts.parse(JSON.parse(reportText));
  const [a, b, version] = await Promise.all([
    readRuns(sandbox.postgres, sandbox.site('a').metadataDatabase),
    readRuns(sandbox.postgres, sandbox.site('b').metadataDatabase),
    sandbox.postgres.query('postgres', 'SHOW server_version'),
  ]);
  const measuredAt = new Date();
  const snapshotAt = new Date(report.recoveryPoint.snapshotAt);
  const promoted = await access.table.get(records.step(op.op, 'Promote the site'));
  const detectedAt = Date.parse(op.detectedAt ?? op.beganAt);
  const folder = path.join(projectRoot, '.lifeboat', 'reports');
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, `${op.op}.json`);
  const page = path.join(folder, `${op.op}.html`);
  await writeFile(file, reportText);
  await lifeboat(sandbox, 'report', op.op, '--html', page);
  await writeFile(path.join(folder, `${op.op}.txt`), await lifeboat(sandbox, 'report', op.op));
  return {
    outcome: op.outcome ?? 'held',
    pair: op.pair,
    op: { ...report.op, steps: report.op.steps.map((step) => ({ ...step, seconds: step.seconds ?? 0 })) },
    detectionSeconds: seconds(detectedAt - lostAt.getTime()),
    recoveryTimeSeconds: seconds(firstEnd.getTime() - lostAt.getTime()),
    recoveryPointSeconds: seconds(lostAt.getTime() - snapshotAt.getTime()),
    controllerSeconds: seconds(Date.parse(promoted?.value.endedAt ?? '') - detectedAt),
    creation: creationOf(sandbox),
    fence: { rung: report.fence.rung, waiver: report.fence.waiver ?? null },
    runs: compareRuns({ a, b, snapshotAt, lostAt, givenAt, measuredAt, slots: catchupSlots }),
    interrupted: report.interrupted,
    nextRuns: report.nextRuns,
    leftPaused: report.leftPaused,
    versions: {
      airflow: '2.10.3',
      postgres: z.array(z.object({ server_version: z.string() })).parse(version)[0]?.server_version ?? '',
    },
    report: path.relative(projectRoot, file),
    page: path.relative(projectRoot, page),
  };
}

function creationOf(sandbox: Sandbox): DemoResult['creation'] {
  if (sandbox.config.strategy !== 'backup-restore') return null;
  const environment = sandbox.environmentOf('b') ?? '';
  const took = sandbox.mwaa.find(sandbox.config.sites.b.region, environment).creationSeconds ?? 0;
  return { environment, seconds: seconds(took * 1000) };
}

const seconds = (milliseconds: number) => Math.round(milliseconds / 100) / 10;
