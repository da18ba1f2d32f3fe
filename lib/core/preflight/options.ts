/** Names that an option had in older versions of Airflow, which MWAA takes as well. */
const allowLists = ['metrics.metrics_allow_list', 'metrics.statsd_allow_list', 'scheduler.statsd_allow_list'];
const blockLists = ['metrics.metrics_block_list', 'metrics.statsd_block_list'];
const switches = ['metrics.statsd_on', 'scheduler.statsd_on'];
const patternMatching = 'metrics.metrics_use_pattern_match';

/** Airflow's own name of SchedulerHeartbeat. */
const heartbeat = 'scheduler_heartbeat';

type Options = Readonly<Record<string, string>>;

const isFalse = (value: string | undefined): boolean => /^\s*(false|f|0)\s*$/i.test(value ?? '');
const isTrue = (value: string | undefined): boolean => /^\s*(true|t|1)\s*$/i.test(value ?? '');

function matches(list: string, byPattern: boolean): boolean {
  const entries = list.split(',').map((entry) => entry.trim().toLowerCase());
  return entries.some((entry) => entry !== '' && (byPattern ? finds(entry) : heartbeat.startsWith(entry)));
}

/** What is no regular expression matches nothing, and then it cannot be said to let the heartbeat through. */
function finds(pattern: string): boolean {
  try {
    return new RegExp(pattern).test(heartbeat);
  } catch {
    return false;
  }
}

/**
 * Names of the options that keep the scheduler's heartbeat out of CloudWatch. The allow list wins over the block list.
 * Only names are returned: a value may be a secret.
 */
export function heartbeatHiddenBy(options: Options): string[] {
  const byPattern = isTrue(options[patternMatching]);
  const off = switches.filter((name) => isFalse(options[name]));
  const allowed = allowLists.filter((name) => (options[name] ?? '').trim() !== '');
  const lists =
    allowed.length > 0
      ? allowed.filter((name) => !matches(options[name] ?? '', byPattern))
      : blockLists.filter((name) => matches(options[name] ?? '', byPattern));
  return [...off, ...lists];
}

/** New DAGs come up open: `core.dags_are_paused_at_creation` is set to False. */
export const opensNewDags = (options: Options): boolean => isFalse(options['core.dags_are_paused_at_creation']);
