import { z } from 'zod';

/** One of the two sites of a pair. */
export const Side = z.enum(['a', 'b']);
export type Side = z.infer<typeof Side>;

/** Name of a pair: short, because it is part of every AWS resource name of the product. */
export const PairId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,19}$/, 'expected 1 to 20 lower-case letters, digits or hyphens, beginning with a letter');

/** Id of an op: a lower-case ULID, so that ids sort by the time the op began. */
export const OpId = z.string().regex(/^[0-9a-hjkmnp-tv-z]{26}$/, 'expected a lower-case ULID');

/** UTC instant in ISO 8601, as every record and every S3 object writes it. */
export const Instant = z.iso.datetime({ offset: true });

export const Region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'expected an AWS Region such as eu-west-1');
