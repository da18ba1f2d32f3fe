import { describe, expect, it } from 'vitest';
import { records } from '../../../lib/contracts/records.ts';
import { ControlTableMissingError } from '../../../lib/ports/control-table.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { at, op, opId, PairBench, step } from './fixture.ts';

describe('lifeboat approve', () => {
  it('sends the hash and the epoch of the plan that was shown', async () => {
    const bench = new PairBench().lostA().withOp(op(), [step('Import the snapshot')]);
    bench.answer = 'demo';
    expect(await bench.run('approve', opId, '--no-wait')).toBe(7);
    expect(bench.sent).toEqual([{ command: 'approve', op: opId, planHash: 'hash-of-the-plan', epoch: 2 }]);
    expect(bench.stderr).toContain('no site runs production until site a is proved to be stopped');
  });

  it('has nothing to approve once the grant is withdrawn', async () => {
    const bench = new PairBench().lostA().withOp(op({ phase: 'withdrawn' }));
    expect(await bench.run('approve', opId, '--yes', '--expect-epoch', '1')).toBe(3);
    expect(bench.sent).toEqual([]);
  });

  it('knows no op that is not in the table', async () => {
    const bench = new PairBench().adopted();
    expect(await bench.run('approve', opId)).toBe(2);
    expect(bench.stderr).toContain(`there is no op ${opId}`);
  });
});

describe('lifeboat resume', () => {
  it('takes the op up and gives the new execution time before it suspects it', async () => {
    const bench = new PairBench().lostA().withOp(op({ phase: 'withdrawn' }), [step('Withdraw the grant')]);
    bench.clock.advance(3600);
    bench.onSleep = () => bench.withOp(op({ phase: 'given-back', outcome: 'given-back', endedAt: at(3601) }));
    expect(await bench.run('resume', opId)).toBe(3);
    expect(bench.sent).toEqual([{ command: 'resume', op: opId }]);
    expect(bench.stdout).toContain('given-back');
  });
});

describe('lifeboat pause', () => {
  it('needs a length and a reason, because every pause ends by itself', async () => {
    const bench = new PairBench().adopted();
    expect(await bench.run('pause', '--for', '2h')).toBe(2);
    expect(await bench.run('pause', '--for', 'soon', '--reason', 'x')).toBe(2);
    expect(bench.stderr).toContain('--for: expected a length of time');
    expect(bench.sent).toEqual([]);
    expect(await bench.run('pause', '--for', '1h30m', '--reason', 'network change')).toBe(0);
    expect(await bench.run('pause', '--end')).toBe(0);
    expect(bench.sent).toEqual([{ command: 'pause', seconds: 5400, reason: 'network change' }, { command: 'unpause' }]);
  });
});

describe('lifeboat acknowledge, adopt', () => {
  it('acknowledges an op by its id', async () => {
    const bench = new PairBench().adopted();
    expect(await bench.run('acknowledge', opId.toUpperCase())).toBe(0);
    expect(bench.sent).toEqual([{ command: 'acknowledge', op: opId }]);
  });

  it('says what adoption did', async () => {
    const bench = new PairBench();
    expect(await bench.run('adopt', '--json')).toBe(0);
    expect(bench.document()).toEqual({ pair: 'demo', did: ['site a holds the grant, epoch 1'] });
  });
});

describe('lifeboat history', () => {
  it('lists ops, holders of the grant and audit, newest first', async () => {
    const bench = new PairBench().adopted();
    const older = '01k9aaaaaaaaaaaaaaaaaaaaaa';
    bench.table.seed(
      records.op(older),
      op({ op: older, phase: 'stood-down', outcome: 'stood-down', endedAt: at(-10) }),
    );
    bench.table.seed(records.op(opId), op());
    const entry = { at: at(0), actor: 'ada', op: opId, epoch: 2, detail: {} };
    bench.table.seed(records.audit('01a'), { ...entry, id: '01a', what: 'begin' });
    bench.table.seed(records.audit('01b'), { ...entry, id: '01b', what: 'approve' });
    expect(await bench.run('history')).toBe(0);
    const text = bench.stdout;
    expect(text.indexOf(opId)).toBeLessThan(text.indexOf(older));
    expect(text).toContain('stood-down in 20 s');
    expect(text).toContain('epoch 1  site a');
    expect(text.indexOf('approve')).toBeLessThan(text.indexOf('begin'));
    expect(await bench.run('history', '--limit', '1', '--json')).toBe(0);
    expect(bench.document()).toMatchObject({ ops: [{ op: opId }], audit: [{ id: '01b' }] });
  });
});

describe('lifeboat report', () => {
  it('prints the report of an op as one document', async () => {
    const bench = new PairBench().lostA().withOp(op(), [step('Prepare the site')]);
    expect(await bench.run('report', opId, '--json')).toBe(0);
    expect(bench.document()).toMatchObject({
      pair: 'demo',
      op: { id: opId, steps: [{ name: 'Prepare the site', seconds: 10 }] },
    });
  });
});

describe('the command line', () => {
  it.each([
    [['status', '--no-such-option'], "unknown option '--no-such-option'"],
    [['flyover'], "unknown command 'flyover'"],
    [[], 'a command is missing'],
    [['report'], "missing required argument 'op'"],
    [['report', 'not-an-id'], 'is not the id of an op'],
    [['failover'], "required option '--reason <text>' not specified"],
  ])('ends %j with 2, a cause and a fix', async (words, cause) => {
    const bench = new PairBench().adopted();
    expect(await bench.run(...words)).toBe(2);
    expect(bench.err).toHaveLength(2);
    expect(bench.err[0]).toContain(cause);
    expect(bench.err[1]).toMatch(/^Fix: lifeboat /);
    expect(bench.out).toEqual([]);
  });

  it('puts an error on stdout as the only document under --json', async () => {
    const bench = new PairBench().adopted();
    expect(await bench.run('report', '--json')).toBe(2);
    expect(bench.document()).toMatchObject({ error: { name: 'UsageError', exitCode: 2 } });
    expect(bench.err).toEqual([]);
  });

  it('names table, pair and Region of a pair that is not deployed, and ends with 4', async () => {
    const bench = new PairBench();
    const ask = { table: 'lifeboat-demo', pair: 'demo', region: 'eu-north-1' };
    bench.table.outage = new ControlTableMissingError(ask, null);
    expect(await bench.run('status')).toBe(4);
    expect(bench.stderr).toContain('pair demo has no control table: lifeboat-demo does not exist in eu-north-1');
    expect(bench.stderr).toContain('Fix: check pair, account and controllerRegion');
  });

  it('says its version and where the exit codes stand', async () => {
    const bench = new PairBench();
    expect(await bench.run('--version')).toBe(0);
    expect(bench.stdout.trim()).toBe(packageJson.version);
    expect(await bench.run('--help')).toBe(0);
    expect(bench.stdout).toMatch(/Exit codes: 0, 1, .*docs\/cli\.md/);
    expect(await bench.run('plan', '--help')).toBe(0);
    expect(bench.stdout).toContain('Examples:\n  lifeboat plan failover');
  });

  it('shows examples and exit codes in the help of every command', async () => {
    const bench = new PairBench();
    for (const words of [
      ['status'],
      ['plan', 'failover'],
      ['failover'],
      ['approve'],
      ['resume'],
      ['pause'],
      ['acknowledge'],
      ['history'],
      ['report'],
      ['adopt'],
    ]) {
      expect(await bench.run(...words, '--help')).toBe(0);
      expect(bench.stdout).toContain(`  lifeboat ${words.join(' ')}`);
      expect(bench.stdout).toContain('Exit codes:');
    }
  });
});
