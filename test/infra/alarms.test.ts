import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Timing } from '../../lib/contracts/timing.ts';
import { alarms, periodSeconds } from '../../lib/infra/alarms.ts';
import { projectRoot } from '../../lib/infra/project-root.ts';

const sourcesBelow = (folder: string): string =>
  readdirSync(join(projectRoot, folder), { encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(projectRoot, folder, file), 'utf8'))
    .join('\n');

describe('an alarm', () => {
  it.each(alarms.map((alarm) => alarm.name))('has its page: runbooks/%s.md', (name) => {
    expect(existsSync(join(projectRoot, 'runbooks', `${name}.md`))).toBe(true);
  });

  it.each(alarms)('reads a metric that a step publishes: $name', ({ metric }) => {
    expect(sourcesBelow('lib/steps')).toContain(`${metric}:`);
  });

  it.each(alarms)('has a period that CloudWatch takes, no shorter than the time between two values: $name', (alarm) => {
    const timing = Timing.parse({});
    const every = alarm.publishedBy === 'watch' ? timing.tickSeconds : timing.recoveryPointSeconds;
    expect(periodSeconds(alarm, timing) % 60).toBe(0);
    expect(periodSeconds(alarm, timing)).toBeGreaterThanOrEqual(every);
    expect(periodSeconds(alarm, timing) * alarm.periods).toBeLessThanOrEqual(86_400);
  });

  it.each(['op-held', 'fence-not-acknowledged'])('tells of what waits for a person within a minute: %s', (name) => {
    const alarm = alarms.find((one) => one.name === name);
    expect(alarm && periodSeconds(alarm, Timing.parse({})) * alarm.periods).toBe(60);
  });

  it('goes off when the controller has stopped, not only when it complains', () => {
    expect(alarms.filter((alarm) => alarm.missing === 'breaching').map((alarm) => alarm.name)).toEqual([
      'snapshot-stale',
      'watch-not-running',
    ]);
  });
});
