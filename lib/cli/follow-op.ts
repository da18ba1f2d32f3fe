import type { StepRecord } from '../contracts/control.ts';
import { clock, secondsBetween, spoken } from '../report/time-text.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import type { PairAccess } from './pair-access.ts';
import { hasEnded, isHeld, isStalled, type OpFacts, readOp, waitsForApproval } from './pair-facts.ts';
import type { Screen } from './screen.ts';

/** How watching ended: the watching stopped while the op goes on, or the op ended or needs a person. */
export type Followed =
  | { readonly how: 'stopped' }
  | { readonly how: 'ended' | 'held' | 'waits-for-approval' | 'stalled'; readonly op: OpFacts };

const LOOK_EVERY_MS = 1000;
const MAX_FAILED_LOOKS = 10;

/**
 * Shows the steps of an op as they appear in the journal, until the op has ended or needs a person, or until the
 * person who watches stops or the journal cannot be read for long. Watching changes nothing: the op goes on without it.
 */
export async function followOp(pair: PairAccess, screen: Screen, op: string): Promise<Followed> {
  const shown = new Map<string, string>();
  const since = pair.now();
  for (;;) {
    const seen = await readPatiently(pair, screen, () => readOp(pair.table, op));
    if (seen === null) return { how: 'stopped' };
    showNews(screen, shown, seen);
    const how = stateOf(seen, pair, since);
    if (how) return { how, op: seen };
    await pair.sleep(LOOK_EVERY_MS);
    if (pair.stopped()) return { how: 'stopped' };
  }
}

/**
 * What `read` returns, tried again for a while when it fails: the network between this terminal and the table may fail
 * while the op goes on well. Null when the person stopped waiting or it failed for too long. Never throws.
 */
export async function readPatiently<T>(pair: PairAccess, screen: Screen, read: () => Promise<T>): Promise<T | null> {
  for (let failed = 0; failed < MAX_FAILED_LOOKS; failed += 1) {
    if (failed > 0) await pair.sleep(LOOK_EVERY_MS);
    if (pair.stopped()) return null;
    try {
      return await read();
    } catch (error) {
      if (failed === 0)
        screen.progress(`cannot read the journal now: ${error instanceof Error ? error.message : error}`);
    }
  }
  return null;
}

function stateOf(op: OpFacts, pair: PairAccess, since: Date): Exclude<Followed['how'], 'stopped'> | null {
  if (hasEnded(op.record)) return 'ended';
  if (isHeld(op)) return 'held';
  if (waitsForApproval(op, pair.now())) return 'waits-for-approval';
  return isStalled(op, pair.config, pair.now(), since) ? 'stalled' : null;
}

function showNews(screen: Screen, shown: Map<string, string>, op: OpFacts): void {
  for (const step of op.steps) {
    const line = stepLine(step);
    const key = `${step.state}#${step.iteration}`;
    if (shown.get(key) === line) continue;
    shown.set(key, line);
    screen.progress(line);
  }
}

/** One step as a line: when, how it stands, its name, how long it took and why. */
export function stepLine(step: StepRecord): string {
  const seconds = step.endedAt ? `  ${spoken(secondsBetween(step.startedAt, step.endedAt))}` : '';
  const because = step.error ? `${step.error.name}: ${step.error.message}` : String(step.output?.because ?? '');
  const status = step.status === 'claimed' ? 'began' : step.status;
  return `${clock(step.endedAt ?? step.startedAt)}  ${status.padEnd(6)}  ${step.state}${seconds}${because ? `  ${because}` : ''}`;
}

/** Exit code and last sentence of a command that followed an op to where it ended or needs a person. */
export function followedResult(
  followed: Exclude<Followed, { how: 'stopped' }>,
  warnings: readonly string[],
): { exitCode: ExitCode; sentence: string } {
  const { record } = followed.op;
  switch (followed.how) {
    case 'stalled':
      return {
        exitCode: exitCodes.waitsForPerson,
        sentence: `op ${record.op} does not move: its execution is probably gone. Take it up: lifeboat resume ${record.op}`,
      };
    case 'held':
      return {
        exitCode: exitCodes.waitsForPerson,
        sentence: `op ${record.op} is held and needs a person: ${record.needs ?? 'see runbooks/op-held.md'}. Then: lifeboat resume ${record.op}`,
      };
    case 'waits-for-approval':
      return {
        exitCode: exitCodes.waitsForPerson,
        sentence: `op ${record.op} is prepared and waits. Approve: lifeboat approve ${record.op}`,
      };
    case 'ended':
      return endedResult(followed.op, warnings);
  }
}

function endedResult({ record }: OpFacts, warnings: readonly string[]): { exitCode: ExitCode; sentence: string } {
  if (record.outcome !== 'recovered') {
    const exitCode = exitCodes.refused;
    return { exitCode, sentence: `op ${record.op} ended without moving production: ${record.outcome ?? record.phase}` };
  }
  const sentence = `op ${record.op} recovered: production runs on site ${record.plan.target}`;
  return warnings.length === 0
    ? { exitCode: exitCodes.done, sentence }
    : { exitCode: exitCodes.warnings, sentence: `${sentence}, with ${warnings.length} warning(s)` };
}
