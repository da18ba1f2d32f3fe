import { describe, expect, it } from 'vitest';
import { judge } from '../../../lib/core/judge.ts';
import {
  blank,
  cutOffLooks,
  judgeInput,
  lostLooks,
  observe,
  regions,
  seen,
  stamp,
} from '../../support/core-fixtures.ts';

const stale = judge(judgeInput(seen({ canary: ['alive', stamp(600)] })));

describe('vantages', () => {
  it("in the site's own Region do not count", () => {
    const verdict = judge(judgeInput(seen(cutOffLooks, [regions.controller, regions.a]), { previous: stale }));
    expect(verdict.diagnosis).toBe('PARTITION_SUSPECTED');
  });

  it('whose own checks are not alive do not count', () => {
    const observations = [
      ...seen(cutOffLooks, [regions.controller]),
      ...seen({ ...cutOffLooks, self: ['unreadable'] }, [regions.b]),
    ];
    expect(judge(judgeInput(observations, { previous: stale })).diagnosis).toBe('PARTITION_SUSPECTED');
  });

  it('stay well by a check that worked beside one that could not be read', () => {
    const observations = [...seen(), observe('self', regions.controller, 'unreadable')];
    expect(judge(judgeInput(observations)).diagnosis).toBe('HEALTHY');
  });

  it('without any check of their own do not count', () => {
    const observations = seen(lostLooks).filter(({ signal }) => signal !== 'self');
    expect(judge(judgeInput(observations)).diagnosis).toBe('OBSERVER_FAULT');
  });

  it("leave none when the controller stands in the site's own Region and nobody else looked", () => {
    const verdict = judge(judgeInput(seen(lostLooks, [regions.a]), { controllerRegion: regions.a }));
    expect(verdict.diagnosis).toBe('OBSERVER_FAULT');
    expect(verdict.because[0]).toContain('no vantage is left that counts');
  });

  it('speak only for the site they looked at', () => {
    const ofTheOther = seen(lostLooks).map((observation) => ({ ...observation, site: 'b' as const }));
    const verdict = judge(judgeInput([...seen(), ...ofTheOther]));
    expect(verdict.diagnosis).toBe('HEALTHY');
    expect(verdict.observations.every(({ site }) => site === 'a')).toBe(true);
  });

  it('that differ are read in favour of the site', () => {
    const observations = [...seen(lostLooks), observe('airflow', regions.b, 'alive')].filter(
      ({ signal }) => signal !== 'containers',
    );
    expect(judge(judgeInput(observations)).diagnosis).toBe('UNCLEAR');
  });

  it('whose probe had no word for the periods it read are judged by those periods', () => {
    const blankSeries = ['unreadable', { periods: blank() }] as const;
    const looks = { ...lostLooks, heartbeat: blankSeries, containers: blankSeries, environment: ['dead'] as const };
    expect(judge(judgeInput(seen(looks))).diagnosis).toBe('ENV_DOWN');
    expect(judge(judgeInput(seen({ ...cutOffLooks, heartbeat: blankSeries }), { previous: stale })).diagnosis).toBe(
      'UNCLEAR',
    );
  });

  it('that still reach the Region outvote any number that do not', () => {
    const third = seen({ canary: ['unreachable'] }, ['us-east-1']);
    const verdict = judge(judgeInput([...seen(cutOffLooks), ...third], { previous: stale }));
    expect(verdict.health).not.toBe('down');
    const reachesOnlyMwaa = seen({ ...cutOffLooks, environment: ['alive'] }, ['us-east-1']);
    expect(judge(judgeInput([...seen(cutOffLooks), ...reachesOnlyMwaa], { previous: stale })).diagnosis).toBe(
      'PARTITION_SUSPECTED',
    );
  });

  it('call a Region unreachable only when all of its services are', () => {
    const half = { services: { s3: 'unreachable', sqs: 'unreadable', kms: 'unreachable' } } as const;
    const observations = seen({ ...cutOffLooks, region: ['unreachable', half] });
    expect(judge(judgeInput(observations, { previous: stale })).diagnosis).toBe('UNCLEAR');
  });
});
