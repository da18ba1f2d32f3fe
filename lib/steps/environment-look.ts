import type { OpRecord, SiteRecord } from '../contracts/control.ts';
import { OpId } from '../contracts/ids.ts';
import { environmentTags } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { type CreationAction, nextOfCreation, type OwnTags, type SeenEnvironment } from '../core/creation/look.ts';
import { withoutValues } from '../core/creation/redact.ts';
import { EnvironmentNotFoundError } from '../ports/mwaa.ts';
import type { World } from '../ports/world.ts';
import type { StepContext } from './step.ts';

/** What the control plane of a Region says about one name; null when no environment has it. */
export async function seeEnvironment(world: World, region: string, name: string): Promise<SeenEnvironment> {
  try {
    const found = await world.mwaa.getEnvironment(region, name);
    const said = found.LastUpdate?.Error?.ErrorMessage;
    const error = said === undefined ? null : withoutValues(said, found.AirflowConfigurationOptions);
    return { status: found.Status, tags: ownTags(found.Tags), error };
  } catch (error) {
    if (error instanceof EnvironmentNotFoundError) return null;
    throw error;
  }
}

const ownTags = (tags: Readonly<Record<string, string>> = {}): OwnTags =>
  Object.fromEntries(
    Object.entries(environmentTags).flatMap(([name, key]) => (tags[key] === undefined ? [] : [[name, tags[key]]])),
  );

/** The op that an environment was made for, by its tag; null when the tag names none that is known. */
async function opOfTag(world: World, environment: SeenEnvironment): Promise<OpRecord | null> {
  const id = OpId.safeParse(environment?.tags.op);
  return id.success ? ((await world.table.get(records.op(id.data)))?.value ?? null) : null;
}

/** Looks at one name and says what this op has to do about it. */
export async function lookAtName(
  world: StepContext,
  name: string,
  record: SiteRecord | null,
  requestSha256: string | null,
): Promise<CreationAction> {
  const { target } = world.op.value.plan;
  const environment = await seeEnvironment(world, world.config.sites[target].region, name);
  return nextOfCreation({
    name,
    isConfiguredName: name === world.configured.sites[target].environment,
    seen: environment,
    record: record?.state === 'gone' ? null : record,
    op: world.op.value,
    madeFor: await opOfTag(world, environment),
    requestSha256,
    creationTimeoutSeconds: world.config.timing.creationTimeoutSeconds,
    now: world.now(),
  });
}
