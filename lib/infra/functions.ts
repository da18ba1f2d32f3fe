import type { Mode } from '../contracts/config.ts';
import type { Access } from './permissions.ts';

export type Machine = 'watch' | 'protect' | 'failover';

/**
 * One deployed function. The state machines, the stacks, the permissions and their tests all read this table; nothing
 * about a function is written down a second time.
 */
export type FunctionSpec = {
  /** Folder below functions/, and the last part of the deployed name. */
  readonly name: string;
  readonly machines: readonly Machine[];
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** What it may do, by name of a set of IAM statements. */
  readonly access: readonly Access[];
  /** Every word it may return as `outcome`. Each Choice behind it knows all of them. */
  readonly outcomes: readonly string[];
};

const spec = (
  name: string,
  machines: readonly Machine[],
  timeoutSeconds: number,
  access: readonly Access[],
  outcomes: readonly string[],
  memoryMb = 512,
): FunctionSpec => ({ name, machines, timeoutSeconds, memoryMb, access, outcomes });

const watch: readonly FunctionSpec[] = [
  spec(
    'judge-pair',
    ['watch'],
    50,
    ['table', 'metrics', 'environment', 'airflowHealth', 'bucketRead', 'regionCalls', 'probe', 'publishMetrics'],
    ['hold', 'count', 'page', 'prepare', 'fail-over', 'stale-tick'],
  ),
  spec(
    'reconcile-pair',
    ['watch'],
    120,
    [
      ...(['table', 'airflowOperate', 'bucketRead', 'writeRequests', 'writeMarker', 'executions', 'page'] as const),
      ...(['environment', 'deleteEnvironment'] as const),
    ],
    ['done'],
  ),
  spec('begin-op', ['watch'], 30, ['table', 'executions'], ['begun', 'approved', 'hold']),
  spec('page-people', ['watch'], 30, ['table', 'page'], ['done']),
];

const protect: readonly FunctionSpec[] = [
  spec(
    'capture-configuration',
    ['protect'],
    60,
    ['table', 'environment', 'bucketRead', 'writeConfiguration', 'publishMetrics'],
    ['done', 'skip'],
  ),
  spec(
    'export-snapshot',
    ['protect'],
    60,
    ['table', 'airflowOperate', 'bucketRead', 'writeRequests'],
    ['pending', 'done', 'skip'],
  ),
  spec('verify-snapshot', ['protect'], 840, ['table', 'bucketRead'], ['pending', 'done', 'skip'], 1024),
  spec('publish-ages', ['protect'], 60, ['table', 'publishMetrics'], ['done']),
];

const failover: readonly FunctionSpec[] = [
  spec(
    'prepare-site',
    ['failover'],
    60,
    ['table', 'environment', 'createEnvironment', 'dagBucketRead', 'bucketRead', 'airflowOperate', 'page'],
    ['pending', 'done'],
  ),
  spec('choose-snapshot', ['failover'], 60, ['table'], ['done']),
  spec(
    'import-snapshot',
    ['failover'],
    120,
    ['table', 'airflowOperate', 'bucketRead', 'writeRequests'],
    ['pending', 'done', 'choose-again'],
  ),
  spec('await-approval', ['failover'], 30, ['table', 'page'], ['pending', 'done', 'expired']),
  spec('judge-again', ['failover'], 60, ['table'], ['pending', 'go', 'stand-down']),
  spec('withdraw-grant', ['failover'], 30, ['table'], ['done', 'judge-again']),
  spec(
    'fence-site',
    ['failover'],
    300,
    ['table', 'airflowOperate', 'bucketRead', 'writeRequests', 'writeMarker'],
    ['pending', 'done'],
  ),
  spec('give-grant', ['failover'], 30, ['table'], ['done']),
  spec(
    'promote-site',
    ['failover'],
    60,
    ['table', 'airflowOperate', 'bucketRead', 'writeRequests'],
    ['pending', 'done'],
  ),
  spec('verify-site', ['failover'], 60, ['table', 'airflowOperate', 'bucketRead'], ['pending', 'done']),
  spec('close-op', ['failover'], 60, ['table', 'airflowOperate', 'page'], ['done']),
  spec('stand-down', ['failover'], 120, ['table', 'airflowOperate', 'page'], ['done', 'withdrawn']),
  spec(
    'give-back',
    ['failover'],
    300,
    ['table', 'airflowOperate', 'bucketRead', 'page'],
    ['pending', 'given-back', 'held'],
  ),
  spec('hold-op', ['failover'], 30, ['table', 'page'], ['held']),
];

/** The function a person's commands go through; its URL takes signed requests only. */
export const commandFunction = spec('accept-command', [], 29, ['table', 'executions'], []);

/** Every function of the controller; `functionsIn` says which of them a pair has. */
export const controllerFunctions: readonly FunctionSpec[] = [...watch, ...protect, ...failover, commandFunction];

/** The vantage in each site's own Region. */
export const probeFunction = spec(
  'probe-site',
  [],
  30,
  ['metrics', 'environment', 'airflowHealth', 'bucketRead', 'regionCalls'],
  [],
);

/** What looks, remembers what it saw and tells people, and changes nothing else. */
const looking: ReadonlySet<Access> = new Set([
  'table',
  'metrics',
  'environment',
  'airflowHealth',
  'bucketRead',
  'regionCalls',
  'probe',
  'publishMetrics',
  'page',
]);

/** Mode observe has watch alone. Those of its functions that could act may read the table, and nothing else. */
const observing: readonly FunctionSpec[] = watch.map((each) =>
  each.access.every((access) => looking.has(access)) ? each : { ...each, access: ['tableRead'] },
);

/** Functions of the controller stack of a pair in this mode. */
export const functionsIn = (mode: Mode): readonly FunctionSpec[] =>
  mode === 'observe' ? observing : controllerFunctions;

/** State machines of a pair in this mode. */
export const machinesIn = (mode: Mode): readonly Machine[] =>
  mode === 'observe' ? ['watch'] : ['watch', 'protect', 'failover'];

/** Name of a function's ARN in a definition's substitutions: `judge-pair` is `${judgePair}`. */
export const substitutionName = (name: string): string =>
  name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The functions a state machine invokes. */
export const functionsOf = (machine: Machine): FunctionSpec[] =>
  controllerFunctions.filter((each) => each.machines.includes(machine));
