import { type Check, type Ground, mayBeAbsent, sides } from './check.ts';
import { endOfSupport, noticeDays } from './support-dates.ts';

const usable = new Set(['AVAILABLE', 'UPDATE_FAILED']);
const passing = new Set(['CREATING', 'UPDATING', 'ROLLING_BACK', 'CREATING_SNAPSHOT', 'MAINTENANCE', 'PENDING']);

const environments: Check = {
  id: 'environments',
  title: 'the environments are up and answer',
  proves:
    'Each environment exists, is usable, reads the DAG bucket and has the role that the configuration names, and its ' +
    'Airflow answers through InvokeRestApi. With backup-restore the other environment does not exist, and that is right.',
  fix: 'Correct the configuration by what `aws mwaa get-environment` says, or wait until the environment is AVAILABLE.',
  needs: ['environment', 'airflow'],
  judge(ground) {
    for (const side of sides) {
      const environment = ground.seeSite('environment', side);
      if (environment === undefined) continue;
      if (environment === null) absent(ground, side);
      else present(ground, side, environment);
    }
  },
};

function absent(ground: Ground, side: 'a' | 'b'): void {
  if (mayBeAbsent(ground, side)) return;
  const { environment, region } = ground.config.sites[side];
  ground.fail({
    found: `environment ${environment} of site ${side} does not exist in ${region}`,
    cause: 'it was deleted, or environment or region of the configuration are wrong',
    fix: 'correct the configuration, or create the environment; without a second environment use strategy backup-restore',
  });
}

function present(ground: Ground, side: 'a' | 'b', environment: NonNullable<ReturnType<typeof environmentOf>>): void {
  const { config, fail, warn } = ground;
  const site = config.sites[side];
  const name = `environment ${environment.name} of site ${side}`;
  const get = `aws mwaa get-environment --region ${site.region} --name ${environment.name}`;
  if (!usable.has(environment.status)) {
    fail({
      found: `${name} is ${environment.status}`,
      cause: passing.has(environment.status)
        ? 'a change is under way'
        : 'its last change has failed, or it is being deleted',
      fix: `${passing.has(environment.status) ? 'wait until it is AVAILABLE' : 'see LastUpdate.Error'}: ${get}`,
    });
  }
  const wrong = [
    ['dagBucket', site.dagBucket, environment.sourceBucket],
    ['executionRoleArn', site.executionRoleArn, environment.executionRoleArn],
    ['webServerAccess', site.webServerAccess, environment.webServerAccess],
  ].filter(([, configured, found]) => configured !== found);
  for (const [field, configured, found] of wrong) {
    fail({
      found: `${name} has ${found}, and sites.${side}.${field} of the configuration says ${configured}`,
      cause: 'the environment was changed after the configuration was written',
      fix: `correct sites.${side}.${field} and deploy the stacks again`,
    });
  }
  if (environment.webServerAccess === 'PRIVATE_ONLY') {
    fail({
      found: `the web server of ${name} is PRIVATE_ONLY`,
      cause: 'the functions stand outside its VPC: they can neither adopt nor prepare nor fence such a site',
      fix: 'give it a public web server (PUBLIC_ONLY or, with Airflow 3.2, PUBLIC_AND_PRIVATE); private ones are not supported yet',
    });
    return;
  }
  const airflow = ground.seeSite('airflow', side);
  if (airflow === undefined || airflow === null || airflow.scheduler === 'healthy') return;
  warn({
    found: `the scheduler of ${name} is ${airflow.scheduler ?? 'not running'}`,
    cause: 'Airflow says so by its own health',
    fix: `see why: ${get}, and the log group of the scheduler; lifeboat status shows the verdict`,
  });
}

const environmentOf = (ground: Ground, side: 'a' | 'b') => ground.seeSite('environment', side);

const versions: Check = {
  id: 'airflow-versions',
  title: 'both sites run the same Airflow',
  proves:
    'Both environments have the same Airflow version, and the newest verified snapshot comes from it and names the ' +
    'migration of its database. An import into another schema is refused.',
  fix: 'Bring both environments to the same version; the next export then fits.',
  needs: ['environment', 'control'],
  judge(ground) {
    const { config, fail, see, target } = ground;
    const [a, b] = [environmentOf(ground, 'a'), environmentOf(ground, 'b')];
    if (a && b && a.airflowVersion !== b.airflowVersion) {
      fail({
        found: `site a runs Airflow ${a.airflowVersion}, site b ${b.airflowVersion}`,
        cause: 'one of them was upgraded without the other',
        fix: `aws mwaa update-environment --region ${config.sites[target].region} --name ${config.sites[target].environment} --airflow-version ${(target === 'a' ? b : a).airflowVersion}`,
      });
      return;
    }
    const control = see('control');
    const newest = newestVerified(control?.snapshots ?? []);
    const here = target === 'a' ? a : b;
    if (newest && here && newest.airflowVersion !== here.airflowVersion) {
      fail({
        found: `the newest verified snapshot is of Airflow ${newest.airflowVersion}, and site ${target} runs ${here.airflowVersion}`,
        cause: 'the environments were upgraded after it was taken',
        fix: 'wait for the next export and its verification; lifeboat status shows the newest one',
      });
    }
    if (newest && newest.alembicHeads.length !== 1) {
      fail({
        found: `the newest verified snapshot names ${newest.alembicHeads.length} migrations of its database: ${newest.alembicHeads.join(', ')}`,
        cause: 'the database it comes from was not migrated in one line',
        fix: 'look at table alembic_version of the active site’s database; an import needs exactly one head',
      });
    }
  },
};

