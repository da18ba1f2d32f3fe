import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import validate from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { definitionFile, edgesOf, machines, readDefinition } from '../../lib/infra/definition.ts';
import { functionsOf, substitutionName } from '../../lib/infra/functions.ts';
import { projectRoot } from '../../lib/infra/project-root.ts';

/** Errors that Step Functions and Lambda name themselves. */
const awsErrors = /^(States|Lambda|Sandbox|Runtime)\./;

const sourcesOf = (folder: string): string =>
  readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(projectRoot, folder, file), 'utf8'))
    .join('\n');

const namedErrors = new Set(
  [...`${sourcesOf('lib/core')}${sourcesOf('lib/ports')}`.matchAll(/override readonly name = '(\w+Error)'/g)].map(
    (match) => match[1],
  ),
);

describe.each(machines)('the definition of %s', (machine) => {
  const text = readFileSync(definitionFile(machine), 'utf8');
  const definition = readDefinition(machine);
  const states = Object.entries(definition.States);
  const tasks = states.flatMap(([name, state]) => (state.Type === 'Task' ? [{ name, state }] : []));
  const edges = edgesOf(definition);
  const specOf = (functionName: string) =>
    functionsOf(machine).find((each) => functionName === `\${${substitutionName(each.name)}}`);

  it('passes asl-validator', () => {
    expect(validate(JSON.parse(text), { checkPaths: true, checkArn: true }).errors).toEqual([]);
  });

  it('reaches every state, and names no state that is not there', () => {
    const reached = new Set([definition.StartAt]);
    for (const state of reached) for (const edge of edges) if (edge.from === state) reached.add(edge.to);
    expect([...reached].sort()).toEqual(states.map(([name]) => name).sort());
  });

  it('lists the states in the order of execution', () => {
    const onward = edges.filter((edge) => !edge.caught && edge.label === '');
    const position = (name: string) => states.findIndex(([each]) => each === name);
    const typeOf = (name: string) => definition.States[name]?.Type;
    const backward = onward.filter((edge) => position(edge.to) < position(edge.from) && typeOf(edge.from) !== 'Wait');
    expect(backward).toEqual([]);
  });

  it('gives every Task its own time-out, longer than its function’s', () => {
    for (const { name, state } of tasks) {
      const spec = specOf(state.Parameters.FunctionName);
      expect(state.TimeoutSeconds, name).toBe((spec?.timeoutSeconds ?? Number.NaN) + 10);
    }
  });

  it('gives every Task a Retry with its reason, and a Catch that ends in States.ALL', () => {
    for (const { name, state } of tasks) {
      expect(state.Retry.length, name).toBeGreaterThan(0);
      expect(
        state.Retry.every((retrier) => (retrier.Comment ?? '').length > 10),
        name,
      ).toBe(true);
      expect(state.Catch.at(-1)?.ErrorEquals, name).toEqual(['States.ALL']);
    }
  });

  it('tries a service that does not answer again for a while, unless the next tick does so anyway', () => {
    for (const { name, state } of tasks) {
      const retrier = state.Retry.find(({ ErrorEquals }) => ErrorEquals.includes('TransientError'));
      const expected = { IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 6, MaxDelaySeconds: 30 };
      if (machine === 'watch') expect(retrier, name).toBeUndefined();
      else expect(retrier, name).toMatchObject(expected);
    }
  });

  it('gives every Choice a Default', () => {
    for (const [name, state] of states) if (state.Type === 'Choice') expect(state.Default, name).toBeTruthy();
  });

  it('knows every outcome of a function in the Choices on it', () => {
    for (const { name, state } of tasks) {
      const known = states.flatMap(([each, choice]) => {
        // `$.last` is every step's, so only the Choice right behind the Task is about it.
        const about = state.ResultPath === '$.last' ? each === state.Next : true;
        return about && choice.Type === 'Choice' ? choice.Choices : [];
      });
      const outcomes = known.filter((rule) => rule.Variable === `${state.ResultPath}.outcome`);
      if (outcomes.length === 0) continue;
      const spec = specOf(state.Parameters.FunctionName);
      expect(outcomes.map((rule) => rule.StringEquals).sort(), name).toEqual([...(spec?.outcomes ?? [])].sort());
    }
  });

  it('invokes Lambda and nothing else, and tells each step its own name', () => {
    for (const { name, state } of tasks) {
      expect(state.Resource).toBe('arn:aws:states:::lambda:invoke');
      expect(state.Parameters.Payload.state).toBe(name);
    }
  });

  it('uses each function of the table, and no other', () => {
    const used = [...text.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1]);
    expect([...new Set(used)].sort()).toEqual(
      functionsOf(machine)
        .map((spec) => substitutionName(spec.name))
        .sort(),
    );
  });

  it('names only errors that the code throws or AWS documents', () => {
    const named = tasks.flatMap(({ state }) => [...state.Retry, ...state.Catch].flatMap((each) => each.ErrorEquals));
    expect(named.filter((name) => !awsErrors.test(name) && !namedErrors.has(name))).toEqual([]);
  });

  it('waits as long as the step says, never as long as the file says', () => {
    for (const [name, state] of states)
      if (state.Type === 'Wait') expect(state.SecondsPath, name).toBe('$.last.waitSeconds');
  });

  it('holds no Region and no account', () => {
    expect(text).not.toMatch(/\b[a-z]{2}-(north|south|east|west|central)[a-z]*-\d\b/);
    expect(text).not.toMatch(/\b\d{12}\b/);
  });

  it('has a heading for every state in its runbook', () => {
    const file = join(projectRoot, 'runbooks', `${machine}.md`);
    expect(existsSync(file), `${file} exists`).toBe(true);
    const headings = [...readFileSync(file, 'utf8').matchAll(/^#{2,4} (.+)$/gm)].map((match) => match[1]?.trim());
    expect(states.map(([name]) => name).filter((name) => !headings.includes(name))).toEqual([]);
  });
});

describe('the definition of failover', () => {
  const { States: states } = readDefinition('failover');
  const taskNames = Object.entries(states).flatMap(([name, state]) => (state.Type === 'Task' ? [name] : []));
  const catchOf = (name: string) => {
    const state = states[name];
    return state?.Type === 'Task' ? state.Catch.at(-1)?.Next : undefined;
  };
  const between = (first: string, last: string) =>
    taskNames.slice(taskNames.indexOf(first), taskNames.indexOf(last) + 1).map(catchOf);

  it('lets an execution that was superseded end before any other Catch sees its error', () => {
    for (const name of taskNames) {
      const state = states[name];
      const first = state?.Type === 'Task' ? state.Catch[0] : undefined;
      expect(first, name).toMatchObject({ ErrorEquals: ['StaleAttemptError'], Next: 'Superseded' });
    }
  });

  it('undoes by standing down up to the withdrawal, by giving back up to the gift, and not at all after it', () => {
    expect(new Set(between('Prepare the site', 'Withdraw the grant'))).toEqual(new Set(['Stand down after an error']));
    expect(new Set(between('Fence the losing site', 'Give the grant'))).toEqual(new Set(['Give back']));
    expect(new Set(between('Promote the site', 'Verify the site'))).toEqual(new Set(['Hold for a person']));
    expect(catchOf('Import the history')).toBe('Close the op');
  });
});
