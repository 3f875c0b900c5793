import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Command, InvalidArgumentError } from 'commander';
import { pino, type Logger } from 'pino';
import { AirlockError } from '../report';
import { runWatch } from '../services';
import { stackFlags, stackOf } from './engine-options';
import type { StackFlags } from './engine-options';
import { exitCodes } from './exit';
import { plainMap } from './plain-value';

interface Flags extends StackFlags {
  readonly listen: { host: string; port: number };
  readonly interval: number;
  readonly webhookSecretFile?: string;
}

/** `airlock watch`: keeps an environment as its repositories and its vendor's releases ask, until it is ended. */
export function watchCommand(): Command {
  return stackFlags(
    new Command('watch').description(
      'Update a stack whenever the forge or the registry tells of something, and at intervals',
    ),
  )
    .option('--listen <host:port>', 'where events, health and metrics are served', address, {
      host: '127.0.0.1',
      port: 8095,
    })
    .option('--interval <duration>', 'how often to look without an event: 30s, 5m, 1h', duration, 60_000)
    .option(
      '--webhook-secret-file <file>',
      "the secret that signs events (default: AIRLOCK_WEBHOOK_SECRET, else the stack's output watchSecret)",
    )
    .addHelpText(
      'after',
      `
Served: POST /hooks/forge (Gitea's or GitHub's events, signed), POST /hooks/registry (notifications of the distribution project's
registry, Authorization: Bearer <secret>), GET /healthz, /readyz (the last update went well), /metrics (Prometheus).
Updates run one at a time, each as 'airlock up --yes'; a failed one is tried again after 5 s, 10 s, ... at most 10 min.
'airlock config set airlock:watchUrl http://HOST:8095' registers the webhooks of both repositories.

Example:
  $ airlock watch --stack consumer-dev --interval 5m`,
    )
    .action(async (flags: Flags) => {
      const log = pino({ name: 'watch' });
      const stack = await stackOf(flags, { create: true });
      const ending = new AbortController();
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => ending.abort());
      const secret = await secretOf(flags, async () => {
        const { watchSecret } = plainMap(await stack.outputs({ showSecrets: true }));
        return typeof watchSecret === 'string' ? watchSecret : undefined;
      });
      if (secret === undefined) log.warn('there is no webhook secret: events are refused, only the interval counts');
      const limits = { interval: flags.interval, firstWait: 5_000, longestWait: 600_000 };
      const watch = await runWatch({
        listen: flags.listen,
        ...(secret === undefined ? {} : { secret }),
        limits,
        signal: ending.signal,
        log,
        reconcile: (_trigger, signal) => update(flags, stack.name, log, signal),
      });
      log.info({ url: watch.url, stack: stack.name, interval: flags.interval }, 'watching');
      await watch.ended;
    });
}

/** One update in a process of its own: what it used goes with it. */
async function update(flags: Flags, stack: string, log: Logger, signal: AbortSignal): Promise<void> {
  const given = [
    ...(flags.cwd === undefined ? [] : ['--cwd', flags.cwd]),
    ...(flags.configFile === undefined ? [] : ['--config-file', flags.configFile]),
  ];
  const args = [
    ...process.execArgv,
    process.argv[1] ?? '',
    'up',
    '--yes',
    '--skip-preview',
    '--non-interactive',
    '--stack',
    stack,
    ...given,
  ];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  const interrupt = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', interrupt, { once: true });
  let last = '';
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', line => {
      if (line.trim() === '') return;
      if (stream === child.stderr) last = line;
      log.info({ stack }, line);
    });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', ended => resolve(ended ?? exitCodes.failed));
  }).finally(() => signal.removeEventListener('abort', interrupt));
  if (code === exitCodes.done) return;
  throw new AirlockError({
    code: code === exitCodes.interrupted ? 'cli.interrupted' : 'watch.update-failed',
    message: last === '' ? `airlock up ended with exit code ${code}` : last.replace(/^error: /, ''),
  });
}

async function secretOf(flags: Flags, fromStack: () => Promise<string | undefined>): Promise<string | undefined> {
  const { webhookSecretFile: file } = flags;
  if (file !== undefined) {
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (error) {
      throw new AirlockError({
        code: 'watch.missing-secret-configuration',
        message: 'The file with the webhook secret cannot be read',
        where: file,
        remedy: 'Write the secret into it, or leave --webhook-secret-file out',
        cause: error,
      });
    }
  }
  return process.env['AIRLOCK_WEBHOOK_SECRET'] ?? fromStack();
}

function address(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  if (!match || Number(match[3]) > 65535) throw new InvalidArgumentError('Write it as 127.0.0.1:8095.');
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) };
}

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

function duration(text: string): number {
  const match = /^(\d+)(s|m|h)$/.exec(text);
  const value = Number(match?.[1] ?? 0) * (units[match?.[2] ?? ''] ?? 0);
  if (value < 1000) throw new InvalidArgumentError('Write it as 30s, 5m or 1h.');
  return value;
}
