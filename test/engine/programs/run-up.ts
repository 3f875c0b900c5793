import { openWorkspace } from '../../../engine';
import { PROGRAM } from '../scene';

// Run as a process of its own, to be killed.
void (async () => {
  const workspace = await openWorkspace({ cwd: PROGRAM, configFile: process.env['CONFIG_FILE'] ?? '' });
  const stack = await workspace.stack(process.env['STACK'] ?? '');
  await stack.up();
})();
