import { Command } from 'commander';
import { Cluster, parseAccess } from '../cluster';
import type { Stack, Workspace } from '../engine';
import { productHealth, type ProductHealth } from '../product';
import { messageOf } from '../report';
import { deliveredProducts, type DeliveredProduct } from './delivered-products';
import { interruptible, stackFlags, stackOf, workspaceOf } from './engine-options';
import type { StackFlags } from './engine-options';
import { exitCodes } from './exit';
import { plainMap } from './plain-value';
import { table } from './terminal';

interface Flags extends StackFlags {
  readonly json?: boolean;
  readonly cluster?: boolean;
}

/** `running`: main's version is deployed, and healthy as far as that can be seen. The worst that is true is said. */
type State = 'failed' | 'blocked' | 'proposed' | 'deploying' | 'running' | 'skipped' | 'waiting';

interface Row extends Omit<DeliveredProduct, 'inputs' | 'refusal' | 'phase'> {
  readonly state: State;
  /** What the cluster says; absent where there is none, or where it was not asked. */
  readonly health?: ProductHealth;
}

/** `airlock status`: every product of every environment. */
export function statusCommand(): Command {
  return stackFlags(
    new Command('status').description(
      'Show for each environment and product what runs, what is proposed, what is blocked',
    ),
  )
    .option('--json', 'print JSON')
    .option('--no-cluster', 'do not ask the cluster how the product does')
    .addHelpText(
      'after',
      `
Versions and proposals are those of the last update (airlock up, airlock watch); health is asked for now.
States: running, deploying, proposed (a pull request waits), blocked (a person must correct something), failed (not healthy in the
cluster), skipped, waiting. Without --stack, every stack of the project that has products.

Exit codes: 0; 1 when a product failed; 4 when one is blocked.`,
    )
    .action(async (flags: Flags) => {
      await interruptible(async signal => {
        const rows: Row[] = [];
        for (const stack of await stacksOf(flags)) rows.push(...(await rowsOf(stack, flags, signal)));
        process.stdout.write(flags.json ? `${JSON.stringify(rows, undefined, 2)}\n` : `${text(rows)}\n`);
        if (rows.some(each => each.state === 'failed')) process.exitCode = exitCodes.failed;
        else if (rows.some(each => each.state === 'blocked')) process.exitCode = exitCodes.refused;
      });
    });
}

async function stacksOf(flags: Flags): Promise<Stack[]> {
  if (flags.stack !== undefined) return [await stackOf(flags)];
  const workspace = await workspaceOf(flags);
  return Promise.all((await workspace.list()).map(({ name }) => workspace.stack(name)));
}

async function rowsOf(stack: Stack, flags: Flags, signal: AbortSignal): Promise<Row[]> {
  const products = await deliveredProducts(stack);
  if (products.length === 0) return [];
  const cluster = flags.cluster === false ? undefined : await clusterOf(stack, await workspaceOf(flags));
  try {
    return await Promise.all(
      products.map(async ({ inputs, refusal: _, phase, ...product }) => {
        const question = { namespace: `mpas-${inputs.project}`, instance: product.instance };
        const health =
          cluster === undefined || product.merged === '' ? undefined : await asked(cluster, question, signal);
        const state = stateOf(phase, product.merged, health);
        const reason = state === 'failed' || state === 'deploying' ? (health?.reason ?? '') : product.reason;
        return { ...product, state, reason, ...(health && { health }) };
      }),
    );
  } finally {
    await cluster?.close();
  }
}

/** A cluster that does not answer is told as such: it does not hide what Git says. */
async function asked(
  cluster: Cluster,
  question: { namespace: string; instance: string },
  signal: AbortSignal,
): Promise<ProductHealth> {
  try {
    return await productHealth(cluster, question, { signal });
  } catch (error) {
    signal.throwIfAborted();
    return { state: 'failed', reason: `the cluster cannot be asked: ${messageOf(error)}`, applied: {} };
  }
}

function stateOf(phase: DeliveredProduct['phase'], merged: string, health: ProductHealth | undefined): State {
  if (health?.state === 'failed') return 'failed';
  if (phase === 'blocked' || phase === 'proposed') return phase;
  if (merged === '') return phase === 'skipped' ? 'skipped' : 'waiting';
  return health === undefined || health.state === 'healthy' ? 'running' : 'deploying';
}

/** The cluster that the platform's stack stands up; undefined on platform none, and where its secrets cannot be read. */
async function clusterOf(stack: Stack, workspace: Workspace): Promise<Cluster | undefined> {
  const name = (await stack.config.get('airlock:platformStack'))?.text ?? 'dev';
  const stacks = await workspace.list();
  if (!stacks.some(each => each.name === name)) return undefined;
  const outputs = plainMap(await (await workspace.stack(name)).outputs({ showSecrets: true }));
  const { kubeconfig } = outputs;
  return typeof kubeconfig === 'string' ? new Cluster(await parseAccess(kubeconfig)) : undefined;
}

function text(rows: readonly Row[]): string {
  if (rows.length === 0) return 'No products: name a consumer stack with --stack, or run airlock up';
  return table(
    ['ENVIRONMENT', 'PRODUCT', 'STATE', 'RUNS', 'PROPOSED', 'WHY', 'WHERE'],
    rows.map(row => [
      row.environment,
      row.instance,
      row.state,
      row.merged,
      row.proposed,
      row.reason.length > 80 ? `${row.reason.slice(0, 79)}…` : row.reason,
      row.pullRequest === '' ? row.repository : row.pullRequest,
    ]),
  );
}
