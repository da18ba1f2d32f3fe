import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definitionFile, machines } from '../../lib/infra/definition.ts';
import type { Machine } from '../../lib/infra/functions.ts';
import type { Json } from '../support/asl-paths.ts';
import { scenarios } from '../support/asl-scenarios.ts';
import { type Definition, ExecutionStopped, walk } from '../support/asl-walker.ts';
import { startMotoExecutions } from '../support/moto-executions.ts';
import { scriptedFunctions } from '../support/scripted-functions.ts';

const definitionOf = (machine: Machine): Definition => JSON.parse(readFileSync(definitionFile(machine), 'utf8'));

const inputOf = (machine: Machine, pair: string): Json =>
  machine === 'failover' ? { pair, op: 'op', attempt: 1 } : { pair, tickAt: '2026-11-24T10:00:00Z' };

const parsedCause = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return text;
  }
};

describe('the walker', () => {
  let moto: Awaited<ReturnType<typeof startMotoExecutions>>;
  const runs = new Map<string, Promise<Awaited<ReturnType<typeof moto.run>>>>();
  const keyOf = (index: number) => `scenario-${index}`;

  beforeAll(async () => {
    moto = await startMotoExecutions();
    for (const machine of machines) await moto.create(machine);
    // All at once: most of the time is spent in the pauses before a Retry.
    scenarios.forEach(({ machine, script }, index) => {
      const pair = keyOf(index);
      const run = moto.run(machine, pair, inputOf(machine, pair), scriptedFunctions(script));
      run.catch(() => undefined);
      runs.set(pair, run);
    });
  });
  afterAll(async () => moto?.stop());

  it.each(scenarios.map((scenario, index) => ({ ...scenario, index })))(
    'agrees with moto on $machine: $rule',
    async ({ machine, script, endsIn, index }) => {
      const functions = scriptedFunctions(script);
      const walked = await walk(definitionOf(machine), inputOf(machine, keyOf(index)), {
        invoke: async (_, payload) => functions(payload),
        wait: async () => {},
      });
      const real = await runs.get(keyOf(index));
      expect(walked.states.at(-1)).toBe(endsIn);
      expect(real?.states).toEqual(walked.states);
      expect(real?.status).toBe(walked.status);
      expect(real?.output).toEqual(walked.output);
      expect(real?.error).toBe(walked.error);
      expect(parsedCause(real?.cause)).toEqual(parsedCause(walked.cause));
    },
  );
});

describe('the walker alone', () => {
  const failover = definitionOf('failover');
  const input = inputOf('failover', 'demo');

  it('waits as long as a step and a Retry say', async () => {
    const waits: number[] = [];
    const replies = scriptedFunctions({ 'Choose the snapshot': [{ throws: 'CommitConflictError' }] });
    await walk(failover, input, {
      invoke: async (_, payload) => replies(payload),
      wait: async (seconds) => void waits.push(seconds),
    });
    expect(waits).toEqual([1, 2, 4, 8, 16]);
  });

  it('ends in the middle of a Task without a Retry or a Catch', async () => {
    const asked: string[] = [];
    const stopped = walk(failover, input, {
      invoke: async (functionKey) => {
        asked.push(functionKey);
        throw new ExecutionStopped();
      },
      wait: async () => {},
    });
    await expect(stopped).rejects.toThrow(ExecutionStopped);
    expect(asked).toEqual(['prepareSite']);
  });

  it('refuses a path that is not a plain reference path', async () => {
    const definition: Definition = {
      StartAt: 'Wait',
      States: { Wait: { Type: 'Wait', SecondsPath: '$.waits[0]', Next: 'Wait' } },
    };
    await expect(walk(definition, {}, { invoke: async () => null, wait: async () => {} })).rejects.toThrow(
      '$.waits[0] is no plain reference path',
    );
  });
});
