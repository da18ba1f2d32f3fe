import * as z from 'zod';

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

const objectSchema: z.ZodType<JsonObject> = z.lazy(() => z.record(z.string(), z.json()));

const resourceSchema = z.looseObject({
  Type: z.string(),
  Properties: objectSchema.default({}),
  Condition: z.string().optional(),
  DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
});

/** A CloudFormation template as far as the deployer reads it. */
export const templateSchema = z.looseObject({
  Parameters: z
    .record(z.string(), z.looseObject({ Type: z.string(), Default: z.union([z.string(), z.number()]).optional() }))
    .default({}),
  Conditions: objectSchema.default({}),
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z.record(z.string(), z.looseObject({ Value: z.json(), Condition: z.string().optional() })).default({}),
});

export type Template = z.infer<typeof templateSchema>;

export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}
