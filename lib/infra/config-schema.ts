import { z } from 'zod';
import { PairConfig } from '../contracts/config.ts';

/** Text of examples/pair.schema.json: what editors complete and check a pair configuration by. */
export function pairConfigSchema(): string {
  const schema = z.toJSONSchema(PairConfig, { io: 'input', target: 'draft-7' });
  const text = JSON.stringify({ title: 'Pair configuration of MWAA Lifeboat', ...schema }, null, 2);
  // Short lists stand on one line, as the formatter of the repository wants them.
  return `${text.replace(/\[\n\s+([^[\]{}]*?)\n\s+\]/g, (_, items: string) => `[${items.replace(/,\n\s+/g, ', ')}]`)}\n`;
}
