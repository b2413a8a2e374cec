// Prints, as JSON, what hostile tasks achieve on this machine with the programs on its PATH.

import { writeSync } from 'node:fs';
import { demonstrate } from '../testkit/demonstration.ts';

writeSync(1, JSON.stringify(await demonstrate()));
