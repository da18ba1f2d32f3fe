import type { FenceRecord, StepRecord } from '../../../lib/contracts/control.ts';
import type { InterruptedRun } from '../../../lib/contracts/helper.ts';
import type { Observation } from '../../../lib/contracts/observation.ts';
import { createReport } from '../../../lib/report/create-report.ts';
import type { OpReport } from '../../../lib/report/op-report.ts';
import type { ReportRecords } from '../../../lib/report/report-records.ts';
import { at, config, lost, op, opId, snapshot, step } from './records.ts';

/* Ops as people will meet them, in the records from which a report is made. Seconds count from at(0). */

export const person = 'arn:aws:sts::123456789012:assumed-role/platform-on-call/ada.lovelace@example.com';

export const did = (state: string, from: number, to: number, because: string, more: Partial<StepRecord> = {}) =>
  step(state, {
    startedAt: at(from),
    claimedAt: at(from),
    endedAt: at(to),
    ...more,
    output: { outcome: 'done', waitSeconds: 0, because, ...more.output },
  });

/** A step that polled: it waited from `since` to its last look. */
const waited = (state: string, from: number, look: number, to: number, because: string, output = {}) =>
  did(state, from, to, because, { claimedAt: at(look), progress: { startedAt: at(from + 0.4) }, output });

const seen = (signal: Observation['signal'], outcome: Observation['outcome'], cause: string, evidence = {}) =>
  ['eu-north-1', 'eu-central-1'].map(
    (vantage): Observation => ({ site: 'a', signal, vantage, outcome, at: at(428), cause, evidence }),
  );

export const envDown = {
  ...lost,
  because: [
    'no heartbeat in 5 of the last 5 complete periods, while the rest of the environment (database, workers) reported 10 samples in them',
    'canary stale: newest stamp 8 min old, stale after 4 min (its bucket)',
    'airflow dead: Airflow says unhealthy of scheduler (from eu-north-1)',
    'region alive: sts, sns, kms of eu-west-1 answered (from eu-north-1)',
  ],
  judgedAt: at(428),
  observations: [
    ...seen('heartbeat', 'dead', 'no heartbeats in 5 of the last 5 complete periods in which other metrics exist', {
      periods: [0, 60, 120, 180, 240].map((start) => ({
        start: at(start),
        heartbeats: null,
        schedulerSamples: null,
        otherSamples: 2,
      })),
    }),
    ...seen('environment', 'alive', 'environment is AVAILABLE', { status: 'AVAILABLE' }),
    ...seen('airflow', 'dead', 'Airflow says unhealthy of scheduler', {
      components: { metadatabase: 'healthy', scheduler: 'unhealthy', triggerer: 'not running' },
    }),
    ...seen('canary', 'dead', 'newest stamp is 8 min old, stale after 4 min', {
      stampAt: at(-190),
      stampEpoch: 1,
      stampMode: 'active',
      ageSeconds: 618,
    }),
    ...seen('region', 'alive', 'sts, sns, kms of eu-west-1 answered', {
      services: { sts: 'alive', sns: 'alive', kms: 'alive' },
    }),
  ],
};

const run = (dagId: string, action: string, ...tasks: InterruptedRun['tasks']): InterruptedRun => ({
  dagId,
  runId: 'scheduled__2026-11-24T11:45:00+00:00',
  runType: 'scheduled',
  logicalDate: '2026-11-24T11:45:00+00:00',
  action,
  tasks,
});

export const interrupted = [
  run('orders_hourly', 'fail', { taskId: 'load', mapIndex: -1, state: 'running', tryNumber: 1, action: 'failed' }),
  run(
    'invoices_to_ledger',
    'resume',
    { taskId: 'post_batch', mapIndex: 3, state: 'deferred', tryNumber: 2, action: 'cleared' },
    { taskId: 'post_batch', mapIndex: 4, state: 'queued', tryNumber: 1, action: 'cleared' },
  ),
  run('features_daily', 'rerun', { taskId: 'train', mapIndex: -1, state: 'running', tryNumber: 1, action: 'cleared' }),
];

const nextRuns = [
  ...['orders_hourly', 'invoices_to_ledger', 'features_daily', 'billing_every_5_minutes'].map((dagId) => ({
    dagId,
    logicalDate: at(0),
  })),
  { dagId: 'dataset_consumer', logicalDate: null },
];

export const fence = (more: Partial<FenceRecord> = {}): FenceRecord => ({
  op: opId,
  side: 'a',
  epoch: 2,
  rung: 'R2',
  markerWritten: true,
  pauseMap: [],
  stopped: interrupted.flatMap(({ dagId, runId, tasks }) =>
    tasks.map(({ taskId, mapIndex, state }) => ({ dagId, runId, taskId, mapIndex, state })),
  ),
  stoppedCount: 4,
  zeroReadAt: at(500),
  lastChangeAt: at(440),
  acknowledgedAt: at(521),
  waiver: null,
  lastError: null,
  unreachedSince: null,
  reopenedAt: null,
  startedAt: at(432),
  ...more,
});

