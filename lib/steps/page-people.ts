import type { PageRecord } from '../contracts/control.ts';
import { records } from '../contracts/records.ts';
import type { StepOutput, TickInput } from '../contracts/step.ts';
import { ageSeconds } from '../core/time.ts';
import type { World } from '../ports/world.ts';

const quietSeconds = 900;

/**
 * State "Page people": one page for a decision about two diagnoses. The same is not paged again for a quarter of an
 * hour, also when something else was seen in between, so that neither a tick a minute nor a verdict that flaps wakes
 * people a minute. In mode observe a loss is counted instead.
 */
export async function pagePeople(
  world: World,
  input: TickInput & { decision: string; because: string },
): Promise<StepOutput> {
  const key = records.page();
  const last = await world.table.get(key);
  const now = world.now();
  const about = await subjectOf(world, input.decision);
  const recent = (last?.value.paged ?? []).filter((page) => ageSeconds(page.at, now) < quietSeconds);
  const isQuiet = recent.some((page) => page.key === about);
  const pages = input.decision === 'page' && !isQuiet;
  if (pages) {
    await world.pager.page({
      subject: `${input.pair}: look at this pair`,
      text: `${input.because}\n\nLook: lifeboat status\nRunbook: runbooks/verdict-unknown.md`,
    });
  }
  const value: PageRecord = {
    paged: pages ? [...recent, { key: about, at: now.toISOString() }] : recent,
    because: input.because,
    ...counted(last?.value ?? null, input, now),
  };
  await world.table.commit([{ key, expect: last?.version ?? 'absent', value }]);
  const did = pages ? 'paged' : isQuiet ? 'paged before' : 'counted';
  return { outcome: 'done', waitSeconds: 0, because: `${did}: ${input.because}` };
}

/** Counts a loss once: ticks that follow each other within a quarter of an hour are about the same one. */
function counted(
  last: PageRecord | null,
  { decision, because }: { decision: string; because: string },
  now: Date,
): Pick<PageRecord, 'counted' | 'lastCounted'> {
  const before = { counted: last?.counted ?? 0, lastCounted: last?.lastCounted ?? null };
  if (decision !== 'count') return before;
  const at = now.toISOString();
  const { lastCounted } = before;
  if (lastCounted !== null && ageSeconds(lastCounted.at, now) < quietSeconds) {
    return { ...before, lastCounted: { ...lastCounted, at, because } };
  }
  return { counted: before.counted + 1, lastCounted: { since: at, at, because } };
}

/** What a page is about, without the ages and counts in its text that change at every tick. */
async function subjectOf(world: World, decision: string): Promise<string> {
  const [a, b] = await Promise.all([world.table.get(records.verdict('a')), world.table.get(records.verdict('b'))]);
  return `${decision} a:${a?.value.diagnosis ?? 'none'} b:${b?.value.diagnosis ?? 'none'}`;
}
