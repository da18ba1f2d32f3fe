import { describe, expect, it } from 'vitest';
import { namesOfSite, sandboxPair } from '../../../sandbox/pair.ts';

describe('the pair of the sandbox', () => {
  it('says with backup-restore how each site is created, in the network of its own Region', () => {
    const { strategy, sites } = sandboxPair('demo', { strategy: 'backup-restore' });
    expect(strategy).toBe('backup-restore');
    for (const side of ['a', 'b'] as const) {
      expect(sites[side].create?.airflowConfigurationOptions['smtp.smtp_host']).toContain(sites[side].region);
    }
    expect(sites.a.create?.subnetIds).not.toEqual(sites.b.create?.subnetIds);
  });

  it('creates nothing with a warm standby, which is the default', () => {
    const config = sandboxPair('demo');
    expect(config.strategy).toBe('warm-standby');
    expect(config.sites.b.create).toBeUndefined();
    expect(namesOfSite(config, 'b')).toEqual(['demo-b']);
  });

  it('knows every name that an environment of a site may get', () => {
    const config = sandboxPair('demo', { strategy: 'backup-restore' });
    expect(namesOfSite(config, 'b')).toEqual(['demo-b', 'demo-b-2', 'demo-b-3', 'demo-b-4', 'demo-b-5']);
  });
});
