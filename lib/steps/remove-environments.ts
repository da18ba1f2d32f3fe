import type { Grant, SiteRecord } from '../contracts/control.ts';
import type { Side } from '../contracts/ids.ts';
import { records } from '../contracts/records.ts';
import { removalOf } from '../core/creation/removal.ts';
import type { Versioned } from '../ports/control-table.ts';
import type { World } from '../ports/world.ts';
import { opOfTag, seeEnvironment } from './environment-look.ts';
import { readControlAndGrant } from './ruled.ts';

/** The service deletes only what is not in the middle of something. */
const deletable = new Set(['AVAILABLE', 'CREATE_FAILED', 'UPDATE_FAILED', 'UNAVAILABLE', 'PENDING']);

/**
 * Part of "Reconcile": deletes what ops created and did not use, when its time is over and no op is open. That it is to
 * go is committed first, on condition that no op has begun meanwhile; from then on every op passes the name over.
 *
 * @returns what was done, one sentence each.
 */
export async function removeEnvironments(world: World): Promise<string[]> {
  const sites = await world.table.list(records.sites());
  const did: string[] = [];
  for (const site of sites) did.push(...(await remove(world, site)));
  return did;
}

async function remove(world: World, site: Versioned<SiteRecord>): Promise<string[]> {
  const { control, grant } = await readControlAndGrant(world);
  const removal = removalOf({
    record: site.value,
    owner: (await world.table.get(records.op(site.value.op)))?.value ?? null,
    openOp: control.value.op,
    grant: grant.value,
    prepareTtlSeconds: world.config.timing.prepareTtlSeconds,
    now: world.now(),
  });
  if (removal.action === 'keep') return [];
  if (removal.action === 'sweep') return await sweep(world, site, removal.names, grant.value);
  const id = world.newId();
  const { environment, op } = site.value;
  const detail = { environment, because: removal.because };
  const at = world.now().toISOString();
  const audit = { id, at, actor: 'policy:reconcile', what: 'remove-environment', op, epoch: grant.value.epoch, detail };
  await world.table.commit([
    { key: records.control(), expect: control.version },
    { key: records.grant(), expect: grant.version },
    { key: records.site(site.value.side), expect: site.version, value: { ...site.value, state: 'deleting' } },
    { key: records.audit(id), expect: 'absent', value: audit },
  ]);
  return [`${removal.because}: it is deleted`];
}

/** Deletes each of these names that is ours, and forgets those that are gone or somebody else's. */
async function sweep(
  world: World,
  site: Versioned<SiteRecord>,
  names: readonly string[],
  grant: Grant,
): Promise<string[]> {
  const { side, environment, state } = site.value;
  const did: string[] = [];
  const over = new Set<string>();
  for (const name of names) {
    const end = grant.holder === side && name === environment ? 'keep' : await removeOne(world, side, name);
    if (end === 'asked') did.push(`environment ${name} of site ${side} is being deleted`);
    if (end === 'over') over.add(name);
  }
  if (over.size === 0) return did;
  const isGone = state === 'deleting' && over.has(environment);
  const passedOver = site.value.passedOver.filter((passed) => !over.has(passed.environment));
  const value: SiteRecord = { ...site.value, passedOver, state: isGone ? 'gone' : state };
  await world.table.commit([{ key: records.site(side), expect: site.version, value }]);
  return isGone ? [...did, `environment ${environment} of site ${side} is gone`] : did;
}

/** `over`: nothing of ours has this name any more; `asked`: its deletion was asked for; `keep`: look again later. */
async function removeOne(world: World, side: Side, name: string): Promise<'over' | 'asked' | 'keep'> {
  const seen = await seeEnvironment(world, side, name);
  if (seen === null) return 'over';
  if (seen.tags.pair !== world.config.pair || seen.tags.site !== side) return 'over';
  // What may have run production is never deleted by us.
  const hasRun = seen.status !== 'CREATE_FAILED' && (await opOfTag(world, seen))?.outcome === 'recovered';
  if (hasRun) return 'over';
  if (!deletable.has(seen.status)) return 'keep';
  await world.mwaa.deleteEnvironment(world.config.sites[side].region, name);
  return 'asked';
}
