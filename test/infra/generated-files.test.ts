import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pairConfigSchema } from '../../lib/infra/config-schema.ts';
import { machinesReadme } from '../../lib/infra/diagram.ts';
import { doctorPage } from '../../lib/infra/doctor-page.ts';
import { projectRoot } from '../../lib/infra/project-root.ts';

describe('a generated file is current (else: npm run generate)', () => {
  it.each([
    ['state-machines/README.md', machinesReadme],
    ['examples/pair.schema.json', pairConfigSchema],
    ['docs/doctor.md', doctorPage],
  ])('%s', (file, generate) => {
    expect(readFileSync(join(projectRoot, file), 'utf8')).toBe(generate());
  });
});