/** The newest snapshot that was verified where it would be imported. */
export const newestVerified = <T extends { verified: unknown; invalid: unknown; epoch: number; snapshotAt: string }>(
  snapshots: readonly T[],
): T | undefined =>
  snapshots
    .filter(({ verified, invalid }) => verified !== null && invalid === null)
    .toSorted((x, y) => y.epoch - x.epoch || Date.parse(y.snapshotAt) - Date.parse(x.snapshotAt))[0];

const support: Check = {
  id: 'end-of-support',
  title: 'the Airflow version can still be created',
  proves:
    'The version of each environment has not reached its end of support. After that day MWAA creates none of it: a lost ' +
    'environment cannot be made again, and backup-restore has stopped working without a sign.',
  fix: 'Upgrade both environments to a supported version.',
  needs: ['environment', 'captured'],
  judge(ground) {
    const found = new Map<string, string>();
    for (const side of sides) {
      const version = environmentOf(ground, side)?.airflowVersion;
      if (version !== undefined) found.set(version, `site ${side}`);
    }
    const captured = mayBeAbsent(ground, ground.target) ? ground.see('captured') : undefined;
    if (captured) found.set(captured.airflowVersion, `the captured configuration of site ${captured.of}`);
    for (const [version, where] of found) supported(ground, version, where);
  },
};

function supported({ config, now, fail, warn }: Ground, version: string, where: string): void {
  const end = endOfSupport[version];
  if (end === undefined) {
    warn({
      found: `${where} has Airflow ${version}, whose end of support is not known here`,
      cause: 'this version of lifeboat is older than that version of Airflow on MWAA',
      fix: 'look it up in the user guide of Amazon MWAA, page "Apache Airflow versions"',
    });
    return;
  }
  const days = end === null ? Number.POSITIVE_INFINITY : (Date.parse(end) - now.getTime()) / 86_400_000;
  if (days > noticeDays) return;
  const isOver = days < 0;
  const tell = isOver && config.strategy === 'backup-restore' ? fail : warn;
  tell({
    found: `support of Airflow ${version} (${where}) ${isOver ? 'ended' : 'ends'} on ${end}`,
    cause: isOver
      ? 'MWAA creates no environment of this version any more'
      : `in ${Math.ceil(days)} days MWAA creates no environment of it any more`,
    fix: 'upgrade both environments to a supported version (docs/deploying.md)',
  });
}

const pausedAtCreation: Check = {
  id: 'paused-at-creation',
  title: 'new DAGs come up paused on both sites',
  proves:
    '`core.dags_are_paused_at_creation` is not set to False. A standby on which new DAGs come up open runs production a ' +
    'second time.',
  fix: 'Remove the option from the environment.',
  needs: ['environment'],
  judge(ground) {
    for (const side of sides) {
      const environment = environmentOf(ground, side);
      if (!environment?.opensNewDags) continue;
      ground.fail({
        found: `on site ${side} new DAGs come up open`,
        cause: `option core.dags_are_paused_at_creation of ${environment.name} is False`,
        fix: `remove the option: aws mwaa update-environment --region ${ground.config.sites[side].region} --name ${environment.name} --airflow-configuration-options <all others>`,
      });
    }
  },
};

const heartbeatMetric: Check = {
  id: 'heartbeat-metric',
  title: 'the heartbeat reaches CloudWatch',
  proves:
    'No option of an environment keeps `SchedulerHeartbeat` out of CloudWatch. Without the metric a living scheduler ' +
    'looks like a dead one. Only names of options are ever shown.',
  fix: 'Remove the option, or let `scheduler` through.',
  needs: ['environment'],
  judge(ground) {
    for (const side of sides) {
      const environment = environmentOf(ground, side);
      if (!environment || environment.hidesHeartbeat.length === 0) continue;
      ground.fail({
        found: `site ${side} does not publish SchedulerHeartbeat`,
        cause: `option ${environment.hidesHeartbeat.join(', ')} of ${environment.name} keeps it out`,
        fix: `remove the option or let scheduler_heartbeat through: aws mwaa update-environment --region ${ground.config.sites[side].region} --name ${environment.name} --airflow-configuration-options <changed>`,
      });
    }
  },
};

export const environmentChecks: readonly Check[] = [environments, versions, support, pausedAtCreation, heartbeatMetric];
