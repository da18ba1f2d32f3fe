import type { PairConfig } from './config.ts';
import type { Side } from './ids.ts';

/**
 * Deterministic names, so that no stack needs a value of another stack and a person can find everything with the
 * pair's name and the account alone.
 */
export function namesOf(config: Pick<PairConfig, 'pair' | 'account' | 'controllerRegion' | 'sites'>) {
  const prefix = `lifeboat-${config.pair}`;
  return {
    prefix,
    table: prefix,
    topic: prefix,
    topicArn: `arn:aws:sns:${config.controllerRegion}:${config.account}:${prefix}`,
    keyAlias: `alias/${prefix}`,
    functionName: (verbNoun: string) => `${prefix}-${verbNoun}`,
    stateMachineName: (machine: string) => `${prefix}-${machine}`,
    stateMachineArn: (machine: string) =>
      `arn:aws:states:${config.controllerRegion}:${config.account}:stateMachine:${prefix}-${machine}`,
    executionArn: (machine: string, execution: string) =>
      `arn:aws:states:${config.controllerRegion}:${config.account}:execution:${prefix}-${machine}:${execution}`,
    siteBucket: (side: Side) => `${prefix}-${config.account}-${config.sites[side].region}`,
  };
}

/**
 * Names that an environment created for a site may have, in the order in which they are tried: a name whose environment
 * is being deleted, could not be created or is somebody else's is passed over.
 */
export const environmentNames = (configured: string): string[] => [
  configured,
  ...[2, 3, 4, 5].map((n) => `${configured}-${n}`),
];

/** Tags of an environment that an op created; by them it is recognised whatever became of the call that made it. */
export const environmentTags = {
  pair: 'lifeboat:pair',
  site: 'lifeboat:site',
  op: 'lifeboat:op',
  request: 'lifeboat:request',
} as const;

/** S3 keys below a site's bucket. */
export const keysOf = (pair: string) => ({
  manifest: (snapshotId: string) => `${pair}/snapshots/${snapshotId}/manifest.json`,
  environment: (side: Side) => `${pair}/sites/${side}/environment.json`,
  canary: (side: Side) => `${pair}/sites/${side}/canary.json`,
  fenceMarker: (side: Side) => `${pair}/sites/${side}/fence.json`,
  fenceStopped: (op: string) => `${pair}/ops/${op}/fence-stopped.json`,
  request: (op: string, runId: string) => `${pair}/ops/${op}/${runId}.request.json`,
  result: (op: string, runId: string) => `${pair}/ops/${op}/${runId}.result.json`,
});

/** Helper DAGs, exempt from fence, pause and promotion. */
export const helperDags = {
  canary: 'lifeboat_canary',
  export: 'lifeboat_export',
  import: 'lifeboat_import',
  promote: 'lifeboat_promote',
} as const;
const helperDagIds: readonly string[] = Object.values(helperDags);
/** Is this one of the four helpers? By its exact id: a customer's own DAG may begin with the same word. */
export const isHelperDag = (dagId: string): boolean => helperDagIds.includes(dagId);
export const helperPool = 'lifeboat';
/** Slots of that pool: more helpers never run side by side. */
export const helperSlots = 8;
/** Airflow Variable that holds a site's reserved row. */
export const reservedVariable = 'lifeboat__state';
