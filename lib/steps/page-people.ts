import { records } from '../contracts/records.ts';
import type { StepOutput, TickInput } from '../contracts/step.ts';
import type { World } from '../ports/world.ts';

const quietSeconds = 900;

/** What a page is about: its first reason, without the ages and counts that change at every tick. */
const topicOf = (because: string) => (because.split('; ')[0] ?? '').replace(/\d+/g, '#');

/**
 * State "Page people": one page for a decision and its reasons; the same decision is not paged again for a quarter of
 * an hour, so that a tick a minute does not wake people a minute. In mode observe it is counted instead.
 */
export async function pagePeople(
  world: World,
  input: TickInput & { decision: string; because: string },
): Promise<StepOutput> {
  const key = records.page();
  const last = await world.table.get(key);
  const now = world.now();
  const counted = (last?.value.counted ?? 0) + (input.decision === 'count' ? 1 : 0);
  const isKnown = last !== null && topicOf(last.value.because) === topicOf(input.because);
  const quiet = isKnown && now.getTime() - Date.parse(last.value.at) < quietSeconds * 1000;
  if (input.decision === 'page' && !quiet) {
    await world.pager.page({
      subject: `${input.pair}: look at this pair`,
      text: `${input.because}\n\nLook: lifeboat status\nRunbook: runbooks/verdict-unknown.md`,
    });
  }
  const at = quiet ? last.value.at : now.toISOString();
  await world.table.commit([
    { key, expect: last?.version ?? 'absent', value: { at, because: input.because, counted } },
  ]);
  return { outcome: 'done', waitSeconds: 0, because: `${quiet ? 'paged before' : 'paged'}: ${input.because}` };
}
