import * as z from 'zod';

/** Parent to child: run the handler once. `payload` is JSON text, `deadline` epoch milliseconds. */
export const invocationSchema = z.strictObject({
  requestId: z.string(),
  functionArn: z.string(),
  deadline: z.number(),
  payload: z.string(),
});
export type Invocation = z.infer<typeof invocationSchema>;

/** Child to parent. `body` is JSON text: the result, or `{errorType, errorMessage, trace}`. */
export const childMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ready') }),
  z.strictObject({ kind: z.literal('result'), requestId: z.string(), body: z.string() }),
  z.strictObject({ kind: z.literal('error'), requestId: z.string(), body: z.string() }),
]);
export type ChildMessage = z.infer<typeof childMessageSchema>;
