import type { Scenario } from '../scenario';
import { aliases } from './aliases';
import { assets } from './assets';
import { basics } from './basics';
import { failures } from './failures';
import { options } from './options';
import { providers } from './providers';
import { reads } from './reads';
import { refreshes } from './refreshes';
import { replacements } from './replacements';
import { secrets } from './secrets';
import { targets } from './targets';
import { values } from './values';

export const scenarios: readonly Scenario[] = [
  ...basics,
  ...replacements,
  ...options,
  ...aliases,
  ...providers,
  ...secrets,
  ...assets,
  ...failures,
  ...targets,
  ...refreshes,
  ...reads,
  ...values,
];
