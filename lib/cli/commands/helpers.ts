import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Command as Verb } from 'commander';
import { z } from 'zod';
import { otherSide } from '../../contracts/config.ts';
import { helperFolder, helperPairFile } from '../../contracts/helper-pair.ts';
import { type Result, readOptions, type SetupInvocation, type SetupRunner, verb } from '../cli.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { writeWholeFile } from '../write-file.ts';

const Options = z.object({ out: z.string().min(1) });

export const helpersCommand = (run: SetupRunner): Verb =>
  verb('helpers', {
    summary: 'writes the helper DAGs with the pair.json that they need, ready to be copied to both DAG buckets',
    examples: ['lifeboat helpers --out helpers', 'lifeboat helpers --out helpers --json'],
    exitCodes: [0, 1, 2],
  })
    .requiredOption('--out <folder>', 'folder to write them to; files of an earlier version there are replaced')
    .action(run(helpers));

async function helpers({ setup, options }: SetupInvocation): Promise<Result> {
  const config = await setup.config();
  const out = resolve(setup.workingFolder, readOptions(Options, options).out);
  const source = join(setup.projectRoot, 'dags', helperFolder);
  const files = await filesBelow(source);
  await refuseStrangers(out, [...files, 'pair.json']);
  for (const file of files) {
    await writeWholeFile(join(out, file), await readFile(join(source, file), 'utf8'), { replace: true });
  }
  await writeWholeFile(join(out, 'pair.json'), helperPairFile(config), { replace: true });
  const shown = relative(setup.workingFolder, out) || '.';
  // The site that runs production comes last. What an earlier version had would still be parsed by the scheduler.
  const uploads = [otherSide(config.homeSite), config.homeSite].map((side) => {
    const { dagBucket, region } = config.sites[side];
    return `aws s3 sync ${shown} s3://${dagBucket}/dags/${helperFolder} --delete --region ${region}`;
  });
  return {
    exitCode: exitCodes.done,
    document: { pair: config.pair, folder: out, files: [...files, 'pair.json'], uploads },
    lines: [
      `${files.length} files of the helper DAGs and their pair.json are in ${shown}. Upload them, to the home site last`,
      '(after a failover: to the site that holds the grant last; where the DAG folder of an environment is not dags/, say its path instead):',
      ...uploads.map((upload) => `  ${upload}`),
    ],
  };
}

/** The folder is uploaded with `--delete`: what is not ours would go to the schedulers, too, and be parsed there. */
async function refuseStrangers(out: string, ours: readonly string[]): Promise<void> {
  const found = await lstat(out).catch(() => null);
  if (found === null) return;
  if (!found.isDirectory()) throw new UsageError(`--out: ${out} is no folder`, 'name a folder, or one that is new');
  const strangers = (await filesBelow(out)).filter((file) => !ours.includes(file));
  if (strangers.length === 0) return;
  const named = strangers.slice(0, 5).join(', ') + (strangers.length > 5 ? ` and ${strangers.length - 5} more` : '');
  throw new UsageError(
    `--out: ${out} holds files that are no helper DAGs: ${named}`,
    'name another folder, or empty it',
  );
}

/** Files of the helper DAGs, in order; what Python and the editor left there is none. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__') && entry.name !== 'pair.json')
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
