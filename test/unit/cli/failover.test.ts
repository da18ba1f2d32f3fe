import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { records } from '../../../lib/contracts/records.ts';
import { at, control, grant, op, opId, PairBench, snapshot, step, verdict } from './fixture.ts';

const begun = () => ({ ok: true as const, op: opId, message: `op ${opId} began` });

describe('lifeboat plan failover', () => {
  it('names target, snapshot and its age, fence, what moves it and the steps, and sends nothing', async () => {
    const bench = new PairBench().lostA();
    const before = bench.table.dump();
    expect(await bench.run('plan', 'failover')).toBe(0);
    expect(bench.stdout).toContain('FAILOVER of demo: site a -> site b, grant epoch 1 -> 2');
    expect(bench.stdout).toContain(`Snapshot: ${snapshot().snapshotId}, 14 min old`);
    expect(bench.stdout).toContain('Least fence: R2');
    expect(bench.stdout).toContain('Moves on: ENV_DOWN, REGION_UNREACHABLE');
    expect(bench.stdout).toContain('Prepare the site > Choose the snapshot');
    expect(bench.sent).toEqual([]);
    expect(bench.table.dump()).toEqual(before);
  });

  it('lists what would be interrupted from the manifest, and trusts it only by its hash', async () => {
    const bench = new PairBench().lostA();
    const manifest = JSON.stringify({
      formatVersion: 1,
      kind: 'snapshot',
      snapshotId: snapshot().snapshotId,
      pair: 'demo',
      site: 'a',
      epoch: 1,
      environment: { name: 'orders-a', airflowVersion: '2.10.3', alembicHeads: ['5f2621c13b39'] },
      snapshotAt: at(-840),
      sealedAt: at(-830),
      objects: [],
      dags: [],
      inFlight: [{ dagId: 'orders', runId: 'scheduled__1', tasks: [{ taskId: 'load', state: 'running' }] }],
    });
    await bench.buckets.b.write(snapshot().manifestKey, manifest);
    await bench.run('plan', 'failover');
    expect(bench.stdout).toContain('Interrupted runs: not known');
    const manifestSha256 = createHash('sha256').update(manifest).digest('hex');
    bench.table.seed(records.snapshot(snapshot().snapshotId), snapshot({ manifestSha256 }));
    await bench.run('plan', 'failover');
    expect(bench.stdout).toContain('orders scheduled__1: load (running)');
  });

  it('says which snapshots are passed over and why, and exits with 8 when none is left', async () => {
    const bench = new PairBench().lostA();
    bench.table.seed(records.snapshot(snapshot().snapshotId), snapshot({ invalid: 'ObjectCorruptError: dag_run' }));
    expect(await bench.run('plan', 'failover')).toBe(8);
    expect(bench.stdout).toContain('invalid: ObjectCorruptError: dag_run');
  });

  it('exits with 4 when the standby is not healthy', async () => {
    const bench = new PairBench().lostA();
    bench.table.seed(records.verdict('b'), verdict('b', { diagnosis: 'WORKERS_STUCK', health: 'degraded' }));
    expect(await bench.run('plan', 'failover')).toBe(4);
    expect(bench.stdout).toContain('NOT NOW: site b is degraded (WORKERS_STUCK)');
  });

  it('asks for --accept-unfenced when the losing site cannot be fenced', async () => {
    const bench = new PairBench().lostA();
    bench.table.seed(
      records.verdict('a'),
      verdict('a', { diagnosis: 'REGION_UNREACHABLE', health: 'down', observations: [] }),
    );
    expect(await bench.run('plan', 'failover')).toBe(4);
    expect(bench.stdout).toContain('add --accept-unfenced');
    expect(await bench.run('plan', 'failover', '--accept-unfenced')).toBe(0);
    expect(bench.stdout).toContain('both sites at once');
  });

  it('is a quiet look on a healthy day', async () => {
    const bench = new PairBench().adopted();
    expect(await bench.run('plan', 'failover', '--json')).toBe(0);
    expect(bench.document()).toMatchObject({ blockers: [{ kind: 'healthy' }] });
  });
});

