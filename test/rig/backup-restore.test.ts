import { describeEngine } from './engine-tests.ts';
import { describeMatrix } from './matrix.ts';
import { useRig } from './use-rig.ts';
import { backupRestore } from './ways.ts';

const started = useRig(backupRestore);
describeEngine(backupRestore, started);
describeMatrix(backupRestore, started);