const beforeWithdrawal = [
  did('Prepare the site', 3, 4, 'standby orders-b in eu-central-1 is AVAILABLE with 43 production DAGs, all paused'),
  did('Choose the snapshot', 5, 5.1, 'snapshot 000001-01K9ZQ0000000000000000000A of 2026-11-24T11:46:00Z'),
  waited('Import the snapshot', 6, 48, 49, 'imported terminal part: 18204 rows in 31.0 s'),
  did('Wait for approval', 50, 424, `approved by ${person} at 2026-11-24T12:07:02.000Z`, {
    claimedAt: at(423.9),
    progress: { waitingSince: at(50.2) },
  }),
  did('Judge again', 425, 430, `site a is ENV_DOWN: ${envDown.because.join('; ')}`, {
    output: { outcome: 'go', verdict: envDown },
  }),
  did('Withdraw the grant', 431, 431.2, `the grant of site a is withdrawn, epoch 2: site a is ENV_DOWN`, {
    output: { withdrawnAt: at(431.1), verdict: 'ENV_DOWN' },
  }),
];

const afterFence = (from: number): StepRecord[] => [
  did('Choose the last snapshot', from, from + 0.2, 'snapshot 000001-01K9ZQ0000000000000000000A'),
  waited('Import the rest', from + 1, from + 27, from + 28, 'imported unfinished part: 212 rows in 9.2 s', {
    interrupted,
    interruptedCount: interrupted.length,
  }),
  did('Give the grant', from + 29, from + 29.1, 'site b holds the grant, epoch 2'),
  waited('Promote the site', from + 30, from + 52, from + 53, '43 DAGs opened on site b', {
    nextRuns,
    nextRunsCount: nextRuns.length,
    leftPaused: [],
  }),
  did('Verify the site', from + 54, from + 95, 'site b stamps with epoch 2 and its DAGs are open', {
    claimedAt: at(from + 94.6),
    progress: { since: at(from + 54.3) },
  }),
  waited('Import the history', from + 96, from + 190, from + 191, 'imported history part: 981233 rows in 88.4 s'),
  did('Close the op', from + 192, from + 192.4, 'recovered on site b'),
];

const approval = {
  op: opId,
  epoch: 2,
  planHash: 'hash-of-the-plan',
  by: person,
  at: at(422),
  expiresAt: at(43_622),
};

/** Warm standby, approved by a person, fenced, recovered. */
export const recovered = (more: Partial<ReportRecords> = {}): ReportRecords => ({
  op: op({
    by: 'policy:prepare',
    reason: 'site a holds the grant and is ENV_DOWN; no heartbeat in 5 of the last 5 complete periods',
    phase: 'closed',
    outcome: 'recovered',
    beganAt: at(2),
    detectedAt: at(0),
    endedAt: at(715),
    snapshotId: snapshot().snapshotId,
  }),
  steps: [
    ...beforeWithdrawal,
    waited('Fence the losing site', 432, 521, 522, 'site a is fenced (R2): nothing active at two readings', {
      rung: 'R2',
      stopped: 4,
    }),
    ...afterFence(523),
  ],
  approval,
  fence: fence(),
  snapshots: [snapshot()],
  period: { epoch: 2, holder: 'b', since: at(552.1), until: null },
  site: null,
  config,
  ...more,
});

const waiver = { by: person, reason: 'eu-west-1 is gone for hours by AWS Health; orders cannot wait any longer' };

/** The Region is gone: nobody could fence the site, a person answered for it, two DAGs stayed paused. */
export const unfenced = (): ReportRecords => ({
  ...recovered(),
  steps: [
    ...beforeWithdrawal,
    did('Fence the losing site', 432, 740, `site a is not fenced (R0); waived by ${waiver.by}: ${waiver.reason}`, {
      claimedAt: at(739),
      output: { rung: 'R0', waiver },
    }),
    ...afterFence(741).map((one) =>
      one.state === 'Promote the site'
        ? { ...one, output: { ...one.output, leftPaused, leftPausedCount: leftPaused.length } }
        : one,
    ),
  ],
  fence: fence({
    rung: 'R0',
    markerWritten: false,
    stopped: [],
    stoppedCount: 0,
    acknowledgedAt: null,
    unreachedSince: at(436),
    waiver,
    lastError: 'SiteUnreachableError: connect ETIMEDOUT after 10 s',
  }),
  op: { ...recovered().op, endedAt: at(934) },
  period: { epoch: 2, holder: 'b', since: at(770.1), until: null },
  snapshots: [
    snapshot(),
    snapshot({
      snapshotId: '000001-01k9zq0000000000000000000b',
      snapshotAt: at(-120),
      invalid: 'ObjectCorruptError: object dag_run/000.copy: sha256 found 9f2c…, expected 77ab…',
    }),
  ],
});

const leftPaused = [
  { dagId: 'features_daily', why: '312 catch-up runs, the budget is 100' },
  { dagId: 'partner_upload', why: 'its code on this site differs from the code that ran' },
];

