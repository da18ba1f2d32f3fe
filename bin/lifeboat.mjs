#!/usr/bin/env node
// Starts the command line with a Node that runs TypeScript by itself. Plain JavaScript of an old dialect, so that an
// older Node gets as far as saying what is missing.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  const { main } = await import('../lib/cli/main.ts');
  process.exitCode = await main(process.argv.slice(2));
} else {
  const own = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(own)) startWith(own);
  else {
    process.stderr.write(
      `lifeboat: Node ${process.versions.node} is too old: 22.18 or newer is needed\n` +
        'Fix: run "npm ci" in the folder of mwaa-lifeboat (it brings Node 24 on Linux), or install Node 24\n',
    );
    process.exitCode = 2;
  }
}

function startWith(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  // Ctrl-C reaches the whole group; the child decides how it ends and this process only waits for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal === 'SIGTERM') child.kill(signal);
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`lifeboat: ${node} cannot be started: ${error.message}\nFix: run "npm ci" again\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code === null ? (signal === 'SIGINT' ? 130 : 1) : code;
  });
}
