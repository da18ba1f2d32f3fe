import type { Side } from '../contracts/ids.ts';
import type { Observation, Verdict } from '../contracts/observation.ts';
import { records } from '../contracts/records.ts';
import type { StepOutput, TickInput } from '../contracts/step.ts';
import { decide } from '../core/decide.ts';
import { PairNotAdoptedError } from '../core/errors.ts';
import { judge } from '../core/judge.ts';
import type { Versioned } from '../ports/control-table.ts';
import { CommitConflictError } from '../ports/control-table.ts';
import type { World } from '../ports/world.ts';

/**
 * State "Judge the pair": looks at both sites from every vantage side by side, judges each, stores the verdicts and
 * decides. A tick that is late, doubled or part of a burst changes nothing (outcome `stale-tick`).
 */
export async function judgePair(world: World, input: TickInput): Promise<StepOutput> {
  const tick = await world.table.get(records.tick('watch'));
  if (tick && Date.parse(tick.value.tickAt) >= Date.parse(input.tickAt)) {
    return stale(`tick ${input.tickAt} is late or doubled: ${tick.value.tickAt} was judged`);
  }
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
    openOp: openOp?.value ?? null,
    now: world.now(),
  });
  try {
    await world.table.commit([
      {
        key: records.tick('watch'),
        expect: tick?.version ?? 'absent',
        value: { tickAt: input.tickAt, finishedAt: null },
      },
      { key: records.verdict('a'), expect: previousA?.version ?? 'absent', value: a },
      { key: records.verdict('b'), expect: previousB?.version ?? 'absent', value: b },
    ]);
  } catch (error) {
    if (error instanceof CommitConflictError) return stale(`another tick was faster than ${input.tickAt}`);
    throw error;
  }
  world.log.info({ grant: grant.value, a: brief(a), b: brief(b), decision }, 'pair judged');
  await publish(world, [a, b]);
  return { outcome: decision.kind, waitSeconds: 0, because: decision.because.join('; ') };
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
    Ticks: { value: 1, unit: 'Count' },
    UnknownSeconds: { value: unknownSeconds, unit: 'Seconds' },
  });
}
