/** Values of the contracts that are pure enough for the core: a function of a side, a literal. */
const allowedValues: Readonly<Record<string, readonly string[]>> = {
  '../contracts/config.ts': ['otherSide'],
  '../contracts/names.ts': ['environmentNames', 'environmentTags', 'isHelperDag', 'namesOf'],
};

/** What would tie the core to a clock, chance, an environment or the world. */
const forbidden: readonly (readonly [string, RegExp])[] = [
  ['the current time', /\bDate\.now\b|\bnew Date\(\s*\)|(?<!new )\bDate\(\s*\)|\bperformance\b/],
  ['chance', /\bMath\.random\b|\bcrypto\b/],
  ['the process or its environment', /\bprocess\b|\bglobalThis\b|\bDeno\b|\bimport\.meta\b/],
  ['the network', /\bfetch\s*\(|\bXMLHttpRequest\b|\bWebSocket\b/],
  ['timers', /\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/],
  ['output', /\bconsole\b/],
  ['waiting', /\basync\b|\bawait\b|\bPromise\b/],
  ['loading at run time', /\brequire\s*\(|\bimport\s*\(/],
];

/** Source without comments and without the text of strings, so that words in sentences do not count. */
const codeOf = (source: string): string =>
  source
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
    .replace(/`(?:[^`\\]|\\.)*`/g, (template) => (template.match(/\$\{[^}]*\}/g) ?? []).join(' '));

function importComplaints(source: string): string[] {
  const statements = source.matchAll(
    /^(?:import|export)\s+(type\s+)?([^;]*?)\s*from\s+'([^']+)';|^import\s+'([^']+)';/gm,
  );
  return [...statements].flatMap(([, isType, names = '', from = '', bare]) => {
    if (bare !== undefined) return [`imports ${bare} for its effects`];
    // The core itself, also from a folder of it.
    if (/^(?:\.\.?|\.\/[\w-]+)\/[\w-]+\.ts$/.test(from)) return [];
    const contract = from.replace(/^\.\.\/\.\.\/contracts\//, '../contracts/');
    if (!/^\.\.\/contracts\/[\w-]+\.ts$/.test(contract)) return [`imports ${from}`];
    if (isType !== undefined) return [];
    const values = names
      .replace(/[{}]/g, '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type '));
    return values
      .filter((value) => !allowedValues[contract]?.includes(value))
      .map((value) => `imports the value ${value} from ${from}`);
  });
}

/** Why this source is not pure; empty when it is. */
export function impurities(source: string): string[] {
  const code = codeOf(source);
  const uses = forbidden.filter(([, pattern]) => pattern.test(code)).map(([what]) => `uses ${what}`);
  return [...importComplaints(source), ...uses];
}
