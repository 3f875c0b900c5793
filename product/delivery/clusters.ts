import { Cluster, parseAccess, textAt } from '../../cluster';
import { AirlockError, hasCode } from '../../report';
import type { Target } from '../manifests';

/** The clusters that targets are in. Close them. */
export interface TargetClusters {
  readonly clusterOf: (target: Target) => Promise<Cluster | undefined>;
  close(): Promise<void>;
}

/**
 * Reaches the cluster of a target: the environment's own, or the one whose kubeconfig is in a Secret of the project's namespace there,
 * under `value` or `value.yaml`, as Flux reads it. No request is made before a cluster is asked for.
 */
export function targetClusters(kubeconfig: string, namespace: string): TargetClusters {
  const opened = new Map<string, Promise<Cluster>>();
  const once = (key: string, connect: () => Promise<Cluster>): Promise<Cluster> => {
    const known = opened.get(key) ?? connect();
    opened.set(key, known);
    return known;
  };
  const own = (): Promise<Cluster> => once('', async () => new Cluster(await parseAccess(kubeconfig)));
  const remote = async (secret: string): Promise<Cluster> => {
    const found = await (await own()).find({ apiVersion: 'v1', kind: 'Secret', name: secret, namespace });
    const value = textAt(found, 'data', 'value') ?? textAt(found, 'data', 'value.yaml');
    if (value === undefined)
      throw new AirlockError({
        code: 'product.target-without-access',
        message: `The Secret ${secret} in ${namespace} holds no kubeconfig under value or value.yaml`,
        remedy: 'Put it there; Flux needs it to deploy to this target',
      });
    return new Cluster(await parseAccess(Buffer.from(value, 'base64').toString('utf8')));
  };
  return {
    clusterOf: async ({ accessSecretRef }) => {
      try {
        return await (accessSecretRef === undefined
          ? own()
          : once(accessSecretRef.name, () => remote(accessSecretRef.name)));
      } catch (error) {
        // A cluster that is away is no reason to propose nothing: then it is not asked.
        if (!hasCode(error, 'cluster.')) throw error;
        return undefined;
      }
    },
    close: async () => {
      for (const cluster of await Promise.allSettled(opened.values()))
        if (cluster.status === 'fulfilled') await cluster.value.close();
    },
  };
}
