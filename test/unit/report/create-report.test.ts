import { describe, expect, it } from 'vitest';
import type { FenceRecord } from '../../../lib/contracts/control.ts';
import { createReport } from '../../../lib/report/create-report.ts';
import { OpReport } from '../../../lib/report/op-report.ts';
import type { ReportRecords } from '../../../lib/report/report-records.ts';
import { reportLines } from '../../../lib/report/text.ts';
import { at, config, lost, op, opId, snapshot, step } from './records.ts';

const now = new Date(at(300));
const interrupted = {
  dagId: 'long_running',
  runId: 'scheduled__2026-11-24T11:00:00+00:00',
  runType: 'scheduled',
  logicalDate: '2026-11-24T11:00:00+00:00',
  action: 'failed',
  tasks: [{ taskId: 'crunch', mapIndex: -1, state: 'running', tryNumber: 1, action: 'set failed' }],
};
const airflowDead = {
  site: 'a' as const,
  signal: 'airflow' as const,
  vantage: 'eu-north-1',
  outcome: 'dead' as const,
  at: at(0),
  cause: 'the scheduler has not beaten for 90 s',
  evidence: {},
};
const fence = (more: Partial<FenceRecord> = {}): FenceRecord => ({
  op: opId,
  side: 'a',
  epoch: 2,
  rung: 'R2',
  markerWritten: true,
  pauseMap: [],
  stopped: [{ dagId: 'long_running', runId: interrupted.runId, taskId: 'crunch', mapIndex: -1, state: 'running' }],
  stoppedCount: 0,
  unreachedSince: null,
  reopenedAt: null,
  zeroReadAt: at(40),
  lastChangeAt: at(30),
  acknowledgedAt: at(50),
  waiver: null,
  lastError: null,
  startedAt: at(20),
  ...more,
});

const recovered = (more: Partial<ReportRecords> = {}): ReportRecords => ({
  op: op({ phase: 'closed', outcome: 'recovered', endedAt: at(120), snapshotId: snapshot().snapshotId }),
  steps: [
    step('Wait for approval', { startedAt: at(0), endedAt: at(10) }),
    step('Judge again', {
      output: { outcome: 'go', because: 'still down', verdict: { ...lost, observations: [airflowDead] } },
    }),
    step('Import the rest', { output: { outcome: 'done', because: '', interrupted: [interrupted, { odd: true }] } }),
    step('Promote the site', {
      startedAt: at(60),
      endedAt: at(80),
      output: {
        outcome: 'done',
        because: '4 DAGs opened',
        nextRuns: [
          { dagId: 'orders', logicalDate: at(100) },
          { dagId: 'consumer', logicalDate: null },
        ],
        leftPaused: [],
      },
    }),
    step('Import the history'),
  ],
  approval: null,
  fence: fence(),
  snapshots: [snapshot()],
  period: null,
  site: null,
  config,
  ...more,
});

describe('the report of an op', () => {
  it('has the shape that its schema promises', () => {
    const report = createReport(recovered(), now);
    expect(OpReport.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  });

  it('measures recovery time and recovery point from the detection, and leaves people out of the controller’s time', () => {
    const report = createReport(recovered(), now);
    expect(report.recoveryTimeSeconds).toBe(140);
    expect(report.recoveryPointSeconds).toBe(780);
    expect(report.controllerSeconds).toBe(100);
  });

  it('lists what was interrupted, what runs next and the verdict with its evidence', () => {
    const report = createReport(recovered(), now);
    expect(report.interrupted).toEqual([interrupted]);
    expect(report.nextRuns).toHaveLength(2);
    expect(report.verdicts).toMatchObject([
      { site: 'a', diagnosis: 'ENV_DOWN', observations: [{ signal: 'airflow' }] },
    ]);
    expect(report.warnings).toEqual([]);
  });

  it('reminds of external jobs even after an acknowledged fence', () => {
    expect(createReport(recovered(), now).mayStillRun).toEqual([expect.stringContaining('outside Airflow')]);
  });

  it('says what may still run on a site that was not fenced, with the waiver', () => {
    const waived = fence({
      rung: 'R0',
      acknowledgedAt: null,
      stopped: [],
      waiver: { by: 'ada', reason: 'Region gone' },
    });
    const report = createReport(recovered({ fence: waived }), now);
    expect(report.mayStillRun.join('\n')).toContain('not proved to be stopped (rung R0)');
    expect(report.mayStillRun.join('\n')).toContain('crunch was running at the recovery point');
    expect(report.warnings).toContain('site a was not fenced; waived by ada: Region gone');
  });

  it('names the newer snapshot that was refused', () => {
    const corrupt = snapshot({
      snapshotId: '000001-newer',
      snapshotAt: at(-100),
      invalid: 'ObjectCorruptError: dag_run',
    });
    const report = createReport(recovered({ snapshots: [snapshot(), corrupt] }), now);
    expect(report.recoveryPoint?.passedOver).toEqual([
      { snapshotId: '000001-newer', why: 'ObjectCorruptError: dag_run' },
    ]);
    expect(report.warnings).toContain('snapshot 000001-newer was refused: ObjectCorruptError: dag_run');
  });

  it('warns of DAGs that were left paused and of missing history', () => {
    const steps = [
      step('Promote the site', {
        output: { outcome: 'done', because: '', leftPaused: [{ dagId: 'orders', why: 'import error' }] },
      }),
    ];
    const report = createReport(recovered({ steps }), now);
    expect(report.warnings).toEqual(['orders was left paused: import error', 'the history is not imported']);
  });

  it('tells of an op that still runs, and of one that never touched production', () => {
    const running = createReport(
      {
        ...recovered(),
        op: op(),
        steps: [step('Prepare the site', { status: 'claimed', output: null, endedAt: null })],
        fence: null,
        snapshots: [],
      },
      now,
    );
    expect(running.op.steps).toMatchObject([{ outcome: 'running', seconds: null }]);
    expect(running).toMatchObject({
      recoveryTimeSeconds: null,
      recoveryPointSeconds: null,
      mayStillRun: [],
      warnings: [],
    });
  });

  it('keeps the error of a failed step', () => {
    const failed = step('Fence the losing site', {
      status: 'failed',
      output: null,
      error: { name: 'SiteUnreachableError', message: 'time-out' },
    });
    expect(createReport(recovered({ steps: [failed] }), now).op.steps).toMatchObject([
      { outcome: 'failed', because: 'SiteUnreachableError: time-out' },
    ]);
  });
});

describe('the report as text', () => {
  it('has every part under its own heading, also the empty ones', () => {
    const lines = reportLines(createReport(recovered(), now));
    const text = lines.join('\n');
    for (const heading of [
      'MOMENTS',
      'STEPS',
      'VERDICT',
      'RECOVERY POINT',
      'FENCE',
      'INTERRUPTED RUNS',
      'NEXT RUNS',
      'LEFT PAUSED',
      'MAY STILL BE RUNNING',
      'WARNINGS',
    ]) {
      expect(lines).toContain(heading);
    }
    expect(text).toContain('recovery time (detection to promotion; no target): 2 min 20 s');
    expect(text).toContain('recovery point (snapshot to detection; limit 1 d): 13 min');
    expect(text).toContain('R2, acknowledged 2026-11-24 12:00:50Z');
    expect(text).toContain('crunch was running: set failed');
    expect(text).toContain('consumer  when its datasets or a person start it');
    expect(text).toContain('LEFT PAUSED\n  none');
  });
});
