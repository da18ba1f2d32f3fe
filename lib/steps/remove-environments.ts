import type { Grant, SiteRecord } from '../contracts/control.ts';
import { isHelperDag } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import type { SeenEnvironment } from '../core/creation/look.ts';
import { removalOf } from '../core/creation/removal.ts';
import type { Versioned } from '../ports/control-table.ts';
import type { World } from '../ports/world.ts';
import { seeEnvironment } from './environment-look.ts';
import { readReservedRow } from './reserved-row.ts';
import { readControlAndGrant } from './ruled.ts';
import { tellPeople } from './tell-people.ts';

/** The service deletes only what is not in the middle of something. */
const neverRan = new Set(['CREATE_FAILED', 'PENDING', 'CREATING', 'DELETING', 'DELETED']);
const usable = new Set(['AVAILABLE', 'UPDATE_FAILED']);
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
  const { environment, op, region } = site.value;
  const seen = await seeEnvironment(world, region, environment);
  const why = await reasonToKeep(world, site.value, environment, seen);
  if (why !== null) return await keepAndTell(world, site, why);
  const id = world.newId();
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

/** Deletes each of these names that is ours and idle, and forgets those that are gone or somebody else's. */
async function sweep(
  world: World,
  site: Versioned<SiteRecord>,
  names: readonly string[],
  grant: Grant,
): Promise<string[]> {
  const { side, environment, state } = site.value;
  const ends: [string, End][] = [];
  for (const name of names) {
    if (grant.holder === side && name === environment) continue;
    ends.push([name, await removeOne(world, site.value, name)]);
  }
  const did = ends.flatMap(([name, { end }]) => (end === 'asked' ? [`environment ${name} is being deleted`] : []));
  const kept = ends.flatMap(([, end]) => (end.end === 'kept' ? [end.because] : []));
  if (kept.length > 0) return [...did, ...(await keepAndTell(world, site, kept.join('; ')))];
  const over = new Set(ends.flatMap(([name, { end }]) => (end === 'over' ? [name] : [])));
  if (over.size === 0) return did;
  const isGone = state === 'deleting' && over.has(environment);
  const passedOver = site.value.passedOver.filter((passed) => !over.has(passed.environment));
  const value: SiteRecord = { ...site.value, passedOver, state: isGone ? 'gone' : state };
  await world.table.commit([{ key: records.site(side), expect: site.version, value }]);
  return isGone ? [...did, `environment ${environment} of site ${side} is gone`] : did;
}

/** What became of one name: nothing of ours has it; its deletion was asked for; look again later; or kept on purpose. */
type End = { readonly end: 'over' | 'asked' | 'later' } | { readonly end: 'kept'; readonly because: string };

async function removeOne(world: World, site: SiteRecord, name: string): Promise<End> {
  const seen = await seeEnvironment(world, site.region, name);
  if (seen === null) return { end: 'over' };
  if (seen.tags.pair !== world.config.pair || seen.tags.site !== site.side) return { end: 'over' };
  if (!deletable.has(seen.status)) return { end: 'later' };
  const why = await reasonToKeep(world, site, name, seen);
  if (why !== null) return { end: 'kept', because: why };
  await world.mwaa.deleteEnvironment(site.region, name);
  return { end: 'asked' };
}

/**
 * Why an environment must stay although nobody needs it by the records: somebody may run production there by hand, when
 * the controller was away. Only what never ran, or says itself that it is an idle standby, may go.
 */
async function reasonToKeep(
  world: World,
  { side }: SiteRecord,
  name: string,
  seen: SeenEnvironment,
): Promise<string | null> {
  if (seen === null || neverRan.has(seen.status)) return null;
  if (!usable.has(seen.status)) return `${name} is ${seen.status}: whether it ran production cannot be seen`;
  try {
    const { mode, epoch } = await readReservedRow(world, side, name);
    if (mode !== 'standby') return `the row of ${name} says ${mode} at epoch ${epoch}`;
    const dags = await world.airflow(side, name).listDags();
    const open = dags.filter((dag) => !dag.isPaused && dag.isActive && !isHelperDag(dag.dagId));
    return open.length === 0 ? null : `${open.length} production DAGs are open on ${name}`;
  } catch (error) {
    world.log.warn({ environment: name, error: String(error) }, 'environment does not answer and is kept');
    return `Airflow of ${name} does not answer`;
  }
}

/** People decide about it; they are told once for each reason. */
async function keepAndTell(world: World, site: Versioned<SiteRecord>, because: string): Promise<string[]> {
  if (site.value.keptBecause === because) return [];
  const value: SiteRecord = { ...site.value, keptBecause: because };
  await world.table.commit([{ key: records.site(site.value.side), expect: site.version, value }]);
  await tellPeople(world, {
    subject: `${world.config.pair}: an environment that no op uses is not deleted`,
    text: `${because}\nDelete it by hand when nobody needs it.\nRunbook: runbooks/failover.md`,
  });
  return [`not deleted: ${because}`];
}
