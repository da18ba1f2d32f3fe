import type { TickRecord } from '../contracts/control.ts';
import type { Side } from '../contracts/ids.ts';
import type { Observation, Verdict } from '../contracts/observation.ts';
import { records } from '../contracts/records.ts';
import type { StepOutput, TickInput } from '../contracts/step.ts';
import { decide } from '../core/decide.ts';
import { PairNotAdoptedError } from '../core/errors.ts';
import { withGapsOf } from '../core/heartbeat-gap.ts';
import { judge } from '../core/judge.ts';
import { ageSeconds } from '../core/time.ts';
import type { Versioned, Write } from '../ports/control-table.ts';
import { CommitConflictError } from '../ports/control-table.ts';
import type { World } from '../ports/world.ts';
import { troubleMetrics } from './trouble-metrics.ts';

/** Longest time a look may take before the next tick stops waiting for it, in seconds: the function's own time-out. */
const longestLookSeconds = 50;

/**
 * State "Judge the pair": looks at both sites from every vantage side by side, judges each, stores the verdicts and
 * decides. A tick that is late, doubled or part of a burst, and one that meets a look still under way, changes nothing
 * (outcome `stale-tick`): the work of a tick is the same whatever happens, and never done twice at once.
 */
export async function judgePair(world: World, input: TickInput): Promise<StepOutput> {
  const key = records.tick('watch');
  const last = await world.table.get(key);
  const why = last && staleness(last.value, input.tickAt, world.now());
  if (why) return stale(why);
  const claimed = { tickAt: input.tickAt, finishedAt: null };
  try {
    await world.table.commit([{ key, expect: last?.version ?? 'absent', value: claimed }]);
    return await look(world, input, (last?.version ?? 0) + 1);
  } catch (error) {
    if (error instanceof CommitConflictError) return stale(`another tick was faster than ${input.tickAt}`);
    throw error;
  }
}

function staleness(last: TickRecord, tickAt: string, now: Date): string | null {
  if (Date.parse(last.tickAt) >= Date.parse(tickAt))
    return `tick ${tickAt} is late or doubled: ${last.tickAt} was judged`;
  const busy = last.finishedAt === null && ageSeconds(last.tickAt, now) < longestLookSeconds;
  return busy ? `the look of tick ${last.tickAt} is still under way` : null;
}

async function look(world: World, input: TickInput, tickVersion: number): Promise<StepOutput> {
  const now = world.now();
  const [control, grant, seenA, seenB, previousA, previousB] = await Promise.all([
    world.table.get(records.control()),
    world.table.get(records.grant()),
    lookEverywhere(world, 'a', now),
    lookEverywhere(world, 'b', now),
    world.table.get(records.verdict('a')),
    world.table.get(records.verdict('b')),
  ]);
  if (!control || !grant) throw new PairNotAdoptedError(`pair ${input.pair} has no grant yet: run lifeboat adopt`);
  const judged = (site: Side, observations: Observation[], previous: Versioned<Verdict> | null) =>
    judge({
      site,
      observations,
      previous: previous?.value ?? null,
      controllerRegion: world.config.controllerRegion,
      siteRegion: world.config.sites[site].region,
      webServerAccess: world.config.sites[site].webServerAccess,
      grantSince: grant.value.holder === site ? new Date(grant.value.since) : null,
      grantEpoch: grant.value.epoch,
      timing: world.config.timing,
      now: world.now(),
      tickAt: input.tickAt,
    });
  const a = judged('a', seenA, previousA);
  const b = judged('b', seenB, previousB);
  const openOp = control.value.op ? await world.table.get(records.op(control.value.op)) : null;
  const decision = decide({
    control: control.value,
    grant: grant.value,
    config: world.config,
    verdicts: { a, b },
    created: world.created,
    openOp: openOp?.value ?? null,
    now: world.now(),
  });
  const gaps = await Promise.all([gapWrite(world, a), gapWrite(world, b)]);
  const finished = { tickAt: input.tickAt, finishedAt: world.now().toISOString() };
  await world.table.commit([
    { key: records.tick('watch'), expect: tickVersion, value: finished },
    { key: records.verdict('a'), expect: previousA?.version ?? 'absent', value: a },
    { key: records.verdict('b'), expect: previousB?.version ?? 'absent', value: b },
    ...gaps,
  ]);
  world.log.info({ grant: grant.value, a: brief(a), b: brief(b), decision }, 'pair judged');
  await publish(world, [a, b]).catch((error: unknown) => {
    // What was decided must not wait for a metric; the alarm on missing ticks sees that nothing arrives.
    world.log.error({ error: String(error) }, 'ticks could not be published');
  });
  return { outcome: decision.kind, waitSeconds: 0, because: decision.because.join('; ') };
}

/** The site's heartbeat gaps with this verdict in them. */
async function gapWrite(world: World, verdict: Verdict): Promise<Write> {
  const key = records.gap(verdict.site);
  const known = await world.table.get(key);
  const value = withGapsOf(known?.value ?? null, verdict, world.config.timing, world.now());
  return { key, expect: known?.version ?? 'absent', value };
}

const stale = (because: string): StepOutput => ({ outcome: 'stale-tick', waitSeconds: 0, because });
const brief = ({ diagnosis, health, because }: Verdict) => ({ diagnosis, health, because });

async function lookEverywhere(world: World, site: Side, now: Date): Promise<Observation[]> {
  // A vantage in the site's own Region would go down with it, so it is no witness.
  const others = world.vantages.filter((vantage) => vantage.region !== world.config.sites[site].region);
  const looks = [world.look(site, now), ...others.map((vantage) => vantage.look(site, now))];
  return (await Promise.all(looks)).flat();
}

async function publish(world: World, verdicts: readonly Verdict[]): Promise<void> {
  const unknownSeconds = Math.max(
    ...verdicts.map((verdict) =>
      verdict.health === 'unknown' ? (Date.parse(verdict.judgedAt) - Date.parse(verdict.since)) / 1000 : 0,
    ),
  );
  await world.metrics.publish({
    // Every tick says it, so that people learn of a held op within a tick and not at the next snapshot.
    ...(await troubleMetrics(world)),
    Ticks: { value: 1, unit: 'Count' },
    UnknownSeconds: { value: unknownSeconds, unit: 'Seconds' },
  });
}
