/*
 * Loaded into each function's process before everything else (`--import`): its clock shows what stands in the file
 * RIG_CLOCK, read again at each invocation. It stands still while a function runs, and hours pass when the rig says so.
 */
import { readFileSync } from 'node:fs';

const read = () => Number(readFileSync(process.env.RIG_CLOCK ?? '', 'utf8'));
let now = read();
process.on('message', () => {
  now = read();
});

globalThis.Date = new Proxy(Date, {
  construct: (real, args, made) => Reflect.construct(real, args.length === 0 ? [now] : args, made),
  apply: (real) => new real(now).toString(),
  get: (real, name) => (name === 'now' ? () => now : Reflect.get(real, name)),
});
