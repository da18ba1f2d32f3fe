import type { Tone } from './icons.ts';

/** How a reading, an outcome or a state is shown; a word that is not known here is shown as it is. */
const tones: Readonly<Record<string, Tone>> = {
  alive: 'good',
  dead: 'bad',
  gone: 'bad',
  unreachable: 'bad',
  planned: 'warn',
  unreadable: 'plain',
  done: 'good',
  go: 'good',
  running: 'plain',
  waiting: 'warn',
  failed: 'bad',
  held: 'bad',
  expired: 'warn',
  'stand-down': 'warn',
  'given-back': 'warn',
  healthy: 'good',
  degraded: 'warn',
  down: 'bad',
  unknown: 'warn',
};
export const toneOf = (word: string): Tone => tones[word] ?? 'plain';

const diagnoses: Readonly<Record<string, string>> = {
  OBSERVER_FAULT: 'the probes themselves could not look',
  ENV_GONE: 'the environment is being deleted or does not exist',
  PLANNED: 'a planned update or maintenance',
  PLANNED_OVERDUE: 'a planned state that lasts too long',
  WEB_SERVER_DOWN: 'the web server does not answer; schedulers work',
  HEALTHY: 'it works',
  METRICS_PIPELINE: 'metrics are missing; the environment works',
  WORKERS_STUCK: 'schedulers beat, no task is worked on',
  ENV_DOWN: 'the schedulers are dead, the Region answers',
  REGION_UNREACHABLE: 'the whole Region does not answer',
  PARTITION_SUSPECTED: 'it may be the network between: the site may still run',
  UNCLEAR: 'the readings do not agree',
};
export const diagnosisInWords = (diagnosis: string): string => diagnoses[diagnosis] ?? 'no word for it here';

const runActions: Readonly<Record<string, string>> = {
  fail: 'its interrupted tasks were set failed; the run goes on by its own trigger rules',
  resume: 'its interrupted tasks were cleared and run again',
  rerun: 'the whole run was cleared and runs again from its start',
  codeDiffers: 'its code differs on the other site: tasks and run were set failed',
};
export const runActionInWords = (action: string): string => runActions[action] ?? action;

const taskActions: Readonly<Record<string, string>> = { failed: 'set failed', cleared: 'cleared, runs again' };
export const taskActionInWords = (action: string): string => taskActions[action] ?? action;

const rungs: Readonly<Record<string, string>> = {
  R0: 'nothing is proved about the site',
  R1: 'its DAGs are paused; that no task runs is not proved',
  R2: 'its DAGs are paused and two readings found nothing at work',
};
export const rungInWords = (rung: string): string => rungs[rung] ?? '';

const signals: Readonly<Record<string, string>> = {
  heartbeat: 'Scheduler heartbeat',
  containers: 'Scheduler containers',
  environment: 'Status of the environment',
  airflow: 'Health by Airflow',
  canary: 'Canary DAG',
  region: 'Other services of the Region',
  self: 'The probe’s own Region',
};
export const signalInWords = (signal: string): string => signals[signal] ?? signal;
