import { environmentNames } from '../../contracts/names.ts';
import { type Check, mayBeAbsent } from './check.ts';

const targetName: Check = {
  id: 'target-name',
  title: 'the name of the site that has to be created is free',
  proves:
    'With backup-restore no environment has the configured name of the target, or it was made for this pair: by its ' +
    'tags, or by the site’s record in the control table. An op touches no environment of somebody else. The home site ' +
    'has its own environment.',
  fix: 'Give `sites.<side>.environment` another name, or set `strategy` to `warm-standby`, and deploy again.',
  needs: ['environment', 'control'],
  judge(ground) {
    const { config, target, see, seeSite, fail } = ground;
    if (!mayBeAbsent(ground, target) || target === config.homeSite) return;
    const site = config.sites[target];
    const found = seeSite('environment', target);
    const control = see('control');
    if (!found || control === undefined || found.name !== site.environment) return;
    const isRecorded = control?.sites.some(({ side, state }) => side === target && state !== 'gone') === true;
    const isTagged = found.madeFor.pair === config.pair && found.madeFor.site === target;
    if (isRecorded || isTagged) return;
    fail({
      found: `environment ${found.name} of site ${target} exists and was not made for this pair: every failover would end with NameTakenError`,
      cause: 'strategy backup-restore creates the environment of that name, and never touches one of somebody else',
      fix: `give sites.${target}.environment a name that is free, or set strategy to warm-standby if it is the standby; deploy the stacks again`,
    });
  },
};

const recordedNames: Check = {
  id: 'recorded-names',
  title: 'the environments that ops made have names that the functions may use',
  proves:
    'Each environment in the control table has the name that the configuration gives its site, alone or with one of the ' +
    'numbers that an op may add. The roles of the functions name those and no others.',
  fix: 'Set `sites.<side>.environment` back to what it was when the op made the environment, and deploy again.',
  needs: ['control'],
  judge({ config, see, fail }) {
    for (const { side, environment, state } of see('control')?.sites ?? []) {
      const configured = config.sites[side].environment;
      if (state === 'gone' || environmentNames(configured).includes(environment)) continue;
      fail({
        found: `the environment of site ${side} is ${environment}, and the configuration names ${configured}`,
        cause: `sites.${side}.environment was changed after an op had made it: the functions have no right on ${environment}`,
        fix: `set sites.${side}.environment back to the name that ${environment} was made from, and deploy the stacks again`,
      });
    }
  },
};

export const siteNameChecks: readonly Check[] = [targetName, recordedNames];
