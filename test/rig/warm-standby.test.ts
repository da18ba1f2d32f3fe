import { describeEngine } from './engine-tests.ts';
import { describeMatrix } from './matrix.ts';
import { describePlantedBugs } from './planted-bugs.ts';
import { useRig } from './use-rig.ts';
import { warmStandby } from './ways.ts';

const started = useRig(warmStandby);
describeEngine(warmStandby, started);
describeMatrix(warmStandby, started);
describePlantedBugs(warmStandby.changes, started);
