import { describe, expect, it } from 'vitest';
import type { ReportRecords } from '../../../lib/report/report-records.ts';
import { fence, held, recovered, recreated, reportOf, stoodDown } from './fixture.ts';
import { at, op, opId, step } from './records.ts';

const stepOf = (records: ReportRecords, name: string, seconds?: number) =>
  reportOf(records, seconds).op.steps.find((one) => one.name === name);

describe('what a step waited for', () => {
  it('lies between the moment it remembered and its last look', () => {
    expect(stepOf(recovered(), 'Wait for approval')?.waited).toEqual({
      from: at(50.2),
      to: at(423.9),
      seconds: 373.7,
      forWhat: 'a person to approve',
    });
    expect(stepOf(recovered(), 'Import the rest')?.waited?.forWhat).toBe('lifeboat_import on site b');
    expect(stepOf(recreated(), 'Prepare the site')?.waited?.forWhat).toContain('environment of site b to be created');
  });

  it('is nothing in a step that looked once', () => {
    expect(stepOf(recovered(), 'Withdraw the grant')?.waited).toBeNull();
  });

  it('lasts until now in a step that waits, and from its first look when it remembered nothing', () => {
    const waiting = step('Wait for approval', {
      status: 'waiting',
      output: null,
      startedAt: at(10),
      claimedAt: at(25),
      endedAt: null,
    });
    const found = stepOf({ ...recovered(), op: op(), steps: [waiting] }, 'Wait for approval', 70);
    expect(found).toMatchObject({ outcome: 'waiting', waited: { from: at(10), to: null, seconds: 60 } });
  });

  it('does not begin before the step did: a resumed step remembers what an earlier attempt had waited from', () => {
    const resumed = step('Promote the site', {
      progress: { waitingSince: at(-500) },
      startedAt: at(10),
      claimedAt: at(30),
      endedAt: at(31),
    });
    expect(stepOf({ ...recovered(), steps: [resumed] }, 'Promote the site')?.waited).toMatchObject({
      from: at(10),
      seconds: 20,
    });
  });
});

describe('when production was down', () => {
  it('is from the detection to the grant, and comes back until the first proof', () => {
    const { production, downSeconds, withoutGrantSeconds } = reportOf(recovered()).timeline;
    expect(production).toEqual([
      { state: 'silent', site: 'a', from: at(-190), to: at(0) },
      { state: 'down', site: 'a', from: at(0), to: at(552.1) },
      { state: 'returning', site: 'b', from: at(552.1), to: at(618) },
      { state: 'running', site: 'b', from: at(618), to: null },
    ]);
    expect(downSeconds).toBe(618);
    expect(withoutGrantSeconds).toBe(121);
  });

  it('has no end while no site has the grant, and says how long the op stands still', () => {
    const { timeline } = reportOf(held());
    expect(timeline.production.at(-1)).toEqual({ state: 'down', site: 'a', from: at(0), to: null });
    expect(timeline.grant.at(-1)).toEqual({ holder: 'none', from: at(431.1), to: null });
    expect(timeline.downSeconds).toBeNull();
    expect(timeline.held).toEqual([{ from: at(564), to: null }]);
  });

  it('is only suspected by an op that stood down', () => {
    const { timeline } = reportOf(stoodDown());
    expect(timeline.production).toEqual([{ state: 'suspected', site: 'a', from: at(0), to: at(212) }]);
    expect(timeline.grant).toEqual([{ holder: 'a', from: null, to: null }]);
  });

  it('ends at the losing site when that has its grant back', () => {
    const { op: record, steps, ...rest } = held();
    const back = step('Give back', { startedAt: at(600), claimedAt: at(640), endedAt: at(650) });
    const { timeline } = reportOf({
      ...rest,
      op: { ...record, needs: null, phase: 'given-back', outcome: 'given-back', endedAt: at(650) },
      steps: [...steps, back],
      period: { epoch: 2, holder: 'a', since: at(601), until: null },
    });
    expect(timeline.production.at(-1)).toEqual({ state: 'running', site: 'a', from: at(650), to: null });
    expect(timeline.held).toEqual([{ from: at(564), to: at(600) }]);
    expect(timeline.moments.map(({ what }) => what)).toContain('Grant given back to site a');
  });
});

describe('moments', () => {
  it('are in the order of time and name who did what', () => {
    const { moments } = reportOf({ ...recovered(), fence: fence({ reopenedAt: at(690) }) }).timeline;
    expect(moments.map(({ at: when }) => when)).toEqual(moments.map(({ at: when }) => when).toSorted());
    expect(moments.map(({ what }) => what)).toEqual([
      'Last sign of life of site a',
      'Site a judged lost',
      'Op began',
      expect.stringMatching(/^Approved by .*ada\.lovelace/),
      'Grant withdrawn from site a',
      'Site a proved to be stopped',
      'Grant given to site b',
      'DAGs opened',
      'First proof that site b runs production',
      'Production found at work behind the fence of site a',
      'Op ended: recovered',
    ]);
  });
});

describe('the environment that was created', () => {
  it('is told from the journal, names passed over and notes included', () => {
    expect(reportOf(recreated()).created).toMatchObject({
      environment: 'orders-b-2',
      state: null,
      passedOver: [{ environment: 'orders-b' }],
      notes: [expect.stringContaining('requirements.txt')],
    });
  });

  it('is told from the record of the site while that is of this op, and names the site', () => {
    const site = {
      side: 'b' as const,
      region: 'eu-central-1',
      keptBecause: null,
      environment: 'orders-b-3',
      state: 'in-use' as const,
      op: opId,
      requestSha256: 'f'.repeat(64),
      passedOver: [],
      failedAt: null,
      askedAt: at(5),
    };
    const report = reportOf({ ...recreated(), site });
    expect(report.created).toMatchObject({ environment: 'orders-b-3', state: 'in-use', askedAt: at(5) });
    expect(report.sites.b.environment).toBe('orders-b-3');
    const others = reportOf({ ...recreated(), site: { ...site, op: '01k9aaaaaaaaaaaaaaaaaaaaaa' } });
    expect(others.created?.environment).toBe('orders-b-2');
  });

  it('is not known of a warm standby, and of a journal that holds other things than expected', () => {
    expect(reportOf(recovered()).created).toBeNull();
    const odd = step('Prepare the site', {
      output: { outcome: 'done', because: 'ready', environment: 7, passedOver: 'x' },
    });
    expect(reportOf({ ...recreated(), steps: [odd] }).created).toMatchObject({
      environment: null,
      passedOver: [],
      notes: [],
    });
  });
});
