import { namesOf } from '../../contracts/names.ts';
import { ageSeconds, spoken } from '../time.ts';
import { type Check, type Ground, protects } from './check.ts';

const redeploy = 'deploy the stacks again with this configuration (docs/deploying.md)';

/** Whole ticks after which a machine that did not begin one counts as stopped. */
const silentTicks = 5;

const controlTable: Check = {
  id: 'control-table',
  title: 'the control table is there, adopted, and cannot be lost by accident',
  proves:
    'The table exists, has point-in-time recovery and deletion protection, and holds the grant. Without the table no ' +
    'op can begin or go on.',
  fix: 'Deploy the controller again; adopt the pair once with `lifeboat adopt`.',
  needs: ['table', 'control'],
  judge({ see, fail, config }) {
    const { table: name } = namesOf(config);
    const table = see('table');
    if (table === null) {
      fail({
        found: `table ${name} does not exist in ${config.controllerRegion}`,
        cause:
          'the controller is not deployed there, or pair, account or controllerRegion of the configuration are wrong',
        fix: redeploy,
      });
      return;
    }
    const arn = `--region ${config.controllerRegion} --table-name ${name}`;
    if (table?.hasPointInTimeRecovery === false) {
      fail({
        found: `table ${name} has no point-in-time recovery`,
        cause: 'it was switched off after the deployment',
        fix: `aws dynamodb update-continuous-backups ${arn} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`,
      });
    }
    if (table?.isProtected === false) {
      fail({
        found: `table ${name} can be deleted`,
        cause: 'its deletion protection was switched off after the deployment',
        fix: `aws dynamodb update-table ${arn} --deletion-protection-enabled`,
      });
    }
    if (see('control') === null) {
      fail({
        found: 'no site holds the grant',
        cause: 'the pair was never adopted',
        fix: 'lifeboat adopt',
      });
    }
  },
};

const functions: Check = {
  id: 'functions',
  title: 'every function is deployed, with this configuration',
  proves:
    'All functions exist in their Regions and run with the configuration that stands in the file. A stack deployed for ' +
    'another pair, or before the file was edited, would act on other sites than you read here.',
  fix: 'Deploy the stacks again with this configuration, or use the file they were deployed with.',
  needs: ['functions'],
  judge({ see, fail, doubt }) {
    const found = see('functions') ?? [];
    const missing = found.filter(({ deployed }) => deployed === null);
    if (missing.length > 0) {
      fail({
        found: `${listed(missing.map(({ name, region }) => `${name} in ${region}`))} does not exist`,
        cause: 'the stack of that Region is not deployed, or by an older version',
        fix: redeploy,
      });
    }
    const other = found.filter(({ deployed }) => deployed !== null && (deployed.differs?.length ?? 0) > 0);
    if (other.length > 0) {
      const fields = [...new Set(other.flatMap(({ deployed }) => deployed?.differs ?? []))];
      fail({
        found: `${listed(other.map(({ name }) => name))} runs with another configuration: it differs in ${fields.join(', ')}`,
        cause: 'the file was edited after the deployment, or the stack was deployed for another pair',
        fix: redeploy,
      });
    }
    const unreadable = found.filter(({ deployed }) => deployed !== null && deployed.differs === null);
    if (unreadable.length > 0) {
      doubt({
        found: `the configuration of ${listed(unreadable.map(({ name }) => name))} cannot be read`,
        cause: 'its variable LIFEBOAT_CONFIG is no pair configuration of this version',
        fix: redeploy,
      });
    }
  },
};

const stateMachines: Check = {
  id: 'state-machines',
  title: 'the state machines are deployed and of this version',
  proves:
    'watch, protect and failover exist and their definitions are those of this clone. An older failover would take ' +
    'other steps than the runbooks and `lifeboat plan failover` say.',
  fix: 'Deploy the controller again, or use the version of lifeboat that deployed it.',
  needs: ['machines'],
  judge({ see, fail }) {
    for (const { name, exists, isActive, isCurrent } of see('machines') ?? []) {
      if (exists && isActive && isCurrent) continue;
      const what = exists ? (isActive ? 'has the definition of another version' : 'is not ACTIVE') : 'does not exist';
      fail({
        found: `state machine ${name} ${what}`,
        cause: exists ? 'it was deployed by another version of lifeboat, or changed by hand' : 'it was never deployed',
        fix: redeploy,
      });
    }
  },
};

