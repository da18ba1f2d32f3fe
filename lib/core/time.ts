/** Seconds from an instant (ISO 8601) to `now`; negative when the instant lies in the future. */
export const ageSeconds = (instant: string, now: Date): number => (now.getTime() - Date.parse(instant)) / 1000;

/** The instant `seconds` after another one, in ISO 8601. */
export const plusSeconds = (from: Date | string, seconds: number): string =>
  new Date(new Date(from).getTime() + seconds * 1000).toISOString();

/** True while `instant` has not come yet; null never lies ahead. */
export const isAhead = (instant: string | null, now: Date): instant is string =>
  instant !== null && ageSeconds(instant, now) < 0;

/** A duration for people: whole seconds, then minutes, then hours. */
export const spoken = (seconds: number): string => {
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.round(whole / 60)} min`;
  return `${Math.round(whole / 3600)} h`;
};
