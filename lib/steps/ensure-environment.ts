import type { SiteRecord } from '../contracts/control.ts';
import type { CreateEnvironmentRequest } from '../contracts/environment.ts';
import { environmentNames, environmentTags, helperPool, helperSlots } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import type { CreationAction } from '../core/creation/look.ts';
import { withoutValues } from '../core/creation/redact.ts';
import { ConfigurationRefusedError, CreationFailedError, NameTakenError, NoSnapshotError } from '../core/errors.ts';
import { EnvironmentRequestRefusedError } from '../ports/mwaa.ts';
import { restorable } from './choose-snapshot.ts';
import { refused, requestFor } from './creation-request.ts';
import { lookAtName, seeEnvironment } from './environment-look.ts';
import { keepName, type NameTurn, passOverName } from './site-record.ts';
import type { StepContext, StepResult } from './step.ts';
import { tellPeople } from './tell-people.ts';

type Ask = { readonly request: CreateEnvironmentRequest; readonly notes: readonly string[] };

/**
 * Strategy backup-restore: makes sure that the target has an environment. Looks before it acts, so that a repeat finds
 * what was already asked for; the name is in the site's record before the call that creates it.
 *
 * @returns what to wait for, or null when there is an environment to be checked.
 * @throws NameTakenError, CreationFailedError, ConfigurationRefusedError, NoSnapshotError; any failure of a call.
 */
export async function ensureEnvironment(world: StepContext): Promise<StepResult | null> {
  const { op, plan } = world.op.value;
  if (plan.strategy !== 'backup-restore' || world.configured.sites[plan.target].create === undefined) return null;
  const record = await world.table.get(records.site(plan.target));
  if (record?.value.op === op && record.value.state === 'prepared') return null;
  if ((record === null || record.value.state === 'gone') && (await isOwnersOwn(world))) return null;
  const requestSha256 = record?.value.op === op ? record.value.requestSha256 : await digestToCompare(world);
  for (const name of namesToTry(world, record?.value ?? null)) {
    const current = await world.table.get(records.site(plan.target));
    const action = await lookAtName(world, name, current?.value ?? null, requestSha256);
    const turn = { name, because: action.because, current, requestSha256 };
    if (action.action !== 'pass-over') return await act(world, turn, action);
    await passOverName(world, turn, action.failed);
  }
  throw new CreationFailedError(`every name that site ${plan.target} may have was passed over`);
}

/** The home site's own environment was not made by us; it is checked like any standby. */
async function isOwnersOwn(world: StepContext): Promise<boolean> {
  const { target } = world.op.value.plan;
  const { region } = world.config.sites[target];
  return target === world.config.homeSite && (await seeEnvironment(world, region, configuredName(world))) !== null;
}

const configuredName = (world: StepContext) => world.configured.sites[world.op.value.plan.target].environment;

/** The name that the record holds comes first; a name that was passed over is not tried again. */
function namesToTry(world: StepContext, record: SiteRecord | null): string[] {
  const passedOver = new Set(record?.passedOver.map(({ environment }) => environment));
  const first = record !== null && record.state !== 'gone' ? [record.environment] : [];
  return [...new Set([...first, ...environmentNames(configuredName(world))])].filter((name) => !passedOver.has(name));
}

/** What would be asked for; nothing is created for an op that has nothing to restore. */
async function asked(world: StepContext): Promise<Ask> {
  const { chosen } = await restorable(world);
  if (!chosen) throw new NoSnapshotError(`no snapshot can be imported on site ${world.op.value.plan.target}`);
  return await requestFor(world);
}

/** An environment of an earlier op will do when what would be asked for now cannot be asked for at all. */
async function digestToCompare(world: StepContext): Promise<string | null> {
  try {
    return digestOf(world, await asked(world));
  } catch (error) {
    if (!(error instanceof ConfigurationRefusedError)) throw error;
    world.log.warn({ because: error.message }, 'nothing can be asked for; an earlier environment will do');
    return null;
  }
}

/** The same for the same environment, whatever its name and tags. */
const digestOf = (world: StepContext, { request }: Ask): string =>
  world.sha256(JSON.stringify({ ...request, Name: null, Tags: null }));

async function act(world: StepContext, turn: NameTurn, action: CreationAction): Promise<StepResult | null> {
  const { name, because } = turn;
  const waitSeconds = Math.ceil(world.config.timing.pollSeconds);
  if (action.action === 'refuse') {
    throw action.why === 'taken' ? new NameTakenError(because) : new CreationFailedError(because);
  }
  await keepName(world, turn);
  if (action.action === 'create') return { outcome: 'pending', because: await create(world, turn), waitSeconds };
  if (action.action === 'wait-for-person') await tellOnce(world, name, because);
  if (action.action !== 'ready') return { outcome: 'pending', because, waitSeconds };
  const { target } = world.op.value.plan;
  // The next look reaches the environment by the name that was recorded just now.
  if (world.config.sites[target].environment !== name) return { outcome: 'pending', because, waitSeconds: 1 };
  // What adoption does for a site that exists from the start.
  await world.airflow(target).ensurePool(helperPool, helperSlots);
  return null;
}

async function tellOnce(world: StepContext, name: string, because: string): Promise<void> {
  if (world.progress.toldOf === name) return;
  const text = 'The op waits for it.\nRunbook: runbooks/failover.md';
  await tellPeople(world, { subject: `${world.config.pair}: ${because}`, text });
  await world.remember({ toldOf: name });
}

/** Asks for the environment. Says in one sentence what was asked. */
async function create(world: StepContext, { name }: NameTurn): Promise<string> {
  const { op, pair, plan } = world.op.value;
  const ask = await asked(world);
  const { request, notes } = ask;
  const { region } = world.config.sites[plan.target];
  await world.remember({ notes });
  const tags = {
    ...request.Tags,
    [environmentTags.pair]: pair,
    [environmentTags.site]: plan.target,
    [environmentTags.op]: op,
    [environmentTags.request]: digestOf(world, ask),
  };
  try {
    await world.mwaa.createEnvironment(region, { ...request, Name: name, Tags: tags });
  } catch (error) {
    // An earlier call of ours may have won, or this one may have been heard although its answer was lost.
    const there = await seeEnvironment(world, region, name);
    if (there?.tags.pair === pair && there.tags.op === op) return `${name} was asked for before`;
    if (!(error instanceof EnvironmentRequestRefusedError)) throw error;
    // Without its cause, which holds the service's words as they came.
    throw refused(`CreateEnvironment: ${withoutValues(error.message, request.AirflowConfigurationOptions)}`);
  }
  return [`${name} is asked for`, ...notes].join('; ');
}
