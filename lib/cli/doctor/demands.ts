import type { PairConfig } from '../../contracts/config.ts';
import { type FunctionSpec, functionsIn, probeFunction } from '../../infra/functions.ts';
import { type Statement, statementsOf } from '../../infra/permissions.ts';
import type { Demand, FunctionDemand } from '../../ports/preflight.ts';

/** Stands for what a wildcard of a granted resource leaves open. */
const SAMPLE = 'lifeboat-doctor';

/** Every function of the pair with what its role has to be allowed, by the table that the deployment grants it from. */
export function functionDemands(config: PairConfig): FunctionDemand[] {
  const { a, b } = config.sites;
  const of = (spec: FunctionSpec, region: string): FunctionDemand => ({
    name: spec.name,
    region,
    demands: statementsOf(spec.access, config).map((statement) => demandOf(statement)),
  });
  const probes = [...new Set([a.region, b.region])].map((region) => of(probeFunction, region));
  return [...functionsIn(config.mode).map((spec) => of(spec, config.controllerRegion)), ...probes];
}

/** Only a condition with one of these compares a key that has many values at once. */
const setOperator = /^For(AnyValue|AllValues):/;

function demandOf({ actions, resources, conditions = {} }: Statement): Demand {
  const context = Object.entries(conditions).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]): [string, string | string[]] => [
      key,
      setOperator.test(operator) ? [firstOf(values)] : firstOf(values),
    ]),
  );
  return {
    actions,
    // The whole of a resource that is `*` is no name that IAM could be asked about.
    resources: resources.map((resource) => (resource === '*' ? resource : resource.replaceAll('*', SAMPLE))),
    context: Object.fromEntries(context),
  };
}

const firstOf = (values: string | readonly string[]): string =>
  typeof values === 'string' ? values : (values[0] ?? '');