const schedules: Check = {
  id: 'schedules',
  title: 'watch and protect are started on schedule',
  proves:
    'Both schedules exist and are enabled, and their newest ticks are young. Without watch a loss is not seen; without ' +
    'protect the recovery point grows old.',
  fix: 'Enable the schedule; if it is missing, deploy the controller again. See runbooks/watch-not-running.md.',
  needs: ['schedules', 'control'],
  judge(ground) {
    const stopped = stoppedSchedules(ground);
    const ticks = ground.see('control')?.ticks;
    if (ticks === undefined) return;
    const { tickSeconds, recoveryPointSeconds, helperTimeoutSeconds } = ground.config.timing;
    const newest = (machine: 'watch' | 'protect') => ticks[machine]?.tickAt ?? null;
    silent(ground, { machine: 'watch', newest: newest('watch'), every: tickSeconds, more: 60, stopped });
    if (!protects(ground)) return;
    const protect = { every: recoveryPointSeconds, more: helperTimeoutSeconds, stopped };
    silent(ground, { machine: 'protect', newest: newest('protect'), ...protect });
  },
};

function stoppedSchedules({ see, fail, config }: Ground): ReadonlySet<string> {
  const stopped = (see('schedules') ?? []).filter(({ exists, isEnabled }) => !exists || !isEnabled);
  for (const { name, exists } of stopped) {
    const enable = `enable schedule ${name} in ${config.controllerRegion} (EventBridge Scheduler), or ${redeploy}`;
    fail({
      found: exists ? `schedule ${name} is disabled` : `schedule ${name} does not exist`,
      cause: exists ? 'somebody disabled it' : 'the controller is not deployed, or the schedule was deleted',
      fix: exists ? enable : redeploy,
    });
  }
  return new Set(stopped.map(({ name }) => name));
}

type Ticking = {
  readonly machine: 'watch' | 'protect';
  readonly newest: string | null;
  readonly every: number;
  /** Seconds that a tick may be at work before the next one can begin. */
  readonly more: number;
  readonly stopped: ReadonlySet<string>;
};

function silent({ config, now, fail }: Ground, { machine, newest, every, more, stopped }: Ticking): void {
  const name = namesOf(config).stateMachineName(machine);
  const age = newest === null ? null : ageSeconds(newest, now);
  // A schedule that is off has been told already.
  if (stopped.has(name) || (age !== null && age <= silentTicks * every + more)) return;
  fail({
    found: age === null ? `${machine} has never run` : `the newest tick of ${machine} is ${spoken(age)} old`,
    cause: `its schedule does not start it, or its first function fails; it should run every ${spoken(every)}`,
    fix: `look at the newest executions of ${name}: runbooks/watch-not-running.md`,
  });
}

const notifications: Check = {
  id: 'notifications',
  title: 'somebody is paged',
  proves: 'The topic exists and each of its subscriptions is confirmed. Pages for approvals and alarms go out there.',
  fix: 'Confirm the subscription by the link in the mail from AWS; add addresses to `notifyEmails` and deploy again.',
  needs: ['topic'],
  judge({ see, fail, warn, config }) {
    const topic = see('topic');
    if (topic === undefined) return;
    const { topicArn } = namesOf(config);
    if (topic === null) {
      fail({ found: `topic ${topicArn} does not exist`, cause: 'the controller is not deployed', fix: redeploy });
      return;
    }
    if (topic.pending.length > 0) {
      fail({
        found: `${listed(topic.pending)} has not confirmed the subscription to ${topicArn}`,
        cause:
          'the link in the mail "AWS Notification - Subscription Confirmation" was not followed; it is good for three days',
        fix: `follow the link; for a new mail: aws sns subscribe --region ${config.controllerRegion} --topic-arn ${topicArn} --protocol email --notification-endpoint ${topic.pending[0]}`,
      });
    }
    // A rehearsal on one machine has nobody to page.
    if (topic.confirmed === 0 && topic.pending.length === 0 && !config.sandbox) {
      warn({
        found: `nobody is subscribed to ${topicArn}`,
        cause: 'notifyEmails of the configuration is empty',
        fix: 'add addresses to notifyEmails and deploy the controller again',
      });
    }
  },
};

/** The first few, and how many more. */
export function listed(names: readonly string[], most = 4): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

export const deploymentChecks: readonly Check[] = [controlTable, functions, stateMachines, schedules, notifications];
