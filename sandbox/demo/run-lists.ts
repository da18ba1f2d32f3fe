/** One task instance of a run, as a metadata database has it. Times are ISO 8601 or null. */
export type TaskRow = {
  readonly taskId: string;
  readonly mapIndex: number;
  readonly start: string | null;
  readonly end: string | null;
};

/** One dag_run of one site. */
export type RunRow = {
  readonly dagId: string;
  readonly runId: string;
  readonly logicalDate: string;
  readonly state: string;
  readonly end: string | null;
  readonly tasks: readonly TaskRow[];
};

export type RunName = { readonly dagId: string; readonly logicalDate: string };
export type DoubledRun = RunName & { readonly why: string };

export type Comparison = {
  readonly beforeLoss: number;
  readonly afterRecovery: number;
  /** Known as finished by the imported snapshot and run again on b, or run on both sites at once. */
  readonly doubled: readonly DoubledRun[];
  /** Slots of a catchup DAG that ran on neither site, and which b has passed by or never come to. */
  readonly skipped: readonly RunName[];
  /** Finished on a after the recovery point and run again on b: the price of the recovery point. */
  readonly repeated: readonly (RunName & { readonly endedOnA: string })[];
};

type Question = {
  readonly a: readonly RunRow[];
  readonly b: readonly RunRow[];
  /** Recovery point: what had finished by then is in the snapshot. */
  readonly snapshotAt: Date;
  readonly lostAt: Date;
  /** When site b got the grant: what it starts from then on is its own work. */
  readonly givenAt: Date;
  /** When the databases were read. */
  readonly measuredAt: Date;
  /** Catchup DAGs and the seconds between their slots. */
  readonly slots: Readonly<Record<string, number>>;
};

const finished = new Set(['success', 'failed']);
const nameOf = ({ dagId, logicalDate }: RunName) => `${dagId} ${Date.parse(logicalDate)}`;
const before = (instant: string | null, limit: Date) => instant !== null && Date.parse(instant) <= limit.getTime();
const startedFrom = (run: RunRow, limit: Date) =>
  run.tasks.some(({ start }) => start !== null && Date.parse(start) >= limit.getTime());

/** Compares what ran on both sites, from their metadata databases alone. */
export function compareRuns(question: Question): Comparison {
  const { a, b, snapshotAt, lostAt, givenAt } = question;
  const onA = new Map(a.map((run) => [nameOf(run), run]));
  const ownOnB = b.filter((run) => startedFrom(run, givenAt));
  const doubled: DoubledRun[] = [];
  const repeated: (RunName & { endedOnA: string })[] = [];
  for (const run of ownOnB) {
    const earlier = onA.get(nameOf(run));
    if (!earlier) continue;
    const name = { dagId: run.dagId, logicalDate: run.logicalDate };
    const atOnce = taskOnBoth(earlier, run, givenAt);
    if (atOnce) doubled.push({ ...name, why: `task ${atOnce} ran on both sites at once` });
    else if (finished.has(earlier.state) && before(earlier.end, snapshotAt)) {
      doubled.push({ ...name, why: `the snapshot knew it as ${earlier.state}` });
    } else if (finished.has(earlier.state) && before(earlier.end, lostAt) && earlier.end !== null) {
      repeated.push({ ...name, endedOnA: earlier.end });
    }
  }
  return {
    beforeLoss: a.filter((run) => finished.has(run.state) && before(run.end, lostAt)).length,
    afterRecovery: ownOnB.filter((run) => finished.has(run.state)).length,
    doubled,
    skipped: skippedSlots(question),
    repeated,
  };
}

/** Id of a task whose time on a and on b overlaps, or null. */
function taskOnBoth(onA: RunRow, onB: RunRow, givenAt: Date): string | null {
  for (const task of onB.tasks) {
    if (task.start === null || Date.parse(task.start) < givenAt.getTime()) continue;
    const twin = onA.tasks.find((other) => other.taskId === task.taskId && other.mapIndex === task.mapIndex);
    if (!twin?.start) continue;
    const endOnA = twin.end === null ? Number.POSITIVE_INFINITY : Date.parse(twin.end);
    const endOnB = task.end === null ? Number.POSITIVE_INFINITY : Date.parse(task.end);
    if (Date.parse(twin.start) < endOnB && Date.parse(task.start) < endOnA) return task.taskId;
  }
  return null;
}

/** A slot that is due for longer than this is late, in seconds. */
const lateSeconds = 60;

/**
 * The slots of catchup DAGs that ran on neither site, as far as that can be known: a DAG that works through its slots
 * one by one may lag. So a slot counts only when b has passed it by (there is a later one), or when b has not begun to
 * work on this DAG at all although slots are late.
 */
function skippedSlots(question: Question): RunName[] {
  return Object.entries(question.slots).flatMap(([dagId, seconds]) =>
    skippedOf(dagId, seconds * 1000, {
      ...question,
      a: question.a.filter((run) => run.dagId === dagId),
      b: question.b.filter((run) => run.dagId === dagId),
    }),
  );
}

function skippedOf(dagId: string, interval: number, { a, b, givenAt, measuredAt }: Question): RunName[] {
  const ran = new Set([...a, ...b].filter(hasRun).map(slotOf));
  const waiting = new Set(b.filter((run) => !hasRun(run)).map(slotOf));
  const newestRow = Math.max(...b.map(slotOf));
  const own = b.filter((run) => startedFrom(run, givenAt));
  const newestDone = Math.max(...own.filter((run) => finished.has(run.state)).map(slotOf));
  // A slot is due at its end.
  const newestLate = measuredAt.getTime() - lateSeconds * 1000 - interval;
  const last = own.length > 0 ? newestRow : Math.max(newestRow, newestLate);
  const skipped: RunName[] = [];
  for (let slot = Math.min(...[...a, ...b].map(slotOf)); slot <= last; slot += interval) {
    const mayCome = waiting.has(slot) && slot > newestDone;
    if (!ran.has(slot) && !mayCome) skipped.push({ dagId, logicalDate: new Date(slot).toISOString() });
  }
  return skipped;
}

const slotOf = ({ logicalDate }: RunName) => Date.parse(logicalDate);
/** A row alone is no work: a task of it has started, or it has ended. */
const hasRun = (run: RunRow) => finished.has(run.state) || run.tasks.some(({ start }) => start !== null);
