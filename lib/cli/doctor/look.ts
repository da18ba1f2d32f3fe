import { failureKind } from '../../adapters/failure-kind.ts';
import type { Side } from '../../contracts/ids.ts';
import { sides } from '../../core/preflight/check.ts';
import type { LookName, Looks, PairLook, Seen, SiteLook } from '../../core/preflight/facts.ts';
import type { PreflightReader } from '../../ports/preflight.ts';

const denied = /AccessDenied|Unauthorized|NotAuthorized|Forbidden|Credential|ExpiredToken|InvalidClientToken/i;

/** Told when one look has ended, with how long it took, in seconds. */
export type OnLook = (look: LookName, seconds: number) => void;

/** Makes every look that is wanted, all at once. Never throws: a look that fails says why, without secrets. */
export async function makeLooks(
  reader: PreflightReader,
  wanted: ReadonlySet<LookName>,
  options: { readonly now: () => Date; readonly onLook: OnLook },
): Promise<Looks> {
  const timed = async <T>(name: LookName, read: () => Promise<T>): Promise<Seen<T>> => {
    const began = options.now().getTime();
    const seen = await seenOf(read);
    options.onLook(name, (options.now().getTime() - began) / 1000);
    return seen;
  };
  const pairs = Object.keys(reader.pair).filter((name): name is PairLook => isWanted(wanted, name));
  const ofSites = Object.keys(reader.site).filter((name): name is SiteLook => isWanted(wanted, name));
  const [pair, site] = await Promise.all([
    Promise.all(pairs.map(async (name) => [name, await timed<unknown>(name, () => reader.pair[name]())] as const)),
    Promise.all(
      ofSites.map(async (name) => {
        const read = (side: Side) => timed<unknown>(name, () => reader.site[name](side));
        const [a, b] = await Promise.all(sides.map(read));
        return [name, { a, b }] as const;
      }),
    ),
  ]);
  return { pair: Object.fromEntries(pair), site: Object.fromEntries(site) };
}

const isWanted = (wanted: ReadonlySet<string>, name: string): boolean => wanted.has(name);

async function seenOf<T>(read: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { seen: true, value: await read() };
  } catch (error) {
    const { cause } = failureKind(error);
    return { seen: false, why: cause, isDenied: denied.test(cause) };
  }
}
