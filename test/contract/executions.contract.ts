import { expect, it } from 'vitest';
import type { Executions } from '../../lib/ports/executions.ts';

/** Executions of a machine that goes on running until `finish` ends it as ABORTED. */
export type ExecutionsCase = {
  executions: Executions;
  machine: string;
  finish: (name: string) => Promise<void>;
};

/** What everything that starts executions does; `make` gives a machine without executions at each call. */
export function executionsContract(make: () => Promise<ExecutionsCase>): void {
  it('calls an execution that was never started absent', async () => {
    const { executions, machine } = await make();
    expect(await executions.status(machine, 'op-1')).toBe('ABSENT');
  });

  it('starts an execution once, whatever the input of the second start', async () => {
    const { executions, machine } = await make();
    expect(await executions.start(machine, 'op-1', { pair: 'demo' })).toBe('started');
    expect(await executions.status(machine, 'op-1')).toBe('RUNNING');
    expect(await executions.start(machine, 'op-1', { pair: 'demo' })).toBe('existed');
    expect(await executions.start(machine, 'op-1', { pair: 'other' })).toBe('existed');
    expect(await executions.status(machine, 'op-2')).toBe('ABSENT');
  });

  it('does not start an execution again that has ended', async () => {
    const { executions, machine, finish } = await make();
    await executions.start(machine, 'op-1', { pair: 'demo' });
    await finish('op-1');
    expect(await executions.status(machine, 'op-1')).toBe('ABORTED');
    expect(await executions.start(machine, 'op-1', { pair: 'demo' })).toBe('existed');
  });

  it('starts another attempt under its own name', async () => {
    const { executions, machine, finish } = await make();
    await executions.start(machine, 'op-1', { pair: 'demo' });
    await finish('op-1');
    expect(await executions.start(machine, 'op-2', { pair: 'demo' })).toBe('started');
    expect(await executions.status(machine, 'op-2')).toBe('RUNNING');
  });
}
