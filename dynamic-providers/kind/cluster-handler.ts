import { isDeepStrictEqual } from 'node:util';
import { clusterState, createCluster, deleteCluster, ensureEngine, kubeconfigOf, type NodeRegistry } from '../../host';
import { ensureImages, loadIntoEngine, loadIntoKind, type NamedImage } from '../../images';
import { AirlockError } from '../../report';
import { isUnknown, served, type Handler, type Unchecked } from '../handler';

interface Inputs {
  clusterName: string;
  nodeImage: string;
  apiServerPort: number;
  ingressPort: number;
  images: Record<string, string>;
  registries: NodeRegistry[];
}

interface Outputs extends Inputs {
  kubeconfig: string;
  endpoint: string;
}

const replacing = ['clusterName', 'nodeImage', 'apiServerPort', 'ingressPort'] as const;

class ClusterHandler implements Handler<Inputs, Outputs> {
  check(_olds: Unchecked<Inputs>, news: Unchecked<Inputs>): Promise<{ inputs: Unchecked<Inputs> }> {
    return Promise.resolve({ inputs: news });
  }

  async diff(
    _id: string,
    olds: Outputs,
    news: Unchecked<Inputs>,
  ): Promise<{ changes: boolean; replaces: string[]; deleteBeforeReplace: boolean }> {
    const replaces: string[] = replacing.filter(key => olds[key] !== news[key]);
    const others = (['images', 'registries'] as const).some(key => !isDeepStrictEqual(olds[key], news[key]));
    // A cluster that somebody deleted is made anew, and with it all that was in it.
    if (replaces.length === 0 && (await clusterState(olds.clusterName)) === 'absent') replaces.push('clusterName');
    const stopped = replaces.length === 0 && (await clusterState(olds.clusterName)) !== 'running';
    return {
      changes: isUnknown(news) || others || stopped || replaces.length > 0,
      replaces,
      deleteBeforeReplace: true,
    };
  }

  async create(inputs: Inputs): Promise<{ id: string; outs: Outputs }> {
    return { id: inputs.clusterName, outs: await settle(inputs) };
  }

  async update(_id: string, _olds: Outputs, news: Inputs): Promise<{ outs: Outputs }> {
    return { outs: await settle(news) };
  }

  async read(_id: string, props: Outputs): Promise<Outputs | undefined> {
    if ((await clusterState(props.clusterName)) !== 'running') return undefined;
    return { ...props, kubeconfig: await kubeconfigOf(props.clusterName) };
  }

  async delete(_id: string, props: Outputs): Promise<void> {
    await deleteCluster(props.clusterName);
  }
}

async function settle(inputs: Inputs): Promise<Outputs> {
  await ensureEngine({ report: ({ kind, title, detail }) => kind === 'start' && console.log(detail ?? title) });
  const ready = await ensureImages(['node', ...Object.keys(inputs.images)]);
  const named = (name: string, reference: string): NamedImage => {
    const image = ready.get(name);
    if (image !== undefined && reference.endsWith(image.digest.slice('sha256:'.length, 'sha256:'.length + 12))) {
      return { reference, digest: image.digest };
    }
    throw new AirlockError({
      code: 'kind.image-moved',
      message: `Image ${name} in the cache is not ${reference} any more`,
      remedy: 'Run the update again',
    });
  };
  await loadIntoEngine(named('node', inputs.nodeImage));
  const { clusterName: name, apiServerPort, ingressPort, nodeImage, registries } = inputs;
  const { kubeconfig } = await createCluster({ name, apiServerPort, ingressPort, nodeImage, registries });
  await loadIntoKind(
    name,
    Object.entries(inputs.images).map(([image, reference]) => named(image, reference)),
  );
  return { ...inputs, kubeconfig, endpoint: `https://127.0.0.1:${apiServerPort}` };
}

export const { check, diff, create, update, read, remove } = served(new ClusterHandler());
export { remove as delete };
