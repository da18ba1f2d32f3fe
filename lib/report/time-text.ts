const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** Seconds from one instant to another; negative when `to` is earlier. */
export const secondsBetween = (from: string | Date, to: string | Date): number =>
  (new Date(to).getTime() - new Date(from).getTime()) / 1000;

/** A length of time in seconds as people say it: `850 ms`, `12.3 s`, `4 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function spoken(length: number): string {
  // Clocks of two machines differ a little: what lies ahead by that much is now.
  const seconds = Math.max(0, length);
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < MINUTE) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < HOUR) return two(whole, MINUTE, 'min', 1, 's');
  if (whole < DAY) return two(whole, HOUR, 'h', MINUTE, 'min');
  return two(whole, DAY, 'd', HOUR, 'h');
}

function two(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const first = Math.floor(seconds / large);
  const second = Math.floor((seconds % large) / small);
  return second === 0 ? `${first} ${largeName}` : `${first} ${largeName} ${second} ${smallName}`;
}

/** An instant in UTC to the second, for example `2026-11-24 11:05:02Z`. */
export const clock = (instant: string | Date): string =>
  `${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')}Z`;

/** How long ago (or ahead) an instant is: `12.3 s ago`, `in 2 h`. */
export function relative(instant: string | Date, now: Date): string {
  const seconds = secondsBetween(instant, now);
  return seconds >= 0 ? `${spoken(seconds)} ago` : `in ${spoken(-seconds)}`;
}

/** UTC and relative together: `2026-11-24 11:05:02Z (3 min ago)`. */
export const when = (instant: string | Date, now: Date): string => `${clock(instant)} (${relative(instant, now)})`;

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: MINUTE, h: HOUR, d: DAY };

/** Reads `90s`, `15m`, `2h`, `1d` or a sum such as `1h30m` into seconds; null when it is none of these. */
export function parseDuration(text: string): number | null {
  if (!/^(\d+[smhd])+$/.test(text)) return null;
  const parts = [...text.matchAll(/(\d+)([smhd])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitSeconds[unit ?? ''] ?? 0), 0);
}
