import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createScreen, showError } from '../../../lib/cli/render.ts';

function screenOf(isTTY: boolean, environment: NodeJS.ProcessEnv = {}) {
  const stream = () => Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY });
  const streams = { stdin: stream(), stdout: stream(), stderr: stream() };
  return { screen: createScreen(streams, environment), ...streams };
}
const introducer = '\u001b[';

describe('the screen', () => {
  it('colours words on a terminal and leaves every word in place', () => {
    const { screen, stdout } = screenOf(true);
    screen.line('site a is down');
    expect(stdout.read()).toBe(`site a is ${introducer}31mdown${introducer}0m\n`);
  });

  it('has no colour in a pipe or with NO_COLOR', () => {
    for (const { screen, stdout } of [screenOf(false), screenOf(true, { NO_COLOR: '1' })]) {
      screen.line('site a is down');
      expect(stdout.read()).toBe('site a is down\n');
    }
  });

  it('never colours a document', () => {
    const { screen, stdout } = screenOf(true);
    screen.document({ health: 'down' });
    expect(JSON.parse(String(stdout.read()))).toEqual({ health: 'down' });
  });

  it('keeps stdout empty for progress and errors of people', () => {
    const { screen, stdout, stderr } = screenOf(false);
    screen.progress('step began');
    showError(screen, { name: 'UsageError', message: 'no', fix: 'do', exitCode: 2 }, false);
    expect(stdout.read()).toBeNull();
    expect(stderr.read()).toBe('step began\nUsageError: no\nFix: do\n');
  });

  it('asks nobody when stdin is no terminal', async () => {
    expect(await screenOf(false).screen.ask('name?')).toBeNull();
  });

  it('asks on stderr, so that stdout stays the result', async () => {
    const { screen, stdin, stdout, stderr } = screenOf(true);
    const answer = screen.ask('name? ');
    stdin.write('demo\n');
    expect(await answer).toBe('demo');
    expect(stdout.read()).toBeNull();
    expect(String(stderr.read())).toContain('name? ');
  });
});
