import { otherSide } from '../../contracts/config.ts';
import { ageSeconds, spoken } from '../time.ts';
import { type Check, type Ground, mayBeAbsent, sides } from './check.ts';
import { listed } from './deployment.ts';

const canaryDag = 'lifeboat_canary';
const helperIds = [canaryDag, 'lifeboat_export', 'lifeboat_import', 'lifeboat_promote'];

const upload = (dagBucket: string) =>
  `write them with the pair’s file, lifeboat helpers --out helpers, and upload them to ${dagBucket} as that command says`;

/** Helper DAGs, their versions and their bucket. `expected` is the version of this clone. */
export const helperChecks = (expected: string): readonly Check[] => [
  {
    id: 'helper-dags',
    title: 'the helper DAGs are on both sites, open and of this version',
    proves:
      'All four helper DAGs are known and active, export, import and promote are open, and the canary stamps with the ' +
      'version of this clone. A site that does not exist yet has them in its DAG bucket. Without them nothing is ' +
      'exported or imported.',
    fix: 'Upload what `lifeboat helpers --out helpers` writes; open paused helpers with `lifeboat adopt`.',
    needs: ['airflow', 'stamp', 'dagBucket', 'environment'],
    judge(ground) {
      for (const side of sides) {
        const environment = ground.seeSite('environment', side);
        if (environment === null) ofBucket(ground, side, expected);
        else if (environment !== undefined) ofAirflow(ground, side, expected);
      }
    },
  },
];

function ofBucket({ config, seeSite, fail }: Ground, side: 'a' | 'b', expected: string): void {
  const { dagBucket } = config.sites[side];
  const bucket = seeSite('dagBucket', side);
  if (!bucket || bucket.helperVersion === expected) return;
  fail({
    found:
      bucket.helperVersion === null
        ? `there are no helper DAGs in the DAG bucket ${dagBucket} of site ${side}`
        : `the helper DAGs in ${dagBucket} of site ${side} are of version ${bucket.helperVersion}, this is ${expected}`,
    cause: 'they were not uploaded, or by another version; an environment made from this bucket could not import',
    fix: upload(dagBucket),
  });
}

function ofAirflow({ config, seeSite, fail }: Ground, side: 'a' | 'b', expected: string): void {
  const airflow = seeSite('airflow', side);
  const { dagBucket } = config.sites[side];
  if (airflow) {
    const missing = helperIds.filter((id) => !airflow.helpers.some((dag) => dag.dagId === id && dag.isActive));
    if (missing.length > 0) {
      fail({
        found: `site ${side} does not know ${missing.join(', ')}`,
        cause: 'the helper DAGs are not in its DAG bucket, or do not parse',
        fix: upload(dagBucket),
      });
      return;
    }
    const paused = airflow.helpers.filter(({ isPaused, dagId }) => isPaused && dagId !== canaryDag);
    if (paused.length > 0) {
      fail({
        found: `on site ${side} ${listed(paused.map(({ dagId }) => dagId))} is paused`,
        cause: 'somebody paused it; the next op would open it, the next export waits for it',
        fix: 'lifeboat adopt (it opens the helpers and leaves everything else alone)',
      });
    }
  }
  const stamp = seeSite('stamp', side);
  if (!stamp || stamp.helperVersion === expected) return;
  fail({
    found:
      stamp.helperVersion === null
        ? `the helper DAGs of site ${side} do not say their version, this is ${expected}`
        : `the helper DAGs of site ${side} are of version ${stamp.helperVersion}, this is ${expected}`,
    cause: 'they were uploaded by another version of lifeboat',
    fix: upload(dagBucket),
  });
}

const canary: Check = {
  id: 'canary',
  title: 'the canary of each site stamps',
  proves:
    'The canary DAG is open and its newest stamp is young. It is the one signal that goes through scheduler, queue, ' +
    'worker, database and bucket; without it a loss is judged by metrics alone.',
  fix: 'Open the canary with `lifeboat adopt`; see why its runs fail in the logs of the site.',
  needs: ['environment', 'airflow', 'stamp'],
  judge(ground) {
    for (const side of sides) {
      if (ground.seeSite('environment', side)) ofCanary(ground, side);
    }
  },
};

function ofCanary({ config, now, seeSite, fail }: Ground, side: 'a' | 'b'): void {
  const isPaused = seeSite('airflow', side)?.helpers.some((dag) => dag.dagId === canaryDag && dag.isPaused);
  const stamp = seeSite('stamp', side);
  if (isPaused === true) {
    fail({
      found: `${canaryDag} is paused on site ${side}`,
      cause: 'somebody paused it: the site cannot prove that it works',
      fix: 'lifeboat adopt (it opens the helpers and leaves everything else alone)',
    });
    return;
  }
  if (stamp === undefined) return;
  const stale = config.timing.canaryStaleSeconds;
  const age = stamp === null ? null : ageSeconds(stamp.at, now);
  if (stamp?.isPaused === true) {
    fail({
      found: `the canary of site ${side} stamps as ${stamp.mode}: the site is fenced`,
      cause: 'an op took production away from it, and nothing made it a standby again',
      fix: 'follow runbooks/doctor.md#leftovers; a fenced site is no target of an op',
    });
    return;
  }
  if (age !== null && age <= stale) return;
  fail({
    found:
      age === null
        ? `the canary of site ${side} has never stamped`
        : `the newest stamp of site ${side} is ${spoken(age)} old, stale after ${spoken(stale)}`,
    cause:
      'its runs fail or do not start: no slot of pool lifeboat, no right on the bucket, a wrong pair.json, or a scheduler that is gone',
    fix: `look at the newest runs of ${canaryDag} on site ${side}`,
  });
}

