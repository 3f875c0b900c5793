import { Command } from 'commander';
import { type CheckResult, doctor, stopEngine } from '../host';
import { colorsFor, table } from './terminal';

/** `airlock doctor`: what this machine offers, what is missing, why, and what Airlock would do. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('What this machine offers, what is missing, why it matters, and what Airlock would do about it')
    .option('--json', 'print the findings as JSON')
    .option('--stop-engine', 'stop the container engine, where it is a process that Airlock started')
    .addHelpText('after', '\nExit code 1 when something is missing that Airlock would not see to itself.')
    .action(async (options: { json?: boolean; stopEngine?: boolean }) => {
      if (options.stopEngine) {
        const stopped = await stopEngine();
        process.stderr.write(
          stopped ? 'The container engine was stopped.\n' : 'Airlock started no container engine.\n',
        );
        return;
      }
      const results = await doctor();
      process.stdout.write(options.json ? `${JSON.stringify(results, null, 2)}\n` : `${show(results)}\n`);
      if (results.some(result => result.status === 'missing' && !result.action.startsWith('Airlock will')))
        process.exitCode = 1;
    });
}

function show(results: readonly CheckResult[]): string {
  const c = colorsFor(process.stdout);
  const colors = { ok: c.green, warn: c.yellow, missing: c.red };
  const rows = results.map(({ name, status, finding, why, action }) => [status, name, finding, why, action]);
  const lines = table(['', 'CHECK', 'FOUND', 'NEEDED FOR', 'WHAT TO DO'], rows).split('\n');
  return lines
    .map((line, i) => {
      const status = results[i - 1]?.status;
      return status ? colors[status](line.slice(0, status.length)) + line.slice(status.length) : c.dim(line);
    })
    .join('\n');
}
