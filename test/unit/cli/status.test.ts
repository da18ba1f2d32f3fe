import { describe, expect, it } from 'vitest';
import { records } from '../../../lib/contracts/records.ts';
import { at, config, control, grant, lost, op, opId, PairBench, step, verdict } from './fixture.ts';

describe('lifeboat status', () => {
  it('shows both sites with their verdicts and ends with the one next command, addressed to the same pair', async () => {
    const bench = new PairBench().adopted();
    expect(await bench.run('status')).toBe(0);
    expect(bench.stdout).toContain('SITE a    active   orders-a in eu-west-1');
    expect(bench.stdout).toContain('SITE b    standby   orders-b in eu-central-1');
    expect(bench.stdout).toContain('healthy (HEALTHY) since 2026-11-24 11:50:00Z (10 min ago)');
    expect(bench.stdout).toContain('verified; taken 2026-11-24 11:46:00Z (14 min ago)');
    expect(bench.out.at(-1)).toBe('  lifeboat plan failover --sandbox');
  });

  it('asks for a failover when the active site is down', async () => {
    const bench = new PairBench().lostA();
    expect(await bench.run('status')).toBe(6);
    expect(bench.stdout).toContain('no heartbeat in 3 of 5 periods');
    expect(bench.out.at(-1)).toBe('  lifeboat failover --reason "ENV_DOWN" --sandbox');
  });

  it('says that nobody watches when the verdict is older than three ticks', async () => {
    const bench = new PairBench().adopted();
    bench.clock.advance(181);
    expect(await bench.run('status')).toBe(6);
    expect(bench.stdout).toContain('stale: older than three ticks');
    expect(bench.stdout).toContain('runbooks/watch-not-running.md');
  });

  it('shows the running op with its steps and exits with 5', async () => {
    const bench = new PairBench().lostA().withOp(op({ phase: 'withdrawn' }), [step('Withdraw the grant')]);
    bench.table.seed(records.grant(), grant({ holder: 'none', epoch: 2 }));
    expect(await bench.run('status')).toBe(5);
    expect(bench.stdout).toContain(`OP        ${opId}   failover a -> b   withdrawn`);
    expect(bench.stdout).toContain('done    Withdraw the grant  10 s  it was done');
    expect(bench.stdout).toContain('SITE a    none');
    expect(bench.out.at(-1)).toBe(`  lifeboat report ${opId} --sandbox`);
  });

  it('names the approval that a prepared op waits for and exits with 10', async () => {
    const bench = new PairBench().lostA().withOp(op(), [step('Import the snapshot')]);
    expect(await bench.run('status')).toBe(10);
    expect(bench.out.at(-1)).toBe(`  lifeboat approve ${opId} --sandbox`);
  });

  it('names the action of a held op', async () => {
    const bench = new PairBench().lostA().withOp(op({ phase: 'given', needs: 'site b has no helper DAG' }));
    expect(await bench.run('status')).toBe(10);
    expect(bench.stdout).toContain('needs: site b has no helper DAG');
    expect(bench.out.at(-1)).toBe(`  lifeboat resume ${opId} --sandbox`);
  });

  it('suspects that the execution is gone when nothing moved for longer than a function can run', async () => {
    const bench = new PairBench().lostA().withOp(op({ phase: 'withdrawn' }), [step('Withdraw the grant')]);
    bench.clock.advance(900);
    expect(await bench.run('status')).toBe(10);
    expect(bench.out.at(-1)).toBe(`  lifeboat resume ${opId} --sandbox`);
  });

  it('shows how far the losing site was fenced, with the waiver', async () => {
    const bench = new PairBench().lostA();
    bench.table.seed(records.grant(), grant({ holder: 'b', epoch: 2 }));
    bench.table.seed(records.fence(2, 'a'), {
      op: opId,
      side: 'a',
      epoch: 2,
      rung: 'R0',
      markerWritten: false,
      pauseMap: null,
      stopped: [],
      stoppedCount: 0,
      unreachedSince: null,
      reopenedAt: null,
      zeroReadAt: null,
      lastChangeAt: null,
      acknowledgedAt: null,
      waiver: { by: 'ada', reason: 'the Region is gone' },
      lastError: 'time-out',
      startedAt: at(-30),
    });
    await bench.run('status');
    expect(bench.stdout).toContain('fence R0 of epoch 2, not acknowledged, waived by ada: the Region is gone');
    expect(bench.stdout).toContain('SITE a    none');
  });

  it('asks for the acknowledgement that an automatic op owes', async () => {
    const bench = new PairBench().adopted();
    bench.table.seed(records.control(), control({ acknowledgementOwed: opId }));
    expect(await bench.run('status')).toBe(6);
    expect(bench.out.at(-1)).toBe(`  lifeboat acknowledge ${opId} --sandbox`);
  });

  it('prints one document and nothing else under --json', async () => {
    const bench = new PairBench().adopted();
    bench.table.seed(records.verdict('b'), verdict('b', { diagnosis: 'UNCLEAR', health: 'unknown' }));
    expect(await bench.run('status', '--json')).toBe(0);
    expect(bench.document()).toMatchObject({
      pair: 'demo',
      grant: { holder: 'a', epoch: 1 },
      sites: { a: { role: 'active', verdict: { diagnosis: 'HEALTHY', stale: false } }, b: { role: 'standby' } },
      newestVerifiedSnapshot: { ageSeconds: 840 },
      next: { command: 'lifeboat plan failover --sandbox' },
    });
    expect(bench.err).toEqual([]);
  });

  it('says that a pair without a grant has to be adopted', async () => {
    const bench = new PairBench();
    expect(await bench.run('status')).toBe(4);
    expect(bench.stderr).toContain('Fix: lifeboat adopt');
  });

  it('looks at the site that holds the grant, not at a fixed one', async () => {
    const bench = new PairBench().adopted();
    bench.table.seed(records.grant(), grant({ holder: 'b', epoch: 2 }));
    bench.table.seed(records.verdict('b'), lost('b'));
    await bench.run('status');
    expect(bench.stdout).toContain('site b is down');
  });

  it('shows the worst heartbeat gap of each site beside the limit', async () => {
    const bench = new PairBench().adopted();
    const days = [{ day: '2026-11-20', seconds: 120, from: '2026-11-20T07:03:00.000Z' }];
    const gaps = { side: 'a' as const, since: at(-500_000), days, run: null, window: [], after: null };
    bench.table.seed(records.gap('a'), gaps);
    bench.table.seed(records.gap('b'), { ...gaps, side: 'b', days: [] });
    await bench.run('status');
    expect(bench.stdout).toContain(
      'worst heartbeat gap 30 d: 2 min (2026-11-20 07:03:00Z) / limit 3 min; looked at since 2026-11-18 17:06:40Z',
    );
    expect(bench.stdout).toContain('worst heartbeat gap 30 d: none / limit 3 min');
    await bench.run('status', '--json');
    expect(bench.document()).toMatchObject({
      sites: {
        a: { heartbeatGap: { worstSeconds: 120, worstFrom: '2026-11-20T07:03:00.000Z', limitSeconds: 180 } },
        b: { heartbeatGap: { worstSeconds: 0, worstFrom: null } },
      },
    });
  });
});

