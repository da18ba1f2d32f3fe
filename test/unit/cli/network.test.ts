import { describe, expect, it } from 'vitest';
import { addressed } from '../../../lib/cli/addressed.ts';
import { addressingOf } from '../../../lib/cli/cli.ts';
import { records } from '../../../lib/contracts/records.ts';
import { at, control, op, opId, PairBench, step } from './fixture.ts';

/** What an SDK client throws when it has no way to its service. */
const noRoute = (code: string, message = `@smithy/node-http-handler: ${code}`) =>
  Object.assign(new Error(message), { code });
const noAnswer = Object.assign(new Error('@smithy/node-http-handler - no connection within 5000 ms'), {
  name: 'TimeoutError',
});

describe('a network that dies after the command was sent', () => {
  it.each([
    ['failover', ['failover', '--reason', 'x', '--yes', '--expect-epoch', '1']],
    ['approve', ['approve', opId, '--yes', '--expect-epoch', '1']],
    ['resume', ['resume', opId]],
  ])('stops the watching of %s alone', async (verb, words) => {
    const bench = new PairBench().lostA();
    if (verb !== 'failover') bench.withOp(op(), [step('Import the snapshot')]);
    bench.reply = () => {
      bench.table.outage = noRoute('ENOTFOUND');
      return { ok: true, op: opId, message: 'accepted' };
    };
    expect(await bench.run(...words)).toBe(7);
    expect(bench.out).toEqual([`stopped waiting; op ${opId} continues. Look again: lifeboat report ${opId} --sandbox`]);
    expect(bench.stderr).not.toContain('nothing was changed');
  });

  it('does not turn the end of an op into an error when its report cannot be read', async () => {
    const ended = op({ phase: 'closed', outcome: 'recovered', endedAt: at(0) });
    const bench = new PairBench().lostA().withOp(ended, [step('Close the op')]);
    bench.screen.progress = (text) => {
      if (text.includes('Close the op')) bench.table.outage = noAnswer;
    };
    expect(await bench.run('resume', opId)).toBe(7);
    expect(bench.stdout).toContain('stopped waiting');
  });
});

describe('a network that is dead from the beginning', () => {
  it.each([
    [noRoute('ENOTFOUND'), 'its name does not resolve'],
    [noRoute('ECONNREFUSED'), 'the connection was refused'],
    [noRoute('ENETUNREACH'), 'there is no route to it'],
    [noAnswer, 'no answer in time'],
    [Object.assign(new Error('x'), { $metadata: { httpStatusCode: 503 } }), 'it answered with an error of its own'],
  ])('is named with service and Region (%s)', async (outage, why) => {
    const bench = new PairBench().adopted();
    bench.table.outage = outage;
    expect(await bench.run('status')).toBe(1);
    expect(bench.err[0]).toBe(`ControllerUnreachableError: cannot reach DynamoDB in eu-north-1: ${why}`);
    expect(bench.err[1]).toContain('check the network, the Region');
    expect(bench.stderr).not.toContain('smithy');
  });

  it('leaves nothing changed behind only where a command cannot change anything', async () => {
    const bench = new PairBench().adopted();
    bench.table.outage = noAnswer;
    for (const words of [['status'], ['plan', 'failover'], ['history'], ['report', opId]]) {
      expect(await bench.run(...words)).toBe(1);
      expect(bench.stderr).toContain('nothing was changed by this command');
    }
    expect(await bench.run('failover', '--reason', 'x')).toBe(1);
    expect(bench.stderr).not.toContain('nothing was changed');
  });
});

describe('options', () => {
  it.each([
    [['failover', '--reason', 'x', '--yes']],
    [['approve', opId, '--yes']],
    [['plan', 'failover', '--accept-recovery-point', 'soon']],
    [['failover', '--reason', 'x', '--accept-recovery-point', 'soon']],
    [['history', '--limit', '0']],
  ])('%j are refused before AWS is asked', async (words) => {
    const bench = new PairBench();
    bench.table.outage = noAnswer;
    expect(await bench.run(...words)).toBe(2);
  });
});

describe('a suggested command', () => {
  it('reaches the same pair from errors, results and status', async () => {
    const bench = new PairBench();
    expect(await bench.run('status')).toBe(4);
    expect(bench.stderr).toContain('Fix: lifeboat adopt --sandbox');
    bench.lostA().withOp(op({ phase: 'given', needs: 'mend site b' }));
    expect(await bench.run('resume', opId)).toBe(10);
    expect(bench.stdout).toContain(`lifeboat resume ${opId} --sandbox`);
    bench.adopted().table.seed(records.control(), control({ acknowledgementOwed: opId }));
    expect(await bench.run('status')).toBe(6);
    expect(bench.stdout).toContain(`read lifeboat report ${opId} --sandbox;`);
    expect(bench.stdout).toContain(`  lifeboat acknowledge ${opId} --sandbox`);
    expect(bench.stdout).not.toContain('--sandbox --sandbox');
  });

  it('repeats --config and --sandbox as they were given', () => {
    expect(addressingOf({ json: true, config: 'x.json', sandbox: false })).toBe(' --config x.json');
    expect(addressingOf({ json: true, config: 'my pair.json', sandbox: false })).toBe(' --config "my pair.json"');
    expect(addressingOf({ json: true, sandbox: 'two' })).toBe(' --sandbox two');
    expect(addressingOf({ json: true, sandbox: true })).toBe(' --sandbox');
    expect(addressingOf({ json: true, sandbox: false })).toBe('');
  });

  it('is addressed once, behind its operand', () => {
    const text = `see lifeboat report ${opId}, then lifeboat pause --end`;
    const once = `see lifeboat report ${opId} --config x.json, then lifeboat pause --end --config x.json`;
    expect(addressed(text, ' --config x.json')).toBe(once);
    expect(addressed(once, ' --config x.json')).toBe(once);
  });
});
