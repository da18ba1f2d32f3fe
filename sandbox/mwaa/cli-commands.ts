/** Commands of Airflow 2 that the environment's command endpoint accepts, as the user guide lists them. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'cheat-sheet': [],
  connections: ['add', 'delete'],
  dags: [
    'backfill',
    'delete',
    'list',
    'list-import-errors',
    'list-jobs',
    'list-runs',
    'next-execution',
    'pause',
    'report',
    'reserialize',
    'show',
    'state',
    'test',
    'trigger',
    'unpause',
  ],
  db: ['clean'],
  providers: ['behaviours', 'get', 'hooks', 'links', 'list', 'widgets'],
  roles: ['add-perms', 'create', 'del-perms', 'list'],
  tasks: ['clear', 'failed-deps', 'list', 'render', 'run', 'state', 'states-for-dag-run', 'test'],
  variables: ['delete', 'get', 'list', 'set'],
  version: [],
};

/** Whether the endpoint runs this command, given without the word `airflow`. */
export function allowedCommand([command = '', sub = '']: readonly string[]): boolean {
  const subs = Object.hasOwn(ALLOWED, command) ? ALLOWED[command] : undefined;
  return subs !== undefined && (subs.length === 0 || subs.includes(sub));
}

/** Splits a command line as a shell does, with single and double quotes; nothing is ever run by a shell. */
export function splitCommand(line: string): string[] {
  const words = line.matchAll(/(?:[^\s"']+|"(?:\\.|[^"\\])*"|'[^']*')+/g);
  return [...words].map(([word]) => word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, unquoted));
}

function unquoted(_: string, double: string | undefined, single: string | undefined): string {
  return single ?? double?.replace(/\\(.)/g, '$1') ?? '';
}
