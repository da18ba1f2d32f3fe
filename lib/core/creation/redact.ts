/** A value this short stands in every other sentence. */
const shortest = 4;

/**
 * A message of the service without the customer's values: a refusal may repeat what it was asked for, and values of
 * Airflow options are secrets.
 */
export function withoutValues(message: string, options: Readonly<Record<string, string>> = {}): string {
  const values = Object.values(options).filter((value) => value.length >= shortest);
  // The longest first, so that no part of a value stays behind another one.
  return values
    .sort((left, right) => right.length - left.length)
    .reduce((text, value) => text.replaceAll(value, '***'), message);
}