describe('lifeboat failover', () => {
  it('shows the plan, asks for the name of the pair, begins with what was shown and follows to the end', async () => {
    const bench = new PairBench().lostA();
    bench.answer = 'demo';
    bench.reply = () => {
      bench.withOp(op(), [step('Prepare the site')]);
      return begun();
    };
    bench.onSleep = () => {
      bench.withOp(op({ phase: 'closed', outcome: 'recovered', endedAt: at(5) }), [
        step('Import the history'),
        step('Close the op', { startedAt: at(1), endedAt: at(5) }),
      ]);
      bench.table.seed(records.fence(2, 'a'), {
        op: opId,
        side: 'a',
        epoch: 2,
        rung: 'R2',
        markerWritten: true,
        pauseMap: [],
        stopped: [],
        stoppedCount: 0,
        unreachedSince: null,
        reopenedAt: null,
        zeroReadAt: at(1),
        lastChangeAt: null,
        acknowledgedAt: at(2),
        waiver: null,
        lastError: null,
        startedAt: at(0),
      });
    };
    expect(await bench.run('failover', '--reason', 'eu-west-1 is down')).toBe(0);
    expect(bench.sent).toEqual([
      {
        command: 'begin',
        kind: 'failover',
        target: 'b',
        reason: 'eu-west-1 is down',
        expectEpoch: 1,
        acceptUnfenced: false,
        diagnoses: ['ENV_DOWN', 'REGION_UNREACHABLE'],
      },
    ]);
    expect(bench.stderr).toContain('FAILOVER of demo');
    expect(bench.stderr).toContain('done    Prepare the site');
    expect(bench.stderr).toContain('done    Close the op  4 s');
    expect(bench.out.at(-1)).toBe(`op ${opId} recovered: production runs on site b`);
  });

  it('ends with 6 when the losing site was not fenced', async () => {
    const bench = new PairBench().lostA();
    bench.answer = 'demo';
    bench.reply = () => {
      bench.withOp(op({ phase: 'closed', outcome: 'recovered', endedAt: at(0) }), [step('Import the history')]);
      return begun();
    };
    expect(await bench.run('failover', '--reason', 'x', '--accept-unfenced')).toBe(6);
    expect(bench.sent[0]).toMatchObject({ acceptUnfenced: true });
    expect(bench.stdout).toContain('site a is not fenced: production may still run there');
  });

  it.each([
    ['another name', 'orders', 'not confirmed; nothing was done'],
    ['nobody there', null, 'nobody is here to confirm'],
  ])('does nothing on %s', async (_, answer, sentence) => {
    const bench = new PairBench().lostA();
    bench.answer = answer;
    expect(await bench.run('failover', '--reason', 'x')).toBe(2);
    expect(bench.stderr).toContain(sentence);
    expect(bench.sent).toEqual([]);
  });

  it('takes --yes only together with the epoch that the person saw', async () => {
    const bench = new PairBench().lostA();
    expect(await bench.run('failover', '--reason', 'x', '--yes')).toBe(2);
    expect(bench.stderr).toContain('add --expect-epoch');
    expect(await bench.run('failover', '--reason', 'x', '--yes', '--expect-epoch', '7')).toBe(3);
    expect(bench.stderr).toContain('expected grant epoch 7, found 1');
    expect(bench.sent).toEqual([]);
  });

  it('refuses with 9 while the active site is healthy', async () => {
    const bench = new PairBench().adopted();
    expect(await bench.run('failover', '--reason', 'x', '--yes', '--expect-epoch', '1')).toBe(9);
    expect(bench.sent).toEqual([]);
  });

  it('refuses with 5 while an op is open', async () => {
    const bench = new PairBench().lostA().withOp(op());
    expect(await bench.run('failover', '--reason', 'x', '--yes', '--expect-epoch', '1', '--json')).toBe(5);
    expect(bench.document()).toMatchObject({
      error: { name: 'OpInProgressError', exitCode: 5, fix: `lifeboat report ${opId} --sandbox` },
    });
  });

  it('names the diagnosis that the person sees, so that their word covers it', async () => {
    const bench = new PairBench().lostA();
    bench.table.seed(records.verdict('a'), verdict('a', { diagnosis: 'WORKERS_STUCK', health: 'degraded' }));
    bench.reply = begun;
    bench.withOp(op({ phase: 'stood-down', outcome: 'stood-down', endedAt: at(0) }));
    expect(await bench.run('failover', '--reason', 'x', '--yes', '--expect-epoch', '1')).toBe(3);
    expect(bench.sent[0]).toMatchObject({ diagnoses: ['ENV_DOWN', 'REGION_UNREACHABLE', 'WORKERS_STUCK'] });
    expect(bench.stdout).toContain('ended without moving production: stood-down');
  });

  it('stops watching on Ctrl-C, says that the op continues and exits with 7', async () => {
    const bench = new PairBench().lostA();
    bench.reply = () => {
      bench.withOp(op());
      return begun();
    };
    bench.onSleep = () => {
      bench.stopped = true;
    };
    expect(await bench.run('failover', '--reason', 'x', '--yes', '--expect-epoch', '1')).toBe(7);
    expect(bench.out.at(-1)).toContain(`op ${opId} continues`);
  });

  it('goes on watching through a table that cannot be read for a while', async () => {
    const bench = new PairBench().lostA();
    bench.reply = () => {
      bench.withOp(op());
      return begun();
    };
    let sleeps = 0;
    bench.onSleep = () => {
      sleeps += 1;
      bench.table.outage = sleeps < 4 ? new Error('no route') : null;
      if (sleeps === 4) bench.withOp(op({ phase: 'given', needs: 'mend site b' }));
    };
    expect(await bench.run('failover', '--reason', 'x', '--yes', '--expect-epoch', '1')).toBe(10);
    expect(bench.err.filter((line) => line.includes('cannot read the journal now'))).toHaveLength(1);
    expect(bench.out.at(-1)).toContain('mend site b');
  });

  it('shows the rule by which the controller refused', async () => {
    const bench = new PairBench().lostA();
    const error = { name: 'RefusedByRuleError', message: 'the pair is paused', rule: 'paused' };
    bench.reply = () => ({ ok: false, error });
    expect(await bench.run('failover', '--reason', 'x', '--yes', '--expect-epoch', '1')).toBe(3);
    expect(bench.stderr).toContain('RefusedByRuleError: the pair is paused (rule paused)');
    expect(bench.stderr).toContain('Fix: lifeboat pause --end');
  });

  it('does not begin while the pair is paused', async () => {
    const bench = new PairBench().lostA();
    bench.table.seed(records.control(), control({ pausedUntil: at(600), pauseReason: 'network change' }));
    expect(await bench.run('failover', '--reason', 'x', '--yes', '--expect-epoch', '1')).toBe(4);
    expect(bench.sent).toEqual([]);
  });

  it('does not offer to take production from a site that does not hold the grant', async () => {
    const bench = new PairBench().lostA();
    bench.table.seed(records.grant(), grant({ holder: 'b', epoch: 2 }));
    expect(await bench.run('failover', '--target', 'b', '--reason', 'x', '--yes', '--expect-epoch', '2')).toBe(4);
    expect(bench.stderr).toContain('does not hold the grant');
  });
});
