import { describe, expect, it } from 'vitest';
import { boundOf, changedSince } from '../../../lib/core/bound.ts';
import { backupRestore, pairConfig, siteConfig } from '../../support/pair-config.ts';

describe('what an op is bound to', () => {
  const bound = boundOf(pairConfig());

  it('is unchanged by times, mode and other settings', () => {
    const later = pairConfig({
      mode: 'observe',
      historyDays: 7,
      timing: { pollSeconds: 1 },
      notifyEmails: ['a@b.example'],
    });
    expect(changedSince(bound, later)).toEqual([]);
  });

  it.each([
    [
      'sites.b.environment',
      { sites: { a: siteConfig('eu-west-1', 'demo-a'), b: siteConfig('eu-central-1', 'other') } },
    ],
    ['sites.a.region', { sites: { a: siteConfig('eu-west-2', 'demo-a'), b: siteConfig('eu-central-1', 'demo-b') } }],
    ['controllerRegion', { controllerRegion: 'us-east-1' }],
    ['strategy', backupRestore],
  ])('is named by the field that changed: %s', (field, change) => {
    expect(changedSince(bound, pairConfig(change)).join('\n')).toMatch(
      new RegExp(`^${field}: the op began with .*, the`, 'm'),
    );
  });
});
