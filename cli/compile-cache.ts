import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';

/**
 * Keeps compiled code between runs, beside everything else that can be made again: a third less time until a command does
 * something. Not in the system's folder for temporary files, where other accounts could leave code for this one. Imported first.
 */
const cache =
  process.env.AIRLOCK_CACHE || path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'airlock');
// Node.js 20 has none.
(enableCompileCache as typeof enableCompileCache | undefined)?.(path.join(cache, 'compiled'));
