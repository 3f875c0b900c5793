import { AirlockError } from '../report';
import { bareGoal } from './default-providers';
import type { Registrar } from './registrar';
import { newResourceState } from './resource-state';
import type { Run } from './run';
import { RunStopped } from './step';
import { performCreate, performImport } from './steps';
import { createUrn, ROOT_STACK_TYPE } from './urn';

/** One resource to take over into the state. */
export interface ImportRequest {
  readonly type: string;
  readonly name: string;
  /** As the provider names it; empty for a component. */
  readonly id: string;
  /** URN; empty: the stack itself. */
  readonly parent?: string;
  /** `<urn>::<id>`; empty: the package's default provider. */
  readonly provider?: string;
  readonly version?: string;
  /** A component: only a place for others to be in. */
  readonly component?: boolean;
  /** Refuse to delete it until told otherwise. Default true. */
  readonly protect?: boolean;
}

/** The stack itself, which everything is in. */
async function rootStack(run: Run): Promise<string> {
  const { stack, project } = run.options;
  const known = run.olds.find(state => state.type === ROOT_STACK_TYPE && !state.delete);
  if (known) return known.urn;
  const urn = createUrn(stack, project, '', ROOT_STACK_TYPE, `${project}-${stack}`);
  await performCreate(run, newResourceState({ urn, type: ROOT_STACK_TYPE, custom: false }), undefined);
  return urn;
}

/** Reads the resources from their providers into the state, in their order. The first that fails ends it; those before it stay. */
export async function performImports(
  run: Run,
  registrar: Registrar,
  requests: readonly ImportRequest[],
): Promise<void> {
  const root = await rootStack(run);
  for (const request of requests) {
    const parent = request.parent || root;
    const urn = createUrn(run.options.stack, run.options.project, parent, request.type, request.name);
    try {
      await importOne(run, registrar, request, urn, parent);
    } catch (error) {
      if (!(error instanceof RunStopped)) run.fail(error, urn);
      return;
    }
  }
}

async function importOne(
  run: Run,
  registrar: Registrar,
  request: ImportRequest,
  urn: string,
  parent: string,
): Promise<void> {
  const { type, name, id, component } = request;
  if (run.oldByUrn.has(urn) || run.news.has(urn)) {
    throw new AirlockError({
      code: 'engine.resource-exists',
      message: `${type} ${name} is in the state already`,
      where: urn,
      remedy: 'Give it another name',
    });
  }
  const protect = request.protect !== false;
  if (component) return performCreate(run, newResourceState({ urn, type, custom: false, parent, protect }), undefined);
  if (type.startsWith('pulumi-nodejs:')) {
    throw new AirlockError({
      code: 'engine.unsupported-resource',
      message: `${type} is a dynamic resource: only the program knows its provider`,
      where: urn,
      remedy: 'Give the resource the option `import` in the program, and run up',
    });
  }
  const goal = bareGoal({ type, name, custom: true, parent, version: request.version ?? '' });
  const provider = request.provider || (await registrar.defaults.reference(type, goal.version, ''));
  const state = newResourceState({ urn, type, custom: true, parent, provider, protect, importId: id });
  await performImport(run, state, run.providers.get(provider), id);
}
