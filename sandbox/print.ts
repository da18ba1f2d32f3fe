/** The only file of the sandbox that prints: progress goes to stderr, results to stdout. */
export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function result(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Progress with the seconds since the printer was made, so that what is waited for is always visible. */
export function timedProgress(now: () => number = () => performance.now()): (line: string) => void {
  const began = now();
  return (line) => progress(`${((now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
}
