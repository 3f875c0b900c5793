import { parseAccess, type ClusterAccess } from '../../cluster';
import { containsUnknown, stripSecrets } from '../property';
import type { DiffResult } from '../provider';
import { Secret, type PropertyMap, type PropertyValue } from '../values';

/** The provider's inputs, decoded. Flags arrive as JSON text (`"true"`). */
export interface Settings {
  /** Text or path of a kubeconfig. Undefined: found as kubectl finds it. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** For objects that name none. Undefined: the context's. */
  readonly namespace: string | undefined;
  /** True in a preview where the cluster is not made yet. */
  readonly unknown: boolean;
  /** Treats objects of a cluster that does not answer as deleted. */
  readonly deleteUnreachable: boolean;
  readonly configMapMutable: boolean;
  readonly secretMutable: boolean;
  /** Takes over objects that exist already. */
  readonly upsert: boolean;
  /** Takes fields from other managers. */
  readonly force: boolean;
}

export function readSettings(inputs: PropertyMap): Settings {
  const plain = stripSecrets(inputs);
  const text = (name: string): string | undefined => {
    const value = plain[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const flag = (name: string): boolean => plain[name] === true || plain[name] === 'true';
  return {
    kubeconfig: kubeconfigText(plain['kubeconfig']),
    context: text('context'),
    namespace: text('namespace'),
    unknown: containsUnknown(plain['kubeconfig']) || containsUnknown(plain['context']),
    // A destroy runs no program that could set the flag: the variable counts here too.
    deleteUnreachable: flag('deleteUnreachable') || process.env['PULUMI_K8S_DELETE_UNREACHABLE'] === 'true',
    configMapMutable: flag('enableConfigMapMutable'),
    secretMutable: flag('enableSecretMutable'),
    upsert: flag('upsertExistingObjects'),
    force: flag('enablePatchForce'),
  };
}

/** A kubeconfig may also be given as an object. */
function kubeconfigText(value: PropertyValue | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return value === undefined || value === null || containsUnknown(value) ? undefined : JSON.stringify(value);
}

/** The inputs to keep: a kubeconfig carries credentials, so it is always a secret in the state. */
export function protectSettings(inputs: PropertyMap): PropertyMap {
  const kubeconfig = inputs['kubeconfig'];
  if (kubeconfig === undefined || kubeconfig === null || kubeconfig instanceof Secret) return inputs;
  return { ...inputs, kubeconfig: new Secret(kubeconfig) };
}

/**
 * A cluster has no identity of its own that a kubeconfig tells. As the original provider does: another server or another authority is
 * another cluster, and everything in it is made anew; anything else (credentials, flags) is an update.
 */
export async function diffSettings(olds: PropertyMap, news: PropertyMap): Promise<DiffResult> {
  const before = stripSecrets(olds);
  const after = stripSecrets(news);
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const diffs = [...names].filter(name => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  if (diffs.length === 0) return { changes: 'none' };
  const touchesCluster = diffs.some(name => name === 'kubeconfig' || name === 'context' || name === 'cluster');
  const replaces = touchesCluster && (await otherCluster(readSettings(olds), readSettings(news))) ? ['kubeconfig'] : [];
  return { changes: 'some', diffs, replaces };
}

async function otherCluster(before: Settings, after: Settings): Promise<boolean> {
  if (before.unknown || after.unknown) return false;
  const [old, now] = await Promise.all([accessOf(before), accessOf(after)]);
  // A path, or nothing: what it pointed to before is not known any more.
  if (!old || !now) return false;
  return old.server !== now.server || old.ca !== now.ca;
}

async function accessOf(settings: Settings): Promise<ClusterAccess | undefined> {
  const { kubeconfig, context } = settings;
  if (!kubeconfig || !/[\n{]/.test(kubeconfig)) return undefined;
  return parseAccess(kubeconfig, context ? { context } : {}).catch(() => undefined);
}