describe('lifeboat status in mode observe', () => {
  const observing = () => {
    const bench = new PairBench().adopted();
    bench.config = { ...config, mode: 'observe' };
    return bench;
  };
  const lastCounted = { since: at(-1200), at: at(-600), because: 'site a holds the grant and is ENV_DOWN' };

  it('says how often the controller would have acted, when last and why', async () => {
    const bench = observing();
    await bench.run('status');
    expect(bench.stdout).toContain('OBSERVED  would have acted 0 times');
    bench.table.seed(records.page(), { paged: [], because: 'x', counted: 2, lastCounted });
    expect(await bench.run('status')).toBe(0);
    expect(bench.stdout).toContain('would have acted 2 times, last at 2026-11-24 11:40:00Z (20 min ago)');
    expect(bench.stdout).toContain('  because site a holds the grant and is ENV_DOWN');
    await bench.run('status', '--json');
    expect(bench.document()).toMatchObject({ mode: 'observe', wouldHaveActed: { times: 2, last: lastCounted } });
  });

  it('goes on saying it when the mode was changed since', async () => {
    const bench = new PairBench().adopted();
    await bench.run('status');
    expect(bench.stdout).not.toContain('OBSERVED');
    bench.table.seed(records.page(), { paged: [], because: 'x', counted: 1, lastCounted });
    await bench.run('status');
    expect(bench.stdout).toContain('OBSERVED  would have acted once');
  });

  it('names no command that cannot be carried out, and sends none', async () => {
    const bench = observing();
    bench.table.seed(records.verdict('a'), lost('a'));
    expect(await bench.run('status')).toBe(6);
    expect(bench.out.at(-1)).toBe('  lifeboat plan failover --sandbox');
    expect(await bench.run('failover', '--reason', 'x', '--yes', '--expect-epoch', '1')).toBe(4);
    expect(bench.stderr).toContain('mode observe only watches');
    expect(await bench.run('pause', '--for', '1h', '--reason', 'x')).toBe(3);
    expect(bench.stderr).toContain('mode observe takes no commands');
    expect(bench.sent).toEqual([]);
  });
});