const standbyGate: Check = {
  id: 'standby-gate',
  title: 'a DAG that opens itself does not start on the standby',
  proves:
    'When a DAG declares `is_paused_upon_creation=False`, the standby has the gate plugin that keeps it from starting. ' +
    'Without the gate such a DAG runs on both sites from the moment its file arrives there. A site that has to be ' +
    'created gets the gate with the plugins of the captured configuration, so that version has to be in its DAG bucket.',
  fix: 'Install the gate (docs/standby-gate.md), or remove `is_paused_upon_creation=False` from the DAG.',
  needs: ['manifest', 'stamp', 'environment', 'dagBucket'],
  judge(ground) {
    const { see, seeSite, fail, target } = ground;
    const opened = see('manifest')?.openedUponCreation ?? [];
    if (opened.length === 0) return;
    if (mayBeAbsent(ground, target) && seeSite('environment', target) === null) gateOfCreated(ground, opened);
    for (const side of sides) {
      const environment = seeSite('environment', side);
      if (!environment || mayBeAbsent(ground, side)) continue;
      const stamp = seeSite('stamp', side);
      // Which site is the standby changes with the next op, so both need it.
      if (!stamp || stamp.gate?.installed === true) continue;
      fail({
        found: `site ${side}${side === target ? ', the standby,' : ''} has no gate, and ${listed(opened)} declares is_paused_upon_creation=False`,
        cause: 'the plugin of the gate is not installed there, or its helper DAGs are too old to tell',
        fix: 'install the gate on both sites (docs/standby-gate.md), or remove is_paused_upon_creation=False',
      });
    }
  },
};

/** A created environment has the gate only when its plugins are those of the lost one. */
function gateOfCreated({ config, seeSite, fail, target }: Ground, opened: readonly string[]): void {
  const plugins = seeSite('dagBucket', target)?.missing.find(({ kind }) => kind === 'plugins');
  if (plugins === undefined) return;
  const [from, to] = [config.sites[otherSide(target)].dagBucket, config.sites[target].dagBucket];
  fail({
    found: `${to} has not the version of ${plugins.key} that the captured configuration names, and ${listed(opened)} declares is_paused_upon_creation=False`,
    cause:
      'an environment made from this bucket may come up without the gate, and such a DAG starts before the promotion',
    fix: `upload the same plugins.zip to the other DAG bucket: replicate ${plugins.key} from ${from} with S3, which keeps its version`,
  });
}

const heartbeatPeriod: Check = {
  id: 'heartbeat-period',
  title: 'the heartbeat is published as often as it is looked for',
  proves:
    'A week of `SchedulerHeartbeat` is measured in the periods that the watch looks at: is there one in nearly every ' +
    'period, and what was the worst gap? A gap as long as `timing.deadPeriods` would have counted as a dead heartbeat.',
  fix: 'Set `timing.heartbeatPeriodSeconds` to the value that the finding names and deploy again.',
  needs: ['heartbeat'],
  judge({ config, seeSite, fail, warn }) {
    for (const side of sides) {
      const heartbeat = seeSite('heartbeat', side);
      if (!heartbeat) continue;
      const { periodSeconds, periods, empty, usualSeconds, worstGapSeconds } = heartbeat;
      const deadSeconds = config.timing.deadPeriods * periodSeconds;
      if (periods === 0) {
        fail({
          found: `no heartbeat of site ${side} in CloudWatch for a week`,
          cause: 'the metric is filtered out, the execution role may not write metrics, or the scheduler is gone',
          fix: `aws cloudwatch list-metrics --region ${config.sites[side].region} --namespace AmazonMWAA --metric-name SchedulerHeartbeat`,
        });
      } else if (usualSeconds > periodSeconds) {
        const better = Math.ceil(usualSeconds / 60) * 60;
        fail({
          found: `site ${side} publishes its heartbeat every ${spoken(usualSeconds)}, and it is looked for every ${spoken(periodSeconds)}`,
          cause: `${empty} of ${periods} periods are empty although the scheduler lives`,
          fix: `set timing.heartbeatPeriodSeconds to ${better} and deploy the stacks again`,
        });
      } else if (worstGapSeconds >= deadSeconds) {
        warn({
          found: `the worst gap in the heartbeat of site ${side} was ${spoken(worstGapSeconds)}; ${spoken(deadSeconds)} count as dead`,
          cause: 'an update or a maintenance, a scheduler that was restarted, or a limit that is too short',
          fix: 'find out what it was; where nothing was planned, raise timing.deadPeriods and timing.windowPeriods',
        });
      }
    }
  },
};

export const lifeSigns: readonly Check[] = [canary, standbyGate, heartbeatPeriod];
