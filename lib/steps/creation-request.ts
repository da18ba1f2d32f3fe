import type { ZodError } from 'zod';
import type { SiteConfig, SiteCreation } from '../contracts/config.ts';
import { type CapturedEnvironment, CreateEnvironmentRequest } from '../contracts/environment.ts';
import { keysOf } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { type FoundObject, type NeededObject, neededObjects, planCreation } from '../core/creation/request.ts';
import { ConfigurationRefusedError } from '../core/errors.ts';
import type { StepContext } from './step.ts';

/** The configuration cannot be used, in one sentence that names the fields and what to do. */
export const refused = (objection: string) =>
  new ConfigurationRefusedError(`the environment cannot be created: ${objection}; correct it, then begin again`);

/**
 * What to ask of CreateEnvironment, from the configuration that protect captured of the losing site and the copy of it
 * in the target's own bucket: the losing site's Region need not answer. Name and tags are the caller's.
 *
 * @throws ConfigurationRefusedError when the copy is not the captured one, or when the target cannot honour it.
 */
export async function requestFor(
  world: StepContext,
): Promise<{ request: CreateEnvironmentRequest; notes: readonly string[] }> {
  const { from, target } = world.op.value.plan;
  const site = creatable(world.configured.sites[target]);
  const captured = await readCaptured(world);
  const objects = await Promise.all(neededObjects(captured).map((one) => find(world, one)));
  const fromRegion = world.config.sites[from].region;
  const plan = planCreation({ captured, fromRegion, site, name: site.environment, objects });
  if (!plan.ok) throw refused(plan.objections.join('; '));
  return plan;
}

function creatable(site: SiteConfig): SiteConfig & { create: SiteCreation } {
  if (site.create === undefined) throw refused('the configuration has no create block for the site');
  return { ...site, create: site.create };
}

/** The copy is believed only when its digest is one that the controller has recorded at the capture. */
async function readCaptured(world: StepContext): Promise<CapturedEnvironment> {
  const { from, target } = world.op.value.plan;
  const key = keysOf(world.config.pair).environment(from);
  const [record, stored] = await Promise.all([world.table.get(records.captured(from)), world.bucket(target).read(key)]);
  if (!record) throw refused(`the configuration of site ${from} was never captured`);
  if (!stored) throw refused(`the captured configuration ${key} is not in the bucket of site ${target}`);
  const { sha256, previousSha256, at } = record.value;
  if (stored.sha256 !== sha256 && stored.sha256 !== previousSha256) {
    throw refused(`${key} in the bucket of site ${target} is not what was captured at ${at} (another digest)`);
  }
  const parsed = CreateEnvironmentRequest.safeParse(JSON.parse(stored.body.toString('utf8')));
  if (parsed.success) return parsed.data;
  throw refused(`the captured configuration ${key} is incomplete: ${fieldsOf(parsed.error)}`);
}

/** Names of the fields only: what they hold is the customer's. */
const fieldsOf = (error: ZodError): string => error.issues.map(({ path }) => path.join('.')).join(', ');

async function find(world: StepContext, needed: NeededObject): Promise<FoundObject> {
  const bucket = world.dagBucket(world.op.value.plan.target);
  const hasVersion = needed.versionId !== null && (await bucket.hasVersion(needed.key, needed.versionId));
  return { ...needed, hasVersion, newest: hasVersion ? needed.versionId : await bucket.newestVersion(needed.key) };
}
