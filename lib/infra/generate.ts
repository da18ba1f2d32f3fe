import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pairConfigSchema } from './config-schema.ts';
import { machinesReadme } from './diagram.ts';
import { doctorPage } from './doctor-page.ts';
import { projectRoot } from './project-root.ts';

writeFileSync(join(projectRoot, 'state-machines/README.md'), machinesReadme());
writeFileSync(join(projectRoot, 'examples/pair.schema.json'), pairConfigSchema());
writeFileSync(join(projectRoot, 'docs/doctor.md'), doctorPage());
