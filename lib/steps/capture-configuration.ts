import type { Side } from '../contracts/ids.ts';
import { keysOf } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { PairNotAdoptedError } from '../core/errors.ts';
import { publishMetrics } from './publish-ages.ts';
import type { StepResult } from './step.ts';
import type { TickContext } from './tick.ts';

/**
 * State "Capture the configuration": keeps the holder's environment configuration in its bucket, one version a change.
 * Only a settled environment is captured, so that the last good copy is never replaced by one that is UPDATING.
 * Outcome `skip`: no site holds the grant, or an earlier tick of protect is still at work.
 */
export async function captureConfiguration(world: TickContext, tickAt: string): Promise<StepResult> {
  const grant = await world.table.get(records.grant());
  if (!grant) throw new PairNotAdoptedError(`pair ${world.config.pair} has no grant yet: run lifeboat adopt`);
  const why = grant.value.holder === 'none' ? 'no site holds the grant' : await claimTick(world, tickAt);
  if (grant.value.holder === 'none' || why !== null) {
    // A tick that takes no snapshot publishes all the same: ops are held just when no site holds the grant.
    await publishMetrics(world).catch((error: unknown) => {
      world.log.error({ error: String(error) }, 'metrics could not be published');
    });
    return { outcome: 'skip', because: why ?? 'no site holds the grant' };
  }
  const side = grant.value.holder;
  const captured = await capture(world, side);
  return {
    outcome: 'done',
    because: captured.because,
    data: { side, epoch: grant.value.epoch, arn: captured.arn, airflowVersion: captured.airflowVersion },
  };
}

async function claimTick(world: TickContext, tickAt: string): Promise<string | null> {
  const key = records.tick('protect');
  const last = await world.table.get(key);
  // The function died after it had claimed its own tick; the journal knows what is done of it.
  if (last?.value.tickAt === tickAt && last.value.finishedAt === null) return null;
  if (last && Date.parse(last.value.tickAt) >= Date.parse(tickAt))
    return `tick ${tickAt} is late; ${last.value.tickAt} ran`;
  if (last && last.value.finishedAt === null) {
    const ageSeconds = (world.now().getTime() - Date.parse(last.value.tickAt)) / 1000;
    if (ageSeconds < world.config.timing.helperTimeoutSeconds)
      return `the export of ${last.value.tickAt} is still at work`;
  }
  await world.table.commit([{ key, expect: last?.version ?? 'absent', value: { tickAt, finishedAt: null } }]);
  return null;
}

async function capture(world: TickContext, side: Side) {
  const site = world.config.sites[side];
  const environment = await world.mwaa.getEnvironment(site.region, site.environment);
  const facts = { arn: environment.Arn ?? '', airflowVersion: environment.AirflowVersion ?? '' };
  if (environment.Status !== 'AVAILABLE' && environment.Status !== 'UPDATE_FAILED') {
    return { ...facts, because: `${site.environment} is ${environment.Status}: the last captured configuration stays` };
  }
  const key = keysOf(world.config.pair).environment(side);
  const text = JSON.stringify(environment, null, 2);
  const stored = await world.bucket(side).read(key);
  const isUnchanged = stored?.body.toString('utf8') === text;
  // The digest first: a copy that nobody has recorded is not believed, a record without a copy harms nothing.
  await recordDigest(world, side, world.sha256(text));
  if (isUnchanged) return { ...facts, because: 'configuration is unchanged' };
  await world.bucket(side).write(key, text);
  return { ...facts, because: `configuration of ${site.environment} captured` };
}

/** The one before stays good until the newest copy has reached the other bucket. */
async function recordDigest(world: TickContext, side: Side, sha256: string): Promise<void> {
  const key = records.captured(side);
  const last = await world.table.get(key);
  if (last?.value.sha256 === sha256) return;
  const value = { side, at: world.now().toISOString(), sha256, previousSha256: last?.value.sha256 ?? null };
  await world.table.commit([{ key, expect: last?.version ?? 'absent', value }]);
}
