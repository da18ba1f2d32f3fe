import { environmentTags } from '../../lib/contracts/names.ts';
import { records } from '../../lib/contracts/records.ts';
import type { Environment } from '../../lib/ports/mwaa.ts';
import type { Simulation } from '../support/simulation-world.ts';

/** An environment in these states is none that could run production beside another one. */
const over = new Set(['DELETING', 'DELETED', 'CREATE_FAILED']);
const tagOf = (environment: Environment, tag: keyof typeof environmentTags) => environment.Tags?.[environmentTags[tag]];

/**
 * The rules of the environments beside those that the simulation has: one of the pair's own for a site at most, and
 * what is somebody else's, holds the grant or may be what an open op prepares is never deleted.
 */
export function watchEnvironments(simulation: Simulation): void {
  const { mwaa, rules } = simulation;
  const broke = (what: string) => rules.broken.push(`${simulation.clock.iso} ${what}`);
  const before = mwaa.beforeChange;
  mwaa.beforeChange = async (call, name) => {
    await before?.(call, name);
    if (call === 'create') {
      const own = mwaa.all().filter((each) => tagOf(each, 'site') === 'b' && !over.has(each.Status));
      for (const { Name } of own) broke(`${name} is created while ${Name} of the same site exists`);
      return;
    }
    const there = mwaa.all().find(({ Name }) => Name === name);
    if (there && tagOf(there, 'pair') !== 'demo') broke(`${name} is deleted and is somebody else's`);
    const control = await simulation.table.get(records.control());
    const site = await simulation.table.get(records.site('b'));
    if (control?.value.op && site?.value.environment === name && site.value.state !== 'deleting') {
      broke(`${name} is deleted while ${control.value.op} is open`);
    }
    if ((await simulation.grant()).startsWith('b@') && site?.value.environment === name) {
      broke(`${name} is deleted while its site holds the grant`);
    }
  };
}

/** Production never runs on both sites: looked at whenever a function has changed something. */
export function lookAtBothSites({ sites, rules, clock }: Simulation): void {
  if (sites.a.open().length === 0 || sites.b.open().length === 0) return;
  rules.broken.push(`${clock.iso} S1: ${sites.a.open()} open on site a and ${sites.b.open()} on site b`);
}