/** Withdrawn, fenced, and then the import failed: no site runs production until a person acts. */
export const held = (): ReportRecords => ({
  ...recovered(),
  op: {
    ...recovered().op,
    phase: 'withdrawn',
    outcome: null,
    endedAt: null,
    attempt: 2,
    needs:
      'HelperFailedError: lifeboat_import run lb-t4v6x-3-2 on site b ended failed and left no result; no site runs ' +
      `production: mend what the reason names, then lifeboat resume ${opId}`,
  },
  steps: [
    ...(recovered().steps.slice(0, 8) satisfies readonly StepRecord[]),
    step('Import the rest', {
      startedAt: at(524),
      claimedAt: at(561),
      endedAt: at(562),
      attempt: 2,
      status: 'failed',
      output: null,
      progress: { startedAt: at(525) },
      error: {
        name: 'HelperFailedError',
        message: 'lifeboat_import run lb-t4v6x-3-2 on site b ended failed and left no result: read its task log there',
      },
    }),
    did('Hold for a person', 563, 564, 'HelperFailedError', { output: { outcome: 'held', phase: 'withdrawn' } }),
  ],
  period: null,
});

/** The site came back before anybody approved. */
export const stoodDown = (): ReportRecords => ({
  ...recovered(),
  op: { ...recovered().op, phase: 'stood-down', outcome: 'stood-down', endedAt: at(212) },
  steps: [
    ...beforeWithdrawal.slice(0, 3),
    did('Wait for approval', 50, 210, 'site a is HEALTHY again before anybody approved: the canary is fresh', {
      claimedAt: at(209.8),
      progress: { waitingSince: at(50.2) },
      output: { outcome: 'expired' },
    }),
    did('Stand down', 211, 212, 'site a is HEALTHY again before anybody approved: the canary is fresh'),
  ],
  approval: null,
  fence: null,
  period: null,
});

/** No other site existed: it was created first, under the second name. */
export const recreated = (): ReportRecords => {
  const later = 1650;
  const shift = (instant: string) => new Date(Date.parse(instant) + later * 1000).toISOString();
  const passedOver = [{ environment: 'orders-b', why: 'orders-b in eu-central-1 is DELETING; another name is taken' }];
  const { op: record, steps, ...rest } = recovered();
  return {
    ...rest,
    op: { ...record, plan: { ...record.plan, strategy: 'backup-restore' }, endedAt: shift(record.endedAt ?? at(0)) },
    steps: steps.map((one) =>
      one.state === 'Prepare the site'
        ? {
            ...one,
            claimedAt: shift(at(3)),
            endedAt: shift(at(4)),
            progress: { waitingSince: at(3.2) },
            output: {
              outcome: 'done',
              because: 'standby orders-b-2 in eu-central-1 is AVAILABLE with 43 production DAGs, all paused',
              environment: 'orders-b-2',
              passedOver,
              notes: ['requirements.txt: version 8sK2 is not in the other bucket; its newest one, 1fQ7, is used'],
            },
          }
        : {
            ...one,
            startedAt: shift(one.startedAt),
            claimedAt: shift(one.claimedAt),
            endedAt: one.endedAt && shift(one.endedAt),
            output: one.state === 'Withdraw the grant' ? { ...one.output, withdrawnAt: shift(at(431.1)) } : one.output,
            progress: Object.fromEntries(
              Object.entries(one.progress).map(([key, value]) => [key, shift(String(value))]),
            ),
          },
    ),
    fence: fence({ startedAt: shift(at(432)), acknowledgedAt: shift(at(521)) }),
    period: { epoch: 2, holder: 'b', since: shift(at(552.1)), until: null },
  };
};

/** What a customer, or somebody who means harm, may have named their DAGs and said in their reasons. */
export const hostileText = `<script>window.hostile = 1</script>"'><img src=x onerror="window.hostile=1">\u0000\u202e</td></table>`;

export const hostile = (): ReportRecords => {
  const found = unfenced();
  const task = { taskId: hostileText, mapIndex: 0, state: hostileText, tryNumber: 1, action: hostileText };
  const outputs: Readonly<Record<string, object>> = {
    'Judge again': { verdict: { ...envDown, diagnosis: hostileText, because: [hostileText], health: hostileText } },
    'Import the rest': {
      interrupted: [{ ...run(hostileText, hostileText, task), runId: hostileText, logicalDate: hostileText }],
    },
    'Promote the site': {
      nextRuns: [{ dagId: hostileText, logicalDate: hostileText }],
      leftPaused: [{ dagId: hostileText, why: hostileText }],
    },
  };
  return {
    ...found,
    op: { ...found.op, by: hostileText, reason: hostileText, needs: hostileText, failure: hostileText },
    steps: found.steps.map((one) => ({
      ...one,
      output: { ...one.output, because: hostileText, ...outputs[one.state] },
    })),
    approval: { ...approval, by: hostileText },
    fence: fence({
      acknowledgedAt: null,
      lastError: hostileText,
      waiver: { by: hostileText, reason: hostileText },
      stopped: [{ dagId: hostileText, runId: hostileText, taskId: hostileText, mapIndex: 1, state: hostileText }],
    }),
  };
};

export const reportOf = (records: ReportRecords, seconds = 7200): OpReport =>
  createReport(records, new Date(at(seconds)));
