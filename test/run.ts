import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { preflight } from '../sandbox/host/preflight.ts';
import { allInstalled, installAirflow, installTools } from '../sandbox/host/python-tools.ts';

/*
 * Runs the tests of one tier, kind by kind; prints how many of each ran, and as its last line the sum. Everything that a
 * kind needs and npm does not bring (the Python tools, Airflow) is installed first, from the locked files in python/.
 */

const root = path.dirname(import.meta.dirname);
const stateRoot = path.join(root, '.lifeboat');
const airflowVersion = '2.10.3';
/** Versions of the tier `matrix`, each with a lock in python/. */
const matrixVersions = ['2.10.3', '2.11.0'];
type Count = { readonly passed: number; readonly failed: number };
type Kind = { readonly name: string; readonly run: () => Promise<Count> };

const bin = (name: string) => path.join(root, 'node_modules', '.bin', name);
const tool = (name: string) => path.join(stateRoot, 'tools', 'bin', name);
const airflow = (name: string, version: string) => path.join(stateRoot, `airflow-${version}`, 'bin', name);

/** Runs a program to its end with its output shown; resolves with its exit code. */
function execute(program: string, args: readonly string[], environment: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        PATH: `${path.join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`,
        ...environment,
      },
    });
    child.on('error', () => resolve(127));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** A checker has no tests of its own: it counts as one that passed or failed. */
const checker = (name: string, program: string, ...args: string[]): Kind => ({
  name,
  run: async () => ((await execute(program, args)) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }),
});

const VitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numTotalTests: z.int(),
  success: z.boolean(),
});

/** Tests of one project; of some of its files when they are named. */
const vitest = (project: string, files: readonly string[] = [], environment: Record<string, string> = {}): Kind => ({
  name: [project, ...files, ...Object.values(environment)].join(' '),
  run: async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'lifeboat-tests-'));
    const file = path.join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    try {
      const code = await execute(bin('vitest'), ['run', '--project', project, ...files, ...reporters], environment);
      const report = VitestReport.parse(JSON.parse(readFileSync(file, 'utf8')));
      // A suite that does not load has no failed tests, and a run without tests proves nothing.
      const broken = code !== 0 || report.numTotalTests === 0;
      const failed = broken ? Math.max(1, report.numFailedTests) : report.numFailedTests;
      return { passed: report.numPassedTests, failed };
    } catch {
      return { passed: 0, failed: 1 };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

/** The helper DAGs on real PostgreSQL and real Airflow. */
const dags = (version: string): Kind => ({
  name: `dags (Airflow ${version}, PostgreSQL)`,
  run: async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'lifeboat-dags-'));
    const file = path.join(folder, 'report.xml');
    try {
      const code = await execute(airflow('pytest', version), ['test/dags', '-q', `--junitxml=${file}`], {
        AIRFLOW_HOME: folder,
      });
      const [, tests = '0'] = /tests="(\d+)"/.exec(readFileSync(file, 'utf8')) ?? [];
      const count = (what: string) => Number(new RegExp(`${what}="(\\d+)"`).exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
      const failed = count('failures') + count('errors');
      return { passed: Number(tests) - failed - count('skipped'), failed: code === 0 ? failed : Math.max(1, failed) };
    } catch {
      return { passed: 0, failed: 1 };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

const check: Kind[] = [
  checker('lint', bin('biome'), 'check', '--error-on-warnings', '.'),
  checker('unused code', bin('knip')),
  checker('types', bin('tsc'), '-p', 'tsconfig.json'),
  checker('python lint', tool('ruff'), 'check', '.'),
  checker('python format', tool('ruff'), 'format', '--check', '.'),
  checker('python types', tool('mypy')),
  vitest('unit'),
  vitest('contract'),
  vitest('infra'),
  vitest('browser'),
];
/** What takes too long for every change: all versions, more stories on real Airflow, every way of being blind. */
const matrix: Kind[] = [
  ...matrixVersions.flatMap((version) => [
    dags(version),
    vitest('matrix', ['test/sandbox/matrix/gate.test.ts'], { LIFEBOAT_AIRFLOW_VERSION: version }),
  ]),
  vitest(
    'matrix',
    ['doctor', 'break-glass', 'resume'].map((name) => `test/sandbox/matrix/${name}.test.ts`),
  ),
  vitest('sandbox', ['test/sandbox/failover.test.ts'], { LIFEBOAT_TEST_TIER: 'matrix' }),
];

const tiers: Readonly<Record<string, readonly Kind[]>> = {
  check,
  all: [...check, dags(airflowVersion), vitest('simulation'), vitest('rig'), vitest('sandbox')],
  matrix,
};

async function install(versions: readonly string[]): Promise<void> {
  await mkdir(stateRoot, { recursive: true });
  const lockFolder = path.join(root, 'python');
  const installed = await allInstalled(stateRoot, lockFolder, airflowVersion);
  const { command } = await preflight({
    stateFolder: stateRoot,
    nodeModules: path.join(root, 'node_modules'),
    installed,
  });
  const options = {
    stateRoot,
    lockFolder,
    python: command,
    progress: (line: string) => process.stderr.write(`${line}\n`),
  };
  await installTools(options);
  for (const version of versions) await installAirflow(options, version);
}

async function main(tier: string): Promise<number> {
  const kinds = tiers[tier];
  if (!kinds) {
    process.stderr.write(`unknown tier ${tier}; known: ${Object.keys(tiers).join(', ')}\n`);
    return 2;
  }
  await install(tier === 'matrix' ? matrixVersions : [airflowVersion]);
  const lines: string[] = [];
  let passed = 0;
  let failed = 0;
  for (const kind of kinds) {
    const began = performance.now();
    process.stderr.write(`\n== ${kind.name}\n`);
    const count = await kind.run();
    passed += count.passed;
    failed += count.failed;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    lines.push(`${kind.name.padEnd(36)} ${count.passed} passed, ${count.failed} failed  (${seconds} s)`);
  }
  process.stdout.write(`\n${lines.join('\n')}\n${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

process.exit(await main(process.argv[2] ?? 'check'));
