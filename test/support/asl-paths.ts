/** What flows through a state machine. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Names in a plain reference path such as `$.last.waitSeconds`. @throws Error for any other kind of path. */
function namesIn(path: string): string[] {
  if (!/^\$(\.[A-Za-z_]\w*)*$/.test(path)) throw new Error(`${path} is no plain reference path`);
  return path.split('.').slice(1);
}

/** The value at a path, or undefined when there is none. */
export function lookUp(data: Json, path: string): Json | undefined {
  let value: Json | undefined = data;
  for (const name of namesIn(path)) value = isObject(value) ? value[name] : undefined;
  return value;
}

/** Fills a template: each name that ends in `.$` is replaced by what stands at its path. */
export function fill(template: Json, data: Json, read: (data: Json, path: string) => Json): Json {
  if (Array.isArray(template)) return template.map((each: Json) => fill(each, data, read));
  if (!isObject(template)) return template;
  const entries = Object.entries(template).map(([name, value]): [string, Json] =>
    name.endsWith('.$') ? [name.slice(0, -2), read(data, String(value))] : [name, fill(value, data, read)],
  );
  return Object.fromEntries(entries);
}

/** Puts a result where ResultPath says: over everything (`$`, or none), nowhere (null), or at a path. */
export function assign(data: Json, path: string | null | undefined, result: Json): Json {
  if (path === null) return data;
  return put(data, namesIn(path ?? '$'), result);
}

function put(data: Json, names: readonly string[], result: Json): Json {
  const [first, ...rest] = names;
  if (first === undefined) return result;
  const object = isObject(data) ? data : {};
  return { ...object, [first]: put(object[first] ?? {}, rest, result) };
}
